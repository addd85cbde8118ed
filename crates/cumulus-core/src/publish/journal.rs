//! The journal of a publication, from which the next run completes what a killed run left half done.
//!
//! Two files cannot be renamed at once. Before its first rename a run writes down which files get which names; the
//! files themselves are on the device by then. If the run is killed between the two renames of a product, the next run
//! finds the journal in the folder of the dead run and makes the second one. A product whose data file was not yet
//! renamed is not completed: the earlier one is still whole, or there is none.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::exchange::put;

/// Name of the journal inside the staging folder of its run.
const NAME: &str = "journal.json";

/// Beginning of the names of journals that are kept.
const KEPT: &str = "journal-kept-";

/// A product that is being published.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Path of the staged metadata file inside the staging folder.
    staged_metadata: PathBuf,
    /// Names of data and metadata in OUTPUT.
    names: [String; 2],
    /// Inodes of the new files, which they keep under every name.
    inodes: [u64; 2],
}

impl Entry {
    /// Describes the publication of two staged files of the run in folder `staging`.
    pub(super) fn of(staging: &Path, files: &[PathBuf; 2], names: [&str; 2]) -> io::Result<Self> {
        let [data, metadata] = files;
        Ok(Self {
            staged_metadata: metadata.strip_prefix(staging).unwrap_or(metadata).to_owned(),
            names: names.map(str::to_owned),
            inodes: [data.metadata()?.ino(), metadata.metadata()?.ino()],
        })
    }

    /// Returns true if the data file has its name in OUTPUT and the metadata file has not.
    fn is_half_done(&self, output: &Path) -> bool {
        let is_new = |name: &str, inode: u64| {
            output.join(name).symlink_metadata().is_ok_and(|published| published.ino() == inode)
        };
        let [data, metadata] = &self.names;
        is_new(data, self.inodes[0]) && !is_new(metadata, self.inodes[1])
    }
}

/// Writes the journal of the run in folder `staging`, and flushes it if `durable`.
pub(super) fn write(staging: &Path, entries: &[Entry], durable: bool) -> io::Result<()> {
    let path = staging.join(NAME);
    fs::write(&path, serde_json::to_vec(entries)?)?;
    if durable { File::open(&path)?.sync_all() } else { Ok(()) }
}

/// Removes the journal of a publication that is over.
pub(super) fn close(staging: &Path) {
    // A journal that stays says what is true already.
    let _ = fs::remove_file(staging.join(NAME));
}

/// Keeps the journal of a publication that could neither be finished nor undone, under a name of its own, so that the
/// next publication of the same run does not replace it.
pub(super) fn keep(staging: &Path, number: usize) {
    // Under its first name it is lost with the next publication, and the product is converted again.
    let _ = fs::rename(staging.join(NAME), staging.join(format!("{KEPT}{number}.json")));
}

/// Returns the products whose publication by the dead run in folder `staging` is half done.
pub(super) fn half_done(staging: &Path, output: &Path) -> Vec<Entry> {
    let files = fs::read_dir(staging).into_iter().flatten().flatten().map(|file| file.path());
    let is_journal = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name == NAME || name.starts_with(KEPT)
    };
    files
        .filter(is_journal)
        .filter_map(|path| fs::read(path).ok())
        // A journal that is cut short belongs to a publication that did not begin.
        .filter_map(|text| serde_json::from_slice::<Vec<Entry>>(&text).ok())
        .flatten()
        .filter(|entry| entry.is_half_done(output))
        .collect()
}

/// Completes the publications of the dead run in folder `staging`, and returns the names of their data files.
pub(super) fn complete(staging: &Path, output: &Path) -> io::Result<Vec<String>> {
    let mut completed = Vec::new();
    for Entry { staged_metadata, names: [data, metadata], inodes } in half_done(staging, output) {
        let staged = staging.join(staged_metadata);
        if staged.metadata().is_ok_and(|file| file.ino() == inodes[1]) {
            put(&staged, &output.join(metadata))?;
            completed.push(data);
        }
    }
    Ok(completed)
}

/// Returns the names of data files whose publication the dead run in folder `staging` left half done.
pub(super) fn unfinished(staging: &Path, output: &Path) -> Vec<String> {
    half_done(staging, output).into_iter().map(|entry| entry.names).map(|[data, _]| data).collect()
}
