//! Reads a finished file back before anything is published: what is on disk, not what was meant to be.

use std::path::Path;

use super::Structure;
use super::netcdf::{chunk_shape, stored_name};
use crate::error::{Class, Failure, Stage};

/// Compares the file at `path` with the structure it was made from: every variable is there in its shape, and every
/// chunk has been stored.
///
/// # Errors
/// The file cannot be opened, or lacks something.
pub fn read_back(path: &Path, structure: &Structure) -> Result<(), Failure> {
    let place = |name: &str| format!("{} {name}", path.display());
    let broken = |name: &str, found: String, expected: String| {
        Failure::new(Stage::Write, place(name), "is not as it was written")
            .class(Class::Retryable)
            .found(found)
            .expected(expected)
            .hint("check the device behind OUTPUT, then run again")
    };
    #[expect(clippy::disallowed_methods, reason = "the product, not a source")]
    let file = ::hdf5::File::open(path)
        .map_err(|error| broken("/", error.to_string(), "a readable file".to_owned()))?;
    for variable in &structure.variables {
        let name = stored_name(variable, structure);
        let dataset = file
            .dataset(&name)
            .map_err(|error| broken(&name, error.to_string(), "a readable variable".to_owned()))?;
        if dataset.shape() != variable.shape {
            return Err(broken(&name, format!("{:?}", dataset.shape()), format!("{:?}", variable.shape)));
        }
        if let Some(chunk) = chunk_shape(variable) {
            let wanted: usize =
                variable.shape.iter().zip(&chunk).map(|(&length, &part)| length.div_ceil(part)).product();
            if dataset.num_chunks() != Some(wanted) {
                return Err(broken(&name, format!("{:?} chunks", dataset.num_chunks()), format!("{wanted}")));
            }
        }
    }
    Ok(())
}
