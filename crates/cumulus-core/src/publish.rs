//! Publishes complete products in OUTPUT, even if other runs write to the same folder.
//!
//! A run has a staging folder inside a hidden folder of OUTPUT, on the same file system, with a subfolder for each
//! granule in progress. The last run removes the hidden folder, which exists so that finding other runs does not
//! require listing all products.
//!
//! A finished product is flushed to the device and then renamed into OUTPUT, data first, metadata last, in exchange for
//! the files of an earlier run. If the second rename fails, the first one is undone; if the run is killed between them,
//! the next run makes the second one, which it knows from a journal. So OUTPUT has the old pair, the new pair, or
//! nothing.
//!
//! Runs on one OUTPUT cooperate by two locks (flock), which the kernel releases whenever a run ends, even in a crash.
//! Each run holds the lock of its own staging folder for its whole lifetime, so that others can distinguish a folder
//! in use from a leftover. The lock of OUTPUT itself is held only briefly: to sweep leftovers, claim a granule, or
//! publish.

mod exchange;
mod journal;
pub mod store;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use self::exchange::{put, take_back};
use self::journal::Entry;
use crate::device;
use cumulus_model::digest;
use cumulus_model::error::{Class, Failure, Stage};

/// OUTPUT and this run's staging folder, which is removed with its contents on drop.
#[derive(Debug)]
pub struct OutputFolder {
    path: PathBuf,
    /// The hidden folder of all runs.
    runs: PathBuf,
    /// This run's staging folder; `None` only during drop.
    staging: Option<TempDir>,
    /// Keeps the lock of the staging folder.
    _alive: File,
    /// Folders of granules whose publication could neither be finished nor undone; they stay for the next run.
    unresolved: RefCell<BTreeSet<PathBuf>>,
}

/// Whether this run may convert a granule.
#[derive(Debug)]
pub enum Claim {
    /// It may, in this folder, which is for this granule only.
    Ours(PathBuf),
    /// Another run on the same OUTPUT is converting it.
    Theirs,
}

/// A product ready to be published: data and metadata, in this order.
#[derive(Debug)]
pub struct Staged<'run> {
    /// Paths of the staged files.
    pub files: [PathBuf; 2],
    /// Their paths inside OUTPUT.
    pub names: [&'run str; 2],
}

/// Minimum number of products in a group that is flushed with one `syncfs` of the whole file system; smaller groups are
/// flushed file by file.
const MIN_GROUP: usize = 4;

impl OutputFolder {
    /// Opens OUTPUT, which is created if it is missing, completes or removes what dead runs left, and creates a staging
    /// folder.
    ///
    /// # Errors
    /// OUTPUT is not a folder, cannot be written or locked, or has something else in the hidden folder.
    pub fn open(path: &Path, program: &str) -> Result<Self, Failure> {
        let unwritable = |error| unwritable(path, error);
        fs::create_dir_all(path).map_err(unwritable)?;
        let lock = locked(path).map_err(unwritable)?;
        let runs = path.join(format!(".{program}"));
        make_hidden_folder(&runs)?;
        sweep(&runs, path)?;
        let staging = tempfile::Builder::new().prefix("run-").tempdir_in(&runs).map_err(|error| {
            // Nothing of a run that cannot begin stays; this fails while other runs have folders in it.
            let _ = fs::remove_dir(&runs);
            unwritable(error)
        })?;
        let alive = locked(staging.path()).map_err(unwritable)?;
        drop(lock);
        Ok(Self {
            path: path.to_owned(),
            runs,
            staging: Some(staging),
            _alive: alive,
            unresolved: RefCell::default(),
        })
    }

    /// Checks that OUTPUT at `path` can be opened by `program`, and leaves nothing there.
    ///
    /// # Errors
    /// As for [`Self::open`], as far as that can be known without creating OUTPUT.
    pub fn try_out(path: &Path, program: &str) -> Result<(), Failure> {
        let existing = device::nearest_existing(path);
        tempfile::tempfile_in(existing).map_err(|error| unwritable(existing, error))?;
        let runs = path.join(format!(".{program}"));
        match runs.symlink_metadata() {
            Ok(there) if !there.is_dir() => Err(in_the_way(&runs, "another file")),
            _ => Ok(()),
        }
    }

    /// OUTPUT.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Claims the granule whose products have the path `stem` inside OUTPUT for this run.
    ///
    /// # Errors
    /// OUTPUT cannot be locked, listed or written.
    pub fn claim(&self, stem: &str) -> Result<Claim, Failure> {
        let folder = self.folder(stem);
        let unwritable = |error| unwritable(&folder, error);
        let _lock = locked(&self.path).map_err(unwritable)?;
        for rival in staging_folders(&self.runs).map_err(unwritable)? {
            if !folder.starts_with(&rival) && rival.join(claim_name(stem)).is_dir() && is_alive(&rival) {
                return Ok(Claim::Theirs);
            }
        }
        fs::create_dir(&folder).map_err(unwritable)?;
        Ok(Claim::Ours(folder))
    }

