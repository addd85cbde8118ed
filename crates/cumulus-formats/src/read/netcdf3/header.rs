//! Parser for the header of a netCDF classic file.
//!
//! ```text
//! header  = magic numrecs dims attributes variables
//! list    = ABSENT | tag count element...              count: 4 bytes, 8 in CDF-5
//! element = name length                                a dimension; length 0 is the record dimension
//!         | name type count values                     an attribute
//!         | name rank dimension... attributes type size begin       begin: 4 bytes in CDF-1, else 8
//! ```
//!
//! Names and values are padded to four bytes. Lists grow while they are read and are never allocated by their stated
//! count, and every text and array is checked against the remaining bytes, so memory is bounded by the file size.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use super::Stored;
use super::decode::Kind;
use crate::read::AttributeNotes;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Content, Dataset, Description, SourceAttribute, SourceValue};
use cumulus_model::text::clean;

const DIMENSIONS: u32 = 10;
const VARIABLES: u32 = 11;
const ATTRIBUTES: u32 = 12;

/// Bytes of `magic`.
const MAGIC_BYTES: u64 = 4;

type Result<T> = std::result::Result<T, Failure>;

/// Parses the header of a file of `size` bytes.
pub(super) fn read(file: &File, size: u64, place: &str) -> Result<(Description, BTreeMap<String, Stored>)> {
    let mut reader = BufReader::new(file);
    reader
        .seek(SeekFrom::Start(MAGIC_BYTES - 1))
        .map_err(|error| Failure::reading(Stage::Read, place, error))?;
    let mut header = Header {
        reader,
        left: size.saturating_sub(MAGIC_BYTES - 1),
        version: 1,
        place,
        notes: AttributeNotes::default(),
    };
    header.version = header.bytes(1)?.first().copied().unwrap_or_default();
    let records = header.records()?;
    let dimensions = header.dimensions()?;
    let attributes = header.attributes("/")?;
    let variables = header.variables(&dimensions)?;
    let description = Description { attributes, notes: header.notes.finish(), ..Description::default() };
    Layout { size, dimensions, records, place }.describe(variables, description)
}

struct Header<'file> {
    reader: BufReader<&'file File>,
    /// Bytes after the current position.
    left: u64,
    version: u8,
    place: &'file str,
    notes: AttributeNotes,
}

/// A variable as described in the header.
struct Variable {
    name: String,
    dimensions: Vec<usize>,
    attributes: Vec<SourceAttribute>,
    kind: Kind,
    begin: u64,
}

