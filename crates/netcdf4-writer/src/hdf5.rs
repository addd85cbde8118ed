//! Writes HDF5 files front to back: values first, then the metadata that locates them.
//!
//! libhdf5 has a cache of metadata, flushes it, and serves each call through several layers under one lock; for a
//! small product that is most of the work. A product needs little of the format: one group, contiguous or chunked
//! datasets, and attributes small enough to be stored in their object's header. Only this part is implemented here.
//!
//! All constants are from "HDF5 File Format Specification Version 3.0", The HDF Group, whose section numbers are
//! cited. Only features that HDF5 1.8 of 2008 can read are used.

mod checksum;
mod heap;
mod index;
mod message;
mod object;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::error::Error;
pub(crate) use heap::Heap;
pub(crate) use index::{Chunk, Grid, HalfNode, chunk_index};
pub(crate) use message::{Charset, Dataspace, Datatype, Filter, Layout, Message};
pub(crate) use object::Object;

/// Address of something that does not exist (section I.C, "undefined address").
pub(crate) const UNDEFINED: u64 = u64::MAX;

/// Length of superblock version 2 (section II.A).
const SUPERBLOCK_BYTES: usize = 48;

/// Size of the write buffer.
const BUFFER_BYTES: usize = 256 << 10;

/// Alignment of everything except values.
const ALIGNMENT: u64 = 8;

/// An append-only HDF5 file.
///
/// Until [`Appender::finish`] it has no signature, so no reader accepts it as a complete file.
#[derive(Debug)]
pub(crate) struct Appender {
    file: BufWriter<File>,
    position: u64,
}

impl Appender {
    /// Creates the file at `path`, which must not exist.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, File::create_new(path)?);
        file.write_all(&[0; SUPERBLOCK_BYTES])?;
        Ok(Self { file, position: SUPERBLOCK_BYTES as u64 })
    }

    /// Appends `bytes` and returns their address.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let address = self.position;
        self.file.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(address)
    }

    /// Pads the file to the alignment of structures, and returns the next address.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub(crate) fn align(&mut self) -> io::Result<u64> {
        while !self.position.is_multiple_of(ALIGNMENT) {
            self.append(&[0])?;
        }
        Ok(self.position)
    }

    /// Writes the superblock, which makes the file complete. `root` is the address of the root group's header, and
    /// `half` the node size of the chunk indices.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written or the superblock extension exceeds a limit of the format.
    pub(crate) fn finish(mut self, root: u64, half: HalfNode) -> Result<(), Error> {
        let mut extension = UNDEFINED;
        if half != index::USUAL {
            let object = Object::new(vec![message::index_room(half)]);
            extension = self.align()?;
            self.append(&object.encode()?)?;
        }
        let end = self.position;
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(file.write_all_at(&superblock(root, extension, end), 0)?)
    }
}

/// Superblock version 2: eight-byte addresses and lengths, no user block (section II.A).
fn superblock(root: u64, extension: u64, end: u64) -> Vec<u8> {
    let mut bytes = b"\x89HDF\r\n\x1a\n".to_vec();
    bytes.extend([2, 8, 8, 0]);
    for address in [0, extension, end, root] {
        bytes.extend(address.to_le_bytes());
    }
    bytes.extend(checksum::lookup3(&bytes).to_le_bytes());
    bytes
}
