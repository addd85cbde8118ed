//! The status flags beside a variable, written in the same pass.
//!
//! Its units hold more rows than those of the values that they are made of. One is written as soon as all values of its
//! rows are: where it lies in the product does not depend on the number of threads or the size of blocks.

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

/// A flag variable on its way.
pub(super) struct Beside<'run> {
    status: &'run Status,
    packing: Packing,
    cutter: Cutter,
    /// Packed units that wait for the values of their rows, with the number of rows up to the end of each.
    ready: VecDeque<(usize, Packed)>,
    /// Rows that are packed.
    packed: usize,
    /// Its own, because blocks of flags have another size.
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
            // Flags are the same over hundreds of bins.
            chunk.strategy = Strategy::Runs;
        }
        let cutter = Cutter::new(packing.rows);
        Ok(Self { status, packing, cutter, ready: VecDeque::new(), packed: 0, pool })
    }

    /// Pool for buffers of flags.
    pub(super) fn pool(&self) -> &'run BufferPool {
        self.pool
    }

    /// Packs the units that are whole with these blocks.
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

    /// Writes the units whose values are among the first `rows`.
    pub(super) fn write(&mut self, sink: &mut dyn Sink, rows: usize) -> Result<(), Failure> {
        while self.ready.front().is_some_and(|(end, _)| *end <= rows) {
            if let Some((_, unit)) = self.ready.pop_front() {
                super::write_unit(sink, self.status.variable, unit, self.pool)?;
            }
        }
        Ok(())
    }

    /// Writes all that is left.
    pub(super) fn finish(&mut self, sink: &mut dyn Sink) -> Result<(), Failure> {
        let rest = self.cutter.rest();
        self.pack(rest.into_iter().collect());
        self.write(sink, usize::MAX)
    }
}
