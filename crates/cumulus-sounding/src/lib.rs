//! Parses dropsonde soundings, in text files or arrays, into one neutral type.
//!
//! Input: the bytes of a text file, or a source of arrays (see [`arrays`]). Output: one [`Sounding`] for every
//! sounding in it. The format is detected by content, never by name, because archives rename files. Columns keep the
//! file's names and rows keep the file's order; nothing is sorted, merged, interpolated or computed here. Bytes are
//! decoded as UTF-8 if valid, else as Latin-1, and every line ending is accepted, including CR CR LF: one collection
//! has all of them.

pub mod arrays;
mod avaps_raw;
mod eol;
mod esc;
mod header;
mod icartt;
mod launch;
mod lines;
pub mod meteorology;
mod number;
mod section;
mod table;
pub mod time_unit;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use jiff::Timestamp;

use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::SourceAttribute;
use cumulus_model::warning::{Code, Warning};

/// Bytes at the start of a file that are searched for the marks of its format: the longest known header (ICARTT, 104
/// lines) has 4 kB, and text before an EOL header is legal.
pub const MARKS_WITHIN: usize = 1 << 16;

/// A sounding as stated in its file: columns under the file's names, rows in the file's order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sounding {
    /// Format and version, such as `EOL Sounding Format/1.1`, `AVAPS raw data, NOAA 1.7` or `ICARTT FFI 1001`.
    pub format: String,
    /// Every header line: a name in the style of attributes with the prefix of the format (`eol_`, `avaps_`,
    /// `icartt_`, `esc_`), and the raw text. Repeated names are numbered. Only the lines that define the table
    /// (names, units, dashes) are left out, because [`Sounding::columns`] has their contents.
    pub header: Vec<(String, String)>,
    /// Serial number of the sonde, as written.
    pub sonde_id: Option<String>,
    /// Type of the sonde, as written.
    pub sonde_type: Option<String>,
    /// Campaign.
    pub project: Option<String>,
    /// Flight or mission of the campaign.
    pub flight: Option<String>,
    /// Aircraft: type and tail number, if stated.
    pub platform: Option<String>,
    /// When the sonde was launched.
    pub launch: Option<Launch>,
    /// Launch position in the header.
    pub launch_position: LaunchPosition,
    /// Name of the column with the time of each row, in seconds since [`Sounding::time_origin`].
    pub time_column: String,
    /// Origin of the time column: the launch, or midnight if an ICARTT file has no time since launch. `None` if the
    /// file has no readable date.
    pub time_origin: Option<Timestamp>,
    /// Columns, all of the same length.
    pub columns: Vec<Column>,
    /// Values measured by the aircraft at launch (the EOL row at -1 s, the `A` row of a D-file), by column name,
    /// without missing values. These values are never among the rows.
    pub reference: Vec<(String, f64)>,
    /// Units of the reference values by column name, if they differ from those of the columns.
    pub reference_units: Vec<(String, String)>,
    /// Other numbers that occur once in the file, one value each.
    pub scalars: Vec<Column>,
    /// Texts that occur once in the file or once per row.
    pub texts: Vec<TextColumn>,
    /// Counts of rows that are not in the columns.
    pub dropped: Dropped,
    /// Max difference in seconds between the file's wall clock and launch + time, if it has both.
    pub clock_deviation_s: Option<f64>,
    /// Warnings about anomalies.
    pub notes: Vec<Warning>,
    /// True if the file states that humidity is corrected for the dry bias of RD94 sensors (`TDDryBiasCorrApplied`);
    /// `None` if it does not.
    pub dry_bias_corrected: Option<bool>,
}

impl Sounding {
    /// The column named `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Number of rows.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// Raw text of the header line named `name`.
    #[must_use]
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.header.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }
}

/// One column of a sounding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Column {
    /// Name as in the file.
    pub name: String,
    /// Unit as in the file; empty if there is none.
    pub units: String,
    /// One value per row, NaN where missing.
    pub values: Vec<f64>,
    /// Max number of decimals of any printed value.
    pub decimals: u8,
    /// The file's description of the values: a long name, the meaning of codes.
    pub attributes: Vec<SourceAttribute>,
}

/// Text of a sounding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextColumn {
    /// Name as in the file.
    pub name: String,
    /// One text per row, or a single text.
    pub values: Vec<String>,
    /// True if there is one text per row.
    pub is_column: bool,
    /// The file's description of the text.
    pub attributes: Vec<SourceAttribute>,
}

