//! HDF5 files written front to back: values first, then the metadata with their addresses.
//!
//! libhdf5 keeps a cache of metadata, flushes it, and returns each question through several layers under one lock;
//! for a small product that is most of the work. What a product needs of the format is little: one group, datasets
//! that are stored whole or in chunks, and attributes small enough to lie beside them. That much is
//! written here.
//!
//! Source of every number here: "HDF5 File Format Specification Version 3.0", The HDF Group, whose section numbers
//! are given beside what they describe. Only what HDF5 1.8 of 2008 can read is used.

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

/// The address of what is not there (section I.C, "undefined address").
pub(crate) const UNDEFINED: u64 = u64::MAX;

/// Length of superblock version 2 (section II.A).
const SUPERBLOCK_BYTES: usize = 48;

/// Bytes that are gathered before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// Everything but values begins at a multiple of this.
const ALIGNMENT: u64 = 8;

/// An HDF5 file that grows at its end only.
///
/// Until [`Appender::finish`] it has no signature, so nothing takes it for a file that is complete.
#[derive(Debug)]
pub(crate) struct Appender {
    file: BufWriter<File>,
    position: u64,
}

impl Appender {
    /// Makes the file at `path`, which must not exist.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, File::create_new(path)?);
        file.write_all(&[0; SUPERBLOCK_BYTES])?;
        Ok(Self { file, position: SUPERBLOCK_BYTES as u64 })
    }

    /// Appends `bytes` and returns their address.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<u64> {
        let address = self.position;
        self.file.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(address)
    }

    /// Fills up to where a structure may begin, and returns that address.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn align(&mut self) -> io::Result<u64> {
        while !self.position.is_multiple_of(ALIGNMENT) {
            self.append(&[0])?;
        }
        Ok(self.position)
    }

    /// Makes it a file whose root group has its header at `root`, and whose indices have nodes of this size.
    ///
    /// # Errors
    /// The file cannot be written, or its nodes exceed the limit of the superblock.
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

/// Superblock version 2: addresses and lengths of eight bytes, no user block (section II.A).
fn superblock(root: u64, extension: u64, end: u64) -> Vec<u8> {
    let mut bytes = b"\x89HDF\r\n\x1a\n".to_vec();
    bytes.extend([2, 8, 8, 0]);
    for address in [0, extension, end, root] {
        bytes.extend(address.to_le_bytes());
    }
    bytes.extend(checksum::lookup3(&bytes).to_le_bytes());
    bytes
}
