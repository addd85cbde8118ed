//! The catalogue record of a product, computed from the values that were written.

pub mod echo10;
pub mod elements;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::map::decode::Statistics;
use crate::map::position::Extent;

/// The catalogue record of one product.
#[derive(Clone, Debug)]
pub struct GranuleRecord {
    /// Origin of the product, by which a later run decides whether it is up to date.
    pub origin: Origin,
    /// Unique reference: the name of the data file.
    pub granule_ur: String,
    /// Short name of the collection.
    pub short_name: String,
    /// Version of the collection.
    pub version_id: String,
    /// Name of the source file.
    pub producer_granule_id: String,
    /// Size of the data file in bytes.
    pub size: u64,
    /// SHA-256 of the data file as it lies on disk.
    pub sha256: String,
    /// Time stamp of the run that made it.
    pub produced: Timestamp,
    /// Whether the sun was up.
    pub day_night: DayNight,
    /// Program that made it.
    pub program: String,
    /// Its version.
    pub program_version: String,
    /// Time of the earliest record.
    pub begin: Timestamp,
    /// Time of the latest record.
    pub end: Timestamp,
    /// Bounding box of all valid positions.
    pub extent: Option<Extent>,
    /// Lowest and highest altitude of the vertical coordinate, in metres.
    pub altitude_m: Option<(f64, f64)>,
    /// Platform keyword.
    pub platform: String,
    /// Instrument keyword.
    pub instrument: String,
    /// Campaign keyword.
    pub campaign: String,
    /// URL of the data file.
    pub url: String,
}

/// Origin of a product: everything that determines its bytes, except the time stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Program that made it.
    pub program: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the source.
    pub source_sha256: String,
    /// SHA-256 of the content options.
    pub options_sha256: String,
}

/// Whether the sun was above the horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DayNight {
    /// Above it in every record.
    Day,
    /// Above it in no record.
    Night,
    /// Above it in some records.
    Both,
    /// Unknown, because the source has no solar elevation.
    Unspecified,
}

impl DayNight {
    /// Returns the flag for these statistics of solar elevation, in degrees above the horizon, over all records.
    #[must_use]
    pub fn of(elevation: Option<&Statistics>) -> Self {
        match elevation.and_then(|seen| Some((seen.minimum?, seen.maximum?))) {
            Some((least, _)) if least > 0.0 => Self::Day,
            Some((_, most)) if most <= 0.0 => Self::Night,
            Some(_) => Self::Both,
            None => Self::Unspecified,
        }
    }
}

/// Characters of a path that need no escaping in a URL: "unreserved" in RFC 3986, and the `/` between folders.
const KEPT_IN_URL: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Returns the URL of a file at `path` inside OUTPUT, which is available under `base`; the base may end in `/` or, for
/// queries, in `=`. Without a base, the URL is relative to the metadata file, which is in the same folder.
#[must_use]
pub fn url(base: Option<&str>, path: &str) -> String {
    let file_name = path.rsplit('/').next().unwrap_or(path);
    let name = utf8_percent_encode(path, KEPT_IN_URL);
    match base {
        None | Some("") => utf8_percent_encode(file_name, KEPT_IN_URL).to_string(),
        Some(base) if base.ends_with(['/', '=']) => format!("{base}{name}"),
        Some(base) => format!("{base}/{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_joined_and_escaped() {
        assert_eq!(url(None, "a b.nc"), "a%20b.nc");
        assert_eq!(url(None, "2012/a.nc"), "a.nc");
        assert_eq!(
            url(Some("https://example.invalid/d"), "2012/a.nc"),
            "https://example.invalid/d/2012/a.nc"
        );
        assert_eq!(url(Some("https://example.invalid/d"), "a.nc"), "https://example.invalid/d/a.nc");
        assert_eq!(
            url(Some("https://example.invalid/?key=cpl/"), "a.nc"),
            "https://example.invalid/?key=cpl/a.nc"
        );
    }

    #[test]
    fn the_day_night_flag_needs_every_record() {
        let seen = |minimum, maximum| Statistics { minimum, maximum, ..Statistics::default() };
        assert_eq!(DayNight::of(Some(&seen(Some(0.1), Some(50.0)))), DayNight::Day);
        assert_eq!(DayNight::of(Some(&seen(Some(-9.0), Some(-0.1)))), DayNight::Night);
        assert_eq!(DayNight::of(Some(&seen(Some(-9.0), Some(3.0)))), DayNight::Both);
        assert_eq!(DayNight::of(Some(&seen(None, None))), DayNight::Unspecified);
    }
}
