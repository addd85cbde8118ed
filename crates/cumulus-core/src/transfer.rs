//! Copies values from source to sink, in parallel and in order: a batch of blocks at a time, each block on its own
//! thread.
//!
//! Input: a composition, which states where each variable's values come from. Output: a sink with all values, and the
//! statistics of each variable.
//!
//! While one batch is written, the next is read, decoded and packed. Blocks match the chunks of the source and are cut
//! into the units of the sink; units are written in order, so neither the number of threads nor the block size affects
//! the product.

mod beside;

use std::ops::Range;

use rayon::prelude::*;

use self::beside::Beside;
use crate::cf::{Composition, Feed, Rows};
use crate::map::decode::Statistics;
use cumulus_formats::write::Sink;
use cumulus_formats::write::pack::{Form, Packed, Packing};
use cumulus_formats::write::unit::{Cutter, Unit};
use cumulus_model::buffer_pool::BufferPool;
use cumulus_model::error::Failure;
use cumulus_model::source::{Dataset, Source};
use cumulus_model::values::Values;

/// Default size of a block, in bytes of values; each thread works on one block at a time.
pub const DEFAULT_BLOCK_BYTES: usize = 2 << 20;

/// Maximum size of a block, in bytes, if the source has large chunks.
const MAX_BLOCK_BYTES: usize = 32 << 20;

/// Blocks per thread in a batch: enough that no thread waits long for the others at its end.
const BLOCKS_A_THREAD: usize = 2;

/// Maximum number of samples for choosing how a variable is packed.
const SAMPLES: usize = 3;

/// Maximum size of a sample in bytes: 65,536 or more bytes per byte plane show how the values compress, and a whole
/// unit costs four times as much.
const SAMPLE_BYTES: usize = 512 << 10;

/// Copies all values from source to sink, and returns the statistics of each variable, `None` if it has none.
///
/// # Errors
/// The source cannot be read, a value cannot be represented, or the sink cannot be written.
pub fn transfer(
    source: &dyn Source,
    sink: &mut dyn Sink,
    composition: &Composition<'_>,
    block_bytes: usize,
) -> Result<Vec<Option<Statistics>>, Failure> {
    let _span = tracing::info_span!("transfer").entered();
    let mut statistics = Vec::with_capacity(composition.feeds.len());
    let (pool, flag_pool) = (BufferPool::default(), BufferPool::default());
    for (variable, feed) in composition.feeds.iter().enumerate() {
        statistics.push(match feed {
            Feed::Text(characters) => {
                sink.write_text(variable, characters)?;
                None
            }
            Feed::Values { values, statistics } => {
                let packing = sink.packing(variable)?;
                let units: Vec<Unit> = Cutter::units(packing.rows, values.clone()).collect();
                let packing = packing.suited_to(&units);
                for unit in units {
                    write_unit(sink, variable, packing.pack(unit, &pool), &pool)?;
                }
                statistics.clone()
            }
            Feed::Rows(rows) => {
                let beside = rows.status.as_ref();
                let beside = beside.map(|status| Beside::new(status, sink, &flag_pool)).transpose()?;
                let mut variable_transfer = VariableTransfer {
                    source,
                    rows,
                    sink: &mut *sink,
                    variable,
                    pool: &pool,
                    statistics: Statistics::default(),
                    beside,
                    written: 0,
                };
                variable_transfer.run(block_bytes)?;
                Some(variable_transfer.statistics)
            }
            // Written together with the variable that it is computed from.
            Feed::Beside => None,
        });
    }
    Ok(statistics)
}

/// One variable that is being copied.
struct VariableTransfer<'run, 'granule> {
    source: &'run dyn Source,
    rows: &'run Rows<'granule>,
    sink: &'run mut dyn Sink,
    variable: usize,
    pool: &'run BufferPool,
    statistics: Statistics,
    /// Its flag variable, if it has one.
    beside: Option<Beside<'run>>,
    /// Number of rows written so far.
    written: usize,
}

