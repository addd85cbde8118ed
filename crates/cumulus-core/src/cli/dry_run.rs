//! `--dry-run`: compares INPUT with OUTPUT and prints what a run would do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;

use rayon::prelude::*;

use crate::collection::Collection;
use crate::context::Context;
use crate::device;
use crate::discover;
use crate::earlier::{self, Earlier, InFolder};
use crate::granule::Granule;
use crate::pool::threads::Threads;
use crate::product_name::output_names;
use crate::publish::OutputFolder;
use crate::publish::store::OutputStore;
use crate::quarantine::Quarantine;
use crate::remote;
use crate::report::file::ReportFile;
use crate::run::Request;
use crate::run::places::output_store;
use crate::run::prepare::{self, Prepared};
use crate::transfer::DEFAULT_BLOCK_BYTES;
use cumulus_model::digest::{self, FileDigest};
use cumulus_model::error::{Class, Failure, Stage, one_line};

/// What would be done with one granule.
struct Intent {
    granule: Granule,
    earlier: Result<Earlier, Failure>,
    source_bytes: u64,
}

/// Returns what a run would do, one line per file and a summary, or only the summary if `quiet`; and the classes of all
/// failures that the run would have.
///
/// # Errors
/// As a run has them before its first granule: INPUT has no granule, or OUTPUT or the report cannot be written.
pub(super) fn describe(
    collection: &'static Collection,
    request: &Request,
    quiet: bool,
) -> Result<(String, Vec<Class>), Failure> {
    if let Some(report) = &request.report {
        ReportFile::try_out(report, &request.stores)?;
    }
    request.quarantine.as_deref().map_or(Ok(()), Quarantine::try_out)?;
    let Prepared { plan, ignored, folders_left } = prepare::prepare(collection, request)?;
    let store = output_store(request)?;
    match &store {
        Some(store) => store.try_out(collection.program)?,
        None => OutputFolder::try_out(&request.output, collection.program)?,
    }
    let threads = Threads::start(request.limits.jobs).map_err(|error| {
        Failure::new(Stage::Plan, "threads", "cannot be started").class(Class::Retryable).cause(error)
    })?;
    let intents: Vec<Intent> = threads.install(|| {
        plan.granules
            .into_par_iter()
            .map(|granule| intent(collection, request, store.as_ref(), granule))
            .collect()
    });
    let mut text = String::new();
    let output = request.output.display();
    for Intent { granule, earlier, .. } in intents.iter().filter(|_| !quiet) {
        let (data, metadata) = output_names(granule, &request.content.metadata_suffix);
        let source = one_line(&granule.path.to_string_lossy());
        // Writing to a String cannot fail.
        let _ = match earlier {
            Ok(earlier @ Earlier::UpToDate { .. }) => {
                writeln!(text, "keep    {source} -> {output}/{data} {output}/{metadata} ({earlier})")
            }
            Ok(earlier) => {
                writeln!(text, "convert {source} -> {output}/{data} {output}/{metadata} ({earlier})")
            }
            Err(failure) => writeln!(text, "fail    {failure}"),
        };
    }
    if !quiet {
        for refused in &plan.refused {
            let _ = writeln!(text, "refuse  {}", refused.failure);
        }
        for ignored in &ignored {
            let _ =
                writeln!(text, "ignore  {}: {}", one_line(&ignored.path.to_string_lossy()), ignored.reason);
        }
    }
    if folders_left > 0 {
        let _ = writeln!(text, "{}", discover::told_folders(folders_left));
    }
    text.push_str(&summary(request, &intents, plan.refused.len(), ignored.len()));
    let failed = intents.iter().filter_map(|intent| intent.earlier.as_ref().err());
    let classes = plan
        .refused
        .iter()
        .map(|refused| &refused.failure)
        .chain(failed)
        .map(|failure| failure.class)
        .collect();
    Ok((text, classes))
}

