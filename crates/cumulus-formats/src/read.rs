//! Reads granules that hold arrays: first their description, then their values, a block of rows at a time.
//!
//! A new input format is a new implementation of [`Source`] in this folder.

mod attributes;
pub mod hdf5;
pub mod netcdf3;
mod once_failed;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::Source;

use attributes::AttributeNotes;
use hdf5::Hdf5Source;
use netcdf3::Netcdf3Source;
use once_failed::OnceFailed;

/// A file format of array data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HDF5, including netCDF-4.
    Hdf5,
    /// netCDF classic.
    Netcdf3,
}

/// Detects the format of the file at `path` by its first bytes; `None` if it is neither.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn format(path: &Path) -> Result<Option<Format>, Failure> {
    let unreadable = |error| Failure::reading(Stage::Read, path.display().to_string(), error);
    let mut start = [0; 8];
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.read(&mut start).map_err(unreadable)?;
    if netcdf3::is_netcdf3(start.get(..length).unwrap_or_default()) {
        return Ok(Some(Format::Netcdf3));
    }
    Ok(hdf5::signature(path).map_err(unreadable)?.map(|_| Format::Hdf5))
}

/// Opens the file at `path`. A file of unknown format is opened as HDF5, so that the failure states what is missing.
///
/// # Errors
/// Returns an error if the file cannot be read, is damaged, or is of another format.
pub fn open(path: &Path, format: Option<Format>) -> Result<Box<dyn Source>, Failure> {
    match format {
        Some(Format::Netcdf3) => Ok(Box::new(OnceFailed::new(Netcdf3Source::open(path)?))),
        Some(Format::Hdf5) | None => Ok(Box::new(OnceFailed::new(Hdf5Source::open(path)?))),
    }
}
