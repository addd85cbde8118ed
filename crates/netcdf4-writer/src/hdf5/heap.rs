//! The global heap: values of variable length (section III.E of the format specification).

use crate::error::TooLarge;

/// The least bytes of a collection.
const MIN_BYTES: usize = 4096;

/// A collection's own header, and that of each object in it.
const HEADER_BYTES: usize = 16;

/// Addresses of objects, kept in collections of the global heap.
///
/// All collections but the last have the same size, so where an object will lie is known before it is there.
#[derive(Clone, Debug)]
pub(crate) struct Heap {
    /// Where the first collection begins.
    address: u64,
    objects: Vec<u64>,
}

/// Objects in a collection: each takes its header and eight bytes.
const OBJECTS: usize = (MIN_BYTES - 2 * HEADER_BYTES) / (HEADER_BYTES + 8);

impl Heap {
    /// An empty heap that will begin at `address`.
    pub(crate) fn new(address: u64) -> Self {
        Self { address, objects: Vec::new() }
    }

    /// Keeps `object` and returns the reference that a value of variable length contains: its length, 1, the address of the
    /// collection, and its number there.
    ///
    /// # Errors
    /// The number is beyond 32 bits, which no collection of this size reaches.
    pub(crate) fn keep(&mut self, object: u64) -> Result<Vec<u8>, TooLarge> {
        let (collection, number) = (self.objects.len() / OBJECTS, self.objects.len() % OBJECTS + 1);
        self.objects.push(object);
        let mut value = 1_u32.to_le_bytes().to_vec();
        value.extend((self.address + (collection * MIN_BYTES) as u64).to_le_bytes());
        value.extend(u32::try_from(number).map_err(|_| TooLarge)?.to_le_bytes());
        Ok(value)
    }

    /// Its collections, one after another.
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

/// An object's number, how often it is used, and its bytes; number 0 is what is free.
fn head(bytes: &mut Vec<u8>, number: u16, length: u64) {
    bytes.extend(number.to_le_bytes());
    bytes.extend(u16::from(number > 0).to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(length.to_le_bytes());
}
