//! Options of a run that apply to each granule.

use clap::ValueEnum;
use cumulus_model::digest;
use serde::{Deserialize, Serialize};

/// Options that affect the bytes of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentOptions {
    /// Deflate level, 0 to 9.
    pub level: u8,
    /// Short name of the collection, if it is not the table's.
    pub short_name: Option<String>,
    /// Base URL of the data files, written into the metadata.
    pub url_base: Option<String>,
    /// Suffix that is appended to a data file's name to form the name of its metadata file.
    pub metadata_suffix: String,
}

impl ContentOptions {
    /// Returns the SHA-256 of all options.
    #[must_use]
    pub fn sha256(&self) -> String {
        let Self { level, short_name, url_base, metadata_suffix } = self;
        digest::of_text(&format!("{:?}", (level, short_name, url_base, metadata_suffix)))
    }
}

/// Which products of earlier runs are kept. Only products made from the same source, by the same version and with the
/// same options are candidates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reuse {
    /// No product is kept.
    Never,
    /// A product is kept if its size and checksum still match its metadata.
    Rehashed,
    /// A product is kept if its size matches its metadata; the checksum is not verified.
    Trusted,
}

/// How much of a finished file is read back before it is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Its structure, and that every chunk is there
    Structure,
    /// Every value too, inflated by another library and compared with the source read a second time
    Full,
}
