//! Parses the time and position of a launch from header texts.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::header::Header;
use super::number;
use super::{Launch, LaunchPosition};
use cumulus_model::warning::{Code, Warning};

/// Milliseconds per day.
pub(super) const DAY_MS: i64 = 86_400_000;

/// Min difference in degrees between a position in degrees and minutes and the same in decimal degrees that is
/// reported: the minutes have two decimals, so rounding explains 0.0001 degrees.
const SAME_PLACE_DEGREES: f64 = 0.01;

/// Max magnitude of a longitude; some are counted eastwards up to a full turn.
const MAX_LONGITUDE: f64 = 360.0;

/// Plausible altitudes; others are sentinels. No sonde is launched from above 60 km (HS3: 20 km), and sentinels are
/// -999 and 99999.
const ALTITUDES_M: std::ops::Range<f64> = -500.0..60_000.0;

/// The instant `ms` milliseconds after midnight of `date`, UTC.
pub(super) fn instant(date: Date, ms: i64) -> Option<Timestamp> {
    date.to_zoned(TimeZone::UTC)
        .ok()?
        .timestamp()
        .checked_add(jiff::Span::new().try_milliseconds(ms).ok()?)
        .ok()
}

/// Parses a date and time written as six numbers with any separators: `2012, 09, 07, 12:41:16.25`. Returns true if
/// the seconds have a fraction.
pub(super) fn date_and_time(text: &str) -> Option<(Timestamp, bool)> {
    let mut parts = text
        .split(|character: char| !(character.is_ascii_digit() || character == '.'))
        .filter(|part| !part.is_empty());
    let year = parts.next()?;
    let mut integer = || parts.next()?.parse::<i16>().ok();
    let year = match year.len() {
        4 => year.parse().ok()?,
        1 | 2 => full_year(year.parse().ok()?),
        _ => return None,
    };
    let (month, day) = (integer()?, integer()?);
    let (hour, minute) = (integer()?, integer()?);
    let seconds = number::whole(parts.next()?.as_bytes())?;
    let part = |value: i16| i8::try_from(value).ok();
    let midnight = DateTime::new(year, part(month)?, part(day)?, part(hour)?, part(minute)?, 0, 0).ok()?;
    let ms = whole_ms(seconds.value).filter(|ms| (0..=60_000).contains(ms))?;
    let minute = midnight.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let instant = minute.checked_add(jiff::Span::new().try_milliseconds(ms).ok()?).ok()?;
    Some((instant, seconds.decimals > 0))
}

/// Expands a two-digit year: 69 to 99 are in the 20th century, as in POSIX. No sonde is older.
pub(super) fn full_year(two_digits: i16) -> i16 {
    if two_digits < 69 { 2000 + two_digits } else { 1900 + two_digits }
}

/// Labels of header lines that state the launch, most reliable first, and their names in the product. Nominal times
/// are planned launch times.
const LAUNCH_LABELS: [(&str, &str); 10] = [
    ("utc_launch_time", "UTC Launch Time"),
    ("gmt_launch_time", "GMT Launch Time"),
    ("utc_release_time", "UTC Release Time"),
    ("gmt_release_time", "GMT Release Time"),
    ("launch_time", "Launch Time"),
    ("release_time", "Release Time"),
    ("utc_time_of_launch", "UTC Time of Launch"),
    ("time_of_launch", "Time of Launch"),
    (NOMINAL_LAUNCH, "Nominal Launch Time"),
    (NOMINAL_RELEASE, "Nominal Release Time"),
];
const NOMINAL_LAUNCH: &str = "nominal_launch_time";
const NOMINAL_RELEASE: &str = "nominal_release_time";

/// The launch that the header states in any of these lines. Adds a note if there is none, it cannot be read, or it is
/// only the planned one.
pub(super) fn stated(header: &Header, notes: &mut Vec<Warning>) -> Option<Launch> {
    let mut unreadable = None;
    for (label, source) in LAUNCH_LABELS {
        let Some(text) = header.find(label) else { continue };
        let Some((instant, has_fraction)) = date_and_time(text) else {
            unreadable = unreadable.or(Some(text));
            continue;
        };
        if [NOMINAL_LAUNCH, NOMINAL_RELEASE].contains(&label) {
            let message = match unreadable {
                Some(text) => {
                    format!("the launch time {text:?} cannot be read; the nominal time {instant} is used")
                }
                None => format!("no launch time is stated; the nominal time {instant} is used"),
            };
            notes.push(Warning::of_granule(Code::LaunchTimeUnreadable, message));
        }
        return Some(Launch { instant, source, has_fraction, detected: true });
    }
    let message = match unreadable {
        Some(text) => format!("the launch time {text:?} cannot be read"),
        None => "no launch time is stated".to_owned(),
    };
    notes.push(Warning::of_granule(Code::LaunchTimeUnreadable, message));
    None
}

