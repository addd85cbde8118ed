//! From a hidden folder inside OUTPUT to final names: nothing appears under its name before it is complete.
//!
//! A granule's files are written in a staging folder on the same file system, flushed to the device, and moved
//! by rename: data first, metadata last. Metadata that lies in OUTPUT therefore says that its data are complete.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::error::{Failure, Stage};

/// A folder for unfinished files, removed with everything in it when it goes out of scope.
#[derive(Debug)]
pub struct Staging {
    folder: TempDir,
    output: PathBuf,
}

impl Staging {
    /// Makes a staging folder in `output`, which is made too if it is missing.
    ///
    /// # Errors
    /// `output` is not a folder, or cannot be written.
    pub fn within(output: &Path, program: &str) -> Result<Self, Failure> {
        let unwritable =
            |error: std::io::Error| Failure::writing(Stage::Publish, output.display().to_string(), error);
        fs::create_dir_all(output).map_err(unwritable)?;
        let folder = tempfile::Builder::new()
            .prefix(&format!(".{program}-"))
            .tempdir_in(output)
            .map_err(unwritable)?;
        Ok(Self { folder, output: output.to_owned() })
    }

    /// Where a file called `name` is written before it is published.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Publishes `data` and then `metadata`, both written to [`Self::path`] before, under these names in OUTPUT.
    ///
    /// Metadata of an earlier run is taken away before the new data arrive, so that at no time do metadata lie
    /// beside data they do not describe.
    ///
    /// # Errors
    /// A file cannot be flushed, replaced or renamed.
    pub fn publish(&self, data: &str, metadata: &str) -> Result<(), Failure> {
        for name in [data, metadata] {
            let staged = self.path(name);
            File::open(&staged)
                .and_then(|file| file.sync_all())
                .map_err(|error| Failure::writing(Stage::Publish, staged.display().to_string(), error))?;
        }
        let old_metadata = self.output.join(metadata);
        match fs::remove_file(&old_metadata) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(Failure::writing(Stage::Publish, old_metadata.display().to_string(), error));
            }
        }
        for name in [data, metadata] {
            let target = self.output.join(name);
            fs::rename(self.path(name), &target)
                .map_err(|error| Failure::writing(Stage::Publish, target.display().to_string(), error))?;
        }
        File::open(&self.output)
            .and_then(|folder| folder.sync_all())
            .map_err(|error| Failure::writing(Stage::Publish, self.output.display().to_string(), error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_appear_under_their_names_and_the_folder_goes_away() {
        let output = tempfile::tempdir().unwrap();
        {
            let staging = Staging::within(output.path(), "test").unwrap();
            fs::write(staging.path("a.nc"), "data").unwrap();
            fs::write(staging.path("a.xml"), "metadata").unwrap();
            staging.publish("a.nc", "a.xml").unwrap();
            fs::write(staging.path("b.nc"), "unfinished").unwrap();
        }
        let mut names: Vec<_> =
            fs::read_dir(output.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["a.nc", "a.xml"]);
    }

    #[test]
    fn a_file_in_the_way_of_the_folder_is_named() {
        let output = tempfile::tempdir().unwrap();
        let file = output.path().join("file");
        fs::write(&file, "").unwrap();
        let failure = Staging::within(&file, "test").unwrap_err();
        assert_eq!(failure.class, crate::error::Class::OutputUnwritable);
        assert!(failure.to_string().contains("file"), "{failure}");
    }
}
