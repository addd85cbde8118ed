//! Units of rows that are stored together, cut from blocks of any size.
//!
//! A unit shares the blocks that it was cut from; rows are not copied before they are packed.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayD;

use cumulus_model::buffer_pool::BufferPool;
use cumulus_model::values::Values;

/// Consecutive rows of one or more blocks.
#[derive(Debug, Default)]
pub struct Unit(Vec<Piece>);

/// A range of rows of a block.
#[derive(Debug)]
struct Piece {
    block: Arc<Values>,
    rows: Range<usize>,
}

impl From<Values> for Unit {
    fn from(block: Values) -> Self {
        let rows = 0..block.row_count();
        Self(vec![Piece { block: Arc::new(block), rows }])
    }
}

impl Unit {
    /// Number of rows.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.0.iter().map(|piece| piece.rows.len()).sum()
    }

    /// The bytes of all rows in order, one piece at a time; every piece consists of whole rows.
    pub fn bytes(&self) -> impl Iterator<Item = Cow<'_, [u8]>> {
        self.0.iter().map(|Piece { block, rows }| {
            let bytes = block.bytes();
            let row_bytes = bytes.len().checked_div(block.row_count()).unwrap_or_default();
            let range = rows.start * row_bytes..rows.end * row_bytes;
            match bytes {
                Cow::Borrowed(bytes) => Cow::Borrowed(bytes.get(range).unwrap_or_default()),
                Cow::Owned(bytes) => Cow::Owned(bytes.get(range).unwrap_or_default().to_vec()),
            }
        })
    }

    /// Returns the blocks to the pool.
    pub fn release(self, pool: &BufferPool) {
        self.0.into_iter().for_each(|piece| pool.return_block(piece.block));
    }

    /// Converts the rows to one block.
    #[must_use]
    pub fn into_values(self) -> Values {
        let mut pieces = self.0.into_iter().map(|Piece { block, rows }| {
            if rows.len() == block.row_count() { Arc::unwrap_or_clone(block) } else { block.rows(rows) }
        });
        let first = pieces.next();
        pieces.fold(first.unwrap_or_else(|| Values::I8(ArrayD::zeros(vec![0]))), |unit, piece| {
            unit.followed_by(&piece)
        })
    }
}

/// Cuts consecutive blocks into units of a fixed number of rows.
#[derive(Debug)]
pub struct Cutter {
    rows: usize,
    /// Rows of an incomplete unit.
    rest: Unit,
}

impl Cutter {
    /// Creates a cutter for units of `rows` rows, at least one.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self { rows: rows.max(1), rest: Unit::default() }
    }

    /// All units of a block that starts and ends at unit boundaries.
    pub fn units(rows: usize, block: Values) -> impl Iterator<Item = Unit> {
        let mut cutter = Self::new(rows);
        let mut units = cutter.cut(block);
        units.extend(cutter.rest());
        units.into_iter()
    }

    /// Adds a block and returns the units that are complete.
    pub fn cut(&mut self, block: Values) -> Vec<Unit> {
        let (rows, block) = (block.row_count(), Arc::new(block));
        let mut units = Vec::new();
        let mut start = 0;
        while start < rows {
            let end = rows.min(start + self.rows - self.rest.row_count());
            self.rest.0.push(Piece { block: Arc::clone(&block), rows: start..end });
            if self.rest.row_count() == self.rows {
                units.push(std::mem::take(&mut self.rest));
            }
            start = end;
        }
        units
    }

    /// Returns the remaining rows at the end: at most one unit.
    pub fn rest(&mut self) -> Option<Unit> {
        Some(std::mem::take(&mut self.rest)).filter(|rest| !rest.0.is_empty())
    }
}
