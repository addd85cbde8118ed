//! How a variable is cut into chunks, and what its dataset is called: the same for every way of writing it.

use super::encode::Strategy;
use super::pack::{ChunkPacking, Packing};
use super::{Storage, Structure, Variable};
use crate::error::{Class, Failure, Stage};
use crate::values::Values;

/// Bytes of a chunk before compression: large enough for deflate and few enough chunks, small enough that a
/// reader who wants one record does not inflate a flight.
const CHUNK_BYTES: usize = 2 << 20;

/// Variables smaller than this are stored whole and uncompressed: a chunk index would be larger than the gain.
const SMALLEST_COMPRESSED_BYTES: usize = 4096;

/// Shape of a chunk of this variable; `None` where it is stored whole.
///
/// Chunks span all inner dimensions, unless a single row is larger than a chunk: then they are one row high and
/// span as much of the second dimension as fits. The shape depends on that of the variable alone, so that the same
/// granule always has the same chunks.
#[must_use]
pub fn chunk_shape(variable: &Variable) -> Option<Vec<usize>> {
    let Storage::Numbers(element_type) = variable.storage else { return None };
    let rows = row_count(variable);
    let row_bytes = element_type.size() * variable.shape.iter().skip(1).product::<usize>();
    if variable.shape.is_empty() || rows * row_bytes < SMALLEST_COMPRESSED_BYTES {
        return None;
    }
    let mut shape = variable.shape.clone();
    if let Some(first) = shape.first_mut() {
        *first = (CHUNK_BYTES / row_bytes.max(1)).clamp(1, rows);
    }
    if row_bytes > 2 * CHUNK_BYTES
        && let Some(second) = shape.get_mut(1)
    {
        *second = (CHUNK_BYTES / (row_bytes / *second).max(1)).clamp(1, *second);
    }
    Some(shape)
}

/// True where chunks of this shape hold whole rows of the variable.
pub(super) fn spans_rows(chunk: &[usize], variable: &Variable) -> bool {
    chunk.get(1..) == variable.shape.get(1..)
}

/// Chunks of whole rows are packed here; the others, of which a row has several, are left to the library.
pub(super) fn packing(variable: &Variable, level: u8) -> Packing {
    let element_size = element_size(variable);
    let chunk = chunk_shape(variable);
    let rows = chunk.as_ref().and_then(|chunk| chunk.first()).copied();
    let chunk = chunk.filter(|chunk| spans_rows(chunk, variable)).map(|chunk| {
        let bytes = element_size * chunk.iter().product::<usize>();
        ChunkPacking { bytes, element_size, level, strategy: Strategy::Runs }
    });
    Packing { rows: rows.unwrap_or_else(|| row_count(variable)).max(1), chunk }
}

/// Bytes of an element.
pub(super) fn element_size(variable: &Variable) -> usize {
    match variable.storage {
        Storage::Numbers(element_type) => element_type.size(),
        Storage::Characters => 1,
    }
}

/// Number of rows: 1 for a scalar.
pub(super) fn row_count(variable: &Variable) -> usize {
    variable.shape.first().copied().unwrap_or(1)
}

/// Refuses a block of another type or shape than the variable at `place`.
pub(super) fn check_block(variable: &Variable, block: &Values, place: &str) -> Result<(), Failure> {
    let same_rows =
        block.shape().len() == variable.shape.len() && block.shape().get(1..) == variable.shape.get(1..);
    let single = variable.shape.is_empty() && block.len() == 1;
    if variable.storage == Storage::Numbers(block.element_type()) && (same_rows || single) {
        return Ok(());
    }
    let found = format!("{} {:?}", block.element_type().name(), block.shape());
    let expected = format!("{:?} {:?}", variable.storage, variable.shape);
    Err(internal(place, format!("{}: a block does not fit", variable.name)).found(found).expected(expected))
}

/// Refuses to finish a variable of which rows are missing.
pub(super) fn check_rows(variable: &Variable, written: usize, place: &str) -> Result<(), Failure> {
    let rows = row_count(variable);
    if written == rows {
        return Ok(());
    }
    Err(internal(place, format!("{}: {written} of {rows} rows", variable.name)))
}

/// What no granule can bring about.
pub(super) fn internal(place: &str, problem: impl Into<String>) -> Failure {
    Failure::new(Stage::Write, place, problem)
        .class(Class::Internal)
        .hint("this is a fault of the program; please report it")
}

/// Name of a variable's HDF5 dataset: netCDF-4 marks a variable that has a dimension's name without being its
/// coordinate (netCDF-4 format, "Creating Non-Coordinate Variables").
pub(super) fn stored_name(variable: &Variable, structure: &Structure) -> String {
    let is_dimension = structure.dimensions.iter().any(|(name, _)| *name == variable.name);
    if is_dimension && !is_coordinate(variable) {
        format!("_nc4_non_coord_{}", variable.name)
    } else {
        variable.name.clone()
    }
}

/// True for a variable that has the name of its first dimension.
pub(super) fn is_coordinate(variable: &Variable) -> bool {
    variable.dimensions.first() == Some(&variable.name)
}
