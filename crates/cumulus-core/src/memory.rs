//! Memory of values that have moved on, kept for those that come next.
//!
//! Blocks of megabytes come and go a thousand times in a large granule, from thread to thread. Given back to the
//! allocator they would be zeroed each time and end up in pieces: 250,000 compressed records took 101 MB, and take 74.

use std::sync::{Arc, Mutex, PoisonError};

use crate::values::Values;

/// Memory that is not in use, shared by all threads of a conversion.
#[derive(Debug, Default)]
pub struct Memory {
    blocks: Mutex<Vec<Values>>,
    bytes: Mutex<Vec<Vec<u8>>>,
}

impl Memory {
    /// A block that nobody needs: any values of any shape.
    pub fn block(&self) -> Option<Values> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Keeps a block, unless somebody still needs it; whoever gives it up last, keeps it.
    pub fn keep_block(&self, block: Arc<Values>) {
        if let Some(block) = Arc::into_inner(block) {
            self.blocks.lock().unwrap_or_else(PoisonError::into_inner).push(block);
        }
    }

    /// No bytes, and room for so many, or for as many as were there before.
    pub fn bytes(&self, room: usize) -> Vec<u8> {
        let kept = self.bytes.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| Vec::with_capacity(room))
    }

    /// Keeps the memory of bytes.
    pub fn keep_bytes(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_kept_once_it_is_nobody_s() {
        let memory = Memory::default();
        let block = Arc::new(Values::I8(ndarray::ArrayD::zeros(vec![3])));
        memory.keep_block(Arc::clone(&block));
        assert!(memory.block().is_none());
        memory.keep_block(block);
        assert!(memory.block().is_some());
        assert!(memory.block().is_none());
    }

    #[test]
    fn bytes_come_back_empty_with_their_room() {
        let memory = Memory::default();
        let mut bytes = memory.bytes(10);
        bytes.extend([1; 1000]);
        memory.keep_bytes(bytes);
        let bytes = memory.bytes(10);
        assert!(bytes.is_empty() && bytes.capacity() >= 1000);
    }
}
