//! Publishes complete products in OUTPUT, even if other runs write to the same folder.
//!
//! A run has a staging folder inside a hidden folder of OUTPUT, on the same file system, with a subfolder for each
//! granule in progress. The last run removes the hidden folder, which exists so that finding other runs does not
//! require listing all products. A finished product is flushed to the device and renamed into OUTPUT, data first,
//! metadata last: a metadata file in OUTPUT means that its data file is complete.
//!
//! Runs on one OUTPUT cooperate by two locks (flock), which the kernel releases whenever a run ends, even in a crash.
//! Each run holds the lock of its own staging folder for its whole lifetime, so that others can distinguish a folder
//! in use from a leftover. The lock of OUTPUT itself is held only briefly: to sweep leftovers, claim a granule, or
//! publish.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use cumulus_model::digest;
use cumulus_model::error::{Failure, Stage};

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
    /// Names of the files in OUTPUT.
    pub names: [&'run str; 2],
}

/// Minimum number of products in a group that is flushed with one `syncfs` of the whole file system; smaller groups are
/// flushed file by file.
const MIN_GROUP: usize = 4;

impl OutputFolder {
    /// Opens OUTPUT, which is created if it is missing, removes leftovers of dead runs, and creates a staging folder.
    ///
    /// # Errors
    /// OUTPUT is not a folder, or cannot be written or locked.
    pub fn open(path: &Path, program: &str) -> Result<Self, Failure> {
        let unwritable = |error| unwritable(path, error);
        fs::create_dir_all(path).map_err(unwritable)?;
        let lock = locked(path).map_err(unwritable)?;
        let runs = path.join(format!(".{program}"));
        fs::create_dir_all(&runs).map_err(unwritable)?;
        sweep(&runs).map_err(unwritable)?;
        let staging = tempfile::Builder::new().prefix("run-").tempdir_in(&runs).map_err(unwritable)?;
        let alive = locked(staging.path()).map_err(unwritable)?;
        drop(lock);
        Ok(Self { path: path.to_owned(), runs, staging: Some(staging), _alive: alive })
    }

