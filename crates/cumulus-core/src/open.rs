//! Opens a granule as arrays or soundings, detected from its contents and never from its name.

use std::path::Path;

use cumulus_formats::read;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::Source;
use cumulus_sounding::Sounding;

/// An open granule.
pub enum Opened {
    /// Arrays.
    Arrays(Box<dyn Source>),
    /// Soundings in a text file.
    Soundings(Vec<Sounding>),
}

/// Opens the file at `path`: HDF5, netCDF classic, or, if `texts` is true, text with soundings.
///
/// # Errors
/// The file cannot be read, or is in none of these formats.
pub fn open(path: &Path, texts: bool) -> Result<Opened, Failure> {
    let _span = tracing::info_span!("open").entered();
    let format = read::format(path)?;
    if texts && format.is_none() {
        let place = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| Failure::reading(Stage::Read, &place, error))?;
        return Ok(Opened::Soundings(cumulus_sounding::parse(&bytes, &place)?));
    }
    Ok(Opened::Arrays(read::open(path, format)?))
}
