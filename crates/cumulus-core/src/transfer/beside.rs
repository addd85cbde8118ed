//! Writes the status flags of a variable in the same pass as its values.
//!
//! A unit of flags has more rows than a unit of the values that it is computed from. It is written as soon as all
//! values of its rows are written, so its position in the file does not depend on the number of threads or the block
//! size.

use std::collections::VecDeque;

use rayon::prelude::*;

use crate::cf::Status;
use cumulus_formats::write::Sink;
use cumulus_formats::write::pack::{Packed, Packing};
use cumulus_formats::write::unit::{Cutter, Unit};
use cumulus_model::buffer_pool::BufferPool;
use cumulus_model::error::Failure;
use cumulus_model::values::Values;
use shuffle_deflate::Strategy;

/// A flag variable that is being written.
pub(super) struct Beside<'run> {
    status: &'run Status,
    packing: Packing,
    cutter: Cutter,
    /// Packed units that wait until the values of their rows are written, each with the row number of its end.
    ready: VecDeque<(usize, Packed)>,
    /// Number of rows packed so far.
    packed: usize,
    /// A separate buffer pool, because blocks of flags have another size than blocks of values.
    pool: &'run BufferPool,
}

impl<'run> Beside<'run> {
    pub(super) fn new(
        status: &'run Status,
        sink: &dyn Sink,
        pool: &'run BufferPool,
    ) -> Result<Self, Failure> {
        let mut packing = sink.packing(status.variable)?;
        if let Some(chunk) = &mut packing.chunk {
            // Flags are constant over hundreds of bins, so run-length compression suits them.
            chunk.strategy = Strategy::Runs;
        }
        let cutter = Cutter::new(packing.rows);
        Ok(Self { status, packing, cutter, ready: VecDeque::new(), packed: 0, pool })
    }

    /// Returns the pool for buffers of flags.
    pub(super) fn pool(&self) -> &'run BufferPool {
        self.pool
    }

    /// Adds blocks of flags, and packs the units that they complete.
    pub(super) fn add(&mut self, blocks: impl IntoIterator<Item = Values>) {
        let units: Vec<Unit> = blocks.into_iter().flat_map(|block| self.cutter.cut(block)).collect();
        self.pack(units);
    }

    fn pack(&mut self, units: Vec<Unit>) {
        let pack = |unit| self.packing.pack(unit, self.pool);
        let packed: Vec<Packed> = units.into_par_iter().map(pack).collect();
        for unit in packed {
            self.packed += unit.rows;
            self.ready.push_back((self.packed, unit));
        }
    }

    /// Writes the units that end at or before row `rows`.
    pub(super) fn write(&mut self, sink: &mut dyn Sink, rows: usize) -> Result<(), Failure> {
        while self.ready.front().is_some_and(|(end, _)| *end <= rows) {
            if let Some((_, unit)) = self.ready.pop_front() {
                super::write_unit(sink, self.status.variable, unit, self.pool)?;
            }
        }
        Ok(())
    }

    /// Packs and writes all remaining flags.
    pub(super) fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        let rest = self.cutter.rest();
        self.pack(rest.into_iter().collect());
        self.write(sink, usize::MAX)
    }
}