/// Converts `seconds` to whole milliseconds, if they are fewer than a billion.
pub(super) fn whole_ms(seconds: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "below 1e12 by the test before it")]
    (seconds.abs() < 1e9).then(|| (seconds * 1000.0).round() as i64)
}

/// Converts `ms` milliseconds to seconds.
#[expect(clippy::cast_precision_loss, reason = "spans of one sounding are far below 2^53 ms")]
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// Order of decimal degrees and degrees with minutes in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// EOL: `61 33.33'W -61.555444, 31 34.35'N 31.572562, 19156.16`.
    Interleaved,
    /// ESC: `095 34.34'E, 52 52.71'N, 95.572, 52.879, 99999.0`.
    MinutesFirst,
}

/// Parses a launch position: longitude, latitude, altitude. Decimal degrees are authoritative; the degrees and
/// minutes next to them are only a check, because some writers lose the hemisphere between the equator and one
/// degree.
pub(super) fn position(text: &str, order: Order, notes: &mut Vec<Warning>) -> LaunchPosition {
    let words: Vec<&str> = text
        .split(|character: char| character.is_whitespace() || character == ',')
        .filter(|word| !word.is_empty())
        .collect();
    let (mut decimal, mut with_minutes) = (Vec::new(), Vec::new());
    let mut words = words.as_slice();
    while let [word, rest @ ..] = words {
        let degrees = number::whole(word.as_bytes()).map(|number| number.value);
        words = rest;
        if let (Some(degrees), [minutes, rest @ ..]) = (degrees, rest)
            && let Some(angle) = angle(degrees, minutes)
        {
            with_minutes.push(angle);
            words = rest;
        } else if let Some(degrees) = degrees {
            decimal.push(degrees);
        }
    }
    let at = |index: usize| decimal.get(index).copied();
    let found = match (decimal.len(), order) {
        (0, _) => (None, None, None),
        // If the position is missing, the degrees with minutes are plain numbers as well: `-999 -999, -999 -999,
        // 32.9`.
        (5.., Order::Interleaved) => (at(1), at(3), at(4)),
        (5.., Order::MinutesFirst) => (at(2), at(3), at(4)),
        (1 | 2, _) if with_minutes.len() >= 2 => {
            (with_minutes.first().copied(), with_minutes.get(1).copied(), decimal.last().copied())
        }
        (1, _) => (None, None, at(0)),
        _ => (at(0), at(1), at(2)),
    };
    let missing = |value: &f64| (-999.5..=-998.5).contains(value);
    let longitude = found.0.filter(|value| value.abs() <= MAX_LONGITUDE);
    let latitude = found.1.filter(|value| value.abs() <= 90.0);
    let both_zero = longitude == Some(0.0) && latitude == Some(0.0);
    if both_zero || (longitude, latitude) != (found.0, found.1) {
        let reason = if found.0.iter().chain(&found.1).all(missing) {
            "is missing"
        } else {
            "is impossible and left out"
        };
        let message = format!("the launch position {:?} {reason}", text.trim());
        notes.push(Warning::of_granule(Code::LaunchPosition, message));
    }
    for (decimal, minutes) in [(longitude, with_minutes.first()), (latitude, with_minutes.get(1))] {
        if let (Some(decimal), Some(minutes)) = (decimal, minutes)
            && (decimal - minutes).abs() > SAME_PLACE_DEGREES
        {
            let message = format!(
                "the launch position {:?} contradicts itself; decimal degrees {decimal} are used",
                text.trim()
            );
            notes.push(Warning::of_granule(Code::LaunchPosition, message));
        }
    }
    LaunchPosition {
        longitude: longitude.filter(|_| !both_zero && latitude.is_some()),
        latitude: latitude.filter(|_| !both_zero && longitude.is_some()),
        altitude_m: found.2.filter(|altitude| ALTITUDES_M.contains(altitude) && !missing(altitude)),
    }
}

