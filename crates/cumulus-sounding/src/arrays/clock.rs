//! Times of the rows of an array sounding, and the launch time of its sonde.
//!
//! Times may have any unit and any origin: the launch, a midnight, 1970 or the splash. The launch that the file
//! states is used unless the rows contradict it. The origin of the times is taken as the launch only if no other is
//! stated and the rows start near it.

use jiff::Timestamp;

use super::packing::{MAX_VALUE, Packing};
use super::text;
use crate::Launch;
use crate::time_unit::{self, Origin, SECOND_NS, TimeUnit};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Content, Dataset, Description, Source, SourceAttribute, SourceValue};
use cumulus_model::values::Values;
use cumulus_model::warning::{Code, Warning};

/// Name of the variable with the launch time.
const LAUNCH_TIME: &str = "launch_time";

/// Prefixes of names of file attributes with the launch time, reduced to letters.
const LAUNCH_ATTRIBUTES: [&str; 4] = ["launchtime", "utclaunchtime", "gmtlaunchtime", "releasetime"];

/// Calendars that equal the common one for every instant since 1582.
const COMMON_CALENDARS: [&str; 4] = ["standard", "gregorian", "proleptic_gregorian", "none"];

/// Times of the first row, in seconds since the launch, for which the origin is taken as the launch: recorders start
/// before the launch, and a fall takes 20 minutes. Otherwise, times have another origin.
const NEAR_LAUNCH_S: std::ops::RangeInclusive<f64> = -60.0..=600.0;

/// The same for a launch that the file states.
const BELIEVED_LAUNCH_S: std::ops::RangeInclusive<f64> = -3_600.0..=3_600.0;

/// The times of a sounding.
pub(super) struct Clock {
    /// Seconds of each row since `origin`, NaN where missing.
    pub(super) seconds: Vec<f64>,
    /// Origin of `seconds`.
    pub(super) origin: Timestamp,
    /// The launch of the sonde.
    pub(super) launch: Launch,
}

/// Times of the rows, since the origin.
enum Counts {
    /// Exact nanoseconds.
    Exact(Vec<Option<i128>>),
    /// Seconds.
    Rounded(Vec<f64>),
}

/// Reads the times of the rows from `dataset`.
///
/// # Errors
/// Returns an error if the unit or the calendar is not supported, or the origin is not stated.
pub(super) fn read(
    source: &dyn Source,
    dataset: &Dataset,
    notes: &mut Vec<Warning>,
) -> Result<Clock, Failure> {
    let unit = unit(dataset)?;
    let counts = counts(source, dataset, unit.nanoseconds)?;
    let stated = stated_launch(source, notes);
    let (origin, has_fraction) = match unit.origin {
        Origin::At(origin, has_fraction) => (origin, Some(has_fraction)),
        Origin::Launch => match &stated {
            Some(launch) => (launch.instant, None),
            None => {
                return Err(
                    not_understood(dataset).expected("`since` and an instant, or a launch time in the file")
                );
            }
        },
    };
    let first = match &counts {
        Counts::Exact(counts) => counts.iter().flatten().min().map(|&count| seconds(count)),
        Counts::Rounded(counts) => counts.iter().copied().filter(|count| !count.is_nan()).reduce(f64::min),
    };
    let launch = launch(stated, origin, has_fraction, first, notes);
    Ok(match counts {
        // Integers are exact, so they are shifted to the launch before they are rounded.
        Counts::Exact(counts) => {
            let step = origin.as_nanosecond() - launch.instant.as_nanosecond();
            let since = |count: Option<i128>| count.map_or(f64::NAN, |count| seconds(count + step));
            Clock { seconds: counts.into_iter().map(since).collect(), origin: launch.instant, launch }
        }
        Counts::Rounded(seconds) => Clock { seconds, origin, launch },
    })
}

fn not_understood(dataset: &Dataset) -> Failure {
    let units =
        text(&dataset.attributes, "units").map_or("no units".to_owned(), |units| format!("{units:?}"));
    Failure::new(Stage::Read, &dataset.path, "has times whose unit or origin cannot be read")
        .found(units)
        .hint("ask the producer for the unit and the origin of the times")
}

