//! The usual way to a netCDF-4 file: values are appended as they come, and what says where they lie follows them.
//!
//! Late attributes are known by then, so nothing is written twice. What a file needs to be netCDF-4 is said in
//! `conventions`; the few structures that this way has no words for go through netcdf-c, see [`suits`].

mod conventions;

#[cfg(test)]
mod judges;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use super::Sink;
use super::chunking::{self, check_block, check_rows, chunk_shape, internal, parts, row_count, unknown};
use super::hdf5::{Appender, Chunk, Grid, HalfNode, Heap, TooLarge, UNDEFINED, chunk_index};
use super::pack::{Form, Packed, Packing};
pub use conventions::suits;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::structure::{LateAttributes, Storage, Structure, set};

/// A netCDF-4 file being written.
#[derive(Debug)]
pub struct DirectSink {
    path: PathBuf,
    file: Appender,
    structure: Structure,
    /// Of each variable.
    stored: Vec<Stored>,
    level: u8,
}

/// What has been written of a variable.
#[derive(Clone, Debug, Default)]
struct Stored {
    rows: usize,
    /// Row by row of them; a variable that is stored whole has one.
    chunks: Vec<Chunk>,
}

/// Where the values of a variable lie.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In one piece, from this address on.
    Whole(u64),
    /// In chunks, found through the index at this address.
    Chunks(u64),
}

impl DirectSink {
    /// Makes the file at `path`, which must not exist.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: &Path, structure: &Structure, level: u8) -> Result<Self, Failure> {
        let file = Appender::create(path).map_err(|error| unwritable(path, error))?;
        let stored = vec![Stored::default(); structure.variables.len()];
        Ok(Self { path: path.to_owned(), file, structure: structure.clone(), stored, level })
    }

    /// Appends the next rows of a variable, as they are stored: whole, or as chunks side by side.
    fn append<'bytes>(
        &mut self,
        variable: usize,
        rows: usize,
        pieces: impl IntoIterator<Item = &'bytes [u8]>,
    ) -> Result<(), Failure> {
        let stored = self.stored.get_mut(variable).ok_or_else(|| unknown(&self.path, variable))?;
        for bytes in pieces {
            let address = self.file.append(bytes).map_err(|error| unwritable(&self.path, error))?;
            stored.chunks.push(Chunk { address, bytes: bytes.len() });
        }
        stored.rows += rows;
        Ok(())
    }

    /// Room in the nodes of all indices, which the variable with the most chunks decides.
    fn half_node(&self) -> HalfNode {
        HalfNode::of(self.stored.iter().map(|stored| stored.chunks.len()).max().unwrap_or(0))
    }

    /// Writes the indices of chunks and answers where each variable lies.
    fn index(&mut self, half: HalfNode) -> io::Result<Vec<Place>> {
        let Self { file, structure, stored, .. } = self;
        let places = structure.variables.iter().zip(stored).map(|(variable, stored)| {
            let Some(shape) = chunk_shape(variable) else {
                return Ok(Place::Whole(stored.chunks.first().map_or(UNDEFINED, |whole| whole.address)));
            };
            let grid = Grid { shape: &shape, parts: parts(variable, &shape) };
            let (nodes, root) = chunk_index(&stored.chunks, grid, half, file.align()?);
            file.append(&nodes)?;
            Ok(Place::Chunks(root))
        });
        places.collect()
    }

    /// Adds what only the values could tell.
    fn add(&mut self, late: &LateAttributes) -> Result<(), Failure> {
        for (name, attributes) in &late.variables {
            let variable = self.structure.variables.iter_mut().find(|variable| variable.name == *name);
            let variable = variable.ok_or_else(|| internal(&self.path, format!("has no variable {name}")))?;
            for attribute in attributes {
                set(&mut variable.attributes, attribute.clone());
            }
        }
        for attribute in &late.file {
            set(&mut self.structure.attributes, attribute.clone());
        }
        Ok(())
    }

    /// Writes the heap and all objects; answers where the root group is.
    fn describe(&mut self, places: &[Place]) -> Result<u64, Failure> {
        let too_large = |TooLarge| {
            Failure::new(Stage::Write, self.path.display().to_string(), "has an attribute beyond 64 KiB")
                .hint("this is a fault of the program; please report it")
        };
        let io_failed = |error| unwritable(&self.path, error);
        let Self { file, structure, level, .. } = self;
        let heap_address = file.align().map_err(io_failed)?;
        let encode = |addresses: &[u64]| -> Result<(Heap, Vec<Vec<u8>>), Failure> {
            let (heap, objects) =
                conventions::objects(structure, places, *level, Heap::new(heap_address), addresses);
            let headers = objects.iter().map(|object| {
                let mut header = object.encode()?;
                header.resize(header.len().next_multiple_of(8), 0);
                Ok(header)
            });
            Ok((heap, headers.collect::<Result<_, _>>().map_err(too_large)?))
        };
        // No header's length depends on an address, so a first draft tells where each will lie.
        let (heap, draft) = encode(&[])?;
        let mut end = heap_address + heap.encode().len() as u64;
        let mut addresses = Vec::with_capacity(draft.len());
        for header in &draft {
            addresses.push(end);
            end += header.len() as u64;
        }
        let (heap, headers) = encode(&addresses)?;
        file.append(&heap.encode()).map_err(io_failed)?;
        for header in &headers {
            file.append(header).map_err(io_failed)?;
        }
        Ok(addresses.last().copied().unwrap_or(UNDEFINED))
    }
}

impl Sink for DirectSink {
    fn packing(&self, variable: usize) -> Result<Packing, Failure> {
        let known = self.structure.variables.get(variable).ok_or_else(|| unknown(&self.path, variable))?;
        Ok(chunking::packing(known, self.level))
    }

    fn write(&mut self, variable: usize, packed: &Packed) -> Result<(), Failure> {
        match &packed.form {
            Form::Chunks(chunks) => self.append(variable, packed.rows, chunks.iter()),
            Form::Values(values) => {
                if let Some(variable) = self.structure.variables.get(variable) {
                    check_block(variable, values, &self.path)?;
                }
                // A source may store a single value as an array of one.
                self.append(variable, packed.rows, [&*values.bytes()])
            }
        }
    }

    fn write_text(&mut self, variable: usize, text: &[u8]) -> Result<(), Failure> {
        let fits = self.structure.variables.get(variable).filter(|variable| {
            variable.storage == Storage::Characters && variable.shape.iter().product::<usize>() == text.len()
        });
        let Some(rows) = fits.map(row_count) else {
            return Err(internal(&self.path, format!("{} characters do not fit", text.len())));
        };
        self.append(variable, rows, [text])
    }

    fn finish(mut self: Box<Self>, late: &LateAttributes) -> Result<(), Failure> {
        for (variable, stored) in self.structure.variables.iter().zip(&self.stored) {
            check_rows(variable, stored.rows, &self.path)?;
            if chunk_shape(variable).is_none() && stored.chunks.len() != 1 {
                return Err(internal(&self.path, format!("{} is stored in several pieces", variable.name)));
            }
        }
        self.add(late)?;
        let half = self.half_node();
        let places = self.index(half).map_err(|error| unwritable(&self.path, error))?;
        let root = self.describe(&places)?;
        let Self { path, file, .. } = *self;
        file.finish(root, half).map_err(|error| unwritable(&path, error))
    }
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::writing(Stage::Write, path.display().to_string(), error)
}
