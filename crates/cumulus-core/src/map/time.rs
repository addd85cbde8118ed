//! Derives the time of every record from a wall clock and a decimal day of year.
//!
//! Each CPL record has two clocks: whole seconds of the day (`Hour`, `Minute`, `Second`) and a decimal day of year, in
//! which January 1, 00:00 UTC, is 1.0. The decimal day determines the day, and also the second if it is double
//! precision and agrees with the wall clock within 1.5 s on every record; otherwise the wall clock determines the
//! second. Records are never dropped, reordered or interpolated: real files repeat seconds, skip seconds and have gaps
//! of half an hour.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "seconds and days of one flight are far below every limit"
)]

pub(crate) mod parts;
pub(crate) mod since;

use jiff::civil::{Date, DateTime};
use jiff::{SignedDuration, Span};
use serde::Serialize;

use crate::map::MAX_SENTINEL;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::warning::{Code, Warning};

/// Seconds per day, without leap seconds.
const DAY_S: i64 = 86_400;

/// Maximum difference in seconds between the two clocks for using the decimal day: the wall clock is truncated to whole
/// seconds and jitters by one (seen in 12203a), and half a second is added for rounding.
const AGREEMENT_S: f64 = 1.5;

/// Maximum plausible difference in seconds between the two clocks: if more than half of all records exceed it, the
/// decimal day is a constant, a whole day number, or in another time zone.
const UNUSABLE_S: f64 = 600.0;

/// Minimum step back in days that is a new year and not a clock error.
const NEW_YEAR_DAYS: f64 = 300.0;

/// Difference in seconds between the stated and the actual first or last time above which there is a warning.
const STATED_S: f64 = 2.0;

/// The clocks of a granule; vectors have one value per record.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    /// Hour of day, UTC.
    pub hours: Vec<f64>,
    /// Minute of hour.
    pub minutes: Vec<f64>,
    /// Second of minute; `None` if the clock only has minutes.
    pub seconds: Option<Vec<f64>>,
    /// Decimal day of year.
    pub days: Option<Vec<f64>>,
    /// True if the decimal days are single precision, which has a resolution of 1.3 s at day 250.
    pub days_are_single: bool,
    /// Decimal day of year of the first record, as the file states it.
    pub first_day: Option<f64>,
    /// Decimal day of year of the last record, as the file states it.
    pub last_day: Option<f64>,
    /// The flight's date as the file states it.
    pub date: Option<Date>,
    /// The date in the file's name.
    pub file_date: Option<Date>,
}

/// The clock that determines the seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The decimal day of year, rounded to milliseconds.
    DecimalDay,
    /// Hour, minute and second, with the day from the decimal day of year.
    WallClock,
    /// Seconds since the launch of a sonde.
    SinceLaunch,
    /// Counts since an instant, in one dataset.
    Since,
    /// Hour, minute and second, with a day added wherever the clock falls by more than 12 hours.
    WallClockUnwrapped,
}

/// The time of every record.
#[derive(Clone, Debug)]
pub struct TimeAxis {
    /// Origin of the seconds, UTC: midnight of the first record's day, or the launch of a sonde.
    pub epoch: DateTime,
    /// Seconds since `epoch`, one value per record.
    pub seconds: Vec<f64>,
    /// Whole seconds of the wall clock since `epoch`, one value per record.
    pub clock_seconds: Vec<i64>,
    /// Day 0 of the decimal days: December 31 of the year before.
    pub day_zero: Date,
    /// The clock that determines the seconds.
    pub method: Method,
    /// Number of consecutive records with the same whole second.
    pub repeated_seconds: u64,
    /// Number of consecutive records that go back in time.
    pub backward_steps: u64,
    /// Maximum time step between consecutive records, in seconds.
    pub longest_gap_s: f64,
}

impl TimeAxis {
    /// Returns the earliest and the latest time, in seconds since the epoch.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let least = self.seconds.iter().copied().reduce(f64::min).unwrap_or(0.0);
        let most = self.seconds.iter().copied().reduce(f64::max).unwrap_or(0.0);
        (least, most)
    }

    /// Returns the time stamp `seconds` after the epoch, rounded to milliseconds.
    #[must_use]
    pub fn instant(&self, seconds: f64) -> jiff::Timestamp {
        let milliseconds = (seconds * 1000.0).round() as i64;
        self.epoch
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
            .and_then(|epoch| epoch.timestamp().checked_add(SignedDuration::from_millis(milliseconds)).ok())
            .unwrap_or_default()
    }
}

