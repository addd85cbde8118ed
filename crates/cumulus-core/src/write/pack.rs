//! Rows as they are stored: everything between values and bytes that needs no file, so that many threads can do it
//! at once.

use std::borrow::Cow;
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

/// The chunks that are made of a unit: one, or several side by side where a row is cut into parts.
#[derive(Clone, Copy, Debug)]
pub struct ChunkPacking {
    /// Bytes of a row.
    pub row_bytes: usize,
    /// Bytes of a row in one chunk; the last part of a row may have fewer.
    pub part_bytes: usize,
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
    /// The bytes of chunks side by side, shuffled and compressed.
    Chunks(Vec<Vec<u8>>),
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
            Some(chunk) => Form::Chunks(chunk.pack(&unit, self.rows)),
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
                let parts = chunk.parts(sample, sample.row_count());
                let sizes = |encoder: &mut Encoder| {
                    parts.iter().map(|part| encoder.sizes(part, chunk.element_size)).sum::<Sizes>()
                };
                with_encoder(chunk.level, sizes)
            };
            chunk.strategy = samples.par_iter().map(sizes).sum::<Sizes>().choice();
        }
        self
    }
}

impl ChunkPacking {
    /// Packs a unit into chunks of so many rows.
    fn pack(&self, unit: &Values, rows: usize) -> Vec<Vec<u8>> {
        let parts = self.parts(unit, rows);
        if self.level == 0 {
            return parts.into_iter().map(Cow::into_owned).collect();
        }
        let encode = |encoder: &mut Encoder| {
            let encode =
                |part: &Cow<'_, [u8]>| encoder.encode(part, self.element_size, self.strategy).to_vec();
            parts.iter().map(encode).collect()
        };
        with_encoder(self.level, encode)
    }

    /// The bytes of each chunk, in full: a chunk is always stored whole, and nobody reads what lies beyond the edge of
    /// the variable.
    fn parts<'unit>(&self, unit: &'unit Values, rows: usize) -> Vec<Cow<'unit, [u8]>> {
        let mut bytes = unit.bytes();
        let chunk_bytes = rows * self.part_bytes;
        if self.part_bytes >= self.row_bytes {
            if bytes.len() < chunk_bytes {
                bytes.to_mut().resize(chunk_bytes, 0);
            }
            return vec![bytes];
        }
        let starts = (0..self.row_bytes).step_by(self.part_bytes.max(1));
        let part = |start: usize| {
            let mut part = Vec::with_capacity(chunk_bytes);
            for row in bytes.chunks(self.row_bytes) {
                let end = part.len() + self.part_bytes;
                let columns = start..(start + self.part_bytes).min(row.len());
                part.extend_from_slice(row.get(columns).unwrap_or_default());
                part.resize(end, 0);
            }
            part.resize(chunk_bytes, 0);
            Cow::Owned(part)
        };
        starts.map(part).collect()
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
