//! What a run does before its first granule: it looks for granules, plans what becomes of them, and refuses what would
//! end badly.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Request;
use crate::collection::Collection;
use crate::device;
use crate::discover::{self, Input};
use crate::plan::{self, Occupant, Plan};
use crate::remote;
use crate::report::Ignored;
use cumulus_model::error::{Class, Failure, Stage};

/// What is known of a run before anything is converted.
#[derive(Debug, Default)]
pub struct Prepared {
    /// Which granules become which files.
    pub plan: Plan,
    /// Files of INPUT that are no granules.
    pub ignored: Vec<Ignored>,
    /// Number of folders of INPUT that are not looked into.
    pub folders_left: usize,
}

/// Looks for granules and plans what becomes of them. Without INPUT, as of an empty shard, there is nothing to do.
///
/// # Errors
/// INPUT cannot be listed or has no granule, OUTPUT is invalid, or an output would overwrite an input.
pub fn prepare(collection: &'static Collection, request: &Request) -> Result<Prepared, Failure> {
    check_output(&request.output)?;
    request.layout.check(collection)?;
    for folder in [request.quarantine.as_ref(), request.scratch.folder.as_ref()].into_iter().flatten() {
        check_local(folder)?;
    }
    // A quarantine in a folder of INPUT is found by the next recursive run.
    let written = [(Some(&request.output), request.recursive), (request.quarantine.as_ref(), true)];
    for (folder, is_searched) in written {
        if let Some(folder) = folder {
            check_apart(&request.inputs, folder, is_searched)?;
        }
    }
    if request.inputs.is_empty() {
        return Ok(Prepared::default());
    }
    let discovered = discover::discover(collection, &request.inputs, request.recursive, &request.stores)?;
    let mut plan = plan::plan(collection, discovered.candidates, &request.layout);
    if remote::is_address(&request.output) {
        // An address has no links and no obstacles, so names tell.
        let by_name = |path: &Path| Some(Occupant { identity: path.to_owned(), obstacle: None });
        plan::check_outputs(&plan, &request.output, &request.content.metadata_suffix, by_name)?;
    } else {
        check_folders(&plan, &request.output)?;
        plan::check_outputs(&plan, &request.output, &request.content.metadata_suffix, occupant)?;
    }
    plan.refused.extend(discovered.unreadable);
    Ok(Prepared { plan, ignored: discovered.ignored, folders_left: discovered.folders_left })
}

/// Rejects an OUTPUT that is not UTF-8, or that netcdf-c would misread: it treats a backslash as a folder separator and
/// an address as a remote data set.
///
/// # Errors
/// OUTPUT is one of these.
pub fn check_output(output: &Path) -> Result<(), Failure> {
    let text = output.to_string_lossy();
    let refused = |found: &str, hint: &str| {
        Err(Failure::new(Stage::Plan, text.clone(), "cannot be an output folder")
            .class(Class::Usage)
            .found(found)
            .expected("the path of a local folder, or an address such as s3://bucket/products")
            .hint(hint))
    };
    if let Some(address) = remote::address(output)? {
        return remote::check_writable(&address);
    }
    if text.contains('\\') {
        return refused("a backslash", "choose another OUTPUT");
    }
    if output.to_str().is_none() {
        return refused("a name that is not UTF-8", "choose another OUTPUT");
    }
    Ok(())
}

/// Rejects the address of a folder that must be on this machine.
fn check_local(folder: &Path) -> Result<(), Failure> {
    if !remote::is_address(folder) {
        return Ok(());
    }
    Err(Failure::new(Stage::Plan, folder.display().to_string(), "cannot be in a store")
        .class(Class::Usage)
        .expected("a folder on this machine"))
}

/// Rejects a folder to write into that is INPUT, or inside INPUT where that `is_searched` too: what is written there could
/// be taken for granules by the next run.
fn check_apart(inputs: &[Input], folder: &Path, is_searched: bool) -> Result<(), Failure> {
    if let Some(inner) = remote::address(folder)? {
        for input in inputs {
            let Some(outer) = remote::address(Path::new(&input.text))? else { continue };
            let is_inside = is_searched && outer.inside(&inner).is_some();
            if outer == inner || is_inside {
                let problem =
                    if is_inside { "is inside INPUT" } else { "is INPUT, and nothing is written there" };
                return Err(not_apart(folder, problem, &outer));
            }
        }
        return Ok(());
    }
    let Some(inner) = resolved(folder) else { return Ok(()) };
    // Of a million single granules none needs to be resolved.
    for input in inputs.iter().map(|input| Path::new(&input.text)).filter(|input| input.is_dir()) {
        let Ok(outer) = input.canonicalize() else { continue };
        let problem = if inner == outer {
            "is INPUT, and nothing is written there"
        } else if is_searched && inner.starts_with(&outer) {
            "is inside INPUT"
        } else {
            continue;
        };
        return Err(not_apart(folder, problem, &input.display()));
    }
    Ok(())
}

fn not_apart(folder: &Path, problem: &str, input: &dyn std::fmt::Display) -> Failure {
    Failure::new(Stage::Plan, folder.display().to_string(), problem)
        .class(Class::Usage)
        .found(format!("INPUT {input}"))
        .expected("a folder apart from INPUT")
        .hint("choose another folder")
}

/// Returns a path with its links resolved, as far as it exists.
fn resolved(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let existing = device::nearest_existing(&absolute);
    let rest = absolute.strip_prefix(existing).ok()?;
    Some(existing.canonicalize().ok()?.join(rest))
}

/// Rejects a plan in which something that is no folder is in the way of a folder of products.
fn check_folders(plan: &Plan, output: &Path) -> Result<(), Failure> {
    let folders: BTreeSet<&str> =
        plan.granules.iter().map(|granule| granule.output_folder.as_str()).collect();
    for folder in folders.into_iter().flat_map(|folder| Path::new(folder).ancestors()) {
        let path = output.join(folder);
        if path.metadata().is_ok_and(|there| !there.is_dir()) {
            return Err(Failure::new(
                Stage::Plan,
                path.display().to_string(),
                "is in the way of a folder of products",
            )
            .class(Class::OutputUnwritable)
            .found("a file")
            .expected("a folder, or nothing")
            .hint("remove it or choose another OUTPUT or --layout"));
        }
    }
    Ok(())
}

/// Returns what is at `path`, identified by device and inode with links resolved; `None` if there is nothing.
fn occupant(path: &Path) -> Option<Occupant<(u64, u64)>> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let there = path.symlink_metadata().ok()?;
    let kind = there.file_type();
    let obstacle = if kind.is_dir() {
        Some("a folder")
    } else if kind.is_fifo() {
        Some("a named pipe")
    } else if kind.is_socket() || kind.is_block_device() || kind.is_char_device() {
        Some("a socket or a device")
    } else {
        None
    };
    let file = if kind.is_symlink() { path.metadata().unwrap_or(there) } else { there };
    Some(Occupant { identity: (file.dev(), file.ino()), obstacle })
}
