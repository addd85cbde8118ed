//! Packs rows into their stored form. It does not access the file, so many threads can pack at once.

use std::cell::RefCell;

use rayon::prelude::*;

use super::unit::Unit;
use cumulus_model::buffer_pool::BufferPool;
use cumulus_model::values::Values;
use shuffle_deflate::{Encoder, Level, Sizes, Strategy, longest_stream};

/// Min bytes of samples for which trying two strategies is worth its cost.
const MIN_WORTH_ASKING: usize = 64 << 10;

/// How rows of one variable are grouped and encoded for storage.
#[derive(Clone, Debug)]
pub struct Packing {
    /// Rows per unit; the last unit may have fewer.
    pub rows: usize,
    /// `None`: rows are stored unchanged.
    pub chunk: Option<ChunkPacking>,
}

/// The chunks of a unit: one, or several side by side if rows are split.
#[derive(Clone, Copy, Debug)]
pub struct ChunkPacking {
    /// Bytes of a row.
    pub row_bytes: usize,
    /// Bytes of a row in one chunk; the last part of a row may be shorter.
    pub part_bytes: usize,
    /// Bytes of an element.
    pub element_size: usize,
    /// Deflate level; `None` for neither compression nor shuffle.
    pub level: Option<Level>,
    /// Match-finding strategy of deflate.
    pub strategy: Strategy,
}

/// Rows ready to be stored.
#[derive(Debug)]
pub struct Packed {
    /// Number of rows.
    pub rows: usize,
    /// Their stored form.
    pub form: Form,
}

/// The stored form of some rows.
#[derive(Debug)]
pub enum Form {
    /// Values.
    Values(Values),
    /// Chunks side by side, shuffled and compressed.
    Chunks(Chunks),
}

/// The bytes of several chunks, concatenated.
#[derive(Debug)]
pub struct Chunks {
    bytes: Vec<u8>,
    /// End offset of each chunk.
    ends: Vec<usize>,
}

impl Chunks {
    /// The bytes of each chunk.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| self.bytes.get(start..end).unwrap_or_default())
    }

    /// Returns the buffer, for the pool.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        self.ends.push(self.bytes.len());
    }
}

impl Packing {
    /// Packing for a sink that stores values unchanged, in units of `rows` rows.
    #[must_use]
    pub fn none(rows: usize) -> Self {
        Self { rows, chunk: None }
    }

    /// Packs one unit of at most [`Packing::rows`] rows. Its blocks are returned to `pool`, and the buffer for its
    /// chunks is taken from there.
    #[must_use]
    pub fn pack(&self, unit: Unit, pool: &BufferPool) -> Packed {
        let rows = unit.row_count();
        let form = match self.chunk {
            None => Form::Values(unit.into_values()),
            Some(chunk) => {
                let chunks = chunk.pack(&unit, self.rows, pool);
                unit.release(pool);
                Form::Chunks(chunks)
            }
        };
        Packed { rows, form }
    }

    /// Returns the same packing with the best strategy for these samples of the variable.
    #[must_use]
    pub fn suited_to(mut self, samples: &[Unit]) -> Self {
        if let Some(chunk) = &mut self.chunk
            && let Some(level) = chunk.level
            && !samples.is_empty()
        {
            let bytes = |sample: &Unit| sample.row_count() * chunk.row_bytes;
            if samples.iter().map(bytes).sum::<usize>() < MIN_WORTH_ASKING {
                chunk.strategy = Strategy::Matches;
                return self;
            }
            let sizes = |sample: &Unit| {
                with_scratch(|scratch| {
                    let encoder = encoder_at(&mut scratch.encoder, level);
                    let sizes = chunk.starts().map(|start| {
                        chunk.gather(sample, sample.row_count(), start, &mut scratch.part);
                        encoder.sizes(&scratch.part, chunk.element_size)
                    });
                    sizes.sum::<Sizes>()
                })
            };
            chunk.strategy = samples.par_iter().map(sizes).sum::<Sizes>().choice();
        }
        self
    }
}

impl ChunkPacking {
    /// Packs a unit into chunks of `rows` rows.
    fn pack(&self, unit: &Unit, rows: usize, pool: &BufferPool) -> Chunks {
        let bytes = rows * self.part_bytes * self.starts().count();
        let mut chunks = Chunks { bytes: pool.take_bytes(longest_stream(bytes)), ends: Vec::new() };
        with_scratch(|Scratch { part, encoder }| {
            let mut encoder = self.level.map(|level| encoder_at(encoder, level));
            for start in self.starts() {
                self.gather(unit, rows, start, part);
                chunks.push(match &mut encoder {
                    None => part,
                    Some(encoder) => encoder.encode(part, self.element_size, self.strategy),
                });
            }
        });
        chunks
    }

    /// Start offsets of the chunks in a row, in bytes.
    fn starts(&self) -> impl Iterator<Item = usize> {
        (0..self.row_bytes).step_by(self.part_bytes.max(1))
    }

    /// Fills `part` with the bytes of the chunk that starts at `start` in every row. A chunk is always stored in
    /// full; readers ignore what is beyond the edge of the variable.
    fn gather(&self, unit: &Unit, rows: usize, start: usize, part: &mut Vec<u8>) {
        part.clear();
        for bytes in unit.bytes() {
            if self.part_bytes >= self.row_bytes {
                part.extend_from_slice(&bytes);
                continue;
            }
            for row in bytes.chunks(self.row_bytes) {
                let end = part.len() + self.part_bytes;
                let columns = start..(start + self.part_bytes).min(row.len());
                part.extend_from_slice(row.get(columns).unwrap_or_default());
                part.resize(end, 0);
            }
        }
        part.resize(rows * self.part_bytes, 0);
    }
}

/// Buffers of a thread for one chunk at a time.
#[derive(Default)]
struct Scratch {
    /// Bytes of the chunk before they are encoded.
    part: Vec<u8>,
    encoder: Option<Encoder>,
}

/// Returns the encoder in `slot`, replaced if its level differs.
fn encoder_at(slot: &mut Option<Encoder>, level: Level) -> &mut Encoder {
    slot.take_if(|encoder| encoder.level() != level);
    slot.get_or_insert_with(|| Encoder::new(level))
}

/// Runs `work` with the buffers of this thread, which are reused because they cost more to create than a chunk.
fn with_scratch<T>(work: impl FnOnce(&mut Scratch) -> T) -> T {
    thread_local! {
        static SCRATCH: RefCell<Scratch> = RefCell::default();
    }
    SCRATCH.with_borrow_mut(work)
}
