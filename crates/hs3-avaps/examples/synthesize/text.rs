//! Converts lines of text to bytes, with the line endings and defects of real files.

use jiff::civil::DateTime;

use super::Recipe;
use super::anomaly::Anomaly;

/// Joins lines as Latin-1; characters outside of it become `?`.
pub(crate) fn assemble(recipe: &Recipe, lines: &[String]) -> Vec<u8> {
    let ending: &[u8] = if recipe.has(Anomaly::LineFeeds) {
        b"\n"
    } else if recipe.has(Anomaly::DoubleReturns) {
        b"\r\r\n"
    } else {
        b"\r\n"
    };
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend(line.chars().map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?')));
        bytes.extend(ending);
    }
    if recipe.has(Anomaly::Truncated) {
        let last = lines.last().map_or(0, String::len);
        bytes.truncate(bytes.len() - ending.len() - last * 2 / 5);
    }
    if recipe.has(Anomaly::TrailingBytes) {
        bytes.extend(b"   ");
        bytes.extend(ending);
        bytes.extend(ending);
        bytes.push(0x1a);
    }
    bytes
}

/// Hundredths of a second since midnight of the launch day, `seconds` after the launch.
pub(crate) fn hundredths_of_day(launch: DateTime, seconds: f64) -> i64 {
    let time = launch.time();
    let whole = i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second());
    #[expect(clippy::cast_possible_truncation, reason = "a day has 8 640 000 hundredths")]
    let later = (seconds * 100.0).round() as i64;
    whole * 100 + i64::from(time.subsec_nanosecond()) / 10_000_000 + later
}
