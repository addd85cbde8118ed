//! Dropsonde soundings in text files: what each format states, as one neutral type.
//!
//! In: the bytes of a file. Out: one [`Sounding`] for every sounding in it. The format is recognized by content, never
//! by name, because archives rename. Columns keep the file's own names and rows the file's own order; nothing is
//! sorted, merged, interpolated or computed here. Bytes are read as UTF-8 where they are and as Latin-1 where they
//! are not, and every line ending is accepted, CR CR LF included: one collection holds them all.

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

/// Bytes at the start of a file in which the marks of its format must occur: the longest header known (ICARTT,
/// 104 lines) has 4 kB, and text before an EOL header is legal.
const MARKS_WITHIN: usize = 1 << 16;

/// A sounding as its file states it: columns under the file's own names, rows in the file's own order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sounding {
    /// Format and version, such as `EOL Sounding Format/1.1`, `AVAPS raw data, NOAA 1.7` or `ICARTT FFI 1001`.
    pub format: String,
    /// Every header line: a name in the style of attributes with the prefix of the format (`eol_`, `avaps_`,
    /// `icartt_`, `esc_`), and the raw text. Repeated names are numbered apart. Only the lines that make the table
    /// (names, units, dashes) are left out, because [`Sounding::columns`] has their content.
    pub header: Vec<(String, String)>,
    /// Serial number of the sonde, as written.
    pub sonde_id: Option<String>,
    /// Type of the sonde, as written.
    pub sonde_type: Option<String>,
    /// Campaign.
    pub project: Option<String>,
    /// Flight or mission of the campaign.
    pub flight: Option<String>,
    /// Aircraft: type and tail number as far as stated.
    pub platform: Option<String>,
    /// When the sonde was launched.
    pub launch: Option<Launch>,
    /// Launch position in the header.
    pub launch_position: LaunchPosition,
    /// Name of the column that holds the time of each row, in seconds since [`Sounding::time_origin`].
    pub time_column: String,
    /// Instant from which the time column counts: the launch, or a midnight where an ICARTT file has no time since
    /// launch. `None` where the file states no readable date.
    pub time_origin: Option<Timestamp>,
    /// Columns, all of the same length.
    pub columns: Vec<Column>,
    /// What the aircraft measured at launch (the EOL row at -1 s, the `A` row of a D-file), by column name. Missing
    /// values are left out; these values are never among the rows.
    pub reference: Vec<(String, f64)>,
    /// Units of these values by column name, where they are not those of the columns.
    pub reference_units: Vec<(String, String)>,
    /// Other numbers that the file holds once, one value each.
    pub scalars: Vec<Column>,
    /// Texts that the file holds once or for every row.
    pub texts: Vec<TextColumn>,
    /// Rows of the file that are not in the columns.
    pub dropped: Dropped,
    /// Largest difference in seconds between the file's wall clock and launch + time, where it has both.
    pub clock_deviation_s: Option<f64>,
    /// Oddities that deserve a warning.
    pub notes: Vec<Warning>,
    /// True where the file states that humidity is corrected for the dry bias of RD94 sensors
    /// (`TDDryBiasCorrApplied`); `None` if it is empty.
    pub dry_bias_corrected: Option<bool>,
}

impl Sounding {
    /// The column called `name`.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Number of rows.
    #[must_use]
    pub fn row_count(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// Raw text of the header line called `name`.
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
    /// Unit as in the file; empty where none is given.
    pub units: String,
    /// One value a row, NaN where missing.
    pub values: Vec<f64>,
    /// Most decimals that any value was printed with.
    pub decimals: u8,
    /// Attributes of its values in the file: a long name, the meaning of codes.
    pub attributes: Vec<SourceAttribute>,
}

/// Text of a sounding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TextColumn {
    /// Name as in the file.
    pub name: String,
    /// One text a row, or the only one.
    pub values: Vec<String>,
    /// True where there is one text a row.
    pub is_column: bool,
    /// Its attributes in the file.
    pub attributes: Vec<SourceAttribute>,
}

/// When a sonde was launched, and how that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// The instant, UTC.
    pub instant: Timestamp,
    /// Where in the file it is from.
    pub source: &'static str,
    /// True where the fraction of the second is known rather than cut or rounded off.
    pub has_fraction: bool,
    /// False if the file states that no launch was detected.
    pub detected: bool,
}

/// Where a sonde was launched; a part that is missing or impossible is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LaunchPosition {
    /// Degrees, east positive.
    pub longitude: Option<f64>,
    /// Degrees, north positive.
    pub latitude: Option<f64>,
    /// Metres.
    pub altitude_m: Option<f64>,
}

/// Rows of a file that are not in the columns, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Rows whose time is missing.
    pub without_time: usize,
    /// Rows that are cut short, have too many or too few fields, or hold something else than numbers.
    pub malformed: usize,
    /// Rows recorded on board before the launch; they show the cabin and the motion of the aircraft.
    pub before_launch: usize,
    /// Aircraft rows beyond the first, which is the reference.
    pub repeated_reference: usize,
}

impl Dropped {
    /// All of them.
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
    /// What the AVAPS receiver writes: D-files, and NAMMA's `.dat`.
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

/// True where the file at `path` begins like a sounding.
///
/// # Errors
/// It cannot be read.
pub fn is_sounding(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(MARKS_WITHIN as u64).read_to_end(&mut start)?;
    Ok(detect(&start).is_some())
}

/// The format of `bytes`, by what they hold.
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

/// Every sounding in `bytes`; `place` names them in failures.
///
/// # Errors
/// Bytes of no known format; a file without a table, a time column or a row; a D-file of a sonde that was never
/// launched.
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

/// The warning about a text that ends where no row should.
fn truncated(what: &str) -> Warning {
    Warning::of_granule(Code::Truncated, format!("{what}; the file may be truncated"))
}

#[cfg(test)]
mod tests;