impl VariableTransfer<'_, '_> {
    fn run(&mut self, block_bytes: usize) -> Result<(), Failure> {
        let packing = self.sink.packing(self.variable)?;
        let samples = self.samples(&packing)?;
        let packing = packing.suited_to(&samples);
        for sample in samples {
            sample.release(self.pool);
        }
        let blocks = blocks(self.rows.dataset, self.rows.decoder.from.size(), packing.rows, block_bytes);
        let mut cutter = Cutter::new(packing.rows);
        let mut ready: Vec<Packed> = Vec::new();
        let are_whole_units = blocks.iter().all(|block| block.start % packing.rows == 0);
        let threads = rayon::current_num_threads().max(1);
        let (source, rows, pool) = (self.source, self.rows, self.pool);
        let flag_pool = self.beside.as_ref().map(Beside::pool);
        let work = Work { source, rows, packing: &packing, pool, flag_pool };
        for batch in blocks.chunks(if are_whole_units { threads * BLOCKS_A_THREAD } else { threads }) {
            ready = if are_whole_units {
                let (written, packed) = rayon::join(|| self.write(ready), || work.pack_each(batch));
                written?;
                self.seen(packed?).into_iter().flatten().collect()
            } else {
                // Packed only after the previous batch is written, so that its buffers are reused.
                let (written, decoded) = rayon::join(|| self.write(ready), || work.decode_each(batch));
                written?;
                work.pack_across(self.seen(decoded?), &mut cutter)
            };
        }
        self.write(ready)?;
        let rest = cutter.rest().map(|unit| packing.pack(unit, self.pool));
        self.write(rest)?;
        match &mut self.beside {
            Some(beside) => beside.finish(self.sink),
            None => Ok(()),
        }
    }

    /// Writes units, and the flags whose values are written.
    fn write(&mut self, units: impl IntoIterator<Item = Packed>) -> Result<(), Failure> {
        for unit in units {
            self.written += unit.rows;
            write_unit(self.sink, self.variable, unit, self.pool)?;
            if let Some(beside) = &mut self.beside {
                beside.write(self.sink, self.written)?;
            }
        }
        Ok(())
    }

    /// Merges the statistics of blocks, passes on their flags, and returns their contents.
    fn seen<T>(&mut self, blocks: Vec<Block<T>>) -> Vec<T> {
        let mut flags = Vec::new();
        let take = |Block { content, flags: beside, statistics }| {
            self.statistics.merge(&statistics);
            flags.extend(beside);
            content
        };
        let blocks = blocks.into_iter().map(take).collect();
        if let Some(beside) = &mut self.beside {
            beside.add(flags);
        }
        blocks
    }

    /// Decodes parts of a few units, spread over the variable, for choosing how to pack it; empty if nothing is
    /// compressed.
    fn samples(&self, packing: &Packing) -> Result<Vec<Unit>, Failure> {
        let count = self.rows.dataset.row_count();
        let units = count.div_ceil(packing.rows);
        if packing.chunk.is_none_or(|chunk| chunk.level.is_none()) || units == 0 {
            return Ok(Vec::new());
        }
        let samples = SAMPLES.min(units);
        let rows = packing.chunk.map_or(1, |chunk| SAMPLE_BYTES / chunk.row_bytes.max(1));
        let rows = rows.clamp(1, packing.rows);
        (0..samples)
            .into_par_iter()
            .map(|sample| {
                let start = (units * (2 * sample + 1) / (2 * samples)) * packing.rows;
                let end = (start + rows).min(count);
                decode(self.source, self.rows, &(start..end), self.pool).map(|(values, _)| values.into())
            })
            .collect()
    }
}

/// Writes one unit and returns its buffer to the pool.
fn write_unit(sink: &mut dyn Sink, variable: usize, unit: Packed, pool: &BufferPool) -> Result<(), Failure> {
    sink.write(variable, &unit)?;
    if let Form::Chunks(chunks) = unit.form {
        pool.return_bytes(chunks.into_bytes());
    }
    Ok(())
}