impl Header<'_> {
    fn bytes(&mut self, count: u64) -> Result<Vec<u8>> {
        if count > self.left {
            return Err(damaged(self.place, format!("{count} bytes wanted, {} left", self.left)));
        }
        let mut bytes = Vec::new();
        (&mut self.reader)
            .take(count)
            .read_to_end(&mut bytes)
            .map_err(|error| Failure::reading(Stage::Read, self.place, error))?;
        self.left -= count;
        if (bytes.len() as u64) < count {
            return Err(damaged(self.place, "the file shrank while it was read"));
        }
        Ok(bytes)
    }

    fn padded(&mut self, count: u64) -> Result<Vec<u8>> {
        let bytes = self.bytes(count)?;
        // In a file without variables, the last attribute may lack its padding.
        let padding = (count.next_multiple_of(4) - count).min(self.left);
        self.bytes(padding)?;
        Ok(bytes)
    }

    fn word(&mut self) -> Result<u32> {
        let bytes = self.bytes(4)?;
        Ok(bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)))
    }

    fn long_word(&mut self) -> Result<u64> {
        Ok(u64::from(self.word()?) << 32 | u64::from(self.word()?))
    }

    /// A count, length or index.
    fn count(&mut self) -> Result<u64> {
        if self.version == 5 { self.long_word() } else { self.word().map(u64::from) }
    }

    /// Number of records; `None` if the file was written as a stream and does not state it.
    fn records(&mut self) -> Result<Option<u64>> {
        let streaming = if self.version == 5 { u64::MAX } else { u64::from(u32::MAX) };
        Ok(Some(self.count()?).filter(|records| *records != streaming))
    }

    fn name(&mut self) -> Result<String> {
        let length = self.count()?;
        self.padded(length).map(|bytes| clean(&bytes))
    }

    /// Reads the number of elements of a list with this tag.
    fn list(&mut self, tag: u32) -> Result<u64> {
        let (found, count) = (self.word()?, self.count()?);
        if found == tag || (found == 0 && count == 0) {
            return Ok(count);
        }
        Err(damaged(self.place, format!("tag {found} with {count} elements instead of tag {tag}")))
    }

    /// Reads the lengths of the dimensions; 0 is the record dimension.
    fn dimensions(&mut self) -> Result<Vec<u64>> {
        let mut lengths = Vec::new();
        for _ in 0..self.list(DIMENSIONS)? {
            self.name()?;
            lengths.push(self.count()?);
        }
        Ok(lengths)
    }

    fn kind(&mut self) -> Result<Kind> {
        let code = self.word()?;
        Kind::of(code).ok_or_else(|| damaged(self.place, format!("a type with code {code}")))
    }

    fn attributes(&mut self, path: &str) -> Result<Vec<SourceAttribute>> {
        let mut attributes = Vec::new();
        for _ in 0..self.list(ATTRIBUTES)? {
            let name = self.name()?;
            let kind = self.kind()?;
            let count = self.count()?;
            let size = count
                .checked_mul(kind.size() as u64)
                .ok_or_else(|| damaged(self.place, format!("{count} values of attribute {name}")))?;
            let bytes = self.padded(size)?;
            // An empty attribute has no information: ASPEN writes all its attributes, with or without a value.
            if count == 0 {
                self.notes.empty(path, &name);
                continue;
            }
            let elements = usize::try_from(count).unwrap_or(usize::MAX);
            let value = match kind.values(&bytes, &[elements]) {
                Some(values) => SourceValue::Numbers(values),
                None => SourceValue::Text(clean(&bytes)),
            };
            attributes.extend(self.notes.check(path, SourceAttribute { name, value }));
        }
        attributes.sort_by(|left, right| left.name.cmp(&right.name));
        Ok(attributes)
    }

    fn variables(&mut self, dimensions: &[u64]) -> Result<Vec<Variable>> {
        let mut variables = Vec::new();
        for _ in 0..self.list(VARIABLES)? {
            let name = self.name()?;
            let mut of_variable = Vec::new();
            for _ in 0..self.count()? {
                let index = self.count()?;
                let known = usize::try_from(index).ok().filter(|index| *index < dimensions.len());
                of_variable.push(known.ok_or_else(|| {
                    damaged(self.place, format!("dimension {index} of {name}, of {}", dimensions.len()))
                })?);
            }
            let attributes = self.attributes(&name)?;
            let kind = self.kind()?;
            // The stated size is redundant, and by definition wrong if it does not fit into 32 bits.
            self.count()?;
            let begin = if self.version == 1 { u64::from(self.word()?) } else { self.long_word()? };
            variables.push(Variable { name, dimensions: of_variable, attributes, kind, begin });
        }
        Ok(variables)
    }
}

/// What determines the position of variables in the file.
struct Layout<'file> {
    size: u64,
    dimensions: Vec<u64>,
    records: Option<u64>,
    place: &'file str,
}

