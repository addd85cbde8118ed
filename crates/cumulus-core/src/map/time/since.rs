//! The time of every record from one dataset of counts since an instant, such as `seconds since 1970-01-01`.
//!
//! In: the dataset as the source stores it, and where its counts start by the product's table. Out: a [`TimeAxis`] that
//! starts at midnight of the first record's day. Counts of seconds keep every digit that the source has: the step from
//! one origin to the other is a whole number of seconds or exact in nanoseconds.

use std::fmt::Display;

use cumulus_sounding::time_unit::{self, Origin, TimeUnit};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Method, TimeAxis, count_steps, last_of_december, no_record};
use crate::collection::TimeOrigin;
use crate::map;
use crate::map::interpreted::InterpretedSource;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Content, Dataset, Source, SourceValue};

const SECOND_NS: f64 = 1e9;

/// Numbers of an instant: year, month, day, hour, minute and second.
const DATE_AND_CLOCK: usize = 6;

/// The time of every record from the counts in `path`, one per record.
///
/// # Errors
/// The dataset is missing or does not have one value per record; its unit or the origin of its counts is not known, or
/// differs from that of the table; a record has no time; a time is beyond the calendar.
pub(crate) fn derive(
    source: &dyn InterpretedSource,
    path: &str,
    unit: Option<&str>,
    origin: &TimeOrigin,
    records: usize,
    file_date: Option<Date>,
) -> Result<TimeAxis, Failure> {
    let dataset = source
        .description()
        .dataset(path)
        .ok_or_else(|| Failure::new(Stage::Map, path, "is missing").expected("the time of each record"))?;
    if dataset.len() != records {
        return Err(Failure::new(Stage::Map, path, "does not have one value per record")
            .found(format!("{:?}", dataset.shape))
            .expected(format!("[{records}]"))
            .hint("the granule is damaged or of another product; ask the producer"));
    }
    let (unit, from) = unit_and_origin(source, dataset, unit, origin, file_date)?;
    let reading = source.reading(dataset);
    let counts = map::numbers(source, dataset)?;
    let mut seconds = Vec::with_capacity(counts.len());
    for (record, count) in counts.into_iter().enumerate() {
        if reading.map_or(!count.is_finite(), |reading| reading.is_missing(count)) {
            return Err(Failure::new(Stage::Map, path, format!("record {record} has no time"))
                .found(count)
                .expected("a time for each record")
                .hint("ask the producer for a corrected granule"));
        }
        seconds.push(count * unit);
    }
    axis(path, from, seconds)
}

/// The axis of times that are counted in seconds from `from`.
pub(super) fn axis(path: &str, from: Timestamp, seconds: Vec<f64>) -> Result<TimeAxis, Failure> {
    let first = seconds.first().copied().ok_or_else(no_record)?;
    let beyond = |found: &dyn Display| {
        Failure::new(Stage::Map, path, "has a time beyond the calendar")
            .found(format!("{found} s since {from}"))
            .expected("a time between the years -9999 and 9999")
            .hint("the unit or the origin of the times is wrong; ask the producer")
    };
    let at = |seconds: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "beyond the calendar long before 2^63")]
        from.checked_add(SignedDuration::from_secs(seconds.floor() as i64)).map_err(|_| beyond(&seconds))
    };
    for &one in &seconds {
        at(one)?;
    }
    let day = at(first)?.to_zoned(TimeZone::UTC).date();
    let epoch = day.at(0, 0, 0, 0);
    let midnight = epoch.to_zoned(TimeZone::UTC).map_err(|_| beyond(&first))?.timestamp();
    #[expect(clippy::cast_precision_loss, reason = "whole seconds within the calendar are far below 2^53")]
    let step_s = (midnight.as_second() - from.as_second()) as f64;
    let step = step_s + f64::from(midnight.subsec_nanosecond() - from.subsec_nanosecond()) / SECOND_NS;
    let seconds: Vec<f64> = seconds.into_iter().map(|since| since - step).collect();
    #[expect(clippy::cast_possible_truncation, reason = "within the calendar")]
    let clock_seconds = seconds.iter().map(|since| since.floor() as i64).collect();
    Ok(count_steps(TimeAxis {
        epoch,
        seconds,
        clock_seconds,
        day_zero: last_of_december(day.year() - 1)?,
        method: Method::Since,
        repeated_seconds: 0,
        backward_steps: 0,
        longest_gap_s: 0.0,
    }))
}