/// Derives the time of every record.
///
/// # Errors
/// There is no record, both clocks of a record are invalid, or no date determines the year.
pub fn derive(clocks: &Clocks, warnings: &mut Vec<Warning>) -> Result<TimeAxis, Failure> {
    let wall = wall_clock(clocks);
    let anchor = anchor_date(clocks, warnings)?;
    let mut days = clocks.days.as_ref().map_or_else(|| vec![None; wall.len()], |days| decimal_days(days));
    if clocks.days.is_some() && !usable(&days, &wall) {
        let message = "the decimal day of year does not follow the wall clock; the day is counted from the first record";
        warnings.push(Warning::of_granule(Code::ClocksDisagree, message));
        days.fill(None);
    }
    let known_day = days.iter().enumerate().find_map(|(record, day)| Some((record, (*day)?)));
    let stated_day = clocks.first_day.filter(|day| is_day(*day));

    // The day of year of the first record determines the year: the one that is nearest to the stated date.
    let first_day = known_day.map(|(_, day)| day).or(stated_day);
    let year = first_day.map_or_else(|| anchor.year(), |day| nearest_year(day, anchor));
    let day_zero = last_of_december(year - 1)?;
    let year_days = f64::from(anchor_distance(day_zero, last_of_december(year)?));
    unroll_new_year(&mut days, year_days);

    let start = match (known_day, stated_day) {
        (Some((record, day)), _) => day_of_first_record(&wall, record, day),
        (None, Some(day)) => whole_day(day, wall.first().copied().flatten()),
        (None, None) => i64::from(anchor_distance(day_zero, anchor)),
    };
    let mut clock_seconds = clock_instants(&wall, &days, start)?;
    // A clock without seconds is up to 59 s behind.
    let behind = if clocks.seconds.is_some() { 0.0 } else { 59.0 };
    let agrees = clock_seconds.iter().zip(&days).all(|(&clock, day)| {
        day.is_some_and(|day| {
            (-AGREEMENT_S..=behind + AGREEMENT_S).contains(&(day * DAY_S as f64 - clock as f64))
        })
    });
    let method = if known_day.is_none() {
        Method::WallClockUnwrapped
    } else if agrees && !clocks.days_are_single {
        Method::DecimalDay
    } else {
        Method::WallClock
    };

    if method == Method::DecimalDay && clocks.seconds.is_none() {
        clock_seconds = days.iter().flatten().map(|day| (day * DAY_S as f64).floor() as i64).collect();
    }

    let milliseconds: Vec<f64> = clock_seconds
        .iter()
        .zip(&days)
        .map(|(&clock, day)| match (method, day) {
            (Method::DecimalDay, Some(day)) => (day * DAY_S as f64 * 1000.0).round(),
            _ => clock as f64 * 1000.0,
        })
        .collect();
    let first = milliseconds.first().copied().ok_or_else(no_record)?;
    let epoch_day = (first / (DAY_S as f64 * 1000.0)).floor();
    let epoch = after(day_zero, epoch_day as i64)?;
    let epoch_ms = epoch_day * DAY_S as f64 * 1000.0;
    let axis = TimeAxis {
        epoch: epoch.at(0, 0, 0, 0),
        seconds: milliseconds.iter().map(|ms| (ms - epoch_ms) / 1000.0).collect(),
        clock_seconds: clock_seconds.iter().map(|clock| clock - epoch_day as i64 * DAY_S).collect(),
        day_zero,
        method,
        repeated_seconds: 0,
        backward_steps: 0,
        longest_gap_s: 0.0,
    };
    let axis = count_steps(axis);
    check_stated(clocks, &axis, epoch_day, year_days, warnings);
    // A flight may be named after its take-off on the day before its first record, but not after a later day.
    let apart = anchor_distance(anchor, epoch);
    if !(0..=1).contains(&apart) {
        let reason = if apart == -1 { "; does the source count January 1 as 0?" } else { "" };
        let message = format!(
            "the first record is on {epoch} by its day of year, but the stated date is {anchor}; the day of year is used{reason}"
        );
        warnings.push(Warning::of_granule(Code::DatesDisagree, message));
    }
    Ok(axis)
}

