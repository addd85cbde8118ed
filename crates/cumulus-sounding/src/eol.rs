//! EOL Sounding Format 1.0 and 1.1, the format of the HS3 archive.
//!
//! Header lines are found by label, and columns by the line of dashes and by name, because the widths and the number
//! of columns (17, 19 or 21) differ between writers. The row at -1.00 s is from the aircraft. The header states the
//! launch in whole seconds, truncated or rounded; the fraction is recovered from the wall clock of the row at 0 s, if
//! that is within a second of the header.

use super::header::{self, Header};
use super::launch::{self, DAY_MS, Order};
use super::section::{self, Dialect};
use super::table::Rule;
use super::{Format, Sounding, lines};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::warning::{Code, Warning};

/// Time of the row that holds flight-level data ("EOL Sounding Data File Format").
const AIRCRAFT_S: f64 = -1.0;

/// The missing value is -999 with 0, 2 or 6 decimals; the tolerance covers values that were computed and printed
/// again.
const MISSING: f64 = -999.0;
const MISSING_UP_TO: f64 = MISSING + 0.005;

/// Max difference between header and wall clock that truncating or rounding to whole seconds can cause.
const SECOND_MS: i64 = 1000;

const DIALECT: Dialect =
    Dialect { format: Format::Eol, prefix: "eol_", rule, reference_time: Some(AIRCRAFT_S), interpret };

/// Parses every sounding of an EOL file.
pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Vec<Sounding>, Failure> {
    let first = lines::of(bytes).find(|line| !line.is_blank()).map(|line| line.text()).unwrap_or_default();
    if first.split([' ', ',']).next().is_some_and(|word| word.parse::<u32>().is_ok()) {
        return Err(Failure::new(
            Stage::Read,
            place,
            "is EOL text inside a NASA Ames file, which is not read",
        )
        .found(format!("a first line {first:?}"))
        .expected("a first line that begins with Data Type")
        .hint("ask the producer for the .eol file"));
    }
    section::parse(bytes, place, &DIALECT)
}

fn rule(name: &str) -> Rule {
    let decimals = match name {
        "UTC hh" | "UTC mm" => 0,
        "Lon" | "Lat" => 6,
        _ => 2,
    };
    if name.eq_ignore_ascii_case("time") {
        // Times below the sentinel are valid; only the printed sentinel is missing.
        return Rule { decimals, missing_up_to: f64::NEG_INFINITY, missing: [MISSING; 2] };
    }
    Rule { decimals, missing_up_to: MISSING_UP_TO, missing: [f64::NAN; 2] }
}

fn interpret(header: &Header, sounding: &mut Sounding) {
    let text = |label: &str| header.find(label).unwrap_or_default();
    header.find("file_format").unwrap_or("EOL Sounding Format").clone_into(&mut sounding.format);
    let (mission, platform) = header::split_first(text("project_name"), '/');
    let (project, flight) = header::split_first(mission, ',');
    sounding.project = header::stated(project);
    sounding.flight = header::stated_parts(flight);
    sounding.platform = header::stated_parts(platform);
    let (sonde_id, sonde_type) = header::split_first(text("sonde_id"), '/');
    sounding.sonde_id = header::stated(sonde_id);
    sounding.sonde_type = header::stated(sonde_type);
    sounding.launch_position =
        launch::position(text("launch_location"), Order::Interleaved, &mut sounding.notes);
    sounding.dry_bias_corrected = header.mentions("TDDryBiasCorrApplied").then_some(true);
    sounding.launch = launch::stated(header, &mut sounding.notes);
    if sounding.launch.is_none() {
        return;
    }
    compare_clock(sounding);
    sounding.time_origin = sounding.launch.as_ref().map(|launch| launch.instant);
}

/// Recovers the fraction of the launch time from the wall clock of the rows, and records how far the two differ.
fn compare_clock(sounding: &mut Sounding) {
    let clock = clock(sounding);
    let Some(launch) = &mut sounding.launch else { return };
    let zero = clock
        .iter()
        .filter(|(time_ms, _)| *time_ms >= 0)
        .min_by_key(|(time_ms, _)| *time_ms)
        .map(|(time_ms, clock_ms)| clock_ms - time_ms);
    if let Some(zero_ms) = zero.filter(|_| !launch.has_fraction) {
        let apart_ms = turn(zero_ms - launch.instant.as_millisecond());
        if apart_ms.abs() >= SECOND_MS {
            let message = format!(
                "the wall clock of the rows is {} s off the launch time of the header, which is used",
                launch::seconds(apart_ms)
            );
            sounding.notes.push(Warning::of_granule(Code::ClocksDisagree, message));
        } else if let Ok(instant) =
            jiff::Timestamp::from_millisecond(launch.instant.as_millisecond() + apart_ms)
            && apart_ms != 0
        {
            launch.instant = instant;
            launch.has_fraction = true;
            launch.source = match launch.source {
                "GMT Launch Time" => "GMT Launch Time, its fraction from the wall clock of the first row",
                _ => "UTC Launch Time, its fraction from the wall clock of the first row",
            };
        }
    }
    let launch_ms = launch.instant.as_millisecond();
    sounding.clock_deviation_s = clock
        .iter()
        .map(|(time_ms, clock_ms)| turn(clock_ms - time_ms - launch_ms).abs())
        .max()
        .map(launch::seconds);
}

/// Time and wall clock of each row that has both, in milliseconds.
fn clock(sounding: &Sounding) -> Vec<(i64, i64)> {
    let values =
        |name: &str| sounding.column(name).map(|column| column.values.as_slice()).unwrap_or_default();
    let (hours, minutes, seconds) = (values("UTC hh"), values("UTC mm"), values("UTC ss"));
    let times = values(&sounding.time_column);
    let clocks = hours.iter().zip(minutes).zip(seconds);
    times
        .iter()
        .zip(clocks)
        .filter_map(|(time, ((hour, minute), second))| {
            let valid =
                (0.0..=24.0).contains(hour) && (0.0..60.0).contains(minute) && (0.0..=60.0).contains(second);
            let clock = launch::whole_ms(hour * 3600.0 + minute * 60.0 + second).filter(|_| valid)?;
            Some((launch::whole_ms(*time)?, clock))
        })
        .collect()
}

/// Difference of two clocks without whole days: the smallest in magnitude.
fn turn(ms: i64) -> i64 {
    (ms + DAY_MS / 2).rem_euclid(DAY_MS) - DAY_MS / 2
}

#[cfg(test)]
mod tests;