    /// Publishes a group of products, and returns one result per product, in order.
    ///
    /// All files are flushed to the device before the first rename, and their folders after the last rename.
    pub fn publish(&self, group: &[Staged<'_>]) -> Vec<Result<(), Failure>> {
        let is_small = group.len() < MIN_GROUP;
        let mut results: Vec<Result<(), Failure>> =
            if is_small { group.iter().map(flush).collect() } else { vec![Ok(()); group.len()] };
        if let Err(failure) = self.write_journal(group, is_small) {
            reject(&mut results, &failure);
        }
        if !is_small && let Err(failure) = self.flush_device() {
            reject(&mut results, &failure);
        }
        let named = locked(&self.path).map_err(|error| unwritable(&self.path, error)).and_then(|lock| {
            let mut folders = BTreeSet::from([self.path.clone()]);
            for (staged, result) in group.iter().zip(&mut results) {
                if result.is_ok() {
                    *result = self.name(staged, &mut folders);
                }
            }
            drop(lock);
            folders.iter().try_for_each(|folder| {
                let flushed = File::open(folder).and_then(|opened| opened.sync_all());
                flushed.map_err(|error| unwritable(folder, error))
            })
        });
        if let Err(failure) = named {
            reject(&mut results, &failure);
        }
        let folders = group.iter().filter_map(|staged| staged.files[0].parent());
        if self.unresolved.borrow().is_empty()
            || !folders.into_iter().any(|folder| self.is_unresolved(folder))
        {
            journal::close(self.staging());
        } else {
            journal::keep(self.staging(), self.unresolved.borrow().len());
        }
        results
    }

    fn is_unresolved(&self, folder: &Path) -> bool {
        self.unresolved.borrow().contains(folder)
    }

    /// Writes the journal of a group. A product whose files are gone has no entry; its flush fails.
    fn write_journal(&self, group: &[Staged<'_>], durable: bool) -> Result<(), Failure> {
        let staging = self.staging();
        let entries: Vec<Entry> =
            group.iter().filter_map(|staged| Entry::of(staging, &staged.files, staged.names).ok()).collect();
        journal::write(staging, &entries, durable).map_err(|error| unwritable(staging, error))
    }

    /// Renames the files of a product to their names in OUTPUT, both or neither, and adds the folders that changed to
    /// `folders`.
    fn name(&self, staged: &Staged<'_>, folders: &mut BTreeSet<PathBuf>) -> Result<(), Failure> {
        let mut done = Vec::new();
        for (file, name) in staged.files.iter().zip(staged.names) {
            let target = self.path.join(name);
            match self.make_folder_of(&target, folders).and_then(|()| put(file, &target)) {
                Ok(before) => done.push((file, target, before)),
                Err(error) => {
                    for (file, target, before) in done.into_iter().rev() {
                        if take_back(file, &target, before).is_err() {
                            // The next run completes the product by the journal of this one.
                            self.unresolved.borrow_mut().extend(file.parent().map(Path::to_owned));
                        }
                    }
                    return Err(unwritable(&target, error));
                }
            }
        }
        Ok(())
    }

    /// Creates the folder of a product, and adds it and the folders above it to `folders`.
    fn make_folder_of(&self, target: &Path, folders: &mut BTreeSet<PathBuf>) -> io::Result<()> {
        let inside = target.ancestors().skip(1).take_while(|folder| *folder != self.path);
        let new: Vec<&Path> = inside.filter(|folder| !folders.contains(*folder)).collect();
        if let Some(folder) = new.first() {
            fs::create_dir_all(folder)?;
        }
        folders.extend(new.into_iter().map(Path::to_owned));
        Ok(())
    }

    /// Removes files from OUTPUT in this order, and returns whether any existed.
    ///
    /// # Errors
    /// OUTPUT cannot be locked, or a file cannot be removed.
    pub fn remove(&self, names: &[&str]) -> Result<bool, Failure> {
        let lock = locked(&self.path).map_err(|error| unwritable(&self.path, error))?;
        let mut some = false;
        for name in names {
            some |= remove(&self.path.join(name))?;
        }
        drop(lock);
        Ok(some)
    }

    /// Flushes the whole file system of OUTPUT, which needs only one wait per group. Linux has reported errors of
    /// `syncfs` since 5.8.
    fn flush_device(&self) -> Result<(), Failure> {
        File::open(&self.path)
            .and_then(|output| Ok(rustix::fs::syncfs(output)?))
            .map_err(|error| unwritable(&self.path, error))
    }

    /// Releases a claim and removes its folder with its contents.
    pub fn release(&self, stem: &str) {
        if self.is_unresolved(&self.folder(stem)) {
            return;
        }
        // Anything that cannot be removed now is removed with the staging folder.
        let _ = fs::remove_dir_all(self.folder(stem));
    }

    /// This run's staging folder.
    pub(crate) fn staging(&self) -> &Path {
        self.staging.as_ref().map_or(self.runs.as_path(), TempDir::path)
    }

    /// Returns the granule's folder, whose name has no character that a library could misinterpret.
    fn folder(&self, stem: &str) -> PathBuf {
        self.staging().join(claim_name(stem))
    }
}

/// Replaces every success by `failure`.
fn reject(results: &mut [Result<(), Failure>], failure: &Failure) {
    for result in results.iter_mut().filter(|result| result.is_ok()) {
        *result = Err(failure.clone());
    }
}

/// Returns the data files in OUTPUT whose metadata a killed run could not rename anymore, with the name of the hidden
/// folder. The next run of the same program into OUTPUT completes them.
#[must_use]
pub fn unfinished(output: &Path) -> Vec<String> {
    let hidden = fs::read_dir(output).into_iter().flatten().flatten();
    let hidden = hidden.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(b"."));
    hidden
        .filter_map(|entry| staging_folders(&entry.path()).ok())
        .flatten()
        .filter(|staging| !is_alive(staging))
        .flat_map(|staging| journal::unfinished(&staging, output))
        .collect()
}

impl Drop for OutputFolder {
    /// Errors are ignored: a folder that cannot be removed is removed by the next run.
    fn drop(&mut self) {
        let _lock = locked(&self.path);
        match self.staging.take() {
            Some(staging) if !self.unresolved.borrow().is_empty() => drop(staging.keep()),
            staging => drop(staging),
        }
        // This fails while other runs have folders in it.
        let _ = fs::remove_dir(&self.runs);
    }
}

/// Removes a file, and returns whether it existed.
fn remove(path: &Path) -> Result<bool, Failure> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(unwritable(path, error)),
    }
}

