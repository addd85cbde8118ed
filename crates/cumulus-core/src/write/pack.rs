//! Rows as they are stored: everything between values and bytes that needs no file, so that many threads can do it
//! at once.

use std::cell::RefCell;

use rayon::prelude::*;

use super::encode::{Encoder, Sizes, Strategy};
use crate::values::Values;

/// Bytes below which trying two strategies costs more than the worse one could.
const LEAST_WORTH_ASKING: usize = 64 << 10;

/// How the rows of one variable are stored together, and what is done to them first.
#[derive(Clone, Debug)]
pub struct Packing {
    /// Rows stored together: units of so many rows are packed, the last one may have fewer.
    pub rows: usize,
    /// `None`: rows are stored as they are.
    pub chunk: Option<ChunkPacking>,
}

/// A chunk that is made here, whole.
#[derive(Clone, Copy, Debug)]
pub struct ChunkPacking {
    /// Bytes of a chunk before compression.
    pub bytes: usize,
    /// Bytes of an element.
    pub element_size: usize,
    /// Deflate level; 0 for none, and no shuffle either.
    pub level: u8,
    /// How deflate looks for what repeats.
    pub strategy: Strategy,
}

/// Rows ready to be stored.
#[derive(Debug)]
pub struct Packed {
    /// Number of rows.
    pub rows: usize,
    /// What is stored.
    pub form: Form,
}

/// What is stored of some rows.
#[derive(Debug)]
pub enum Form {
    /// Their values.
    Values(Values),
    /// The bytes of a chunk, shuffled and compressed.
    Chunk(Vec<u8>),
}

impl Packing {
    /// Packing for a sink that takes values as they are, in units of `rows`.
    #[must_use]
    pub fn none(rows: usize) -> Self {
        Self { rows, chunk: None }
    }

    /// Packs one unit: at most [`Packing::rows`] rows.
    #[must_use]
    pub fn pack(&self, unit: Values) -> Packed {
        let rows = unit.shape().first().copied().unwrap_or(1);
        let form = match self.chunk {
            None => Form::Values(unit),
            Some(chunk) => Form::Chunk(chunk.pack(&unit)),
        };
        Packed { rows, form }
    }

    /// The same packing with the strategy that suits these samples of the variable best.
    #[must_use]
    pub fn suited_to(mut self, samples: &[Values]) -> Self {
        if let Some(chunk) = &mut self.chunk
            && chunk.level > 0
            && !samples.is_empty()
        {
            let bytes: usize = samples.iter().map(|sample| sample.bytes().len()).sum();
            if bytes < LEAST_WORTH_ASKING {
                chunk.strategy = Strategy::Matches;
                return self;
            }
            let sizes = |sample: &Values| {
                with_encoder(chunk.level, |encoder| encoder.sizes(&sample.bytes(), chunk.element_size))
            };
            chunk.strategy = samples.par_iter().map(sizes).sum::<Sizes>().choice();
        }
        self
    }
}

impl ChunkPacking {
    fn pack(&self, unit: &Values) -> Vec<u8> {
        let mut bytes = unit.bytes();
        if bytes.len() < self.bytes {
            // A chunk is always stored whole; nobody reads what lies beyond the edge of the variable.
            bytes.to_mut().resize(self.bytes, 0);
        }
        if self.level == 0 {
            return bytes.into_owned();
        }
        with_encoder(self.level, |encoder| encoder.encode(&bytes, self.element_size, self.strategy).to_vec())
    }
}

/// Runs `work` with this thread's encoder, whose scratch memory is worth keeping.
fn with_encoder<T>(level: u8, work: impl FnOnce(&mut Encoder) -> T) -> T {
    thread_local! {
        static ENCODER: RefCell<Option<(u8, Encoder)>> = const { RefCell::new(None) };
    }
    ENCODER.with_borrow_mut(|slot| {
        if slot.as_ref().is_some_and(|(of, _)| *of != level) {
            *slot = None;
        }
        work(&mut slot.get_or_insert_with(|| (level, Encoder::new(level))).1)
    })
}