fn intent(
    collection: &'static Collection,
    request: &Request,
    store: Option<&OutputStore>,
    granule: Granule,
) -> Intent {
    let source_bytes = match &granule.expected {
        Some(expected) => expected.size,
        None => fs::metadata(&granule.path).map_or(0, |file| file.len()),
    };
    let earlier = state(collection, request, store, &granule);
    Intent { granule, earlier, source_bytes }
}

/// Returns the state of a granule's product. For a file of several soundings, which has products of its own for each,
/// it is the first state that asks for a conversion; whether the file has more soundings now is known only when it is
/// read.
fn state(
    collection: &'static Collection,
    request: &Request,
    store: Option<&OutputStore>,
    granule: &Granule,
) -> Result<Earlier, Failure> {
    let context = Context {
        collection,
        options: &request.content,
        now: request.now,
        folder: &request.output,
        output: &request.output,
        reuse: request.reuse,
        check: request.check,
        block_bytes: DEFAULT_BLOCK_BYTES,
        digest: digest::of_file,
    };
    let look = |granule: &Granule| {
        let checksum = || checksum(request, granule);
        match store {
            Some(store) => store.earlier(granule, &context, checksum),
            None => Ok(earlier::look(&InFolder::of(granule, &context), &context, |_| checksum())?.0),
        }
    };
    let whole = look(granule)?;
    if whole != Earlier::Nothing || !collection.has_soundings() {
        return Ok(whole);
    }
    let mut bytes = 0;
    for number in 1.. {
        match look(&granule.part(number))? {
            Earlier::UpToDate { size } => bytes += size,
            Earlier::Nothing if number > 1 => return Ok(Earlier::UpToDate { size: bytes }),
            other => return Ok(other),
        }
    }
    Ok(whole)
}

/// Reads a granule for its checksum.
fn checksum(request: &Request, granule: &Granule) -> Result<FileDigest, Failure> {
    let place = granule.path.display().to_string();
    match remote::address(&granule.path)? {
        None => digest::of_file(&granule.path).map_err(|error| Failure::reading(Stage::Read, place, error)),
        Some(address) => remote::open(&request.stores, &address)?
            .download(&address.key, None, &mut io::sink())
            .map_err(|error| remote::reading(Stage::Read, &address, error)),
    }
}

fn summary(request: &Request, intents: &[Intent], refused: usize, ignored: usize) -> String {
    let (mut converted, mut kept, mut failed) = (BTreeMap::<&str, usize>::new(), 0, 0);
    let (mut bytes_in, mut kept_in, mut kept_out) = (0, 0, 0);
    for Intent { earlier, source_bytes, .. } in intents {
        match earlier {
            Ok(Earlier::UpToDate { size }) => {
                kept += 1;
                kept_in += source_bytes;
                kept_out += size;
            }
            Ok(earlier) => {
                *converted.entry(earlier.word()).or_default() += 1;
                bytes_in += source_bytes;
            }
            Err(_) => failed += 1,
        }
    }
    let reasons: Vec<String> = converted.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
    let total: usize = converted.values().sum();
    let mut text = format!("{total} to convert{reasons}, {kept} up to date, {} refused", refused + failed);
    if ignored > 0 {
        let _ = write!(text, ", {ignored} ignored");
    }
    text.push('\n');
    if total > 0 {
        // Products of this collection compress alike; without any, the size of the source is the best that is known.
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let (ratio, basis) = if kept_in > 0 {
            (kept_out as f64 / kept_in as f64, "judging by the products that are up to date")
        } else {
            (1.0, "if products are as large as their sources")
        };
        let _ = writeln!(
            text,
            "{} to read, about {} to write, {basis}",
            megabytes(bytes_in, 1.0),
            megabytes(bytes_in, ratio)
        );
    }
    if remote::is_address(&request.output) {
        let _ = writeln!(text, "OUTPUT: {}", request.output.display());
    } else {
        let _ = writeln!(text, "OUTPUT: {}", device::describe(device::nearest_existing(&request.output)));
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "sizes are shown to a tenth of a megabyte")]
fn megabytes(bytes: u64, ratio: f64) -> String {
    format!("{:.1} MB", bytes as f64 * ratio / 1e6)
}
