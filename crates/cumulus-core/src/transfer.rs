//! The way of the values: from source to sink, a batch of blocks at a time, every block on a thread of its own.
//!
//! In: a composition, which says where each variable's values come from. Out: a sink with all values, and what was seen of
//! each variable on the way.
//!
//! While one batch is written, the next is read, decoded and packed. Blocks are read as the source stores them and
//! cut into the units the sink stores; units are written in order, so neither the number of threads nor the size
//! of blocks shows in the product.

use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayD;
use rayon::prelude::*;

use crate::cf::{Composition, Feed, Rows};
use crate::error::Failure;
use crate::map::decode::Statistics;
use crate::read::{Dataset, Source};
use crate::values::Values;
use crate::write::Sink;
use crate::write::pack::{Packed, Packing};

/// Bytes of values that one thread works on at a time.
pub const DEFAULT_BLOCK_BYTES: usize = 2 << 20;

/// Bytes that a block may grow to where the source stores large chunks.
const MOST_BLOCK_BYTES: usize = 32 << 20;

/// Blocks of a batch for each thread: enough that no thread waits long for the others at the end of it.
const BLOCKS_A_THREAD: usize = 2;

/// Samples that decide how a variable is packed.
const SAMPLES: usize = 3;

/// Bytes of a sample: 65,536 values of a plane or more show how they compress, and a whole unit costs four times as
/// much.
const SAMPLE_BYTES: usize = 512 << 10;

/// Moves all values from source to sink; answers what was seen of each variable.
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
    for (variable, feed) in composition.feeds.iter().enumerate() {
        statistics.push(match feed {
            Feed::Text(characters) => {
                sink.write_text(variable, characters)?;
                None
            }
            Feed::Made { values, statistics } => {
                let packing = sink.packing(variable)?;
                let units: Vec<Values> = Cutter::units(packing.rows, values.clone()).collect();
                let packing = packing.suited_to(&units);
                units.into_iter().try_for_each(|unit| sink.write(variable, packing.pack(unit)))?;
                statistics.clone()
            }
            Feed::Rows(rows) => {
                let mut lane =
                    Lane { source, rows, sink: &mut *sink, variable, statistics: Statistics::default() };
                lane.run(block_bytes)?;
                Some(lane.statistics)
            }
        });
    }
    Ok(statistics)
}

/// One variable on its way.
struct Lane<'run, 'granule> {
    source: &'run dyn Source,
    rows: &'run Rows<'granule>,
    sink: &'run mut dyn Sink,
    variable: usize,
    statistics: Statistics,
}

impl Lane<'_, '_> {
    fn run(&mut self, block_bytes: usize) -> Result<(), Failure> {
        let packing = self.sink.packing(self.variable)?;
        let packing = packing.clone().suited_to(&self.samples(&packing)?);
        let blocks = blocks(self.rows.dataset, self.rows.decoder.from.size(), packing.rows, block_bytes);
        let mut cutter = Cutter::new(packing.rows);
        let mut ready: Vec<Packed> = Vec::new();
        let are_whole_units = blocks.iter().all(|block| block.start % packing.rows == 0);
        let threads = rayon::current_num_threads().max(1);
        for batch in blocks.chunks(if are_whole_units { threads * BLOCKS_A_THREAD } else { threads }) {
            let Self { source, rows, sink, variable, statistics } = self;
            let work = Work { source: *source, rows, packing: &packing };
            let (written, packed) = rayon::join(
                || write(&mut **sink, *variable, ready),
                || {
                    if are_whole_units {
                        work.pack_each(batch, statistics)
                    } else {
                        work.pack_across(batch, &mut cutter, statistics)
                    }
                },
            );
            written?;
            ready = packed?;
        }
        write(self.sink, self.variable, ready)?;
        let rest = cutter.rest().into_iter().map(|unit| packing.pack(unit.values())).collect();
        write(self.sink, self.variable, rest)
    }

    /// Parts of a few units from all over the variable, decoded, for choosing how to pack it.
    fn samples(&self, packing: &Packing) -> Result<Vec<Values>, Failure> {
        let count = self.rows.dataset.row_count();
        let units = count.div_ceil(packing.rows);
        if packing.chunk.is_none_or(|chunk| chunk.level == 0) || units == 0 {
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
                decode(self.source, self.rows, &(start..end)).map(|(values, _)| values)
            })
            .collect()
    }
}

fn write(sink: &mut dyn Sink, variable: usize, units: Vec<Packed>) -> Result<(), Failure> {
    units.into_iter().try_for_each(|unit| sink.write(variable, unit))
}

/// What is done to every block.
struct Work<'run, 'granule> {
    source: &'run dyn Source,
    rows: &'run Rows<'granule>,
    packing: &'run Packing,
}

