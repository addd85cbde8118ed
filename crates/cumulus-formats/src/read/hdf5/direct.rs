//! Reads values from the file by position, bypassing libhdf5 and its lock, so that many threads can read at once.
//!
//! Only simple storage is read this way: native number types, contiguous or in chunks of whole rows with deflate,
//! shuffle or no filter. [`Place::read`] returns `None` for anything else, including a damaged chunk; then libhdf5
//! reads the same rows, or reports why they cannot be read.

use std::cell::RefCell;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use ::hdf5::filters::Filter;
use ::hdf5::plist::DatasetCreate;
use ::hdf5::plist::dataset_create::Layout;
use ::hdf5::{Dataset, Datatype};
use libdeflater::Decompressor;

use super::Encoding;
use cumulus_model::values::ElementType;
use shuffle_deflate::{longest_stream, unshuffle_elements};

/// Larger chunks are read through libhdf5, which keeps one of them in memory instead of one per thread.
const MAX_CHUNK_BYTES: usize = 16 << 20;

/// Max chunks of a dataset that is read directly. libhdf5 looks up a chunk by index in time proportional to the
/// number of chunks (12,000 look-ups took 0.85 s).
const MAX_CHUNKS: usize = 4096;

/// Where and how the values of a dataset are stored.
#[derive(Debug)]
pub(super) struct Place {
    element_size: usize,
    row_bytes: usize,
    row_count: usize,
    storage: Storage,
}

#[derive(Debug)]
enum Storage {
    /// All values in one piece, from this byte of the file on.
    Whole(u64),
    /// Chunks of `rows` rows each; the last chunk is stored in full as well.
    Chunks {
        rows: usize,
        is_shuffled: bool,
        is_deflated: bool,
        /// Chunks in row order, looked up on first use; `None` if one is unusual.
        index: OnceLock<Option<Vec<Chunk>>>,
    },
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    address: u64,
    size: usize,
}

impl Place {
    /// Returns where the values of `dataset` are stored; `None` if only libhdf5 can read them.
    pub(super) fn of(
        dataset: &Dataset,
        creation: &DatasetCreate,
        datatype: &Datatype,
        encoding: Encoding,
        shape: &[usize],
    ) -> Option<Self> {
        let Encoding::Numbers(element_type) = encoding else { return None };
        if cfg!(target_endian = "big") || !is_native(datatype, element_type) {
            return None;
        }
        let element_size = element_type.size();
        let row_count = *shape.first()?;
        let row_bytes = element_size.checked_mul(shape.iter().skip(1).product())?;
        if row_count == 0 || row_bytes == 0 {
            return None;
        }
        let storage = match creation.get_layout().ok()? {
            Layout::Contiguous if creation.external().is_empty() => Storage::Whole(dataset.offset()?),
            Layout::Chunked => {
                let chunk = creation.chunk()?;
                let rows = *chunk.first()?;
                let (is_shuffled, is_deflated) = match creation.get_filters().ok()?.as_slice() {
                    [] => (false, false),
                    [Filter::Deflate(_)] => (false, true),
                    [Filter::Shuffle] => (true, false),
                    [Filter::Shuffle, Filter::Deflate(_)] => (true, true),
                    _ => return None,
                };
                let is_band = rows > 0 && chunk.get(1..) == shape.get(1..);
                if !is_band
                    || rows.checked_mul(row_bytes)? > MAX_CHUNK_BYTES
                    || row_count.div_ceil(rows) > MAX_CHUNKS
                {
                    return None;
                }
                Storage::Chunks { rows, is_shuffled, is_deflated, index: OnceLock::new() }
            }
            _ => return None,
        };
        Some(Self { element_size, row_bytes, row_count, storage })
    }

    /// Fills `values` with the bytes of `rows`; returns `None` if libhdf5 should read them instead.
    pub(super) fn read(
        &self,
        file: &File,
        dataset: &Dataset,
        rows: &Range<usize>,
        values: &mut [u8],
    ) -> Option<()> {
        if rows.end > self.row_count || rows.len().checked_mul(self.row_bytes)? != values.len() {
            return None;
        }
        match &self.storage {
            Storage::Whole(address) => {
                let start = rows.start.checked_mul(self.row_bytes)?;
                file.read_exact_at(values, address.checked_add(start as u64)?).ok()
            }
            Storage::Chunks { rows: chunk_rows, is_shuffled, is_deflated, index } => {
                let index = index.get_or_init(|| chunks(dataset, *chunk_rows, self.row_count)).as_ref()?;
                let filters = Filters { is_shuffled: *is_shuffled, is_deflated: *is_deflated };
                let mut rest = values;
                let mut row = rows.start;
                while row < rows.end {
                    let number = row / chunk_rows;
                    let first = number * chunk_rows;
                    let end = rows.end.min(first + chunk_rows);
                    let wanted = (row - first) * self.row_bytes..(end - first) * self.row_bytes;
                    let part;
                    (part, rest) = rest.split_at_mut_checked(wanted.len())?;
                    let length = chunk_rows * self.row_bytes;
                    filters.read(file, *index.get(number)?, length, self.element_size, wanted, part)?;
                    row = end;
                }
                Some(())
            }
        }
    }
}

