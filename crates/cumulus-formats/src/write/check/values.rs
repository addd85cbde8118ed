//! Compares a finished file with the values that it was made from, independently of the code that wrote it: chunks
//! are read by position and inflated by a pure Rust inflater.
//!
//! The check is a [`Sink`]: the same transfer that filled the file fills the check, block by block, and every block
//! is compared with the data on the device. Only one band of chunks per variable is kept in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::{broken, unreadable};
use crate::write::Sink;
use crate::write::chunking::{chunk_shape, element_size, stored_name, unknown};
use crate::write::pack::{Form, Packed, Packing};
use cumulus_model::error::{Class, Failure};
use cumulus_model::structure::{LateAttributes, Structure, Variable};

/// Index of the shuffle filter in the pipeline of netCDF.
const SHUFFLE: u32 = 0;

/// Index of the deflate filter.
const DEFLATE: u32 = 1;

/// Compares a finished file with its expected values.
#[derive(Debug)]
pub struct Comparison {
    path: PathBuf,
    file: File,
    variables: Vec<Stored>,
    is_compressed: bool,
}

/// A variable and the location of its bytes.
#[derive(Debug)]
struct Stored {
    variable: Variable,
    place: Place,
    /// Rows compared so far.
    compared: usize,
}

#[derive(Debug)]
enum Place {
    /// Contiguous, from this offset on.
    Whole(u64),
    Chunks {
        shape: Vec<usize>,
        /// By first row and first index along the second axis.
        chunks: BTreeMap<(usize, usize), Chunk>,
        band: Band,
    },
}

#[derive(Clone, Copy, Debug)]
struct Chunk {
    address: u64,
    size: usize,
    /// Filters that were skipped.
    filter_mask: u32,
}

/// The inflated chunks of some rows, by their first index along the second axis.
#[derive(Debug, Default)]
struct Band {
    first_row: Option<usize>,
    chunks: Vec<(usize, Vec<u8>)>,
}

impl Comparison {
    /// Opens the file at `path`, which was made from `structure` at this deflate level.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn open(path: &Path, structure: &Structure, level: u8) -> Result<Self, Failure> {
        #[expect(clippy::disallowed_methods, reason = "the product, not a source")]
        let hdf5 = ::hdf5::File::open(path).map_err(|error| unreadable(path, "/", &error))?;
        let variables = structure
            .variables
            .iter()
            .map(|variable| {
                let name = stored_name(variable, structure);
                let dataset = hdf5.dataset(&name).map_err(|error| unreadable(path, &name, &error))?;
                let place = place(path, variable, &dataset)?;
                Ok(Stored { variable: variable.clone(), place, compared: 0 })
            })
            .collect::<Result<_, Failure>>()?;
        let file = File::open(path).map_err(|error| unreadable(path, "/", &error))?;
        Ok(Self { path: path.to_owned(), file, variables, is_compressed: level > 0 })
    }

    fn compare(&mut self, variable: usize, bytes: &[u8]) -> Result<(), Failure> {
        let Self { path, file, variables, is_compressed } = self;
        let Some(Stored { variable, place, compared }) = variables.get_mut(variable) else {
            return Err(unknown(path, variable));
        };
        let row_bytes = element_size(variable) * variable.shape.iter().skip(1).product::<usize>();
        let other = |row: usize| {
            broken(path, &variable.name, format!("other values from row {row} on"), "those that were written")
        };
        match place {
            Place::Whole(address) => {
                let offset = *address + (*compared * row_bytes) as u64;
                if read(file, offset, bytes.len())
                    .map_err(|error| unreadable(path, &variable.name, &error))?
                    != bytes
                {
                    return Err(other(*compared));
                }
                *compared += bytes.len() / row_bytes.max(1);
            }
            Place::Chunks { shape, chunks, band } => {
                let chunk_rows = shape.first().copied().unwrap_or(1).max(1);
                for row in bytes.chunks(row_bytes.max(1)) {
                    let first_row = *compared - *compared % chunk_rows;
                    if band.first_row != Some(first_row) {
                        let reader = Reader { path, file, variable, shape, is_compressed: *is_compressed };
                        band.chunks = reader.band(chunks, first_row)?;
                        band.first_row = Some(first_row);
                    }
                    if !band.holds(row, *compared - first_row, variable, shape) {
                        return Err(other(*compared));
                    }
                    *compared += 1;
                }
            }
        }
        Ok(())
    }
}

impl Sink for Comparison {
    fn packing(&self, variable: usize) -> Result<Packing, Failure> {
        let stored = self.variables.get(variable).ok_or_else(|| unknown(&self.path, variable))?;
        let shape = match &stored.place {
            Place::Whole(_) => &stored.variable.shape,
            Place::Chunks { shape, .. } => shape,
        };
        Ok(Packing::none(shape.first().copied().unwrap_or(1).max(1)))
    }

