//! Parses units of time as stated in netCDF, `<unit> since <instant>`, and instants in the spellings that occur
//! there.
//!
//! Spellings are those of UDUNITS and CF-1.6 section 4.4. Months and years are rejected, because they have no fixed
//! length.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Nanoseconds of a second.
pub const SECOND_NS: i64 = 1_000_000_000;

/// Spellings of units and the nanoseconds of each. Short spellings are case-sensitive: `S` is not a second and `D`
/// not a day.
const UNITS: [(i64, &[&str], &[&str]); 7] = [
    (1, &["ns"], &["nsec", "nsecs", "nanosec", "nanosecs", "nanosecond", "nanoseconds"]),
    (1_000, &["us", "µs", "μs"], &["usec", "usecs", "microsec", "microsecs", "microsecond", "microseconds"]),
    (1_000_000, &["ms"], &["msec", "msecs", "millisec", "millisecs", "millisecond", "milliseconds"]),
    (SECOND_NS, &["s"], &["sec", "secs", "second", "seconds"]),
    (60 * SECOND_NS, &["min"], &["mins", "minute", "minutes"]),
    (3_600 * SECOND_NS, &["h", "hr"], &["hrs", "hour", "hours"]),
    (86_400 * SECOND_NS, &["d"], &["day", "days"]),
];

/// Words between the unit and its instant.
const SINCE: [&str; 5] = ["since", "from", "after", "ref", "@"];

/// Origin of a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Origin {
    /// An instant; true if its seconds have a fraction.
    At(Timestamp, bool),
    /// The launch: the unit states it, or states no origin at all.
    Launch,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeUnit {
    /// Nanoseconds of one count.
    pub nanoseconds: i64,
    /// From where it counts.
    pub origin: Origin,
}

/// The unit that `text` states; `None` for what is no unit of time of a fixed length, or counts from nothing that
/// can be read.
#[must_use]
pub fn parse(text: &str) -> Option<TimeUnit> {
    let text = text.trim();
    let (unit, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let nanoseconds = nanoseconds(unit)?;
    let rest = rest.trim();
    if rest.is_empty() {
        return Some(TimeUnit { nanoseconds, origin: Origin::Launch });
    }
    let (word, from) = rest.split_once(char::is_whitespace)?;
    if !SINCE.iter().any(|known| known.eq_ignore_ascii_case(word)) {
        return None;
    }
    let from = from.trim();
    let is_launch = ["launch", "launch time", "launch_time", "the launch", "release"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(from));
    let origin = if is_launch {
        Origin::Launch
    } else {
        let (instant, has_fraction) = instant(from)?;
        Origin::At(instant, has_fraction)
    };
    Some(TimeUnit { nanoseconds, origin })
}

fn nanoseconds(unit: &str) -> Option<i64> {
    UNITS
        .iter()
        .find(|(_, short, long)| {
            short.contains(&unit) || long.iter().any(|known| known.eq_ignore_ascii_case(unit))
        })
        .map(|(nanoseconds, ..)| *nanoseconds)
}

/// An instant: a date, a clock or none, and an offset from UTC or none. True where the seconds have a fraction.
///
/// Years have at least three digits here, as for UDUNITS, which takes `14` for the year 14.
#[must_use]
pub fn instant(text: &str) -> Option<(Timestamp, bool)> {
    let text = text.trim();
    let mut scan = Scan(text);
    let year = scan.digits()?;
    let (year, month, day) = if year.len() == 8 {
        (year.get(..4)?, year.get(4..6)?, year.get(6..)?)
    } else {
        let separator = scan.one_of(&['-', '/', '.'])?;
        let month = scan.digits()?;
        scan.one_of(&[separator])?;
        (year, month, scan.digits()?)
    };
    let date = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
    scan.blanks();
    if scan.one_of(&['T', 't', ',']).is_some() {
        scan.blanks();
        if scan.0.is_empty() {
            return None;
        }
    }
    let (clock_ns, has_fraction) = scan.clock()?;
    let offset_minutes = scan.zone()?;
    let midnight = DateTime::from_parts(date, jiff::civil::Time::midnight());
    let midnight = midnight.to_zoned(TimeZone::UTC).ok()?.timestamp();
    let nanoseconds = midnight.as_nanosecond() + i128::from(clock_ns)
        - i128::from(offset_minutes) * 60 * i128::from(SECOND_NS);
    Some((Timestamp::from_nanosecond(nanoseconds).ok()?, has_fraction))
}

/// Text that has not been parsed yet.
struct Scan<'text>(&'text str);

impl<'text> Scan<'text> {
    fn blanks(&mut self) {
        self.0 = self.0.trim_start();
    }

    fn one_of(&mut self, characters: &[char]) -> Option<char> {
        let first = self.0.chars().next().filter(|first| characters.contains(first))?;
        self.0 = self.0.get(first.len_utf8()..)?;
        Some(first)
    }