/// Seconds of one count, and the instant that the counts are from.
fn unit_and_origin(
    source: &dyn Source,
    dataset: &Dataset,
    unit_of_table: Option<&str>,
    origin: &TimeOrigin,
    file_date: Option<Date>,
) -> Result<(f64, Timestamp), Failure> {
    let stated = stated(dataset).or(unit_of_table);
    let unknown = |expected: &str| {
        Failure::new(Stage::Map, &dataset.path, "has times whose unit or origin is not known")
            .found(stated.map_or_else(|| "no units".to_owned(), |text| format!("{text:?}")))
            .expected(expected)
            .hint("ask the producer for the unit and the origin of the times")
    };
    let unit = stated.and_then(time_unit::parse);
    let TimeUnit { nanoseconds, origin: of_units } =
        unit.ok_or_else(|| unknown("units such as \"seconds since 1970-01-01\""))?;
    #[expect(clippy::cast_precision_loss, reason = "powers of ten and days, far below 2^53")]
    let seconds = nanoseconds as f64 / SECOND_NS;
    let of_units = match of_units {
        Origin::At(instant, _) => Some(instant),
        Origin::Launch => None,
    };
    let of_table = match origin {
        TimeOrigin::Units => None,
        TimeOrigin::Fixed(text) => {
            Some(time_unit::instant(text).map(|(instant, _)| instant).ok_or_else(|| unknown(text))?)
        }
        TimeOrigin::Attribute(name) => {
            let after =
                |text: &str| text.split_once("since ").and_then(|(_, after)| time_unit::instant(after));
            let instant = attribute(dataset, name).and_then(after);
            let expected = || format!("\"since\" and an instant in its attribute {name}");
            Some(instant.map(|(instant, _)| instant).ok_or_else(|| unknown(&expected()))?)
        }
        TimeOrigin::Dataset(path) => {
            let expected =
                || format!("an instant in the dataset {path}: text, or numbers from year to second");
            Some(instant_in(source, path)?.ok_or_else(|| unknown(&expected()))?)
        }
        TimeOrigin::DateInName => {
            let midnight = file_date.and_then(|date| date.at(0, 0, 0, 0).to_zoned(TimeZone::UTC).ok());
            Some(midnight.ok_or_else(|| unknown("a date in the name of the granule"))?.timestamp())
        }
    };
    match (of_units, of_table) {
        (Some(stated), Some(expected)) if stated != expected => {
            Err(Failure::new(Stage::Map, &dataset.path, "has times from another origin than in the table")
                .found(stated)
                .expected(expected)
                .hint("the producer has changed the format: change the table, or ask the producer"))
        }
        (Some(instant), _) | (None, Some(instant)) => Ok((seconds, instant)),
        (None, None) => Err(unknown("units such as \"seconds since 1970-01-01\"")),
    }
}

/// The instant that a dataset about the whole granule states, as text or as numbers from the year to the second; `None`
/// if there is no such dataset or it states none.
fn instant_in(source: &dyn Source, path: &str) -> Result<Option<Timestamp>, Failure> {
    let Some(dataset) = source.description().dataset(path).filter(|dataset| !dataset.is_empty()) else {
        return Ok(None);
    };
    if dataset.content == Content::Text || dataset.len() > DATE_AND_CLOCK {
        let text = map::text::single(source, path)?;
        return Ok(text.as_deref().and_then(time_unit::instant).map(|(instant, _)| instant));
    }
    let numbers = map::whole(source, dataset)?.to_f64();
    let part = |index: usize| numbers.get(index).copied();
    let (Some(year), Some(month), Some(day)) = (part(0), part(1), part(2)) else { return Ok(None) };
    let clock = [part(3), part(4), part(5)].map(Option::unwrap_or_default);
    let [hour, minute, second] = clock;
    // As text, so that the same rules hold for both: only existing days, and whole numbers but for the second.
    let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    Ok(time_unit::instant(&text).map(|(instant, _)| instant))
}