/// Filters of the dataset's chunks.
struct Filters {
    is_shuffled: bool,
    is_deflated: bool,
}

impl Filters {
    /// Fills `part` with the bytes `wanted` of a chunk, which has `length` bytes before filtering.
    fn read(
        &self,
        file: &File,
        chunk: Chunk,
        length: usize,
        element_size: usize,
        wanted: Range<usize>,
        part: &mut [u8],
    ) -> Option<()> {
        if !self.is_deflated && chunk.size != length {
            return None;
        }
        if !self.is_deflated && !self.is_shuffled {
            return file.read_exact_at(part, chunk.address.checked_add(wanted.start as u64)?).ok();
        }
        if chunk.size > longest_stream(length) {
            return None;
        }
        SCRATCH.with_borrow_mut(|Scratch { decompressor, inflated }| {
            let mut read_and_inflate = |stream: &mut [u8], target: &mut [u8]| {
                file.read_exact_at(stream, chunk.address).ok()?;
                let filled = decompressor.zlib_decompress(stream, target).ok()?;
                (filled == target.len()).then_some(())
            };
            if !self.is_shuffled && part.len() == length {
                return read_and_inflate(&mut vec![0; chunk.size], part);
            }
            inflated.resize(length, 0);
            if self.is_deflated {
                // `part` is not filled yet, and usually large enough for the compressed chunk.
                match part.get_mut(..chunk.size) {
                    Some(stream) => read_and_inflate(stream, inflated)?,
                    None => read_and_inflate(&mut vec![0; chunk.size], inflated)?,
                }
            } else {
                file.read_exact_at(inflated, chunk.address).ok()?;
            }
            if self.is_shuffled {
                // Rows consist of whole elements.
                unshuffle_elements(inflated, element_size, wanted.start / element_size, part);
            } else {
                part.copy_from_slice(inflated.get(wanted)?);
            }
            Some(())
        })
    }
}

/// Buffers of a thread for one chunk at a time.
struct Scratch {
    decompressor: Decompressor,
    inflated: Vec<u8>,
}

thread_local! {
    /// Kept per thread, because a new allocation would be zeroed for every chunk.
    static SCRATCH: RefCell<Scratch> =
        RefCell::new(Scratch { decompressor: Decompressor::new(), inflated: Vec::new() });
}

/// All chunks in row order; `None` if one was never written or skipped a filter.
fn chunks(dataset: &Dataset, chunk_rows: usize, row_count: usize) -> Option<Vec<Chunk>> {
    let count = row_count.div_ceil(chunk_rows);
    if dataset.num_chunks()? != count {
        return None;
    }
    let mut index = vec![None; count];
    for number in 0..count {
        let info = dataset.chunk_info(number)?;
        let first_row = usize::try_from(*info.offset.first()?).ok()?;
        if info.filter_mask != 0 || info.size == 0 || info.addr == u64::MAX || first_row % chunk_rows != 0 {
            return None;
        }
        let place = index.get_mut(first_row / chunk_rows)?;
        *place = Some(Chunk { address: info.addr, size: usize::try_from(info.size).ok()? });
    }
    index.into_iter().collect()
}

/// True if elements have the same representation in the file and in memory.
fn is_native(datatype: &Datatype, element_type: ElementType) -> bool {
    match element_type {
        ElementType::I8 => datatype.is::<i8>(),
        ElementType::I16 => datatype.is::<i16>(),
        ElementType::I32 => datatype.is::<i32>(),
        ElementType::I64 => datatype.is::<i64>(),
        ElementType::U8 => datatype.is::<u8>(),
        ElementType::U16 => datatype.is::<u16>(),
        ElementType::U32 => datatype.is::<u32>(),
        ElementType::U64 => datatype.is::<u64>(),
        ElementType::F32 => datatype.is::<f32>(),
        ElementType::F64 => datatype.is::<f64>(),
    }
}

#[cfg(test)]
mod tests;
