//! netCDF classic granules: CDF-1, CDF-2 (64-bit offsets) and CDF-5 (64-bit data).
//!
//! Input: a file. Output: its [`Description`] and rows of its datasets, by positioned reads; only the header is kept
//! in memory. A `char` variable is text: its last axis is the length of its strings, as in HDF5.
//!
//! Why no crate: `netcdf3` 0.6.1, the only one, calls itself experimental, rejects CDF-5, cannot read part of a
//! fixed-size variable, and trusts the counts in a damaged header: of 5000 copies of a genuine file with one to four
//! bytes changed at random, one made it allocate 13.5 GB at once, which ends the process. netcdf-c is not used for
//! any source (see [`super::hdf5`]). The format is small and stable (netCDF User's Guide, appendix "NetCDF Classic
//! and 64-bit Offset Data Formats"), so it is parsed here, and every count is checked against the remaining bytes
//! before anything is allocated.

mod decode;
mod header;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use self::decode::Kind;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_model::source::{Content, Dataset, Description, Source};
use cumulus_model::text::clean;
use cumulus_model::values::Values;

/// The first bytes of every netCDF classic file; the fourth is the version.
const MAGIC: &[u8; 3] = b"CDF";

/// An open netCDF classic granule.
#[derive(Debug)]
pub struct Netcdf3Source {
    file: File,
    place: String,
    description: Description,
    stored: BTreeMap<String, Stored>,
}

/// Location of a variable's values in the file.
#[derive(Clone, Debug)]
struct Stored {
    kind: Kind,
    /// Offset of the first value.
    begin: u64,
    /// Bytes of one row: the product of all axes after the first, times the element size.
    row_bytes: usize,
    /// Bytes from one row to the next, which is more than a row if record variables are interleaved.
    stride: u64,
    /// Bytes of one string.
    string_bytes: usize,
    rows: usize,
}

impl Stored {
    /// The same values as `count` rows: if axes of length one were dropped before the first, the only stored row
    /// holds all rows, in order.
    fn in_rows(&self, count: usize) -> Self {
        let mut stored = self.clone();
        if self.rows == 1 && count > 1 && self.row_bytes.is_multiple_of(count) {
            stored.row_bytes = self.row_bytes / count;
            stored.stride = stored.row_bytes as u64;
            stored.rows = count;
        }
        stored
    }
}

/// True if `bytes`, the start of a file, are the magic number of a netCDF classic file.
#[must_use]
pub fn is_netcdf3(bytes: &[u8]) -> bool {
    matches!(bytes, [b'C', b'D', b'F', 1 | 2 | 5, ..])
}

impl Netcdf3Source {
    /// Opens the file at `path` and describes its contents.
    ///
    /// # Errors
    /// Returns an error if the file is not netCDF classic, is truncated, or has an inconsistent header.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let place = path.display().to_string();
        let unreadable = |error| Failure::reading(Stage::Read, &place, error);
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        let mut magic = Vec::with_capacity(4);
        if metadata.is_file() {
            (&file).take(4).read_to_end(&mut magic).map_err(unreadable)?;
        }
        if !is_netcdf3(&magic) {
            let found = if magic.starts_with(MAGIC) { "an unknown version" } else { "no netCDF signature" };
            return Err(Failure::new(Stage::Read, place, "is not a netCDF classic file")
                .found(found)
                .expected("CDF followed by version 1, 2 or 5")
                .hint("check that the transfer was complete and binary"));
        }
        let (description, stored) = header::read(&file, metadata.len(), &place)?;
        Ok(Self { file, place, description, stored })
    }

    fn stored(&self, dataset: &Dataset) -> Result<&Stored, Failure> {
        self.stored.get(&dataset.path).ok_or_else(|| {
            Failure::new(Stage::Read, &dataset.path, "is not in this granule").class(Class::Internal)
        })
    }

    /// Reads the bytes of some rows, one row after the other.
    fn bytes(&self, stored: &Stored, rows: &Range<usize>, path: &str) -> Result<Vec<u8>, Failure> {
        if rows.start > rows.end || rows.end > stored.rows {
            return Err(Failure::new(Stage::Read, path, "has fewer rows")
                .class(Class::Internal)
                .found(format!("rows {rows:?} of {}", stored.rows)));
        }
        // The header was rejected unless all these bytes are in the file, so the product is no larger than the file.
        let mut bytes = vec![0; rows.len() * stored.row_bytes];
        let start = stored.begin + rows.start as u64 * stored.stride;
        let read = if stored.stride == stored.row_bytes as u64 {
            self.file.read_exact_at(&mut bytes, start)
        } else {
            bytes
                .chunks_exact_mut(stored.row_bytes.max(1))
                .zip(0_u64..)
                .try_for_each(|(row, index)| self.file.read_exact_at(row, start + index * stored.stride))
        };
        read.map_err(|error| Failure::reading(Stage::Read, format!("{}: {path}", self.place), error))?;
        Ok(bytes)
    }
}

impl Source for Netcdf3Source {
    fn description(&self) -> &Description {
        &self.description
    }

    fn rows(&self, dataset: &Dataset, rows: Range<usize>) -> Result<Values, Failure> {
        let stored = self.stored(dataset)?.in_rows(dataset.row_count());
        let bytes = self.bytes(&stored, &rows, &dataset.path)?;
        let shape: Vec<usize> = match dataset.shape.split_first() {
            Some((_, others)) => std::iter::once(rows.len()).chain(others.iter().copied()).collect(),
            None => Vec::new(),
        };
        stored.kind.values(&bytes, &shape).ok_or_else(|| {
            Failure::new(Stage::Read, &dataset.path, "does not hold numbers")
                .found(&dataset.content)
                .expected("an integer or floating-point variable")
                .hint("the granule is damaged or of another product; ask the producer")
        })
    }

    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure> {
        let stored = self.stored(dataset)?;
        if dataset.content != Content::Text {
            return Err(Failure::new(Stage::Read, &dataset.path, "does not hold text")
                .found(&dataset.content)
                .expected("a char variable"));
        }
        let bytes = self.bytes(stored, &(0..stored.rows), &dataset.path)?;
        Ok(match stored.string_bytes {
            0 => vec![String::new(); dataset.len()],
            length => bytes.chunks_exact(length).map(clean).collect(),
        })
    }
}

#[cfg(test)]
mod tests;
