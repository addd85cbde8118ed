//! The report of a run with one entry per granule, and the exit code of the run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::granule::Granule;
use crate::map::decode::Statistics;
use crate::map::position::{Extent, InvalidPositions};
use crate::metadata::DayNight;
use cumulus_log::shipper::Shipment;
use cumulus_model::error::{Class, Failure};
use cumulus_model::warning::Warning;

/// Version of the report layout; incremented when a field changes its meaning or is removed.
pub const LAYOUT: u32 = 1;

/// Every granule is converted or up to date.
pub const EXIT_SUCCESS: u8 = 0;
/// The arguments are invalid.
pub const EXIT_USAGE: u8 = 2;
/// Some granules are permanently invalid (`EX_DATAERR` of sysexits.h).
pub const EXIT_BAD_GRANULE: u8 = 65;
/// No granule was found (`EX_NOINPUT`).
pub const EXIT_NO_GRANULE: u8 = 66;
/// There is a bug in the program (`EX_SOFTWARE`).
pub const EXIT_INTERNAL: u8 = 70;
/// The output folder cannot be written (`EX_CANTCREAT`).
pub const EXIT_OUTPUT_UNWRITABLE: u8 = 73;
/// Something failed that can succeed on a retry (`EX_TEMPFAIL`).
pub const EXIT_RETRYABLE: u8 = 75;

/// Failure classes and their exit codes, in order of precedence: if several apply, the first one is used.
const PRECEDENCE: [(Class, u8); 6] = [
    (Class::Usage, EXIT_USAGE),
    (Class::Internal, EXIT_INTERNAL),
    (Class::OutputUnwritable, EXIT_OUTPUT_UNWRITABLE),
    (Class::Retryable, EXIT_RETRYABLE),
    (Class::BadGranule, EXIT_BAD_GRANULE),
    (Class::NoGranule, EXIT_NO_GRANULE),
];

/// The report of a run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Version of this layout, [`LAYOUT`].
    pub layout: u32,
    /// Name of the program.
    pub program: &'static str,
    /// Its version.
    pub version: &'static str,
    /// INPUT as given by the operator.
    pub input: String,
    /// OUTPUT as given by the operator.
    pub output: String,
    /// Time stamp of the run and of all its products.
    pub started: Timestamp,
    /// Duration of the run in seconds.
    pub seconds: f64,
    /// Exit code of the program.
    pub exit_code: u8,
    /// Number of granules converted.
    pub converted: usize,
    /// Number of granules whose product was up to date.
    pub up_to_date: usize,
    /// Number of granules that failed or were not tried.
    pub failed: usize,
    /// Every granule, in the order of the run.
    pub granules: Vec<GranuleReport>,
    /// Files of INPUT that are not granules.
    pub ignored: Vec<Ignored>,
    /// The failure that stopped the whole run, if any.
    pub failure: Option<Failure>,
    /// Delivery counts of log events sent to Splunk; empty if none were sent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub splunk: Vec<Shipment>,
}

/// The outcome of one granule.
#[derive(Debug, Serialize)]
pub struct GranuleReport {
    /// Stem of the granule.
    pub granule: String,
    /// Path of its file.
    pub path: PathBuf,
    /// Its outcome.
    pub status: Status,
    /// Processing time in seconds.
    pub seconds: f64,
    /// Seconds spent in each timed step, for the log.
    #[serde(skip)]
    pub step_seconds: BTreeMap<String, f64>,
    /// Oddities that are no errors.
    pub warnings: Vec<Warning>,
    /// Its product, if it was converted.
    pub product: Option<Product>,
    /// Why it has no product, if it failed or was not tried.
    pub failure: Option<Failure>,
}

/// Outcome of a granule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its product is published.
    Converted,
    /// Its product already exists, made from the same source by the same version with the same options.
    UpToDate,
    /// It failed, and nothing is published.
    Failed,
    /// The run ended before it was converted.
    NotTried,
}

impl Status {
    /// Returns the name of the status, as in the report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Converted => "converted",
            Self::UpToDate => "up_to_date",
            Self::Failed => "failed",
            Self::NotTried => "not_tried",
        }
    }
}

/// A published product.
#[derive(Debug, Serialize, Deserialize)]
pub struct Product {
    /// Name of the product.
    pub product: String,
    /// Name of the data file.
    pub data: String,
    /// Name of the metadata file.
    pub metadata: String,
    /// Size of the data file in bytes.
    pub size: u64,
    /// SHA-256 of the data file.
    pub sha256: String,
    /// Size of the source in bytes.
    pub source_size: u64,
    /// SHA-256 of the source.
    pub source_sha256: String,
    /// Number of records.
    pub records: usize,
    /// Time of the earliest record.
    pub begin: Timestamp,
    /// Time of the latest record.
    pub end: Timestamp,
    /// Number of consecutive records with the same whole second.
    pub repeated_seconds: u64,
    /// Number of consecutive records that go back in time.
    pub backward_steps: u64,
    /// Maximum time step between consecutive records, in seconds.
    pub longest_gap_s: f64,
    /// Bounding box of the valid positions.
    pub extent: Option<Extent>,
    /// Number of positions set to `_FillValue`, by reason.
    pub invalid_positions: InvalidPositions,
    /// Whether the sun was up.
    pub day_night: DayNight,
    /// Statistics of the variables that have missing values.
    pub variables: Vec<VariableCount>,
    /// Units that are determined by the granule and not by the table, by variable.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<String, String>,
}

impl Product {
    /// Returns the total number of missing values in all variables.
    #[must_use]
    pub fn missing_values(&self) -> u64 {
        self.variables.iter().map(|variable| variable.statistics.missing()).sum()
    }
}

/// Missing values of one variable.
#[derive(Debug, Serialize, Deserialize)]
pub struct VariableCount {
    /// Its name.
    pub name: String,
    /// Statistics of its values.
    #[serde(flatten)]
    pub statistics: Statistics,
}

/// A file that is not a granule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ignored {
    /// The file.
    pub path: PathBuf,
    /// Why it is ignored.
    pub reason: String,
}

/// Returns the exit code for these failure classes: the one with the highest precedence, or success if there are none.
#[must_use]
pub fn exit_code(classes: impl IntoIterator<Item = Class>) -> u8 {
    let classes: Vec<Class> = classes.into_iter().collect();
    PRECEDENCE.iter().find(|(class, _)| classes.contains(class)).map_or(EXIT_SUCCESS, |&(_, code)| code)
}

impl GranuleReport {
    /// Returns the report of a granule that failed before its conversion started.
    #[must_use]
    pub fn of(granule: &Granule, failure: Failure) -> Self {
        Self { granule: granule.stem.clone(), ..Self::refused(&granule.path, failure) }
    }

    /// Returns the report of a file that is refused as a granule.
    #[must_use]
    pub fn refused(path: &Path, failure: Failure) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        Self {
            granule: name.into_owned(),
            path: path.to_owned(),
            status: Status::Failed,
            seconds: 0.0,
            step_seconds: BTreeMap::new(),
            warnings: Vec::new(),
            product: None,
            failure: Some(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_pressing_class_decides() {
        assert_eq!(exit_code([]), 0);
        assert_eq!(exit_code([Class::BadGranule, Class::Retryable]), 75);
        assert_eq!(exit_code([Class::Retryable, Class::OutputUnwritable, Class::BadGranule]), 73);
        assert_eq!(exit_code([Class::OutputUnwritable, Class::Internal]), 70);
        assert_eq!(exit_code([Class::NoGranule]), 66);
    }
}
