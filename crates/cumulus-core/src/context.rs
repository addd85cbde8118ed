//! The inputs of a conversion except its granule.

use std::path::Path;

use jiff::Timestamp;

use crate::collection::Collection;
use crate::metadata::Origin;
use crate::options::{Check, ContentOptions, Reuse};
use cumulus_model::digest::FileDigest;

/// The inputs of a conversion except its granule.
#[derive(Clone, Copy, Debug)]
pub struct Context<'run> {
    /// The collection.
    pub collection: &'static Collection,
    /// Options that affect the bytes of the product.
    pub options: &'run ContentOptions,
    /// Time stamp of all products of this run.
    pub now: Timestamp,
    /// Folder where files are written.
    pub folder: &'run Path,
    /// Folder with products of earlier runs.
    pub output: &'run Path,
    /// Which products of earlier runs are kept.
    pub reuse: Reuse,
    /// How much of the finished file is read back.
    pub check: Check,
    /// Size in bytes of the blocks in which values are copied; it does not affect the product.
    pub block_bytes: usize,
    /// Computes the checksum of a file: [`cumulus_model::digest::of_file`], except when only conversion time is
    /// measured.
    pub digest: fn(&Path) -> std::io::Result<FileDigest>,
}

impl Context<'_> {
    /// Returns the origin of the product of a source: program, version, and checksums of source and options.
    pub(crate) fn origin(&self, source: &FileDigest) -> Origin {
        Origin {
            program: self.collection.program.to_owned(),
            version: self.collection.version.to_owned(),
            source_sha256: source.sha256.clone(),
            options_sha256: self.options.sha256(),
        }
    }
}