impl Layout<'_> {
    fn describe(
        &self,
        variables: Vec<Variable>,
        mut description: Description,
    ) -> Result<(Description, BTreeMap<String, Stored>)> {
        let rows = variables.iter().map(|variable| self.row_bytes(variable)).collect::<Result<Vec<u64>>>()?;
        let record_rows: Vec<u64> = variables
            .iter()
            .zip(&rows)
            .filter(|(variable, _)| self.is_record(variable))
            .map(|(_, bytes)| *bytes)
            .collect();
        // A record holds a row of each variable, padded to four bytes. A single record variable is not padded.
        let record_bytes = match record_rows.as_slice() {
            [single] => *single,
            several => several
                .iter()
                .try_fold(0_u64, |sum, bytes| sum.checked_add(bytes.checked_next_multiple_of(4)?))
                .ok_or_else(|| damaged(self.place, "records beyond 64 bits"))?,
        };
        let records = self.records.unwrap_or_else(|| {
            let begins =
                variables.iter().filter(|variable| self.is_record(variable)).map(|variable| variable.begin);
            let data = begins.min().map_or(0, |begin| self.size.saturating_sub(begin));
            data.checked_div(record_bytes).unwrap_or(0)
        });
        let mut stored = BTreeMap::new();
        for (variable, row_bytes) in variables.into_iter().zip(rows) {
            let place = self.stored(&variable, row_bytes, record_bytes, records)?;
            let mut shape = self.shape(&variable, records)?;
            let content = match variable.kind {
                Kind::Char => {
                    shape.pop();
                    Content::Text
                }
                Kind::Numbers(element_type) => Content::Numbers(element_type),
            };
            if stored.insert(variable.name.clone(), place).is_some() {
                return Err(damaged(self.place, format!("two variables called {}", variable.name)));
            }
            description.datasets.push(Dataset {
                path: variable.name,
                shape,
                content,
                rows_stored_together: None,
                attributes: variable.attributes,
            });
        }
        description.datasets.sort_by(|left, right| left.path.cmp(&right.path));
        Ok((description, stored))
    }

    fn length(&self, dimension: usize) -> u64 {
        self.dimensions.get(dimension).copied().unwrap_or_default()
    }

    fn is_record(&self, variable: &Variable) -> bool {
        variable.dimensions.first().is_some_and(|first| self.length(*first) == 0)
    }

    /// Bytes of one row: all axes after the first. For a scalar, the bytes of its only value.
    fn row_bytes(&self, variable: &Variable) -> Result<u64> {
        let others = variable.dimensions.get(1..).unwrap_or_default();
        if others.iter().any(|dimension| self.length(*dimension) == 0) {
            return Err(damaged(
                self.place,
                format!("the record dimension of {} is not its first", variable.name),
            ));
        }
        others
            .iter()
            .try_fold(variable.kind.size() as u64, |bytes, dimension| {
                bytes.checked_mul(self.length(*dimension))
            })
            .ok_or_else(|| damaged(self.place, format!("rows of {} beyond 64 bits", variable.name)))
    }

    fn shape(&self, variable: &Variable, records: u64) -> Result<Vec<usize>> {
        let lengths = variable.dimensions.iter().map(|dimension| match self.length(*dimension) {
            0 => records,
            length => length,
        });
        lengths
            .map(|length| usize::try_from(length).ok())
            .collect::<Option<_>>()
            .ok_or_else(|| damaged(self.place, format!("the shape of {}", variable.name)))
    }

    /// Locates a variable, which must be completely inside the file.
    fn stored(&self, variable: &Variable, row_bytes: u64, record_bytes: u64, records: u64) -> Result<Stored> {
        let is_record = self.is_record(variable);
        let (rows, stride) = match variable.dimensions.first() {
            Some(_) if is_record => (records, record_bytes),
            Some(first) => (self.length(*first), row_bytes),
            None => (1, row_bytes),
        };
        let end = match rows.checked_sub(1) {
            Some(before) => before
                .checked_mul(stride)
                .and_then(|bytes| bytes.checked_add(row_bytes)?.checked_add(variable.begin)),
            None => Some(variable.begin.min(self.size)),
        };
        if end.is_none_or(|end| end > self.size) {
            return Err(Failure::new(Stage::Read, self.place, "is cut short")
                .found(format!("{} bytes, {} needs more", self.size, variable.name))
                .expected(end.map_or_else(
                    || "a size that fits into 64 bits".to_owned(),
                    |end| format!("at least {end} bytes"),
                ))
                .hint("the file is truncated or damaged; fetch it again"));
        }
        let last = variable.dimensions.last().filter(|_| variable.kind == Kind::Char);
        let string_bytes = match last.map(|last| self.length(*last)) {
            // A string along the record dimension itself: one string, with one byte per record.
            Some(0) => records,
            Some(length) => length,
            None => 1,
        };
        let convert = |bytes: u64| {
            usize::try_from(bytes).map_err(|_| damaged(self.place, format!("the size of {}", variable.name)))
        };
        Ok(Stored {
            kind: variable.kind,
            begin: variable.begin,
            row_bytes: convert(row_bytes)?,
            stride,
            string_bytes: convert(string_bytes)?,
            rows: convert(rows)?,
        })
    }
}

fn damaged(place: &str, found: impl std::fmt::Display) -> Failure {
    Failure::new(Stage::Read, place, "has a damaged header")
        .found(found)
        .expected("a netCDF classic header")
        .hint("the file is probably truncated or damaged; fetch it again")
}