/// Launch time of a sonde, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// The instant, UTC.
    pub instant: Timestamp,
    /// The line, variable or row of the file that it comes from.
    pub source: &'static str,
    /// True if the fraction of the second is known, not truncated or rounded.
    pub has_fraction: bool,
    /// False if the file states that no launch was detected.
    pub detected: bool,
}

/// Launch position of a sonde; `None` for parts that are missing or impossible.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LaunchPosition {
    /// Degrees, east positive.
    pub longitude: Option<f64>,
    /// Degrees, north positive.
    pub latitude: Option<f64>,
    /// Metres.
    pub altitude_m: Option<f64>,
}

/// Numbers of rows that are not in the columns, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Rows whose time is missing.
    pub without_time: usize,
    /// Rows that are truncated, have too many or too few fields, or are not numeric.
    pub malformed: usize,
    /// Rows recorded on board before the launch; they show the cabin and the motion of the aircraft.
    pub before_launch: usize,
    /// Aircraft rows after the first, which is the reference.
    pub repeated_reference: usize,
}

impl Dropped {
    /// The total number.
    #[must_use]
    pub fn total(&self) -> usize {
        self.without_time + self.malformed + self.before_launch + self.repeated_reference
    }
}

/// A text format for soundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// EOL Sounding Format 1.0 or 1.1 (`.eol`).
    Eol,
    /// Files written by the AVAPS receiver: D-files, and NAMMA's `.dat`.
    AvapsRaw,
    /// ICARTT with file format index 1001 (`.ict`).
    Icartt,
    /// EOL Sounding Composite, also called CLASS (`.cls`).
    Esc,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Eol => "EOL Sounding Format",
            Self::AvapsRaw => "AVAPS raw data",
            Self::Icartt => "ICARTT FFI 1001",
            Self::Esc => "EOL Sounding Composite",
        })
    }
}

/// True if the file at `path` starts like a sounding.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn is_sounding(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(MARKS_WITHIN as u64).read_to_end(&mut start)?;
    Ok(detect(&start).is_some())
}

/// Detects the format of `bytes` by their contents.
#[must_use]
pub fn detect(bytes: &[u8]) -> Option<Format> {
    let start = bytes.get(..MARKS_WITHIN).unwrap_or(bytes);
    if lines::of(start).any(|line| avaps_raw::begins(line.bytes)) {
        return Some(Format::AvapsRaw);
    }
    let first = lines::of(start).find(|line| !line.is_blank())?;
    if icartt::begins(first.bytes) {
        return Some(Format::Icartt);
    }
    let has = |mark: &str| lines::of(start).any(|line| header::label_is(line.bytes, mark));
    if has("data type/direction") || has("file format/version") {
        return Some(Format::Eol);
    }
    let is_of_2001 = || has("data type") && lines::of(start).any(|line| esc::is_of_2001(line.bytes));
    (has("release location") || has("nominal release time") || is_of_2001()).then_some(Format::Esc)
}

/// Parses every sounding in `bytes`; `place` is their name in failures.
///
/// # Errors
/// Returns an error if the format is unknown, the file has no table, time column or row, or a D-file is from a sonde
/// that was never launched.
pub fn parse(bytes: &[u8], place: &str) -> Result<Vec<Sounding>, Failure> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::new(Stage::Read, place, "is empty")
            .found(format!("{} bytes, all blank", bytes.len()))
            .expected("a sounding")
            .hint("fetch the file again, or ask the producer"));
    }
    match detect(bytes) {
        Some(Format::Eol) => eol::parse(bytes, place),
        Some(Format::AvapsRaw) => avaps_raw::parse(bytes, place).map(|sounding| vec![sounding]),
        Some(Format::Icartt) => icartt::parse(bytes, place).map(|sounding| vec![sounding]),
        Some(Format::Esc) => esc::parse(bytes, place),
        None => Err(Failure::new(Stage::Read, place, "is not a sounding")
            .found(format!("text that begins with {:?}", lines::opening(bytes)))
            .expected("EOL, AVAPS raw, ICARTT FFI 1001 or EOL Sounding Composite text")
            .hint("move the file out of INPUT, or fetch it again as binary")),
    }
}

/// The warning about a text that ends within a row.
fn truncated(what: &str) -> Warning {
    Warning::of_granule(Code::Truncated, format!("{what}; the file may be truncated"))
}

#[cfg(test)]
mod tests;
