//! One conversion by itself, for `scripts/bench`: the code a worker runs, without supervisor, checksums and flush.

use std::path::Path;

use jiff::Timestamp;

use crate::collection::Collection;
use crate::convert::{self, Check, ContentOptions, Context, Reuse};
use crate::error::{Class, Failure, Stage};
use crate::granule::Granule;
use crate::pool::threads::Threads;
use crate::read::digest;
use crate::transfer::DEFAULT_BLOCK_BYTES;

/// Converts the granule at `source` into [`convert::STAGED`] files in `folder`, with `threads` threads; nothing is
/// published, and the checksums inside are zeros.
///
/// # Errors
/// Those of a conversion.
pub fn conversion(
    collection: &'static Collection,
    options: &ContentOptions,
    source: &Path,
    folder: &Path,
    threads: usize,
) -> Result<(), Failure> {
    let granule = Granule::at(source, collection)?;
    let context = Context {
        collection,
        options,
        now: Timestamp::UNIX_EPOCH,
        folder,
        output: folder,
        reuse: Reuse::Never,
        check: Check::Structure,
        block_bytes: DEFAULT_BLOCK_BYTES,
        digest: digest::size_alone,
    };
    let threads = Threads::start(threads).map_err(|error| {
        Failure::new(Stage::Plan, "threads", "cannot be started").class(Class::Internal).cause(error)
    })?;
    threads.install(|| convert::convert(&granule, &context, &mut Vec::new())).map(|_| ())
}
