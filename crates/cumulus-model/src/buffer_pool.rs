//! A pool of reusable buffers.
//!
//! A large granule needs thousands of blocks of several megabytes on several threads. If they were returned to the
//! allocator, each would be zeroed again and memory would fragment: compressing 250,000 records took 101 MB without
//! this pool and takes 74 MB with it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::values::Values;

/// Unused buffers, shared by all threads of a conversion.
#[derive(Debug, Default)]
pub struct BufferPool {
    blocks: Mutex<Vec<Values>>,
    bytes: Mutex<Vec<Vec<u8>>>,
}

impl BufferPool {
    /// Takes an unused block, to be overwritten: its values, shape and element type are arbitrary.
    pub fn take_block(&self) -> Option<Values> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// Returns a block to the pool. If it is still shared, it stays with its other owners, and the last of them
    /// returns it.
    pub fn return_block(&self, block: Arc<Values>) {
        if let Some(block) = Arc::into_inner(block) {
            self.blocks.lock().unwrap_or_else(PoisonError::into_inner).push(block);
        }
    }

    /// Takes an empty buffer: a returned one with whatever capacity it has, or a new one of `capacity` bytes.
    pub fn take_bytes(&self, capacity: usize) -> Vec<u8> {
        let returned = self.bytes.lock().unwrap_or_else(PoisonError::into_inner).pop();
        returned.unwrap_or_else(|| Vec::with_capacity(capacity))
    }

    /// Returns a buffer to the pool; its contents are discarded.
    pub fn return_bytes(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_returns_to_the_pool_with_its_last_owner() {
        let pool = BufferPool::default();
        let block = Arc::new(Values::I8(ndarray::ArrayD::zeros(vec![3])));
        pool.return_block(Arc::clone(&block));
        assert!(pool.take_block().is_none());
        pool.return_block(block);
        assert!(pool.take_block().is_some());
        assert!(pool.take_block().is_none());
    }

    #[test]
    fn a_returned_buffer_is_empty_and_keeps_its_capacity() {
        let pool = BufferPool::default();
        let mut bytes = pool.take_bytes(10);
        bytes.extend([1; 1000]);
        pool.return_bytes(bytes);
        let bytes = pool.take_bytes(10);
        assert!(bytes.is_empty() && bytes.capacity() >= 1000);
    }
}