/// The unit of a dataset of times, if it uses the common calendar.
fn unit(dataset: &Dataset) -> Result<TimeUnit, Failure> {
    let expected = "a unit from nanoseconds to days, `since`, and an instant";
    let unit = text(&dataset.attributes, "units")
        .and_then(time_unit::parse)
        .ok_or_else(|| not_understood(dataset).expected(expected))?;
    let calendar = text(&dataset.attributes, "calendar").unwrap_or("standard").trim().to_ascii_lowercase();
    if !calendar.is_empty() && !COMMON_CALENDARS.contains(&calendar.as_str()) {
        return Err(Failure::new(Stage::Read, &dataset.path, "has a calendar that is not supported")
            .found(calendar)
            .expected(COMMON_CALENDARS.join(" or "))
            .hint("ask the producer for times in UTC"));
    }
    // Before October 1582 the standard calendar is the Julian one, and writers disagree about it.
    let begin =
        jiff::civil::date(1582, 10, 15).to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp());
    match (unit.origin, begin) {
        (Origin::At(origin, _), Ok(begin)) if origin < begin && calendar != "proleptic_gregorian" => {
            Err(not_understood(dataset)
                .expected("an instant since 1582-10-15, when the common calendar began"))
        }
        _ => Ok(unit),
    }
}

/// Reads a dataset of times as nanoseconds or seconds.
fn counts(source: &dyn Source, dataset: &Dataset, nanoseconds: i64) -> Result<Counts, Failure> {
    let packing = Packing::of(dataset)?;
    let values = source.rows(dataset, 0..dataset.row_count())?;
    if let Some(integers) = integers(&values).filter(|_| !packing.is_packed()) {
        let is_fill = |integer: i128| {
            // xarray writes the smallest integer for a missing time, and netCDF that plus two.
            let smallest = i128::from(i64::MIN);
            (smallest..smallest + 3).contains(&integer) || packing.is_fill(rounded(integer))
        };
        let count = |integer: i128| (!is_fill(integer)).then(|| integer * i128::from(nanoseconds));
        return Ok(Counts::Exact(integers.into_iter().map(count).collect()));
    }
    let second = |count: f64| {
        let whole = nanoseconds / SECOND_NS;
        #[expect(clippy::cast_precision_loss, reason = "powers of ten below 2^53")]
        match whole {
            0 => count / (SECOND_NS / nanoseconds) as f64,
            1 => count,
            _ => count * whole as f64,
        }
    };
    let numbers = values.to_f64().into_iter().map(|number| {
        if packing.is_fill(number) || number.abs() >= MAX_VALUE {
            f64::NAN
        } else {
            second(packing.unpacked(number))
        }
    });
    Ok(Counts::Rounded(numbers.collect()))
}

/// Converts integers exactly; returns `None` for floating-point numbers.
fn integers(values: &Values) -> Option<Vec<i128>> {
    macro_rules! widened {
        ($($variant:ident),*) => {
            match values {
                $(Values::$variant(array) => Some(array.iter().map(|&value| i128::from(value)).collect()),)*
                Values::F32(_) | Values::F64(_) => None,
            }
        };
    }
    widened!(I8, I16, I32, I64, U8, U16, U32, U64)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "compared with a fill value, which was rounded in the same way"
)]
fn rounded(integer: i128) -> f64 {
    integer as f64
}

/// Converts nanoseconds to seconds, rounded once: whole milliseconds and seconds are as exact as f64 allows.
#[expect(clippy::cast_precision_loss, reason = "parts below 2^53 for any sounding")]
fn seconds(nanoseconds: i128) -> f64 {
    const EXACT: i128 = 1 << 53;
    if nanoseconds.abs() <= EXACT {
        return nanoseconds as f64 / SECOND_NS as f64;
    }
    let second = i128::from(SECOND_NS);
    nanoseconds.div_euclid(second) as f64 + nanoseconds.rem_euclid(second) as f64 / SECOND_NS as f64
}

/// The launch that the file states, in a variable or else in an attribute.
fn stated_launch(source: &dyn Source, notes: &mut Vec<Warning>) -> Option<Launch> {
    let description = source.description();
    let variable = launch_variable(description);
    let by_variable = variable.and_then(|dataset| instant_of(source, dataset));
    if let Some((instant, has_fraction)) = by_variable {
        return Some(Launch { instant, source: "launch_time variable", has_fraction, detected: true });
    }
    if let Some(dataset) = variable {
        let units = text(&dataset.attributes, "units").unwrap_or_default();
        let message = format!("states no readable launch time (unit {units:?})");
        notes.push(Warning::at(Code::LaunchTimeUnreadable, dataset.path.as_str(), message));
    }
    let attribute = launch_attribute(&description.attributes)?;
    let SourceValue::Text(stated) = &attribute.value else { return None };
    let found = time_unit::instant(stated).or_else(|| crate::launch::date_and_time(stated));
    if found.is_none() {
        let message = format!("states no readable launch time: {stated:?}");
        notes.push(Warning::at(Code::LaunchTimeUnreadable, attribute.name.as_str(), message));
    }
    let (instant, has_fraction) = found?;
    Some(Launch { instant, source: "launch time attribute", has_fraction, detected: true })
}

