//! Values that were never written: chunks missing from the index, or a dataset without allocated storage.
//!
//! If the dataset has a fill value, HDF5 defines such values as the fill value. With fill time "never", or without a
//! fill value, HDF5 leaves them undefined and libhdf5 does not touch the memory. Then floats become NaN, and integers
//! become the fill value that the dataset states nevertheless. Without one, a missing integer cannot be distinguished
//! from other values.

use std::ops::Range;

use ::hdf5::Dataset;
use ::hdf5::plist::DatasetCreate;
use ::hdf5::plist::dataset_create::{FillTime, FillValue, Layout};
use ::hdf5::types::TypeDescriptor;

use cumulus_model::source::{Content, SourceAttribute, SourceValue};
use cumulus_model::values::Values;

/// Max chunks to look up. libhdf5 looks up a chunk by index in time proportional to the number of chunks; 16,384 take
/// about two seconds.
const MAX_LOOKED_UP: usize = 16_384;

/// Max chunks of a dataset for which missing chunks are located one by one.
const MAX_CHUNKS: usize = 1 << 20;

/// The parts of a dataset that were never written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unwritten {
    /// Element ranges of every unwritten part, by axis; `None` if there are too many chunks to locate them.
    pub(super) parts: Option<Vec<Vec<Range<usize>>>>,
    /// Number of unwritten chunks, and of all chunks.
    pub(super) chunks: (usize, usize),
    /// True if HDF5 defines no value for them.
    pub(super) is_undefined: bool,
    /// The fill value that the dataset states, converted to an integer.
    pub(super) fill: Option<i128>,
}

impl Unwritten {
    /// Finds the parts of `dataset` that were never written; `None` if all were written.
    pub(super) fn of(dataset: &Dataset, creation: &DatasetCreate, shape: &[usize]) -> Option<Self> {
        if shape.contains(&0) {
            return None;
        }
        let is_undefined = creation.get_fill_time().ok()? == FillTime::Never
            || creation.get_fill_value_defined().ok()? == FillValue::Undefined;
        let is_stated = creation.get_fill_value_defined().ok()? == FillValue::UserDefined;
        let fill = is_stated.then(|| match dataset.dtype().ok()?.to_descriptor().ok()? {
            TypeDescriptor::Unsigned(_) => creation.fill_value_as::<u64>().map(i128::from),
            _ => creation.fill_value_as::<i64>().map(i128::from),
        });
        let fill = fill.flatten();
        match creation.get_layout().ok()? {
            Layout::Contiguous if dataset.offset().is_none() => {
                let whole = shape.iter().map(|&length| 0..length).collect();
                Some(Self { parts: Some(vec![whole]), chunks: (1, 1), is_undefined, fill })
            }
            Layout::Chunked => {
                let chunk = creation.chunk()?;
                if chunk.len() != shape.len() || chunk.contains(&0) {
                    return None;
                }
                let grid: Vec<usize> =
                    shape.iter().zip(&chunk).map(|(length, chunk)| length.div_ceil(*chunk)).collect();
                let all = grid.iter().try_fold(1_usize, |product, &length| product.checked_mul(length))?;
                let written = dataset.num_chunks()?;
                if written >= all {
                    return None;
                }
                let parts = missing(dataset, shape, &chunk, &grid, all, written);
                Some(Self { parts, chunks: (all - written, all), is_undefined, fill })
            }
            _ => None,
        }
    }

    /// The fill value as an attribute, if the dataset holds integers and its attributes do not include one.
    #[expect(clippy::cast_precision_loss, reason = "all numbers of attributes are f64 in the end")]
    pub(super) fn stated(
        &self,
        content: &Content,
        attributes: &[SourceAttribute],
    ) -> Option<SourceAttribute> {
        let said = |name: &str| attributes.iter().any(|attribute| attribute.name == name);
        let fill = self.fill? as f64;
        let is_integer = matches!(content, Content::Numbers(numbers) if !numbers.is_float());
        (is_integer && !said("_FillValue") && !said("missing_value")).then(|| SourceAttribute {
            name: "_FillValue".to_owned(),
            value: SourceValue::Numbers(Values::F64(ndarray::arr1(&[fill]).into_dyn())),
        })
    }

    /// Number of unwritten values, if the parts are known.
    pub(super) fn values(&self) -> Option<usize> {
        let size = |part: &Vec<Range<usize>>| part.iter().map(ExactSizeIterator::len).product::<usize>();
        Some(self.parts.as_ref()?.iter().map(size).sum())
    }

    /// Sets every unwritten value of `rows`, counted along the axis `axis`, to `value`. `shape` is that of the
    /// dataset.
    pub(super) fn set<T: Copy>(
        &self,
        shape: &[usize],
        axis: usize,
        rows: &Range<usize>,
        values: &mut [T],
        value: T,
    ) {
        for part in self.parts.iter().flatten() {
            let mut block = part.clone();
            let mut lengths = shape.to_vec();
            if let (Some(along), Some(length)) = (block.get_mut(axis), lengths.get_mut(axis)) {
                let (start, end) = (along.start.max(rows.start), along.end.min(rows.end));
                if start >= end {
                    continue;
                }
                *along = start - rows.start..end - rows.start;
                *length = rows.len();
            }
            set_block(&lengths, &block, 0, values, value);
        }
    }
}

/// Sets the elements of `block` in the row-major array `values` of shape `shape`, starting at element `start`.
fn set_block<T: Copy>(shape: &[usize], block: &[Range<usize>], start: usize, values: &mut [T], value: T) {
    let (Some((_, inner)), Some((range, others))) = (shape.split_first(), block.split_first()) else {
        if let Some(element) = values.get_mut(start) {
            *element = value;
        }
        return;
    };
    let stride: usize = inner.iter().product();
    if others.is_empty() {
        if let Some(elements) = values.get_mut(start + range.start..start + range.end) {
            elements.fill(value);
        }
        return;
    }
    for index in range.clone() {
        set_block(inner, others, start + index * stride, values, value);
    }
}

/// Locates the chunks of the grid that were never written; `None` if there are too many chunks.
fn missing(
    dataset: &Dataset,
    shape: &[usize],
    chunk: &[usize],
    grid: &[usize],
    all: usize,
    written: usize,
) -> Option<Vec<Vec<Range<usize>>>> {
    if all > MAX_CHUNKS || written > MAX_LOOKED_UP {
        return None;
    }
    let mut is_written = vec![false; all];
    for number in 0..written {
        let info = dataset.chunk_info(number)?;
        let mut index = 0;
        for ((offset, chunk), length) in info.offset.iter().zip(chunk).zip(grid) {
            index = index * length + usize::try_from(*offset).ok()? / chunk;
        }
        *is_written.get_mut(index)? = true;
    }
    let part = |mut index: usize| {
        let mut ranges: Vec<Range<usize>> = Vec::with_capacity(grid.len());
        for ((length, chunk), count) in shape.iter().zip(chunk).zip(grid).rev() {
            let start = (index % count) * chunk;
            ranges.push(start..(start + chunk).min(*length));
            index /= count;
        }
        ranges.reverse();
        ranges
    };
    Some((0..all).filter(|&index| is_written.get(index) == Some(&false)).map(part).collect())
}
