//! Writes a granule's product: first its structure, then its values, a block of rows at a time.
//!
//! [`Sink`] is the only interface between the output format and the rest of the program.

pub mod check;
pub mod chunking;
#[cfg(test)]
mod contract;
pub mod direct;
pub mod netcdf;
pub mod pack;
pub mod unit;
mod whole;

use std::path::Path;

use cumulus_model::error::Failure;
use cumulus_model::structure::{LateAttributes, Structure};
use direct::DirectSink;
use netcdf::NetcdfSink;
use pack::{Packed, Packing};

/// Creates the file at `path`, which must not exist: directly if its structure is supported, else through netcdf-c.
///
/// # Errors
/// Returns an error if the structure is inconsistent or the file cannot be written.
pub fn create(path: &Path, structure: &Structure, level: u8) -> Result<Box<dyn Sink>, Failure> {
    whole::check(path, structure)?;
    match DirectSink::create(path, structure, level)? {
        Some(sink) => Ok(Box::new(sink)),
        None => Ok(Box::new(NetcdfSink::create(path, structure, level)?)),
    }
}

/// A product's netCDF file that is being written.
pub trait Sink: Send {
    /// Returns how rows of a numeric variable must be packed.
    ///
    /// # Errors
    /// Returns an error if there is no such variable.
    fn packing(&self, variable: usize) -> Result<Packing, Failure>;

    /// Writes the next rows of a numeric variable, as packed units in order. A scalar accepts a block of one value of
    /// any rank.
    ///
    /// # Errors
    /// Returns an error if the type or shape differs from the variable's, or the file cannot be written.
    fn write(&mut self, variable: usize, packed: &Packed) -> Result<(), Failure>;

    /// Writes all characters of a text variable, row-major, with each string padded with NULs to its full width.
    ///
    /// # Errors
    /// Returns an error if the number of bytes differs from the variable's, or the file cannot be written.
    fn write_text(&mut self, variable: usize, text: &[u8]) -> Result<(), Failure>;

    /// Adds the late attributes and closes the file.
    ///
    /// # Errors
    /// Returns an error if a variable has fewer rows than its dimension, or the file cannot be written.
    fn finish(self: Box<Self>, late: &LateAttributes) -> Result<(), Failure>;
}