impl Work<'_, '_> {
    /// Packs blocks that begin where units begin: each on one thread from source to packed units, while it is in
    /// that thread's cache.
    fn pack_each(&self, batch: &[Range<usize>], statistics: &mut Statistics) -> Result<Vec<Packed>, Failure> {
        let done: Vec<(Vec<Packed>, Statistics)> = batch
            .par_iter()
            .with_max_len(1)
            .map(|block| {
                let (values, seen) = decode(self.source, self.rows, block)?;
                let units = Cutter::units(self.packing.rows, values);
                Ok((units.map(|unit| self.packing.pack(unit)).collect(), seen))
            })
            .collect::<Result<_, Failure>>()?;
        let mut packed = Vec::new();
        for (units, seen) in done {
            statistics.merge(&seen);
            packed.extend(units);
        }
        Ok(packed)
    }

    /// Packs blocks that units reach across: what is left of them waits in the cutter.
    fn pack_across(
        &self,
        batch: &[Range<usize>],
        cutter: &mut Cutter,
        statistics: &mut Statistics,
    ) -> Result<Vec<Packed>, Failure> {
        let decoded: Vec<(Values, Statistics)> =
            batch.par_iter().map(|block| decode(self.source, self.rows, block)).collect::<Result<_, _>>()?;
        let mut units = Vec::new();
        for (values, seen) in decoded {
            statistics.merge(&seen);
            units.extend(cutter.cut(values));
        }
        Ok(units.into_par_iter().map(|unit| self.packing.pack(unit.values())).collect())
    }
}

fn decode(
    source: &dyn Source,
    rows: &Rows<'_>,
    block: &Range<usize>,
) -> Result<(Values, Statistics), Failure> {
    let mut statistics = Statistics::default();
    let values = source.rows(rows.dataset, block.clone())?;
    let values = rows.decoder.decode(values, block.start, &mut statistics)?;
    Ok((values, statistics))
}

/// The blocks in which a dataset is read: about `block_bytes` each, and whole chunks of the source as long as they
/// are not too large, because a chunk read in two parts is inflated twice.
fn blocks(dataset: &Dataset, element_size: usize, unit_rows: usize, block_bytes: usize) -> Vec<Range<usize>> {
    let row_bytes = (dataset.shape.iter().skip(1).product::<usize>() * element_size).max(1);
    let wanted = (block_bytes / row_bytes).max(1);
    let whole = |rows: usize| wanted.div_ceil(rows.max(1)).saturating_mul(rows.max(1));
    let of_source = dataset.rows_stored_together.map(whole);
    let block_rows = of_source
        .filter(|rows| rows.saturating_mul(row_bytes) <= MOST_BLOCK_BYTES.max(block_bytes))
        .unwrap_or_else(|| {
            if unit_rows.saturating_mul(row_bytes) <= block_bytes { whole(unit_rows) } else { wanted }
        });
    let count = dataset.row_count();
    (0..count).step_by(block_rows).map(|start| start..start.saturating_add(block_rows).min(count)).collect()
}

/// Cuts blocks of any size into units of a given number of rows.
struct Cutter {
    rows: usize,
    /// Less than a unit.
    rest: Unit,
}

/// Rows of one block or of several, not yet put together: that is done by the thread that packs them.
#[derive(Default)]
struct Unit(Vec<(Arc<Values>, Range<usize>)>);

impl Cutter {
    fn new(rows: usize) -> Self {
        Self { rows: rows.max(1), rest: Unit::default() }
    }

    /// All units of a block that begins and ends where units do.
    fn units(rows: usize, block: Values) -> impl Iterator<Item = Values> {
        let mut cutter = Self::new(rows);
        let mut units = cutter.cut(block);
        units.extend(cutter.rest());
        units.into_iter().map(Unit::values)
    }

    /// The whole units that are there with this block.
    fn cut(&mut self, block: Values) -> Vec<Unit> {
        let (rows, block) = (block.row_count(), Arc::new(block));
        let mut units = Vec::new();
        let mut start = 0;
        while start < rows {
            let end = rows.min(start + self.rows - self.rest.row_count());
            self.rest.0.push((Arc::clone(&block), start..end));
            if self.rest.row_count() == self.rows {
                units.push(std::mem::take(&mut self.rest));
            }
            start = end;
        }
        units
    }

    /// What is left at the end: at most one unit.
    fn rest(&mut self) -> Option<Unit> {
        Some(std::mem::take(&mut self.rest)).filter(|rest| !rest.0.is_empty())
    }
}

impl Unit {
    fn row_count(&self) -> usize {
        self.0.iter().map(|(_, rows)| rows.len()).sum()
    }

    fn values(self) -> Values {
        let mut parts = self.0.into_iter().map(|(block, rows)| {
            if rows.len() == block.row_count() { Arc::unwrap_or_clone(block) } else { block.rows(rows) }
        });
        let first = parts.next();
        parts.fold(first.unwrap_or_else(|| Values::I8(ArrayD::zeros(vec![0]))), |unit, part| {
            unit.followed_by(&part)
        })
    }
}