    fn write(&mut self, variable: usize, packed: &Packed) -> Result<(), Failure> {
        match &packed.form {
            Form::Values(values) => self.compare(variable, &values.bytes()),
            Form::Chunks(_) => Err(broken(&self.path, "/", "packed chunks", "values").class(Class::Internal)),
        }
    }

    fn write_text(&mut self, variable: usize, text: &[u8]) -> Result<(), Failure> {
        self.compare(variable, text)
    }

    fn finish(self: Box<Self>, _late: &LateAttributes) -> Result<(), Failure> {
        for Stored { variable, compared, .. } in &self.variables {
            let rows = variable.shape.first().copied().unwrap_or(1);
            let is_whole = *compared == rows || variable.shape.contains(&0);
            if !is_whole {
                let found = format!("{compared} rows compared");
                return Err(broken(&self.path, &variable.name, found, rows).class(Class::Internal));
            }
        }
        Ok(())
    }
}

fn place(path: &Path, variable: &Variable, dataset: &::hdf5::Dataset) -> Result<Place, Failure> {
    let Some(shape) = chunk_shape(variable) else {
        return Ok(Place::Whole(match dataset.offset() {
            Some(address) => address,
            None if variable.shape.contains(&0) => 0,
            None => return Err(broken(path, &variable.name, "no values at all", "values")),
        }));
    };
    let count = dataset.num_chunks().unwrap_or(0);
    let chunks = (0..count)
        .filter_map(|index| dataset.chunk_info(index))
        .map(|info| {
            let start = |axis: usize| {
                info.offset.get(axis).and_then(|&start| usize::try_from(start).ok()).unwrap_or(0)
            };
            let size = usize::try_from(info.size).unwrap_or(usize::MAX);
            ((start(0), start(1)), Chunk { address: info.addr, size, filter_mask: info.filter_mask })
        })
        .collect();
    Ok(Place::Chunks { shape, chunks, band: Band::default() })
}

fn read(file: &File, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

impl Band {
    /// True if these chunks hold exactly the bytes of `row`, the row `index` of the band.
    fn holds(&self, row: &[u8], index: usize, variable: &Variable, shape: &[usize]) -> bool {
        // Only the first two axes are ever split.
        let inner = element_size(variable) * variable.shape.iter().skip(2).product::<usize>();
        let chunk_row = inner * shape.get(1).copied().unwrap_or(1);
        let mut held = 0;
        self.chunks.iter().all(|(start, chunk)| {
            let from = start * inner;
            let wanted = row.get(from..(from + chunk_row).min(row.len())).unwrap_or_default();
            held += wanted.len();
            chunk.get(index * chunk_row..).is_some_and(|chunk| chunk.starts_with(wanted))
        }) && held == row.len()
    }
}

/// Everything that is needed to read chunks of one variable.
struct Reader<'file> {
    path: &'file Path,
    file: &'file File,
    variable: &'file Variable,
    shape: &'file [usize],
    is_compressed: bool,
}

impl Reader<'_> {
    fn band(
        &self,
        chunks: &BTreeMap<(usize, usize), Chunk>,
        first_row: usize,
    ) -> Result<Vec<(usize, Vec<u8>)>, Failure> {
        chunks
            .range((first_row, 0)..=(first_row, usize::MAX))
            .map(|(&(_, start), chunk)| Ok((start, self.inflated(chunk)?)))
            .collect()
    }

    fn inflated(&self, chunk: &Chunk) -> Result<Vec<u8>, Failure> {
        let name = &self.variable.name;
        let stored = read(self.file, chunk.address, chunk.size)
            .map_err(|error| unreadable(self.path, name, &error))?;
        if !self.is_compressed {
            return Ok(stored);
        }
        let size = element_size(self.variable);
        let length = size * self.shape.iter().product::<usize>();
        let is_applied = |filter: u32| chunk.filter_mask & (1 << filter) == 0;
        let mut bytes = stored;
        if is_applied(DEFLATE) {
            let mut inflated = Vec::with_capacity(length);
            let decoder = flate2::read::ZlibDecoder::new(bytes.as_slice());
            // One byte more than expected, so that a chunk that is too long is detected as well.
            let mut decoder = decoder.take(length as u64 + 1);
            decoder.read_to_end(&mut inflated).map_err(|error| unreadable(self.path, name, &error))?;
            bytes = inflated;
        }
        if bytes.len() != length {
            return Err(broken(self.path, name, format!("a chunk of {} bytes", bytes.len()), length));
        }
        Ok(if is_applied(SHUFFLE) { unshuffled(&bytes, size) } else { bytes })
    }
}

/// Undoes HDF5's shuffle, which stores the first byte of every element, then the second bytes, and so on.
fn unshuffled(bytes: &[u8], size: usize) -> Vec<u8> {
    let count = bytes.len() / size.max(1);
    let mut values = vec![0; bytes.len()];
    for (byte, plane) in bytes.chunks_exact(count.max(1)).enumerate() {
        for (value, &stored) in values.chunks_exact_mut(size).zip(plane) {
            if let Some(place) = value.get_mut(byte) {
                *place = stored;
            }
        }
    }
    values
}
