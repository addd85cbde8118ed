//! Writing a granule's product: first its structure, then its values, a block of rows at a time.
//!
//! [`Sink`] is all that the rest of the program uses of the output format.

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

/// Makes the file at `path`, which must not exist: directly where its structure allows, else through netcdf-c.
///
/// # Errors
/// The structure is not whole in itself, or the file cannot be written.
pub fn create(path: &Path, structure: &Structure, level: u8) -> Result<Box<dyn Sink>, Failure> {
    whole::check(path, structure)?;
    match DirectSink::create(path, structure, level)? {
        Some(sink) => Ok(Box::new(sink)),
        None => Ok(Box::new(NetcdfSink::create(path, structure, level)?)),
    }
}

/// An output file under construction.
pub trait Sink: Send {
    /// How rows of a numeric variable are to be packed.
    ///
    /// # Errors
    /// There is no such variable.
    fn packing(&self, variable: usize) -> Result<Packing, Failure>;

    /// Writes the next rows of a numeric variable, one packed unit after another. A block of one value fits a
    /// scalar, whatever its rank.
    ///
    /// # Errors
    /// The type or shape is not the variable's, or the file cannot be written.
    fn write(&mut self, variable: usize, packed: &Packed) -> Result<(), Failure>;

    /// Writes all characters of a text variable, row-major, each string filled with NULs to its full width.
    ///
    /// # Errors
    /// The number of bytes is not the variable's, or the file cannot be written.
    fn write_text(&mut self, variable: usize, text: &[u8]) -> Result<(), Failure>;

    /// Adds what is known only now and closes the file.
    ///
    /// # Errors
    /// A variable has fewer rows than its dimension, or the file cannot be written.
    fn finish(self: Box<Self>, late: &LateAttributes) -> Result<(), Failure>;
}
