//! Shapes of chunks and names of datasets, shared by all sinks.

use std::path::Path;

use super::pack::{ChunkPacking, Packing};
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_model::structure::{Storage, Structure, Variable};
use cumulus_model::values::Values;
use shuffle_deflate::{Level, Strategy};

/// Target bytes of a unit, the rows that are packed together: large enough for good compression and few chunks, small
/// enough that a reader does not inflate a whole flight for one record.
const UNIT_BYTES: usize = 2 << 20;

/// Max bytes of a chunk, unless one step along the second axis has more. A chunk of this size fits the chunk cache of
/// HDF5 readers (1 MiB until version 1.14); a larger one would be inflated again for every record.
const CHUNK_BYTES: usize = 512 << 10;

/// Target elements of a row in one chunk, if chunks of [`CHUNK_BYTES`] allow it. The window of deflate is 32 KiB, and
/// with fewer range bins per chunk it contains more records of them. 600 records of 900 photon counts: 36.4 MB in one
/// part, 34.6 MB in two, 33.1 MB in four (zlib, level 4); noise is not affected.
const CHUNK_ELEMENTS: usize = 256;

/// Smaller variables are stored contiguous and uncompressed: a chunk index would cost more bytes than compression
/// saves.
const SMALLEST_COMPRESSED_BYTES: usize = 4096;

/// Returns the chunk shape of this variable; `None` if it is stored contiguous.
///
/// A unit of about two megabytes, or one row, is split along the second axis into equal parts; if the parts are still
/// too large, it has fewer rows. The shape depends only on the variable's shape and type, so the same granule always
/// has the same chunks.
#[must_use]
pub fn chunk_shape(variable: &Variable) -> Option<Vec<usize>> {
    let Storage::Numbers(element_type) = variable.storage else { return None };
    let rows = row_count(variable);
    let row_elements = variable.shape.iter().skip(1).product::<usize>();
    let row_bytes = element_type.size() * row_elements;
    if variable.shape.is_empty() || rows * row_bytes < SMALLEST_COMPRESSED_BYTES {
        return None;
    }
    let unit_rows = (UNIT_BYTES / row_bytes.max(1)).clamp(1, rows);
    let parts = row_elements.div_ceil(CHUNK_ELEMENTS).min((unit_rows * row_bytes).div_ceil(CHUNK_BYTES));
    let mut shape = variable.shape.clone();
    if let Some(second) = shape.get_mut(1) {
        *second = second.div_ceil(parts).max(1);
    }
    let part_bytes = element_type.size() * shape.iter().skip(1).product::<usize>();
    if let Some(first) = shape.first_mut() {
        *first = (CHUNK_BYTES / part_bytes.max(1)).clamp(1, unit_rows);
    }
    Some(shape)
}

/// Returns how rows of this variable are packed at this deflate level.
pub(super) fn packing(variable: &Variable, level: u8) -> Packing {
    let element_size = element_size(variable);
    let Some(shape) = chunk_shape(variable) else { return Packing::none(row_count(variable).max(1)) };
    let rows = shape.first().copied().unwrap_or(1);
    let row_bytes = |shape: &[usize]| element_size * shape.iter().skip(1).product::<usize>();
    let chunk = ChunkPacking {
        row_bytes: row_bytes(&variable.shape),
        part_bytes: row_bytes(&shape),
        element_size,
        level: Level::new(level),
        strategy: Strategy::Runs,
    };
    Packing { rows, chunk: Some(chunk) }
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

/// Returns an error if a block differs in type or shape from the variable of the file at `path`.
pub(super) fn check_block(variable: &Variable, block: &Values, path: &Path) -> Result<(), Failure> {
    let same_rows =
        block.shape().len() == variable.shape.len() && block.shape().get(1..) == variable.shape.get(1..);
    let single = variable.shape.is_empty() && block.len() == 1;
    if variable.storage == Storage::Numbers(block.element_type()) && (same_rows || single) {
        return Ok(());
    }
    let found = format!("{} {:?}", block.element_type().name(), block.shape());
    let expected = format!("{:?} {:?}", variable.storage, variable.shape);
    Err(internal(path, format!("{}: a block does not fit", variable.name)).found(found).expected(expected))
}

/// Returns an error if rows of a variable are missing.
pub(super) fn check_rows(variable: &Variable, written: usize, path: &Path) -> Result<(), Failure> {
    let rows = row_count(variable);
    if written == rows {
        return Ok(());
    }
    Err(internal(path, format!("{}: {written} of {rows} rows", variable.name)))
}

/// A failure that no granule can cause.
pub(super) fn internal(path: &Path, problem: impl Into<String>) -> Failure {
    Failure::new(Stage::Write, path.display().to_string(), problem)
        .class(Class::Internal)
        .hint("this is a fault of the program; please report it")
}

/// The failure that the file at `path` has no variable of this number.
pub(super) fn unknown(path: &Path, variable: usize) -> Failure {
    internal(path, format!("has no variable number {variable}"))
}

/// Name of a variable's HDF5 dataset. netCDF-4 adds a prefix to a variable that has the name of a dimension without
/// being its coordinate (netCDF-4 format, "Creating Non-Coordinate Variables").
pub(super) fn stored_name(variable: &Variable, structure: &Structure) -> String {
    let is_dimension = structure.dimensions.iter().any(|(name, _)| *name == variable.name);
    if is_dimension && !is_coordinate(variable) {
        format!("_nc4_non_coord_{}", variable.name)
    } else {
        variable.name.clone()
    }
}

/// True if the variable has the name of its first dimension.
pub(super) fn is_coordinate(variable: &Variable) -> bool {
    variable.dimensions.first() == Some(&variable.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cumulus_model::attributes::Attributes;
    use cumulus_model::values::ElementType;
    use proptest::prelude::*;

    fn variable(element_type: ElementType, shape: Vec<usize>) -> Variable {
        Variable {
            name: "x".to_owned(),
            storage: Storage::Numbers(element_type),
            dimensions: shape.iter().map(|length| format!("dim_{length}")).collect(),
            shape,
            fill: None,
            attributes: Attributes::default(),
        }
    }

    #[test]
    fn wide_rows_are_cut_across_and_long_columns_along() {
        let chunk = |shape: &[usize]| chunk_shape(&variable(ElementType::F32, shape.to_vec()));
        assert_eq!(chunk(&[72_000, 900]), Some(vec![582, 225]));
        assert_eq!(chunk(&[250_000]), Some(vec![131_072]));
        assert_eq!(chunk(&[250_000, 10]), Some(vec![13_107, 10]));
        assert_eq!(chunk(&[40, 900]), Some(vec![40, 900]));
        assert_eq!(chunk(&[3, 1_400_000]), Some(vec![1, 127_273]));
        assert_eq!(chunk(&[1000]), None);
    }

    proptest! {
        #[test]
        fn no_chunk_is_larger_than_a_reader_s_cache(
            shape in prop::collection::vec(1_usize..3000, 1..3),
            rows in 1_usize..300_000,
            is_wide in any::<bool>(),
        ) {
            let element_type = if is_wide { ElementType::F64 } else { ElementType::F32 };
            let shape: Vec<usize> = std::iter::once(rows).chain(shape.into_iter().skip(1)).collect();
            if let Some(chunk) = chunk_shape(&variable(element_type, shape.clone())) {
                prop_assert!(chunk.iter().product::<usize>() * element_type.size() <= CHUNK_BYTES);
                prop_assert!(chunk.iter().zip(&shape).all(|(chunk, whole)| (1..=*whole).contains(chunk)));
            }
        }
    }
}
