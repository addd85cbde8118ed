//! Converts granules without supervisor, checksums and flush, for `scripts/bench`.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::collection::Collection;
use crate::context::Context;
use crate::convert;
use crate::granule::Granule;
use crate::options::{Check, ContentOptions, Reuse};
use crate::pool::threads::Threads;
use crate::transfer::DEFAULT_BLOCK_BYTES;
use cumulus_model::digest;
use cumulus_model::error::{Class, Failure, Stage};

/// Converts the granules at `sources` in order, with `threads` threads, and publishes nothing.
///
/// Each granule gets a subfolder of `folder`, named after its stem, with its [`STAGED`](crate::product_name::STAGED)
/// files. The checksums in these files are zeros.
///
/// # Errors
/// The error of the first conversion that fails.
pub fn conversions(
    collection: &'static Collection,
    options: &ContentOptions,
    sources: &[PathBuf],
    folder: &Path,
    threads: usize,
) -> Result<(), Failure> {
    let threads = Threads::start(threads).map_err(|error| {
        Failure::new(Stage::Plan, "threads", "cannot be started").class(Class::Internal).cause(error)
    })?;
    sources.iter().try_for_each(|source| conversion(collection, options, source, folder, &threads))
}

fn conversion(
    collection: &'static Collection,
    options: &ContentOptions,
    source: &Path,
    folder: &Path,
    threads: &Threads,
) -> Result<(), Failure> {
    let granule = Granule::at(source, "", collection)?;
    let folder = folder.join(&granule.stem);
    fs::create_dir(&folder)
        .map_err(|error| Failure::writing(Stage::Write, folder.display().to_string(), error))?;
    let context = Context {
        collection,
        options,
        now: Timestamp::UNIX_EPOCH,
        folder: &folder,
        output: &folder,
        reuse: Reuse::Never,
        check: Check::Structure,
        block_bytes: DEFAULT_BLOCK_BYTES,
        digest: digest::size_alone,
    };
    threads.install(|| convert::convert(&granule, &context, &mut Vec::new())).map(|_| ())
}
