//! Puts a file under its final name so that this can be undone.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

/// What was at a path before a file was put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// Nothing.
    Nothing,
    /// A file, which is now where the new one came from.
    File,
}

/// Renames `file` to `target`. A file that is there already takes the place of `file`, in one step where the file
/// system can exchange two files.
pub(super) fn put(file: &Path, target: &Path) -> io::Result<Before> {
    match target.symlink_metadata() {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => exchange(file, target).map(|()| Before::File),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::rename(file, target).map(|()| Before::Nothing)
        }
        Err(error) => Err(error),
    }
}

/// Undoes [`put`].
pub(super) fn take_back(file: &Path, target: &Path, before: Before) -> io::Result<()> {
    match before {
        Before::Nothing => fs::rename(target, file),
        Before::File => exchange(file, target),
    }
}

/// Exchanges two files.
fn exchange(file: &Path, target: &Path) -> io::Result<()> {
    match renameat_with(CWD, file, CWD, target, RenameFlags::EXCHANGE) {
        // NFS, FAT and others cannot.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => replace(file, target),
        result => Ok(result?),
    }
}

/// Exchanges two files in steps between which `target` is always whole: the old file gets a second name, or a copy
/// where it cannot have one, before the new one takes its place.
fn replace(file: &Path, target: &Path) -> io::Result<()> {
    let aside = aside(file);
    if fs::hard_link(target, &aside).is_err() {
        fs::copy(target, &aside)?;
    }
    fs::rename(file, target)?;
    fs::rename(&aside, file).or_else(|error| {
        fs::rename(&aside, target)?;
        Err(error)
    })
}

/// Name of an old file between two renames.
fn aside(file: &Path) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(".before");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_put_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let text = |name: &str| fs::read_to_string(path(name)).ok();
        fs::write(path("new"), "new").unwrap();
        assert_eq!(put(&path("new"), &path("name")).unwrap(), Before::Nothing);
        assert_eq!((text("new"), text("name").as_deref()), (None, Some("new")));
        take_back(&path("new"), &path("name"), Before::Nothing).unwrap();
        assert_eq!((text("new").as_deref(), text("name")), (Some("new"), None));

        fs::write(path("name"), "old").unwrap();
        assert_eq!(put(&path("new"), &path("name")).unwrap(), Before::File);
        assert_eq!((text("new").as_deref(), text("name").as_deref()), (Some("old"), Some("new")));
        take_back(&path("new"), &path("name"), Before::File).unwrap();
        assert_eq!((text("new").as_deref(), text("name").as_deref()), (Some("new"), Some("old")));
    }

    #[test]
    fn without_an_exchange_the_result_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("new"), "new").unwrap();
        fs::write(path("name"), "old").unwrap();
        replace(&path("new"), &path("name")).unwrap();
        assert_eq!(fs::read_to_string(path("new")).unwrap(), "old");
        assert_eq!(fs::read_to_string(path("name")).unwrap(), "new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_is_never_exchanged() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("new"), "new").unwrap();
        fs::create_dir(folder.path().join("name")).unwrap();
        let error = put(&folder.path().join("new"), &folder.path().join("name")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::IsADirectory);
    }
}
