//! Reads a finished file back before anything is published: what is on disk, not what was meant to be.

pub mod values;

#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::path::Path;

use super::Structure;
use super::chunking::{chunk_shape, stored_name};
use crate::error::{Class, Failure, Stage};

/// Compares the file at `path` with the structure it was made from: every variable is there in its shape, and every
/// chunk has been stored.
///
/// # Errors
/// The file cannot be opened, or lacks something.
pub fn read_back(path: &Path, structure: &Structure) -> Result<(), Failure> {
    let _span = tracing::info_span!("check").entered();
    #[expect(clippy::disallowed_methods, reason = "the product, not a source")]
    let file = ::hdf5::File::open(path).map_err(|error| unreadable(path, "/", &error))?;
    for variable in &structure.variables {
        let name = stored_name(variable, structure);
        let dataset = file.dataset(&name).map_err(|error| unreadable(path, &name, &error))?;
        if dataset.shape() != variable.shape {
            let [found, expected] =
                [dataset.shape(), variable.shape.clone()].map(|shape| format!("{shape:?}"));
            return Err(broken(path, &name, found, expected));
        }
        if let Some(chunk) = chunk_shape(variable) {
            let wanted: usize =
                variable.shape.iter().zip(&chunk).map(|(&length, &part)| length.div_ceil(part)).product();
            if dataset.num_chunks() != Some(wanted) {
                return Err(broken(path, &name, format!("{:?} chunks", dataset.num_chunks()), wanted));
            }
        }
    }
    Ok(())
}

/// What lies on the device is not what was written.
fn broken(path: &Path, name: &str, found: impl Display, expected: impl Display) -> Failure {
    Failure::new(Stage::Write, format!("{} {name}", path.display()), "is not as it was written")
        .class(Class::Retryable)
        .found(found)
        .expected(expected)
        .hint("check the device behind OUTPUT, then run again")
}

fn unreadable(path: &Path, name: &str, error: &dyn Display) -> Failure {
    broken(path, name, error, "something readable")
}