    /// Reads at least one digit.
    fn digits(&mut self) -> Option<&'text str> {
        let end = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at_checked(end).filter(|(digits, _)| !digits.is_empty())?;
        self.0 = rest;
        Some(digits)
    }

    /// Reads a clock time as nanoseconds of the day; midnight if there is none. `None` if it is impossible.
    fn clock(&mut self) -> Option<(i64, bool)> {
        let Some(first) = self.digits() else { return Some((0, false)) };
        let (hour, minute, second) = match first.len() {
            4 => (first.get(..2)?, first.get(2..)?, ""),
            6 => (first.get(..2)?, first.get(2..4)?, first.get(4..)?),
            _ if self.one_of(&[':']).is_some() => {
                let minute = self.digits()?;
                let second = if self.one_of(&[':']).is_some() { self.digits()? } else { "" };
                (first, minute, second)
            }
            _ => (first, "", ""),
        };
        let number = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i64>().ok() };
        let (hour, minute, seconds) = (number(hour)?, number(minute)?, number(second)?);
        let mut nanoseconds = 0;
        let mut has_fraction = false;
        if !second.is_empty() && self.one_of(&['.']).is_some() {
            let digits = self.digits().unwrap_or_default();
            has_fraction = !digits.is_empty();
            let nine = format!("{digits:0<9}");
            nanoseconds = nine.get(..9)?.parse().ok()?;
        }
        let is_clock = hour <= 24 && minute < 60 && seconds <= 60;
        is_clock.then(|| ((hour * 3_600 + minute * 60 + seconds) * SECOND_NS + nanoseconds, has_fraction))
    }

    /// Reads an offset in minutes east of UTC, up to the end of the text.
    fn zone(&mut self) -> Option<i64> {
        self.blanks();
        if self.0.is_empty()
            || ["z", "utc", "gmt"].iter().any(|name| name.eq_ignore_ascii_case(self.0.trim()))
        {
            return Some(0);
        }
        // The ARM programme writes `0:00` without a sign; `UTC+2` occurs too.
        for name in ["UTC", "GMT"] {
            self.0 = self.0.strip_prefix(name).unwrap_or(self.0);
        }
        let sign = match self.one_of(&['+', '-']) {
            Some('-') => -1,
            _ => 1,
        };
        let hours = self.digits()?;
        let (hours, minutes) = match hours.len() {
            1 | 2 if self.one_of(&[':']).is_some() => (hours, self.digits()?),
            1 | 2 => (hours, "0"),
            4 => hours.split_at_checked(2)?,
            _ => return None,
        };
        let (hours, minutes) = (hours.parse::<i64>().ok()?, minutes.parse::<i64>().ok()?);
        (self.0.trim().is_empty() && hours <= 18 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Option<String> {
        instant(text).map(|(instant, _)| instant.to_string())
    }

    #[test]
    fn every_spelling_of_an_instant_is_read() {
        for text in [
            "2012-09-07 12:41:16",
            "2012-09-07T12:41:16Z",
            "2012-9-7 12:41:16 UTC",
            "2012-09-07 06:41:16 -6:00",
            "2012-09-07 06:41:16 -06:00",
            "2012-09-07T18:11:16+0530",
            "2012-09-07 13:41:16 +1",
            "2012-09-07 12:41:16 0:00",
            "2012-09-07 12:41:16.000",
            "2012/09/07 12:41:16 GMT",
            "20120907T124116",
            "2012-09-07, 12:41:16 UTC",
        ] {
            assert_eq!(at(text).as_deref(), Some("2012-09-07T12:41:16Z"), "{text}");
        }
        assert_eq!(at("1970-01-01").as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(at("1970-1-1 0:0").as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(at("1970-1-1 6").as_deref(), Some("1970-01-01T06:00:00Z"));
        assert_eq!(
            instant("2012-09-07 12:41:16.039978027")
                .map(|(instant, fraction)| (instant.to_string(), fraction)),
            Some(("2012-09-07T12:41:16.039978027Z".to_owned(), true))
        );
        for text in [
            "",
            "launch",
            "2012-13-01",
            "2012-02-30",
            "2012-09-07T",
            "2012-09-07 25:00",
            "2012-09-07 12:41 east",
        ] {
            assert_eq!(at(text), None, "{text}");
        }
    }

    #[test]
    fn units_have_a_fixed_length() {
        let length = |text: &str| parse(text).map(|unit| unit.nanoseconds);
        for (text, expected) in [
            ("nanoseconds since 2012-09-07", 1),
            ("microseconds since 2012-09-07", 1_000),
            ("msec since 2012-09-07", 1_000_000),
            ("Seconds Since 2012-09-07", SECOND_NS),
            ("s since 2012-09-07", SECOND_NS),
            ("minutes since 2012-09-07 00:00", 60 * SECOND_NS),
            ("hr since 2012-09-07", 3_600 * SECOND_NS),
            ("days since 1970-01-01", 86_400 * SECOND_NS),
            ("sec", SECOND_NS),
            ("seconds since launch", SECOND_NS),
        ] {
            assert_eq!(length(text), Some(expected), "{text}");
        }
        for text in ["", "m", "months since 2012-09-07", "years since 2012", "seconds since then", "S", "hPa"]
        {
            assert_eq!(length(text), None, "{text}");
        }
        assert_eq!(parse("seconds").map(|unit| unit.origin), Some(Origin::Launch));
    }
}