/// The variable with the launch time.
pub(super) fn launch_variable(description: &Description) -> Option<&Dataset> {
    description
        .datasets
        .iter()
        .find(|dataset| dataset.name().eq_ignore_ascii_case(LAUNCH_TIME) && dataset.len() == 1)
}

fn launch_attribute(attributes: &[SourceAttribute]) -> Option<&SourceAttribute> {
    attributes.iter().find(|attribute| {
        let letters: String = attribute
            .name
            .chars()
            .filter(char::is_ascii_alphabetic)
            .map(|letter| letter.to_ascii_lowercase())
            .collect();
        LAUNCH_ATTRIBUTES.iter().any(|name| letters.starts_with(name))
    })
}

/// Reads the single instant of a dataset, as text or as a number with a unit of time.
pub(super) fn instant_of(source: &dyn Source, dataset: &Dataset) -> Option<(Timestamp, bool)> {
    match dataset.content {
        Content::Text => {
            let text = source.strings(dataset).ok()?.into_iter().next()?;
            time_unit::instant(&text)
        }
        Content::Numbers(_) => {
            let unit = unit(dataset).ok()?;
            let Origin::At(origin, has_fraction) = unit.origin else { return None };
            let nanoseconds = match counts(source, dataset, unit.nanoseconds).ok()? {
                Counts::Exact(counts) => counts.first().copied().flatten()?,
                Counts::Rounded(counts) => nanoseconds(counts.first().copied()?)?,
            };
            let instant =
                Timestamp::from_nanosecond(origin.as_nanosecond().checked_add(nanoseconds)?).ok()?;
            let is_whole = nanoseconds % i128::from(SECOND_NS) == 0;
            Some((instant, has_fraction || !is_whole))
        }
        Content::Unsupported(_) => None,
    }
}

/// Converts seconds to nanoseconds. Beyond 2^23 seconds f64 cannot resolve nanoseconds, so it rounds to microseconds.
fn nanoseconds(seconds: f64) -> Option<i128> {
    let steps = if seconds.abs() < 8_388_608.0 { 1e9 } else { 1e6 };
    #[expect(clippy::cast_possible_truncation, reason = "below 1e21 by the test before it")]
    (seconds.abs() < 1e12).then(|| (seconds * steps).round() as i128 * if steps < 1e9 { 1_000 } else { 1 })
}

/// Chooses the launch: as stated, else the origin of the times, else the first row; `first` is the time of that row.
fn launch(
    stated: Option<Launch>,
    origin: Timestamp,
    has_fraction: Option<bool>,
    first: Option<f64>,
    notes: &mut Vec<Warning>,
) -> Launch {
    let by_origin = Launch {
        instant: origin,
        source: "units of time",
        has_fraction: has_fraction.unwrap_or_default(),
        detected: true,
    };
    let Some(first) = first else { return stated.unwrap_or(by_origin) };
    if let Some(stated) = stated {
        let since = first + origin.duration_since(stated.instant).as_secs_f64();
        if BELIEVED_LAUNCH_S.contains(&since) {
            return if stated.instant == origin && has_fraction.is_some() { by_origin } else { stated };
        }
        let message = format!(
            "the rows begin {since} s after the stated launch time {}, which is not used",
            stated.instant
        );
        notes.push(Warning::of_granule(Code::ClocksDisagree, message));
    }
    if NEAR_LAUNCH_S.contains(&first) {
        return by_origin;
    }
    let first_row = nanoseconds(first)
        .and_then(|first| origin.as_nanosecond().checked_add(first))
        .and_then(|instant| Timestamp::from_nanosecond(instant).ok());
    let Some(instant) = first_row else { return by_origin };
    let message = format!(
        "no launch time is stated, and times count from {origin}; the first row, at {instant}, is used as the launch"
    );
    notes.push(Warning::of_granule(Code::LaunchAssumed, message));
    Launch { instant, source: "first row", has_fraction: true, detected: true }
}
