//! Rules in a table for the time of records.

/// Source of the time of a record.
#[derive(Debug)]
pub enum TimeSpec {
    /// Seconds since the launch of a sonde, strictly increasing, so time is a coordinate variable.
    SinceLaunch,
    /// Wall-clock hour, minute and second (UTC), and a decimal day of year, where January 1, 00:00, is 1.0.
    ClockAndDayOfYear {
        /// Hour of day.
        hour: &'static str,
        /// Minute of hour.
        minute: &'static str,
        /// Second of minute.
        second: &'static str,
        /// Decimal day of year of each record.
        day_of_year: &'static str,
        /// Decimal day of year of the first record, a single value.
        first_day: &'static str,
        /// Decimal day of year of the last record, a single value.
        last_day: &'static str,
        /// Flight date as text: `06Sep12` or `15 Jan 2020`.
        date: &'static str,
    },
    /// Counts since an instant, such as `seconds since 1970-01-01`, one per record. The dataset becomes the variable
    /// `time` and is not carried through beside it; it needs no row.
    Since {
        /// The dataset of counts.
        dataset: &'static str,
        /// The unit of a count if the dataset states none, such as `seconds`, or `days` for fractions of a day.
        unit: Option<&'static str>,
        /// The instant that the counts are from.
        origin: TimeOrigin,
    },
    /// Year, month, day, hour, minute and second (UTC) of each record, in datasets or columns of their own. They remain
    /// variables.
    Parts {
        /// Year, month and day; `None` for the date in the name of the granule, to which a day is added wherever the
        /// clock goes back by more than 12 hours.
        date: Option<[Part; 3]>,
        /// Hour of day and minute of hour.
        clock: [Part; 2],
        /// Second of minute, with or without a fraction.
        second: Option<Part>,
        /// Millisecond of second, if the second has no fraction.
        millisecond: Option<Part>,
    },
}

/// One part of the time of each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A dataset with one value per record.
    Dataset(&'static str),
    /// A column of a dataset with one row per record, counted from 0.
    Column(&'static str, usize),
}

impl Part {
    /// Path of the dataset.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Dataset(path) | Self::Column(path, _) => path,
        }
    }
}

/// The instant that times are counted from. A granule that states none is refused, as is one that states another.
#[derive(Debug)]
pub enum TimeOrigin {
    /// As stated in `units`: `seconds since 1970-01-01`.
    Units,
    /// This instant, UTC, in the form of `units`: `2000-01-01`. For sources whose `units` have none.
    Fixed(&'static str),
    /// After the word `since` in this attribute of the dataset: `seconds since 2000-01-01` in `comment`.
    Attribute(&'static str),
    /// In this dataset about the whole granule: a text in the form of `units`, or three to six numbers from the year to
    /// the second.
    Dataset(&'static str),
    /// Midnight UTC of the date in the name of the granule, for seconds or hours of the day.
    DateInName,
}

impl TimeSpec {
    /// True for the dataset that becomes the variable `time`.
    #[must_use]
    pub fn is_replaced(&self, path: &str) -> bool {
        matches!(self, Self::Since { dataset, .. } if *dataset == path)
    }

    /// Datasets from which the time of a record is made.
    #[must_use]
    pub fn clocks(&self) -> Vec<&'static str> {
        match *self {
            Self::SinceLaunch => Vec::new(),
            Self::Since { dataset, .. } => vec![dataset],
            Self::ClockAndDayOfYear { hour, minute, second, day_of_year, .. } => {
                vec![hour, minute, second, day_of_year]
            }
            Self::Parts { date, clock, second, millisecond } => {
                let parts = date.into_iter().flatten().chain(clock).chain(second).chain(millisecond);
                let mut paths: Vec<&str> = parts.map(Part::path).collect();
                paths.dedup();
                paths
            }
        }
    }
}
