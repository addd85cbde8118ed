//! The time of every record from its parts: year to second, each in a dataset or a column of its own.
//!
//! In: the datasets as the product's table names them. Out: a [`TimeAxis`] that starts at midnight of the first record's
//! day. Without a date in the granule, the day is the one in its name, and the next one after each midnight.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::{DAY_S, TimeAxis, no_record, since};
use crate::collection::Part;
use crate::map;
use crate::map::interpreted::InterpretedSource;
use cumulus_model::error::{Failure, Stage};

const MILLISECONDS: f64 = 1000.0;

/// Where the parts of a time are, by the product's table.
pub(crate) struct Parts {
    /// Year, month and day; `None` for the date in the granule's name.
    pub(crate) date: Option<[Part; 3]>,
    /// Hour and minute.
    pub(crate) clock: [Part; 2],
    /// Second of minute.
    pub(crate) second: Option<Part>,
    /// Millisecond of second.
    pub(crate) millisecond: Option<Part>,
}

/// The time of every record.
///
/// # Errors
/// A dataset is missing or does not have one value or row per record; a part of a record is missing, out of range or,
/// other than a second, not a whole number; there is no date.
pub(crate) fn derive(
    source: &dyn InterpretedSource,
    parts: &Parts,
    records: usize,
    file_date: Option<Date>,
) -> Result<TimeAxis, Failure> {
    let read = |part: Part| values(source, part, records);
    let whole = |part: Part, range: [f64; 2]| whole_numbers(part, read(part)?, range);
    let [hour, minute] = parts.clock;
    let hours = whole(hour, [0.0, 24.0])?;
    let minutes = whole(minute, [0.0, 59.0])?;
    let seconds = match parts.second {
        // A minute with a leap second has 61.
        Some(part) => in_range(part, read(part)?, [0.0, 61.0])?,
        None => vec![0.0; records],
    };
    let milliseconds = match parts.millisecond {
        Some(part) => in_range(part, read(part)?, [0.0, MILLISECONDS])?,
        None => vec![0.0; records],
    };
    let of_day = |record: usize| {
        let part = |values: &[f64]| values.get(record).copied().unwrap_or(f64::NAN);
        part(&hours) * 3600.0 + part(&minutes) * 60.0 + part(&seconds) + part(&milliseconds) / MILLISECONDS
    };
    let days = match parts.date {
        Some([year, month, day]) => {
            let [years, months, days] =
                [whole(year, [1.0, 9999.0])?, whole(month, [1.0, 12.0])?, whole(day, [1.0, 31.0])?];
            let dates = years.iter().zip(&months).zip(&days).enumerate();
            dates
                .map(|(record, ((&year, &month), &day))| {
                    date(year, month, day)
                        .ok_or_else(|| no_time(part_name(parts), record, format!("{year}-{month}-{day}")))
                })
                .collect::<Result<Vec<Date>, Failure>>()?
                .into_iter()
                .map(midnight)
                .collect::<Result<Vec<i64>, Failure>>()?
        }
        None => days_after(midnight(file_date.ok_or_else(no_date)?)?, (0..records).map(of_day)),
    };
    let first = *days.first().ok_or_else(no_record)?;
    #[expect(clippy::cast_precision_loss, reason = "seconds between two dates are far below 2^53")]
    let seconds =
        days.iter().enumerate().map(|(record, day)| (day - first) as f64 + of_day(record)).collect();
    let from = Timestamp::from_second(first).map_err(|error| {
        Failure::new(Stage::Map, part_name(parts), "has a date beyond the calendar").cause(error)
    })?;
    since::axis(part_name(parts), from, seconds)
}

/// The path that errors about a whole time name.
fn part_name(parts: &Parts) -> &'static str {
    parts.date.map_or(parts.clock[0], |date| date[0]).path()
}

/// Midnight of each record's day in seconds since 1970, from that of the first: one day is added wherever the clock goes
/// back by more than 12 hours.
#[expect(clippy::cast_precision_loss, reason = "43,200 seconds")]
fn days_after(first: i64, seconds_of_day: impl Iterator<Item = f64>) -> Vec<i64> {
    let mut day = first;
    let mut before = f64::NEG_INFINITY;
    seconds_of_day
        .map(|seconds| {
            if before - seconds > (DAY_S / 2) as f64 {
                day += DAY_S;
            }
            before = seconds;
            day
        })
        .collect()
}