    /// Claims the granule called `stem` for this run.
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
    /// All files are flushed to the device before the first rename, and the folder after the last rename. The metadata
    /// of an earlier run are removed before the new data file is renamed, so that metadata in OUTPUT never describe
    /// other data.
    pub fn publish(&self, group: &[Staged<'_>]) -> Vec<Result<(), Failure>> {
        let mut results: Vec<Result<(), Failure>> = if group.len() < MIN_GROUP {
            group.iter().map(flush).collect()
        } else {
            vec![self.flush_device(); group.len()]
        };
        let named = locked(&self.path).map_err(|error| unwritable(&self.path, error)).and_then(|lock| {
            for (staged, result) in group.iter().zip(&mut results) {
                if result.is_ok() {
                    *result = self.name(staged);
                }
            }
            drop(lock);
            File::open(&self.path)
                .and_then(|output| output.sync_all())
                .map_err(|error| unwritable(&self.path, error))
        });
        if let Err(failure) = named {
            for result in &mut results {
                if result.is_ok() {
                    *result = Err(failure.clone());
                }
            }
        }
        results
    }

    /// Renames the files of a product to their names in OUTPUT.
    fn name(&self, staged: &Staged<'_>) -> Result<(), Failure> {
        let [data, metadata] = staged.names.map(|name| self.path.join(name));
        remove(&metadata)?;
        for (file, target) in staged.files.iter().zip([data, metadata]) {
            fs::rename(file, &target).map_err(|error| unwritable(&target, error))?;
        }
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

    /// Returns the free bytes on the file system of OUTPUT; `None` if unknown.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        rustix::fs::statvfs(&self.path).ok().map(|device| device.f_bavail.saturating_mul(device.f_frsize))
    }

    /// Releases a claim and removes its folder with its contents.
    pub fn release(&self, stem: &str) {
        // Anything that cannot be removed now is removed with the staging folder.
        let _ = fs::remove_dir_all(self.folder(stem));
    }

    /// Returns the granule's folder, whose name has no character that a library could misinterpret.
    fn folder(&self, stem: &str) -> PathBuf {
        let staging = self.staging.as_ref().map_or(self.runs.as_path(), TempDir::path);
        staging.join(claim_name(stem))
    }
}

impl Drop for OutputFolder {
    /// Errors are ignored: a folder that cannot be removed is removed by the next run.
    fn drop(&mut self) {
        let _lock = locked(&self.path);
        drop(self.staging.take());
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

/// Removes the staging folders of runs that have ended.
fn sweep(runs: &Path) -> io::Result<()> {
    for folder in staging_folders(runs)? {
        if !is_alive(&folder) {
            match fs::remove_dir_all(&folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(claim: Claim) -> PathBuf {
        match claim {
            Claim::Ours(folder) => folder,
            Claim::Theirs => panic!("claimed by another run"),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_appear_under_their_names_and_the_folder_goes_away() {
        let output = tempfile::tempdir().unwrap();
        {
            let run = OutputFolder::open(output.path(), "test").unwrap();
            let folder = ours(run.claim("a").unwrap());
            fs::write(folder.join("x"), "data").unwrap();
            fs::write(folder.join("y"), "metadata").unwrap();
            let staged = Staged { files: ["x", "y"].map(|name| folder.join(name)), names: ["a.nc", "a.xml"] };
            run.publish(&[staged]).remove(0).unwrap();
            run.release("a");
            fs::write(ours(run.claim("b").unwrap()).join("b.nc"), "unfinished").unwrap();
        }
        assert_eq!(names(output.path()), ["a.nc", "a.xml"]);
    }

    #[test]
    fn in_a_group_each_product_has_its_own_answer() {
        let output = tempfile::tempdir().unwrap();
        let run = OutputFolder::open(output.path(), "test").unwrap();
        let stems: Vec<String> = (0..2 * MIN_GROUP).map(|number| format!("g{number}")).collect();
        let lost = &stems[MIN_GROUP];
        let published: Vec<[String; 2]> =
            stems.iter().map(|stem| [format!("{stem}.nc"), format!("{stem}.xml")]).collect();
        let mut group = Vec::new();
        for (stem, names) in stems.iter().zip(&published) {
            let folder = ours(run.claim(stem).unwrap());
            fs::write(folder.join("x"), stem).unwrap();
            if stem != lost {
                fs::write(folder.join("y"), stem).unwrap();
            }
            let files = ["x", "y"].map(|name| folder.join(name));
            group.push(Staged { files, names: names.each_ref().map(String::as_str) });
        }
        for (stem, result) in stems.iter().zip(run.publish(&group)) {
            assert_eq!(result.is_err(), stem == lost, "{stem}: {result:?}");
            assert_eq!(output.path().join(format!("{stem}.xml")).exists(), stem != lost);
        }
    }

    #[test]
    fn a_granule_has_one_run_at_a_time() {
        let output = tempfile::tempdir().unwrap();
        let first = OutputFolder::open(output.path(), "test").unwrap();
        let second = OutputFolder::open(output.path(), "test").unwrap();
        ours(first.claim("a").unwrap());
        assert!(matches!(second.claim("a").unwrap(), Claim::Theirs));
        ours(second.claim("b").unwrap());
        first.release("a");
        ours(second.claim("a").unwrap());
    }

    #[test]
    fn leftovers_of_the_dead_are_swept_and_the_living_are_not() {
        let output = tempfile::tempdir().unwrap();
        let living = OutputFolder::open(output.path(), "test").unwrap();
        ours(living.claim("a").unwrap());
        fs::create_dir_all(output.path().join(".test/run-dead/b")).unwrap();
        fs::create_dir_all(output.path().join(".other-program")).unwrap();
        drop(OutputFolder::open(output.path(), "test").unwrap());
        assert_eq!(names(output.path()).len(), 2, "{:?}", names(output.path()));
        assert_eq!(names(&output.path().join(".test")).len(), 1);
        drop(living);
        assert_eq!(names(output.path()), [".other-program"]);
    }

    #[test]
    fn a_file_in_the_way_of_the_folder_is_named() {
        let output = tempfile::tempdir().unwrap();
        let file = output.path().join("file");
        fs::write(&file, "").unwrap();
        let failure = OutputFolder::open(&file, "test").unwrap_err();
        assert_eq!(failure.class, cumulus_model::error::Class::OutputUnwritable);
        assert!(failure.to_string().contains("file"), "{failure}");
    }
}