/// Converts degrees and `M.MM'H` to one signed angle.
fn angle(degrees: f64, minutes: &str) -> Option<f64> {
    let (minutes, hemisphere) = minutes.split_once('\'')?;
    let size = degrees.abs() + number::whole(minutes.as_bytes())?.value / 60.0;
    match hemisphere {
        "W" | "w" | "S" | "s" => Some(-size),
        "E" | "e" | "N" | "n" => Some(size),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Longitude, latitude and altitude.
    type Place = (Option<f64>, Option<f64>, Option<f64>);

    /// The position, and the number of notes about it.
    fn read(text: &str, order: Order) -> (Place, usize) {
        let mut notes = Vec::new();
        let found = position(text, order, &mut notes);
        ((found.longitude, found.latitude, found.altitude_m), notes.len())
    }

    #[test]
    fn positions_of_every_writer_are_read() {
        use Order::{Interleaved, MinutesFirst};
        let place = |longitude, latitude, altitude| (Some(longitude), Some(latitude), Some(altitude));
        let cases = [
            (
                "60 30.00'W -60.500000, 20 15.00'N 20.250000, 15000.50",
                Interleaved,
                place(-60.5, 20.25, 15000.5),
            ),
            (
                "060 30.00'W -60.500000 20 15.00'N 20.250000,     15.00",
                Interleaved,
                place(-60.5, 20.25, 15.0),
            ),
            (
                "160 30.00'E 160.500000, 20 15.00'S -20.250000, 15000.50",
                Interleaved,
                place(160.5, -20.25, 15000.5),
            ),
            (
                "00 07.41'W -0.123456, 00 07.41'S -0.123456, 10",
                Interleaved,
                place(-0.123_456, -0.123_456, 10.0),
            ),
            ("060 30.00'W, 20 15.00'N, -60.500, 20.250, 900.0", MinutesFirst, place(-60.5, 20.25, 900.0)),
        ];
        for (text, order, expected) in cases {
            assert_eq!(read(text, order), (expected, 0), "{text}");
        }
        let unknown_altitude = read("060 30.00'E, 20 15.00'N, 60.500, 20.250, 99999.0", MinutesFirst);
        assert_eq!(unknown_altitude, ((Some(60.5), Some(20.25), None), 0));
    }

    #[test]
    fn missing_impossible_and_contradictory_positions_are_noted() {
        let missing = (None, None, Some(32.9));
        assert_eq!(read("-999 -999, -999 -999,    32.90", Order::Interleaved), (missing, 1));
        assert_eq!(read("0 0.00'E 0.000000, 0 0.00'N 0.000000, 32.90", Order::Interleaved), (missing, 1));
        assert_eq!(read("400 0.00'E 400.000000, 5 0.00'N 5.000000, 32.90", Order::Interleaved), (missing, 1));
        let hemisphere_lost = read("10 00.00'W -10.000000, 00 07.41'S 0.123456, 10", Order::Interleaved);
        assert_eq!(hemisphere_lost, ((Some(-10.0), Some(0.123_456), Some(10.0)), 1));
        assert_eq!(read("", Order::Interleaved).0, (None, None, None));
        assert_eq!(read("32.90", Order::Interleaved).0, missing);
    }

    #[test]
    fn six_numbers_are_an_instant() {
        let at = |text: &str| date_and_time(text).map(|(instant, fraction)| (instant.to_string(), fraction));
        let expected = |text: &str, fraction| Some((text.to_owned(), fraction));
        assert_eq!(at("2012, 09, 07, 12:41:16"), expected("2012-09-07T12:41:16Z", false));
        assert_eq!(at("2012,  9,  7, 12: 1: 6"), expected("2012-09-07T12:01:06Z", false));
        assert_eq!(at("2016/02/29, 23:59:59.75"), expected("2016-02-29T23:59:59.75Z", true));
        assert_eq!(at("2022-02-08 14:29:42"), expected("2022-02-08T14:29:42Z", false));
        // Two-digit years are from 1969 to 2068; three-digit years are invalid.
        assert_eq!(at("14, 08, 05, 15:55:38"), expected("2014-08-05T15:55:38Z", false));
        assert_eq!(at("99, 08, 05, 15:55:38"), expected("1999-08-05T15:55:38Z", false));
        assert_eq!(at("014, 08, 05, 15:55:38"), None);
        for text in ["2011, 02, 29, 0:0:0", "2011, 13, 1, 0:0:0", "2011, 1, 1, 0:0:61", "2011, 1, 1", ""] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