/// One value per record.
fn values(source: &dyn InterpretedSource, part: Part, records: usize) -> Result<Vec<f64>, Failure> {
    let path = part.path();
    let dataset = source.description().dataset(path).ok_or_else(|| {
        Failure::new(Stage::Map, path, "is missing").expected("a part of the time of each record")
    })?;
    let (width, column) = match part {
        Part::Dataset(_) => (1, 0),
        Part::Column(_, column) => (dataset.shape.get(1).copied().unwrap_or(1), column),
    };
    if dataset.len() != records * width || column >= width {
        return Err(Failure::new(Stage::Map, path, "does not have one value per record")
            .found(format!("{:?}", dataset.shape))
            .expected(match part {
                Part::Dataset(_) => format!("[{records}]"),
                Part::Column(..) => format!("[{records}, at least {}]", column + 1),
            })
            .hint("the granule is damaged or of another product; ask the producer"));
    }
    Ok(map::numbers(source, dataset)?.into_iter().skip(column).step_by(width).collect())
}

fn in_range(part: Part, values: Vec<f64>, [least, most]: [f64; 2]) -> Result<Vec<f64>, Failure> {
    match values.iter().enumerate().find(|(_, value)| !(least..=most).contains(*value)) {
        Some((record, value)) => Err(no_time(part.path(), record, value.to_string())),
        None => Ok(values),
    }
}

fn whole_numbers(part: Part, values: Vec<f64>, range: [f64; 2]) -> Result<Vec<f64>, Failure> {
    let values = in_range(part, values, range)?;
    match values.iter().enumerate().find(|(_, value)| value.fract() != 0.0) {
        Some((record, value)) => Err(no_time(part.path(), record, value.to_string())),
        None => Ok(values),
    }
}

fn no_time(path: &str, record: usize, found: String) -> Failure {
    Failure::new(Stage::Map, path, format!("record {record} has no time"))
        .found(found)
        .expected("a valid date and clock in each record")
        .hint("ask the producer for a corrected granule")
}

fn no_date() -> Failure {
    Failure::new(Stage::Map, "time", "has no date")
        .found("only a clock")
        .expected("a date in the name of the granule")
        .hint("rename the file to the producer's pattern")
}

#[expect(clippy::cast_possible_truncation, reason = "whole numbers within the ranges of a date")]
fn date(year: f64, month: f64, day: f64) -> Option<Date> {
    Date::new(year as i16, month as i8, day as i8).ok()
}

