//! A file that is being written.

use std::path::Path;

use crate::check;
use crate::conventions::{self, Place};
use crate::error::Error;
use crate::hdf5::{Appender, Chunk, Grid, HalfNode, Heap, UNDEFINED, chunk_index};
use crate::structure::{Attribute, Structure};

/// Location of stored bytes of a variable in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Offset of the first byte from the start of the file.
    pub address: u64,
    /// Number of bytes.
    pub bytes: usize,
}

/// A netCDF-4 file that is being written.
#[derive(Debug)]
pub struct Writer {
    file: Appender,
    structure: Structure,
    /// Chunks of each variable, in order; a contiguous variable has one.
    stored: Vec<Vec<Chunk>>,
}

impl Writer {
    /// Creates the file at `path`, which must not exist.
    ///
    /// # Errors
    /// Returns an error if the structure is not supported (see [`Structure::check`]; then no file is created), or the
    /// file cannot be written.
    pub fn create(path: &Path, structure: Structure) -> Result<Self, Error> {
        structure.check()?;
        let file = Appender::create(path)?;
        let stored = vec![Vec::new(); structure.variables.len()];
        Ok(Self { file, structure, stored })
    }

    /// Appends the next chunk of a variable in row-major order, or all values of a contiguous variable. Bytes must be
    /// little-endian, and compressed if [`Chunking::deflate`](crate::Chunking::deflate) is set.
    ///
    /// # Errors
    /// Returns an error if there is no such variable, or the file cannot be written.
    pub fn append(&mut self, variable: usize, bytes: &[u8]) -> Result<(), Error> {
        let stored = self.stored.get_mut(variable).ok_or(Error::NoVariable(variable))?;
        let address = self.file.append(bytes)?;
        stored.push(Chunk { address, bytes: bytes.len() });
        Ok(())
    }

    /// Sets an attribute of a variable, or of the file if `variable` is `None`; replaces an attribute of the same
    /// name.
    ///
    /// # Errors
    /// Returns an error if there is no such variable, or the attribute cannot be stored.
    pub fn set_attribute(&mut self, variable: Option<usize>, attribute: Attribute) -> Result<(), Error> {
        let (of, attributes) = match variable {
            None => ("the file", &mut self.structure.attributes),
            Some(number) => {
                let variable = self.structure.variables.get_mut(number).ok_or(Error::NoVariable(number))?;
                (variable.name.as_str(), &mut variable.attributes)
            }
        };
        check::check_attribute(of, &attribute)?;
        match attributes.iter_mut().find(|earlier| earlier.name == attribute.name) {
            Some(earlier) => *earlier = attribute,
            None => attributes.push(attribute),
        }
        Ok(())
    }

    /// Writes the metadata, which completes the file, and returns the location of every chunk of each variable.
    ///
    /// # Errors
    /// Returns an error if a variable has too few or too many values, a header is too large, or the file cannot be
    /// written.
    pub fn finish(mut self) -> Result<Vec<Vec<Extent>>, Error> {
        self.check_complete()?;
        let most_chunks = self.stored.iter().map(Vec::len).max().unwrap_or(0);
        let half = HalfNode::of(most_chunks);
        let places = self.index(half)?;
        let root = self.describe(&places)?;
        self.file.finish(root, half)?;
        let extent = |chunk: Chunk| Extent { address: chunk.address, bytes: chunk.bytes };
        Ok(self.stored.into_iter().map(|chunks| chunks.into_iter().map(extent).collect()).collect())
    }

    fn check_complete(&self) -> Result<(), Error> {
        for (variable, stored) in self.structure.variables.iter().zip(&self.stored) {
            let (chunks, _) = self.structure.chunk_counts(variable);
            if stored.len() != chunks {
                return Err(Error::Incomplete {
                    variable: variable.name.clone(),
                    found: format!("{} chunks", stored.len()),
                    expected: chunks.to_string(),
                });
            }
            let shape = match &variable.chunking {
                Some(chunking) if chunking.deflate.is_some() => continue,
                Some(chunking) => chunking.shape.clone(),
                None => self.structure.shape(variable),
            };
            let bytes = variable.kind.size() * shape.iter().product::<usize>();
            if let Some(chunk) = stored.iter().find(|chunk| chunk.bytes != bytes) {
                return Err(Error::Incomplete {
                    variable: variable.name.clone(),
                    found: format!("{} bytes", chunk.bytes),
                    expected: bytes.to_string(),
                });
            }
        }
        Ok(())
    }

    /// Writes the chunk indices and returns where each variable is stored.
    fn index(&mut self, half: HalfNode) -> Result<Vec<Place>, Error> {
        let Self { file, structure, stored, .. } = self;
        let places = structure.variables.iter().zip(stored).map(|(variable, stored)| {
            let Some(chunking) = &variable.chunking else {
                return Ok(Place::Whole(stored.first().map_or(UNDEFINED, |whole| whole.address)));
            };
            let (_, parts) = structure.chunk_counts(variable);
            let grid = Grid { shape: &chunking.shape, parts };
            let (nodes, root) = chunk_index(stored, grid, half, file.align()?)?;
            file.append(&nodes)?;
            Ok(Place::Chunks(root))
        });
        places.collect()
    }

    /// Writes the heap and all objects, and returns the address of the root group.
    fn describe(&mut self, places: &[Place]) -> Result<u64, Error> {
        let Self { file, structure, .. } = self;
        let heap_address = file.align()?;
        let encode = |addresses: &[u64]| -> Result<(Heap, Vec<Vec<u8>>), Error> {
            let (heap, objects) =
                conventions::objects(structure, places, Heap::new(heap_address), addresses)?;
            let last = objects.len().saturating_sub(1);
            let headers = objects.iter().enumerate().map(|(number, object)| {
                let mut header = object.encode()?;
                // The last header needs no padding, and every byte of the file must have a purpose.
                if number < last {
                    header.resize(header.len().next_multiple_of(8), 0);
                }
                Ok(header)
            });
            Ok((heap, headers.collect::<Result<_, Error>>()?))
        };
        // Lengths of headers do not depend on addresses, so a draft without addresses determines where each header
        // will be.
        let (heap, draft) = encode(&[])?;
        let mut end = heap_address + heap.encode().len() as u64;
        let mut addresses = Vec::with_capacity(draft.len());
        for header in &draft {
            addresses.push(end);
            end += header.len() as u64;
        }
        let (heap, headers) = encode(&addresses)?;
        file.append(&heap.encode())?;
        for header in &headers {
            file.append(header)?;
        }
        Ok(addresses.last().copied().unwrap_or(UNDEFINED))
    }
}

#[cfg(test)]
mod tests;
