//! Rows that are stored together, cut from blocks of any size.
//!
//! A unit shares the blocks it was cut from; nothing is copied before its rows are packed.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use ndarray::ArrayD;

use cumulus_model::buffer_pool::BufferPool;
use cumulus_model::values::Values;

/// Rows of one block or of several that follow each other.
#[derive(Debug, Default)]
pub struct Unit(Vec<Piece>);

/// Some rows of a block.
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

    /// The bytes of all rows in their order, a piece at a time, none of which cuts a row.
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

    /// The rows as one block.
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

/// Cuts blocks that follow each other into units of a given number of rows.
#[derive(Debug)]
pub struct Cutter {
    rows: usize,
    /// Less than a unit.
    rest: Unit,
}

impl Cutter {
    /// A cutter of units of `rows` rows, at least one.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        Self { rows: rows.max(1), rest: Unit::default() }
    }

    /// All units of a block that begins and ends where units do.
    pub fn units(rows: usize, block: Values) -> impl Iterator<Item = Unit> {
        let mut cutter = Self::new(rows);
        let mut units = cutter.cut(block);
        units.extend(cutter.rest());
        units.into_iter()
    }

    /// The whole units that are there with this block.
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

    /// What is left at the end: at most one unit.
    pub fn rest(&mut self) -> Option<Unit> {
        Some(std::mem::take(&mut self.rest)).filter(|rest| !rest.0.is_empty())
    }
}
