//! The way of the values: from source to sink, a batch of blocks at a time, every block on a thread of its own.
//!
//! In: a composition, which says where each variable's values come from. Out: a filled sink, and what was seen of
//! each variable on the way.
//!
//! While one batch is written, the next is read, decoded and packed. Blocks are read as the source stores them and
//! cut into the units the sink stores; units are written in order, so neither the number of threads nor the size
//! of blocks shows in the product.

use std::ops::Range;

use rayon::prelude::*;

use crate::cf::{self, Composition, Feed, Rows};
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

/// Units that decide how a variable is packed.
const SAMPLES: usize = 3;

/// Moves all values from source to sink and finishes the file; answers what was seen of each variable.
///
/// # Errors
/// The source cannot be read, a value cannot be represented, or the sink cannot be written.
pub fn transfer(
    source: &dyn Source,
    mut sink: Box<dyn Sink>,
    composition: &Composition<'_>,
    block_bytes: usize,
) -> Result<Vec<Option<Statistics>>, Failure> {
    let mut statistics = Vec::with_capacity(composition.feeds.len());
    for (variable, feed) in composition.feeds.iter().enumerate() {
        statistics.push(match feed {
            Feed::Text(characters) => {
                sink.write_text(variable, characters)?;
                None
            }
            Feed::Made { values, statistics } => {
                let mut cutter = Cutter::new(sink.packing(variable)?.rows);
                let mut units = cutter.cut(values.clone());
                units.extend(cutter.rest());
                let packing = sink.packing(variable)?.suited_to(&units);
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
    sink.finish(&cf::late_attributes(composition, &statistics))?;
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
        for batch in blocks.chunks(rayon::current_num_threads().max(1)) {
            let Self { source, rows, sink, variable, statistics } = self;
            let (written, packed) = rayon::join(
                || write(&mut **sink, *variable, ready),
                || prepare(*source, rows, batch, &mut cutter, &packing, statistics),
            );
            written?;
            ready = packed?;
        }
        write(self.sink, self.variable, ready)?;
        let rest = cutter.rest().into_iter().map(|unit| packing.pack(unit)).collect();
        write(self.sink, self.variable, rest)
    }

    /// A few units from all over the variable, decoded, for choosing how to pack it.
    fn samples(&self, packing: &Packing) -> Result<Vec<Values>, Failure> {
        let count = self.rows.dataset.row_count();
        let units = count.div_ceil(packing.rows);
        if packing.chunk.is_none_or(|chunk| chunk.level == 0) || units == 0 {
            return Ok(Vec::new());
        }
        let samples = SAMPLES.min(units);
        (0..samples)
            .into_par_iter()
            .map(|sample| {
                let start = (units * (2 * sample + 1) / (2 * samples)) * packing.rows;
                let end = (start + packing.rows).min(count);
                decode(self.source, self.rows, &(start..end)).map(|(values, _)| values)
            })
            .collect()
    }
}

fn write(sink: &mut dyn Sink, variable: usize, units: Vec<Packed>) -> Result<(), Failure> {
    units.into_iter().try_for_each(|unit| sink.write(variable, unit))
}

/// Reads, decodes, cuts and packs a batch of blocks.
fn prepare(
    source: &dyn Source,
    rows: &Rows<'_>,
    batch: &[Range<usize>],
    cutter: &mut Cutter,
    packing: &Packing,
    statistics: &mut Statistics,
) -> Result<Vec<Packed>, Failure> {
    let decoded: Vec<(Values, Statistics)> =
        batch.par_iter().map(|block| decode(source, rows, block)).collect::<Result<_, _>>()?;
    let mut units = Vec::new();
    for (values, seen) in decoded {
        statistics.merge(&seen);
        units.extend(cutter.cut(values));
    }
    Ok(units.into_par_iter().map(|unit| packing.pack(unit)).collect())
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
    rest: Option<Values>,
}

impl Cutter {
    fn new(rows: usize) -> Self {
        Self { rows: rows.max(1), rest: None }
    }

    /// The whole units that are there with this block.
    fn cut(&mut self, block: Values) -> Vec<Values> {
        let block = match self.rest.take() {
            Some(rest) => rest.followed_by(&block),
            None => block,
        };
        if block.shape().is_empty() {
            return vec![block];
        }
        let rows = block.row_count();
        if rows == self.rows {
            return vec![block];
        }
        let whole = rows - rows % self.rows;
        let units = (0..whole).step_by(self.rows).map(|start| block.rows(start..start + self.rows)).collect();
        if whole < rows {
            self.rest = Some(if whole == 0 { block } else { block.rows(whole..rows) });
        }
        units
    }

    /// What is left at the end: at most one unit.
    fn rest(&mut self) -> Option<Values> {
        self.rest.take()
    }
}
