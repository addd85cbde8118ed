//! Sets invalid granules aside: `--quarantine`.
//!
//! INPUT is never changed. The folder receives a hard link to each granule that is permanently invalid, or a copy where
//! a link is not possible, and beside it a file with the reason.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::remote;
use crate::report::GranuleReport;
use cumulus_model::digest;
use cumulus_model::error::{Class, Failure, Stage};

/// What is appended to a granule's name to name the file with the reason.
const REASON: &str = ".reason.json";

/// Permissions of new files before the umask, as for any other file.
const PERMISSIONS: u32 = 0o666;

/// A folder of invalid granules.
#[derive(Clone, Debug)]
pub struct Quarantine(PathBuf);

impl Quarantine {
    /// Opens the folder at `path`, which is created if it is missing.
    ///
    /// # Errors
    /// It cannot be created or written.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let unwritable = |error| unwritable(path, error);
        fs::create_dir_all(path).map_err(unwritable)?;
        tempfile::tempfile_in(path).map_err(unwritable)?;
        Ok(Self(path.to_owned()))
    }

    /// Checks that the folder at `path` can be opened, as far as that can be known without creating anything.
    ///
    /// # Errors
    /// It is not a folder, or cannot be written.
    pub fn try_out(path: &Path) -> Result<(), Failure> {
        if path.exists() { Self::open(path).map(drop) } else { Ok(()) }
    }

    /// Sets a granule aside if it is permanently invalid, and returns its path in the folder.
    ///
    /// # Errors
    /// The granule cannot be read or the folder cannot be written.
    pub fn keep(&self, report: &GranuleReport) -> Result<Option<PathBuf>, Failure> {
        let Some(failure) = report.failure.as_ref().filter(|failure| failure.class == Class::BadGranule)
        else {
            return Ok(None);
        };
        let Some(name) = report.path.file_name() else { return Ok(None) };
        if report.staged.is_none() && remote::is_address(&report.path) {
            // It was refused before it was copied to this machine.
            return Ok(None);
        }
        // Granules of one name in different folders stay apart.
        let folder = self.0.join(&report.folder);
        let kept = folder.join(name);
        let unwritable = |error| unwritable(&kept, error);
        let unreadable = |error| Failure::reading(Stage::Report, report.path.display().to_string(), error);
        fs::create_dir_all(&folder).map_err(unwritable)?;
        let source = report.staged.as_ref().unwrap_or(&report.path).canonicalize().map_err(unreadable)?;
        File::open(&source).map_err(unreadable)?;
        link_or_copy(&source, &kept).map_err(unwritable)?;
        let found = digest::of_file(&source).map_err(unreadable)?;
        let reason = json!({
            "granule": report.granule,
            "size": found.size,
            "sha256": found.sha256,
            "path": report.path.to_string_lossy(),
            "failure": failure,
            "warnings": report.warnings,
        });
        let mut reason_name = name.to_owned();
        reason_name.push(REASON);
        let text = serde_json::to_string_pretty(&reason).map_err(io::Error::from).map_err(unwritable)?;
        replace(&folder.join(reason_name), |file| fs::write(file, text + "\n")).map_err(unwritable)?;
        Ok(Some(kept))
    }
}

/// Makes `kept` the same file as `source`, or else a copy. A link to a symbolic link would lead nowhere if that is
/// relative, so `source` is none.
fn link_or_copy(source: &Path, kept: &Path) -> io::Result<()> {
    let wanted = source.metadata()?;
    if kept.metadata().is_ok_and(|there| (there.dev(), there.ino()) == (wanted.dev(), wanted.ino())) {
        return Ok(());
    }
    if !kept.exists() && fs::hard_link(source, kept).is_ok() {
        return Ok(());
    }
    replace(kept, |file| fs::copy(source, file).map(drop))
}

/// Replaces a file in one step by what `write` writes.
fn replace(path: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let file = tempfile::Builder::new()
        .prefix(".")
        .permissions(fs::Permissions::from_mode(PERMISSIONS))
        .tempfile_in(folder)?;
    write(file.path())?;
    file.persist(path)?;
    Ok(())
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::writing(Stage::Report, path.display().to_string(), error)
        .class(Class::OutputUnwritable)
        .hint("name a folder that can be written with --quarantine")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bad(path: &Path) -> GranuleReport {
        GranuleReport::refused(path, "", Failure::new(Stage::Read, "Latitude", "is missing"))
    }

    #[test]
    fn an_invalid_granule_is_kept_with_its_reason_and_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("a.h5");
        fs::write(&source, "bad").unwrap();
        let quarantine = Quarantine::open(&folder.path().join("q")).unwrap();
        // Another night finds the same granule again, or another one of the same name.
        for text in ["bad", "worse"] {
            if text == "worse" {
                fs::remove_file(&source).unwrap();
                fs::write(&source, text).unwrap();
            }
            let kept = quarantine.keep(&bad(&source)).unwrap().unwrap();
            assert_eq!((fs::read_to_string(&kept).unwrap().as_str(), source.exists()), (text, true));
        }
        let reason = fs::read_to_string(folder.path().join("q/a.h5.reason.json")).unwrap();
        assert!(reason.contains("is missing") && reason.contains("bad_granule"), "{reason}");
        assert_eq!(fs::read_dir(folder.path().join("q")).unwrap().count(), 2);
    }

    #[test]
    fn names_need_not_be_unique_or_text() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(&folder.path().join("q")).unwrap();
        let name = std::ffi::OsStr::from_bytes(b"a\xff.h5");
        for inner in ["x", "y"] {
            fs::create_dir(folder.path().join(inner)).unwrap();
            let source = folder.path().join(inner).join(name);
            fs::write(&source, inner).unwrap();
            let report = GranuleReport { folder: inner.to_owned(), ..bad(&source) };
            assert_eq!(fs::read_to_string(quarantine.keep(&report).unwrap().unwrap()).unwrap(), inner);
        }
        let mode = folder
            .path()
            .join("q/x")
            .read_dir()
            .unwrap()
            .map(|file| file.unwrap().metadata().unwrap().mode());
        assert!(mode.into_iter().all(|mode| mode & 0o444 == 0o444));
    }

    #[test]
    fn a_granule_that_may_succeed_later_is_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let quarantine = Quarantine::open(folder.path()).unwrap();
        let mut report = bad(Path::new("in/a.h5"));
        report.failure = report.failure.map(|failure| failure.class(Class::Retryable));
        assert_eq!(quarantine.keep(&report).unwrap(), None);
    }
}
