//! Reading a granule: first what is in it, then its values, a block of rows at a time.
//!
//! [`Source`] is the only thing the rest of the program knows of an input format. It describes its datasets once,
//! cheaply, and hands out rows of one dataset as often as asked. A new input format is a new implementation in
//! this folder.

mod attributes;
pub mod hdf5;
pub mod netcdf3;
pub mod sounding;

use std::fs::File;
use std::io::Read;
use std::path::Path;

pub(crate) use attributes::AttributeNotes;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::Source;
use hdf5::Hdf5Source;
use netcdf3::Netcdf3Source;
use sounding::Sounding;

/// A granule that was opened, by what its bytes are.
pub enum Opened {
    /// Arrays.
    Arrays(Box<dyn Source>),
    /// Soundings in a text file.
    Soundings(Vec<Sounding>),
}

/// Opens the file at `path`: HDF5, netCDF classic, or text with soundings where `texts` are wanted.
///
/// # Errors
/// The file cannot be read, or is nothing that is known.
pub fn open(path: &Path, texts: bool) -> Result<Opened, Failure> {
    let _span = tracing::info_span!("open").entered();
    let place = path.display().to_string();
    let unreadable = |error| Failure::reading(Stage::Read, &place, error);
    let mut start = [0; 8];
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.read(&mut start).map_err(unreadable)?;
    if netcdf3::is_netcdf3(start.get(..length).unwrap_or_default()) {
        return Ok(Opened::Arrays(Box::new(Netcdf3Source::open(path)?)));
    }
    if texts && hdf5::signature(path).map_err(unreadable)?.is_none() {
        let bytes = std::fs::read(path).map_err(unreadable)?;
        return Ok(Opened::Soundings(sounding::parse(&bytes, &place)?));
    }
    Ok(Opened::Arrays(Box::new(Hdf5Source::open(path)?)))
}