/// Seconds since 1970 of midnight UTC.
fn midnight(date: Date) -> Result<i64, Failure> {
    let midnight = date.at(0, 0, 0, 0).to_zoned(TimeZone::UTC);
    midnight.map(|midnight| midnight.timestamp().as_second()).map_err(|error| {
        Failure::new(Stage::Map, "time", "has a date beyond the calendar").found(date).cause(error)
    })
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use cumulus_model::source::{Content, Dataset, Description, Source};
    use cumulus_model::values::{ElementType, Values};
    use ndarray::{ArrayD, Axis, Slice};

    use super::*;

    /// A source of arrays of doubles.
    struct Arrays(Description, Vec<ArrayD<f64>>);

    impl Arrays {
        fn new(arrays: &[(&str, &[usize], &[f64])]) -> Self {
            let datasets = arrays.iter().map(|(path, shape, _)| Dataset {
                path: (*path).to_owned(),
                shape: shape.to_vec(),
                content: Content::Numbers(ElementType::F64),
                rows_stored_together: None,
                attributes: Vec::new(),
            });
            let values = arrays
                .iter()
                .map(|(_, shape, values)| ArrayD::from_shape_vec(shape.to_vec(), values.to_vec()).unwrap());
            Self(Description { datasets: datasets.collect(), ..Description::default() }, values.collect())
        }
    }

    impl InterpretedSource for Arrays {}

    impl Source for Arrays {
        fn description(&self) -> &Description {
            &self.0
        }

        fn rows(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Values, Failure> {
            let index = self.0.datasets.iter().position(|known| known.path == dataset.path).unwrap();
            Ok(Values::F64(self.1[index].slice_axis(Axis(0), Slice::from(rows)).to_owned()))
        }

        fn strings(&self, _dataset: &Dataset) -> Result<Vec<String>, Failure> {
            Ok(Vec::new())
        }
    }

    const CLOCK: [Part; 2] = [Part::Column("clock", 0), Part::Column("clock", 1)];

    #[test]
    fn a_time_is_put_together_from_columns_and_datasets() {
        // COSMIR: year to millisecond; here the date in columns of one array, the clock in another.
        let source = Arrays::new(&[
            ("date", &[2, 3], &[2020.0, 2.0, 29.0, 2020.0, 3.0, 1.0]),
            ("clock", &[2, 2], &[23.0, 59.0, 0.0, 0.0]),
            ("second", &[2], &[59.0, 0.0]),
            ("millisecond", &[2], &[250.0, 750.0]),
        ]);
        let parts = Parts {
            date: Some([Part::Column("date", 0), Part::Column("date", 1), Part::Column("date", 2)]),
            clock: CLOCK,
            second: Some(Part::Dataset("second")),
            millisecond: Some(Part::Dataset("millisecond")),
        };
        let axis = derive(&source, &parts, 2, None).unwrap();
        assert_eq!(axis.epoch, Date::new(2020, 2, 29).unwrap().at(0, 0, 0, 0));
        assert_eq!(axis.seconds, [86_399.25, 86_400.75]);
        assert_eq!(axis.instant(axis.seconds[1]).to_string(), "2020-03-01T00:00:00.75Z");
    }

    #[test]
    fn the_day_in_the_name_goes_on_after_midnight() {
        let clock = [22.0, 0.0, 23.0, 59.0, 23.0, 58.0, 0.0, 1.0];
        let source = Arrays::new(&[("clock", &[4, 2], &clock)]);
        let parts = Parts { date: None, clock: CLOCK, second: None, millisecond: None };
        let axis = derive(&source, &parts, 4, Date::new(2017, 12, 31).ok()).unwrap();
        assert_eq!(axis.seconds, [79_200.0, 86_340.0, 86_280.0, 86_460.0]);
        assert_eq!((axis.backward_steps, axis.epoch.year()), (1, 2017));
        let nameless = derive(&source, &parts, 4, None).unwrap_err().to_string();
        assert!(nameless.contains("a date in the name"), "{nameless}");
    }

    #[test]
    fn a_part_that_is_no_part_of_a_time_is_refused() {
        let parts = Parts { date: None, clock: CLOCK, second: None, millisecond: None };
        for (clock, found) in [
            ([12.5, 0.0], "record 0 has no time; found 12.5"),
            ([25.0, 0.0], "record 0 has no time; found 25"),
            ([12.0, -1.0], "record 0 has no time; found -1"),
            ([f64::NAN, 0.0], "record 0 has no time; found NaN"),
        ] {
            let source = Arrays::new(&[("clock", &[1, 2], &clock)]);
            let failure = derive(&source, &parts, 1, Date::new(2017, 1, 1).ok()).unwrap_err().to_string();
            assert!(failure.contains(found), "{failure}");
        }
        let narrow = Arrays::new(&[("clock", &[2, 1], &[1.0, 2.0])]);
        let failure = derive(&narrow, &parts, 2, None).unwrap_err().to_string();
        assert!(failure.contains("[2, at least 2]"), "{failure}");
    }

    #[test]
    fn a_day_that_no_month_has_is_refused() {
        let source = Arrays::new(&[("date", &[1, 3], &[2021.0, 2.0, 29.0]), ("clock", &[1, 2], &[0.0, 0.0])]);
        let date = [Part::Column("date", 0), Part::Column("date", 1), Part::Column("date", 2)];
        let parts = Parts { date: Some(date), clock: CLOCK, second: None, millisecond: None };
        let failure = derive(&source, &parts, 1, None).unwrap_err().to_string();
        assert!(failure.contains("2021-2-29"), "{failure}");
    }
}
