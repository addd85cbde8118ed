//! The report of a run, with one entry per granule.

pub mod file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use crate::granule::Granule;
use crate::map::decode::Statistics;
use crate::map::position::{Extent, InvalidPositions};
use crate::metadata::DayNight;
use crate::options::ContentOptions;
use crate::shard::Shard;
use crate::stop::StopReason;
use cumulus_log::shipper::Shipment;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_model::warning::Warning;

/// Version of the report layout; incremented when a field changes its meaning or is removed.
pub const LAYOUT: u32 = 2;

/// What is known about a run before its first granule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Header {
    /// Version of this layout, [`LAYOUT`].
    pub layout: u32,
    /// Name of the program.
    pub program: String,
    /// Its version.
    pub version: String,
    /// Every INPUT as given by the operator.
    pub inputs: Vec<String>,
    /// OUTPUT as given by the operator.
    pub output: String,
    /// Folder in which the program was started; relative paths are inside it.
    pub directory: String,
    /// Folders of products inside OUTPUT, as `--layout` states them.
    pub layout_of_products: String,
    /// Options that affect the bytes of products.
    pub options: ContentOptions,
    /// Time stamp of the run and of all its products.
    pub started: Timestamp,
    /// The manifest that the run converts, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<OfManifest>,
}

/// Number of INPUT arguments that are named where all of them would be too many.
const MAX_INPUTS_TOLD: usize = 3;

/// Returns INPUT arguments as one text, of which only the first are named.
pub fn told_inputs<'text>(inputs: impl ExactSizeIterator<Item = &'text str>) -> String {
    let more = inputs.len().saturating_sub(MAX_INPUTS_TOLD);
    let named = inputs.take(MAX_INPUTS_TOLD).collect::<Vec<_>>().join(" ");
    if more > 0 { format!("{named} and {more} more") } else { named }
}

/// The part of a manifest that a run converts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfManifest {
    /// Path of the manifest.
    pub path: String,
    /// SHA-256 of the manifest.
    pub sha256: String,
    /// Its shard.
    pub shard: Shard,
    /// How the shard was known.
    pub rule: String,
}

/// What is known about a run after its last granule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Totals {
    /// Duration of the run in seconds.
    pub seconds: f64,
    /// Exit code of the program.
    pub exit_code: u8,
    /// Number of granules converted.
    pub converted: usize,
    /// Number of granules whose product was up to date.
    pub up_to_date: usize,
    /// Number of granules that failed.
    pub failed: usize,
    /// Number of granules that were ended under way by the operator.
    pub interrupted: usize,
    /// Number of granules that were not begun, because the run was stopped.
    pub not_begun: usize,
    /// Failures of granules by cause, the most frequent first.
    pub failures: Vec<FailureGroup>,
    /// Number of folders of INPUT that were not looked into, because the search was not recursive.
    #[serde(default)]
    pub folders_left: usize,
    /// Why granules were not begun, if so.
    pub stop: Option<StopReason>,
    /// The failure that stopped the whole run, if any.
    pub failure: Option<Failure>,
    /// Delivery counts of log events sent to Splunk; empty if none were sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub splunk: Vec<Shipment>,
}

/// Failures with the same cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureGroup {
    /// The stage that failed.
    pub stage: Stage,
    /// What it means for the batch.
    pub class: Class,
    /// What is wrong, with the dataset if it is about one.
    pub problem: String,
    /// Number of granules.
    pub count: usize,
    /// File name of one of them.
    pub example: String,
    /// What was found and expected of it, and the hint.
    pub message: String,
}

/// The report of a run, as read from a file. [`file::ReportFile`] writes it granule by granule.
#[derive(Debug, Deserialize)]
pub struct Report {
    /// What was known before the first granule.
    #[serde(flatten)]
    pub header: Header,
    /// Every granule, in the order in which they ended.
    pub granules: Vec<GranuleReport>,
    /// Files of INPUT that are not granules.
    pub ignored: Vec<Ignored>,
    /// What was known after the last granule.
    #[serde(flatten)]
    pub totals: Totals,
}

/// The outcome of one granule.
#[derive(Debug, Serialize, Deserialize)]
pub struct GranuleReport {
    /// Stem of the granule.
    pub granule: String,
    /// Path of its file.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// The copy of its file on this machine while the granule ends, if it is in a store.
    #[serde(skip)]
    pub staged: Option<PathBuf>,
    /// Folder of its file inside INPUT, if it is not INPUT itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// Its outcome.
    pub status: Status,
    /// Seconds from the start of the run until the granule ended.
    #[serde(default)]
    pub ended: f64,
    /// Processing time in seconds.
    pub seconds: f64,
    /// Seconds spent in each timed step, for the log.
    #[serde(skip)]
    pub step_seconds: BTreeMap<String, f64>,
    /// Oddities that are no errors.
    pub warnings: Vec<Warning>,
    /// Its product, if it was converted.
    pub product: Option<Product>,
    /// Why it has no product, if it failed.
    pub failure: Option<Failure>,
}

/// Outcome of a granule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its product is published.
    Converted,
    /// Its product already exists, made from the same source by the same version with the same options.
    UpToDate,
    /// It failed, and nothing is published.
    Failed,
    /// The operator ended the run while it was under way; nothing is published.
    Interrupted,
    /// The run was stopped before it was begun.
    NotBegun,
}

impl Status {
    /// Returns the name of the status, as in the report.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Converted => "converted",
            Self::UpToDate => "up_to_date",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::NotBegun => "not_begun",
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
    /// Some valid positions in the order of records, as latitude and longitude in degrees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub track: Vec<[f64; 2]>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ignored {
    /// The file.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Why it is ignored.
    pub reason: String,
}

/// Serializes a path that need not be UTF-8, which JSON must be.
fn lossy<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}

impl GranuleReport {
    /// Returns the report of a file, in this `folder` of INPUT, that is refused as a granule.
    #[must_use]
    pub fn refused(path: &Path, folder: &str, failure: Failure) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let folder = folder.to_owned();
        Self {
            folder,
            failure: Some(failure),
            ..Self::new(name.into_owned(), path.to_owned(), Status::Failed)
        }
    }

    /// Returns the report of a granule that the end of the run left without product and without failure.
    #[must_use]
    pub fn without_outcome(granule: &Granule, status: Status) -> Self {
        Self {
            folder: granule.folder.clone(),
            ..Self::new(granule.stem.clone(), granule.path.clone(), status)
        }
    }

    fn new(granule: String, path: PathBuf, status: Status) -> Self {
        Self {
            granule,
            path,
            staged: None,
            folder: String::new(),
            status,
            ended: 0.0,
            seconds: 0.0,
            step_seconds: BTreeMap::new(),
            warnings: Vec::new(),
            product: None,
            failure: None,
        }
    }
}