/// Creates the hidden folder of all runs, unless it is there.
fn make_hidden_folder(runs: &Path) -> Result<(), Failure> {
    match runs.symlink_metadata() {
        Ok(there) if there.is_dir() => Ok(()),
        Ok(_) => Err(in_the_way(runs, "another file")),
        Err(_) => fs::create_dir(runs).map_err(|error| unwritable(runs, error)),
    }
}

/// The failure for something that this program did not put into its hidden folder.
fn in_the_way(path: &Path, found: &str) -> Failure {
    Failure::new(Stage::Publish, path.display().to_string(), "is in the way of the folder of runs under way")
        .class(Class::OutputUnwritable)
        .found(found)
        .expected("only folders of this program")
        .hint("remove it or choose another OUTPUT")
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::writing(Stage::Publish, path.display().to_string(), error)
}

/// Flushes the two files of a product to the device.
fn flush(staged: &Staged<'_>) -> Result<(), Failure> {
    staged.files.iter().try_for_each(|path| {
        File::open(path).and_then(|file| file.sync_all()).map_err(|error| unwritable(path, error))
    })
}

/// Returns the name of a granule's folder: the checksum of its stem.
fn claim_name(stem: &str) -> String {
    digest::of_text(stem)
}

/// Locks a folder, waiting until the lock is free; it is held as long as the returned file is open.
fn locked(folder: &Path) -> io::Result<File> {
    let file = File::open(folder)?;
    file.lock()?;
    Ok(file)
}

/// Returns the staging folders of all runs on one OUTPUT.
fn staging_folders(runs: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(runs)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

/// Returns true if a run holds the lock of this staging folder.
fn is_alive(staging: &Path) -> bool {
    File::open(staging).is_ok_and(|folder| matches!(folder.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Completes the publications of runs that have ended, and removes their staging folders.
fn sweep(runs: &Path, output: &Path) -> Result<(), Failure> {
    for folder in staging_folders(runs).map_err(|error| unwritable(runs, error))? {
        if !folder.symlink_metadata().is_ok_and(|there| there.is_dir()) {
            return Err(in_the_way(&folder, "a file"));
        }
        if is_alive(&folder) {
            continue;
        }
        let completed = journal::complete(&folder, output).map_err(|error| unwritable(output, error))?;
        for data in completed {
            tracing::info!(
                process = "processing",
                "completed {data}, which an earlier run was publishing when it was killed"
            );
        }
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritable(&folder, error)),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