/// What the dataset states as its unit, under its own or the source's name.
fn stated(dataset: &Dataset) -> Option<&str> {
    ["source_units", "units"].iter().find_map(|name| attribute(dataset, name))
}

fn attribute<'dataset>(dataset: &'dataset Dataset, name: &str) -> Option<&'dataset str> {
    let attribute = dataset.attributes.iter().find(|attribute| attribute.name == name)?;
    match &attribute.value {
        SourceValue::Text(text) => Some(text.as_str()),
        SourceValue::Numbers(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use cumulus_model::source::{Description, SourceAttribute};
    use cumulus_model::values::{ElementType, Values};
    use ndarray::ArrayD;
    use proptest::prelude::*;

    use super::*;

    /// A source with one dataset about the whole granule, `start`.
    struct Start(Description, ArrayD<f64>);

    impl Start {
        fn new(numbers: &[f64]) -> Self {
            // As APR-3 has it: (6, 1).
            let array = ArrayD::from_shape_vec(vec![numbers.len(), 1], numbers.to_vec()).unwrap();
            let start = Dataset { path: "start".to_owned(), shape: vec![numbers.len(), 1], ..dataset("") };
            Self(Description { datasets: vec![start], ..Description::default() }, array)
        }
    }

    impl Source for Start {
        fn description(&self) -> &Description {
            &self.0
        }

        fn rows(&self, _dataset: &Dataset, _rows: Range<usize>) -> Result<Values, Failure> {
            Ok(Values::F64(self.1.clone()))
        }

        fn strings(&self, _dataset: &Dataset) -> Result<Vec<String>, Failure> {
            Ok(Vec::new())
        }
    }

    fn dataset(units: &str) -> Dataset {
        let units = SourceAttribute { name: "units".to_owned(), value: SourceValue::Text(units.to_owned()) };
        Dataset {
            path: "time".to_owned(),
            shape: vec![1],
            content: Content::Numbers(ElementType::F64),
            rows_stored_together: None,
            attributes: vec![units],
        }
    }

    fn origin(units: &str, origin: &TimeOrigin) -> Result<(f64, String), String> {
        let date = Date::new(2017, 8, 24).ok();
        let start = Start::new(&[2021.0, 8.0, 24.0, 18.0, 53.0, 30.5]);
        let mut dataset = dataset(units);
        let comment = SourceValue::Text("seconds since 2000-01-01 00:00:00.0".to_owned());
        dataset.attributes.push(SourceAttribute { name: "comment".to_owned(), value: comment });
        unit_and_origin(&start, &dataset, None, origin, date)
            .map(|(unit, from)| (unit, from.to_string()))
            .map_err(|failure| failure.to_string())
    }

    #[test]
    fn the_origin_is_that_of_the_units_or_of_the_table() {
        let fixed = TimeOrigin::Fixed("2000-01-01");
        for (units, of, seconds, from) in [
            ("seconds since 1970-01-01", &TimeOrigin::Units, 1.0, "1970-01-01T00:00:00Z"),
            ("ms since 2017-08-24 12:00:00.5", &TimeOrigin::Units, 1e-3, "2017-08-24T12:00:00.5Z"),
            ("seconds", &fixed, 1.0, "2000-01-01T00:00:00Z"),
            ("days since 2000-01-01 00:00", &fixed, 86_400.0, "2000-01-01T00:00:00Z"),
            ("hours", &TimeOrigin::DateInName, 3600.0, "2017-08-24T00:00:00Z"),
            ("seconds", &TimeOrigin::Attribute("comment"), 1.0, "2000-01-01T00:00:00Z"),
            ("seconds", &TimeOrigin::Dataset("start"), 1.0, "2021-08-24T18:53:30.5Z"),
        ] {
            assert_eq!(origin(units, of), Ok((seconds, from.to_owned())), "{units}");
        }
    }

    #[test]
    fn an_origin_that_is_unknown_or_contradicted_is_refused() {
        let fixed = TimeOrigin::Fixed("2000-01-01");
        for (units, of, expected) in [
            ("seconds", &TimeOrigin::Units, "unit or origin is not known; found \"seconds\""),
            ("months since 2000-01-01", &TimeOrigin::Units, "unit or origin is not known"),
            ("1", &fixed, "unit or origin is not known"),
            ("seconds", &TimeOrigin::Attribute("history"), "an instant in its attribute history"),
            ("seconds", &TimeOrigin::Dataset("end"), "an instant in the dataset end"),
            (
                "seconds since 1970-01-01",
                &fixed,
                "another origin than in the table; found 1970-01-01T00:00:00Z",
            ),
        ] {
            let failure = origin(units, of).unwrap_err();
            assert!(failure.contains(expected), "{units}: {failure}");
        }
        let start = Start::new(&[2021.0, 2.0, 29.0]);
        let nameless = unit_and_origin(&start, &dataset("hours"), None, &TimeOrigin::DateInName, None);
        assert!(nameless.unwrap_err().to_string().contains("a date in the name of the granule"));
        let impossible = unit_and_origin(&start, &dataset("s"), None, &TimeOrigin::Dataset("start"), None);
        assert!(impossible.unwrap_err().to_string().contains("an instant in the dataset start"));
    }

    #[test]
    fn a_unit_of_the_table_is_for_datasets_that_state_none() {
        let start = Start::new(&[2021.0, 8.0, 24.0]);
        let origin = TimeOrigin::Dataset("start");
        let silent = Dataset { attributes: Vec::new(), ..dataset("") };
        let read = |dataset: &Dataset| {
            unit_and_origin(&start, dataset, Some("days"), &origin, None).map(|(unit, _)| unit).ok()
        };
        assert_eq!(read(&silent), Some(86_400.0));
        assert_eq!(read(&dataset("seconds")), Some(1.0));
        assert_eq!(read(&dataset("furlongs")), None);
    }

    #[test]
    fn the_axis_starts_at_midnight_of_the_first_record() {
        // HAMSR: seconds since 2000-01-01 of a scan at 14:10:17.25 on 24 August 2017, and of one before it.
        let from: Timestamp = "2000-01-01T00:00:00Z".parse().unwrap();
        let axis = axis("time", from, vec![556_899_017.25, 556_899_016.5, 556_899_016.75]).unwrap();
        assert_eq!(axis.epoch, Date::new(2017, 8, 24).unwrap().at(0, 0, 0, 0));
        assert_eq!(axis.seconds, [51_017.25, 51_016.5, 51_016.75]);
        assert_eq!(axis.clock_seconds, [51_017, 51_016, 51_016]);
        assert_eq!((axis.backward_steps, axis.repeated_seconds), (1, 1));
        assert_eq!(axis.day_zero, Date::new(2016, 12, 31).unwrap());
    }

    #[test]
    fn times_beyond_the_calendar_are_refused() {
        for seconds in [1e12, -1e12, 1e300, f64::MAX] {
            let failure = axis("time", Timestamp::UNIX_EPOCH, vec![0.0, seconds]).unwrap_err();
            assert!(failure.to_string().contains("beyond the calendar"), "{failure}");
        }
        assert!(axis("time", Timestamp::UNIX_EPOCH, Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn every_record_keeps_its_instant(
            origin in -2_000_000_000_i64..4_000_000_000,
            counts in prop::collection::vec(0_i64..4_000_000_000, 1..20),
        ) {
            let from = Timestamp::from_second(origin).unwrap();
            #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
            let seconds = counts.iter().map(|&count| count as f64).collect();
            let axis = axis("time", from, seconds).unwrap();
            prop_assert!((0..86_400).contains(&axis.clock_seconds[0]));
            for (count, since) in counts.iter().zip(&axis.seconds) {
                prop_assert_eq!(axis.instant(*since).as_second(), origin + count);
            }
        }
    }
}