/// Returns the whole seconds of the day of each record, `None` if hour, minute or second is out of range.
fn wall_clock(clocks: &Clocks) -> Vec<Option<i64>> {
    let within = |value: f64, most: f64| (0.0..=most).contains(&value).then_some(value.trunc() as i64);
    clocks
        .hours
        .iter()
        .zip(&clocks.minutes)
        .enumerate()
        .map(|(record, (&hour, &minute))| {
            let second = clocks.seconds.as_ref().map_or(Some(0.0), |seconds| seconds.get(record).copied());
            // UTC clocks may have hours up to 24 and seconds up to 60 (leap second).
            Some(within(hour, 24.0)? * 3600 + within(minute, 59.0)? * 60 + within(second?, 60.0)?)
        })
        .collect()
}

fn anchor_date(clocks: &Clocks, warnings: &mut Vec<Warning>) -> Result<Date, Failure> {
    match (clocks.date, clocks.file_date) {
        (Some(stated), Some(named)) => {
            if anchor_distance(stated, named).abs() > 1 {
                let message = format!("the granule states the date {stated}, but its file name has {named}");
                warnings.push(Warning::of_granule(Code::DatesDisagree, message));
            }
            Ok(stated)
        }
        (Some(date), None) | (None, Some(date)) => Ok(date),
        (None, None) => Err(Failure::new(Stage::Map, "time", "has no year")
            .found("no readable date in the granule or its file name")
            .expected("a date such as 06Sep12, or a file name ending in _yyyymmdd")
            .hint("rename the file to the producer's pattern")),
    }
}

fn is_day(day: f64) -> bool {
    day.is_finite() && day > MAX_SENTINEL && (0.0..800.0).contains(&day)
}

fn decimal_days(days: &[f64]) -> Vec<Option<f64>> {
    days.iter().map(|&day| is_day(day).then_some(day)).collect()
}

/// Returns the day number for a decimal day whose wall clock is `clock` seconds after midnight.
fn whole_day(day: f64, clock: Option<i64>) -> i64 {
    match clock {
        Some(clock) => (day - clock as f64 / DAY_S as f64).round() as i64,
        None => day.floor() as i64,
    }
}

/// Returns the day of year of record 0, by following the wall clock back from the first record with a decimal day.
fn day_of_first_record(wall: &[Option<i64>], record: usize, day: f64) -> i64 {
    let clocks: Vec<i64> = wall.iter().take(record + 1).flatten().copied().collect();
    let midnights = clocks.windows(2).filter(|pair| pair[0] - pair[1] > DAY_S / 2).count();
    whole_day(day, wall.get(record).copied().flatten()) - midnights as i64
}

/// Returns true if the decimal days are consistent with the wall clock: at least half of them are near the clock's time
/// on some day, and they are neither constant nor all whole numbers.
fn usable(days: &[Option<f64>], wall: &[Option<i64>]) -> bool {
    let both: Vec<(f64, i64)> =
        days.iter().zip(wall).filter_map(|(day, clock)| Some(((*day)?, (*clock)?))).collect();
    if let [first, .., last] = both.as_slice() {
        let constant = both.iter().all(|(day, _)| day.to_bits() == first.0.to_bits());
        // Single precision may repeat values within two seconds.
        let time_goes_on = (last.1 - first.1).abs() > 2;
        let whole = both.iter().all(|(day, _)| day.fract() == 0.0);
        if time_goes_on && (constant || whole) {
            return false;
        }
    }
    let off = both
        .iter()
        .filter(|(day, clock)| {
            let instant = whole_day(*day, Some(*clock)) * DAY_S + clock;
            (day * DAY_S as f64 - instant as f64).abs() > UNUSABLE_S
        })
        .count();
    days.iter().any(Option::is_some) && off * 2 <= both.len()
}

/// Returns the year whose day `day` is nearest to `anchor`: a flight may start on the day after the date in its name,
/// and a day of year may continue past the end of the year or restart.
fn nearest_year(day: f64, anchor: Date) -> i16 {
    let distance = |year: i16| {
        last_of_december(year - 1)
            .and_then(|day_zero| after(day_zero, day.floor() as i64))
            .map_or(i32::MAX, |date| anchor_distance(anchor, date).abs())
    };
    let year = anchor.year();
    [year, year - 1, year + 1].into_iter().min_by_key(|&year| distance(year)).unwrap_or(year)
}