/// The processing of every block of a variable.
struct Work<'run, 'granule> {
    source: &'run dyn Source,
    rows: &'run Rows<'granule>,
    packing: &'run Packing,
    pool: &'run BufferPool,
    flag_pool: Option<&'run BufferPool>,
}

/// A processed block.
struct Block<T> {
    content: T,
    /// The status flags of its values, if the variable has any.
    flags: Option<Values>,
    statistics: Statistics,
}

impl Work<'_, '_> {
    /// Reads, decodes and packs blocks that start at unit boundaries, each on one thread, so that it stays in that
    /// thread's cache.
    fn pack_each(&self, batch: &[Range<usize>]) -> Result<Vec<Block<Vec<Packed>>>, Failure> {
        let pack = |block| {
            let Block { content, flags, statistics } = self.decode(block)?;
            let units = Cutter::units(self.packing.rows, content);
            let content = units.map(|unit| self.packing.pack(unit, self.pool)).collect();
            Ok(Block { content, flags, statistics })
        };
        batch.par_iter().with_max_len(1).map(pack).collect()
    }

    /// Reads and decodes blocks that do not start at unit boundaries.
    fn decode_each(&self, batch: &[Range<usize>]) -> Result<Vec<Block<Values>>, Failure> {
        batch.par_iter().map(|block| self.decode(block)).collect()
    }

    /// Packs the units that these blocks complete; the remainder stays in the cutter.
    fn pack_across(&self, blocks: Vec<Values>, cutter: &mut Cutter) -> Vec<Packed> {
        let units: Vec<Unit> = blocks.into_iter().flat_map(|block| cutter.cut(block)).collect();
        units.into_par_iter().map(|unit| self.packing.pack(unit, self.pool)).collect()
    }

    fn decode(&self, block: &Range<usize>) -> Result<Block<Values>, Failure> {
        let (content, statistics) = decode(self.source, self.rows, block, self.pool)?;
        let flags = self.rows.status.as_ref().map(|status| {
            let fill = self.rows.decoder.fill.filter(|_| statistics.missing() > 0);
            let room = self.flag_pool.and_then(BufferPool::take_block);
            status.geometry.status(&content, block.start, fill, room)
        });
        Ok(Block { content, flags, statistics })
    }
}

fn decode(
    source: &dyn Source,
    rows: &Rows<'_>,
    block: &Range<usize>,
    pool: &BufferPool,
) -> Result<(Values, Statistics), Failure> {
    let mut statistics = Statistics::default();
    let values = source.rows_into(rows.dataset, block.clone(), pool.take_block())?;
    let values = rows.decoder.decode(values, block.start, &mut statistics)?;
    Ok((values, statistics))
}

/// Divides the rows of a dataset into blocks of about `block_bytes` each: whole chunks of the source unless they are
/// too large, because a chunk that is read in two parts is inflated twice.
fn blocks(dataset: &Dataset, element_size: usize, unit_rows: usize, block_bytes: usize) -> Vec<Range<usize>> {
    let row_bytes = (dataset.shape.iter().skip(1).product::<usize>() * element_size).max(1);
    let wanted = (block_bytes / row_bytes).max(1);
    let whole = |rows: usize| wanted.div_ceil(rows.max(1)).saturating_mul(rows.max(1));
    let of_source = dataset.rows_stored_together.map(whole);
    let block_rows = of_source
        .filter(|rows| rows.saturating_mul(row_bytes) <= MAX_BLOCK_BYTES.max(block_bytes))
        .unwrap_or_else(|| {
            if unit_rows.saturating_mul(row_bytes) <= block_bytes { whole(unit_rows) } else { wanted }
        });
    let count = dataset.row_count();
    (0..count).step_by(block_rows).map(|start| start..start.saturating_add(block_rows).min(count)).collect()
}
