//! Options of a run that concern single granules.

use clap::ValueEnum;
use cumulus_model::digest;
use serde::{Deserialize, Serialize};

/// Options that shape the bytes of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentOptions {
    /// Deflate level, 0 to 9.
    pub level: u8,
    /// Short name of the collection.
    pub short_name: String,
    /// Where data files will be fetched from.
    pub url_base: Option<String>,
    /// What is appended to a data file's name to name its metadata.
    pub metadata_suffix: String,
}

impl ContentOptions {
    /// SHA-256 of all of them.
    #[must_use]
    pub fn sha256(&self) -> String {
        let Self { level, short_name, url_base, metadata_suffix } = self;
        digest::of_text(&format!("{:?}", (level, short_name, url_base, metadata_suffix)))
    }
}

/// Which products of earlier runs are kept. Only those are candidates that were made from the same source, by the same
/// version, with the same options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reuse {
    /// None is kept.
    Never,
    /// A product is kept if its bytes still have the checksum that its metadata state.
    Rehashed,
    /// A product is kept if it has the size that its metadata state.
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
