//! The global heap, for variable-length values (section III.E of the format specification).

use crate::error::TooLarge;

/// Min bytes of a collection.
const MIN_BYTES: usize = 4096;

/// Bytes of a collection's header, and of each object's header.
const HEADER_BYTES: usize = 16;

/// Addresses of objects, stored in collections of the global heap.
///
/// All collections have the same size, so the location of an object is known in advance.
#[derive(Clone, Debug)]
pub(crate) struct Heap {
    /// Address of the first collection.
    address: u64,
    objects: Vec<u64>,
}

/// Max objects in a collection: each takes a header and eight bytes.
const OBJECTS: usize = (MIN_BYTES - 2 * HEADER_BYTES) / (HEADER_BYTES + 8);

impl Heap {
    /// Creates an empty heap at `address`.
    pub(crate) fn new(address: u64) -> Self {
        Self { address, objects: Vec::new() }
    }

    /// Stores `object` and returns the variable-length value that refers to it: its length, 1, the address of the
    /// collection, and its index in the collection.
    ///
    /// # Errors
    /// Returns an error if the index exceeds 32 bits, which is impossible with collections of this size.
    pub(crate) fn keep(&mut self, object: u64) -> Result<Vec<u8>, TooLarge> {
        let (collection, number) = (self.objects.len() / OBJECTS, self.objects.len() % OBJECTS + 1);
        self.objects.push(object);
        let mut value = 1_u32.to_le_bytes().to_vec();
        value.extend((self.address + (collection * MIN_BYTES) as u64).to_le_bytes());
        value.extend(u32::try_from(number).map_err(|_| TooLarge)?.to_le_bytes());
        Ok(value)
    }

    /// Its collections, concatenated.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for collection in self.objects.chunks(OBJECTS) {
            let end = bytes.len() + MIN_BYTES;
            bytes.extend(b"GCOL\x01\0\0\0");
            bytes.extend((MIN_BYTES as u64).to_le_bytes());
            for (object, number) in collection.iter().zip(1_u16..) {
                head(&mut bytes, number, 8);
                bytes.extend(object.to_le_bytes());
            }
            let free = end - bytes.len();
            head(&mut bytes, 0, free as u64);
            bytes.resize(end, 0);
        }
        bytes
    }
}

/// The header of an object: its index, its reference count, and its length; index 0 is free space.
fn head(bytes: &mut Vec<u8>, number: u16, length: u64) {
    bytes.extend(number.to_le_bytes());
    bytes.extend(u16::from(number > 0).to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(length.to_le_bytes());
}