/// Adds the length of the year after each restart of the day of year.
fn unroll_new_year(days: &mut [Option<f64>], year_days: f64) {
    let mut previous: Option<f64> = None;
    let mut offset = 0.0;
    for day in days.iter_mut().flatten() {
        if previous.is_some_and(|previous| *day + offset < previous - NEW_YEAR_DAYS) {
            offset += year_days;
        }
        *day += offset;
        previous = Some(*day);
    }
}

/// Returns the whole seconds of each record since day zero: its wall clock on the day of its decimal day, the decimal
/// day alone if the wall clock is invalid, or the wall clock unwrapped from the record before if there is no decimal
/// day.
fn clock_instants(wall: &[Option<i64>], days: &[Option<f64>], start: i64) -> Result<Vec<i64>, Failure> {
    let mut instants = Vec::with_capacity(wall.len());
    let mut previous: Option<i64> = None;
    for (record, (clock, day)) in wall.iter().zip(days).enumerate() {
        let instant = match (*clock, *day) {
            (Some(clock), Some(day)) => whole_day(day, Some(clock)) * DAY_S + clock,
            (None, Some(day)) => (day * DAY_S as f64).floor() as i64,
            (Some(clock), None) => {
                let (mut today, before) = previous.map_or((start, clock), |previous| {
                    (previous.div_euclid(DAY_S), previous.rem_euclid(DAY_S))
                });
                if before - clock > DAY_S / 2 {
                    today += 1;
                }
                today * DAY_S + clock
            }
            (None, None) => {
                return Err(Failure::new(Stage::Map, "time", format!("record {record} has no time"))
                    .found("an hour, minute or second out of range and no day of year")
                    .expected("one valid clock in each record")
                    .hint("ask the producer for a corrected granule"));
            }
        };
        instants.push(instant);
        previous = Some(instant);
    }
    if instants.is_empty() { Err(no_record()) } else { Ok(instants) }
}

fn count_steps(mut axis: TimeAxis) -> TimeAxis {
    axis.repeated_seconds =
        axis.clock_seconds.windows(2).filter(|pair| pair.first() == pair.last()).count() as u64;
    for (before, after) in axis.seconds.iter().zip(axis.seconds.iter().skip(1)) {
        axis.backward_steps += u64::from(after < before);
        let step_ms = ((after - before) * 1000.0).round();
        axis.longest_gap_s = axis.longest_gap_s.max(step_ms / 1000.0);
    }
    axis
}

fn check_stated(
    clocks: &Clocks,
    axis: &TimeAxis,
    epoch_day: f64,
    year_days: f64,
    warnings: &mut Vec<Warning>,
) {
    let ends =
        [("first", clocks.first_day, axis.seconds.first()), ("last", clocks.last_day, axis.seconds.last())];
    for (which, stated, actual) in ends {
        let (Some(stated), Some(&actual)) = (stated.filter(|day| is_day(*day)), actual) else { continue };
        let apart = stated * DAY_S as f64 - (epoch_day * DAY_S as f64 + actual);
        let new_year = apart + year_days * DAY_S as f64;
        if apart.abs() > STATED_S && new_year.abs() > STATED_S {
            let message = format!(
                "the granule states a {which} time {apart:+.1} s away from its {which} record; the records are kept"
            );
            warnings.push(Warning::of_granule(Code::ClocksDisagree, message));
        }
    }
}

fn last_of_december(year: i16) -> Result<Date, Failure> {
    Date::new(year, 12, 31).map_err(|error| {
        Failure::new(Stage::Map, "time", "has an impossible year")
            .found(year)
            .expected("a year of this era")
            .cause(error)
    })
}

fn after(date: Date, days: i64) -> Result<Date, Failure> {
    Span::new().try_days(days).and_then(|span| date.checked_add(span)).map_err(|error| {
        Failure::new(Stage::Map, "time", "is out of range").found(days).expected("a day of year").cause(error)
    })
}

/// Returns the number of days from `from` to `to`.
fn anchor_distance(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

fn no_record() -> Failure {
    Failure::new(Stage::Map, "time", "has no record").found(0).expected("at least one record")
}

#[cfg(test)]
mod tests;
