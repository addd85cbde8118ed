//! Parses files of one or more soundings, each with labelled header lines and a table: EOL and ESC.

use super::header::{self, Header};
use super::lines::{self, Line};
use super::number::Number;
use super::table::{self, Rule, Table};
use super::{Column, Format, Sounding};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::warning::{Code, Warning};

/// Label of the first header line of each sounding.
const FIRST_LABEL: &str = "data type";

/// Max soundings of one file: ten times those of the longest flight (90). A file that consists of first labels must
/// not cause millions of failures.
const MAX_SOUNDINGS: usize = 1000;

/// Max rows for which memory is allocated in advance; a Global Hawk sonde has 5200 in its 20 minutes.
const USUAL_ROWS: usize = 8192;

/// The differences between the formats.
pub(super) struct Dialect {
    pub(super) format: Format,
    /// Prefix of header names.
    pub(super) prefix: &'static str,
    /// Rule for the values of a column, by its name.
    pub(super) rule: fn(&str) -> Rule,
    /// Time of the row that was measured by the aircraft.
    pub(super) reference_time: Option<f64>,
    /// Fills in what header and rows state.
    pub(super) interpret: fn(&Header, &mut Sounding),
}

/// Parses every sounding of a file.
///
/// # Errors
/// Returns the first failure if no sounding can be read. Otherwise, failures of single soundings become notes.
pub(super) fn parse(bytes: &[u8], place: &str, dialect: &Dialect) -> Result<Vec<Sounding>, Failure> {
    let mut reader = Reader { lines: lines::of(bytes), pending: None, place, dialect };
    let (mut soundings, mut failures) = (Vec::new(), Vec::new());
    while let Some(section) = reader.section() {
        if soundings.len() + failures.len() == MAX_SOUNDINGS {
            return Err(Failure::new(Stage::Read, place, "holds too many soundings")
                .found(format!("more than {MAX_SOUNDINGS} headers"))
                .expected("the sondes of one flight at most")
                .hint("split the file"));
        }
        match section {
            Ok(sounding) => soundings.push(sounding),
            Err(failure) => failures.push(failure),
        }
    }
    let Some(first) = soundings.first_mut() else {
        return Err(failures.into_iter().next().unwrap_or_else(|| {
            Failure::new(Stage::Read, place, "is empty").found("no line").expected(dialect.format)
        }));
    };
    first.notes.extend(failures.iter().map(|failure| {
        let message = format!("another sounding in the file cannot be read: {failure}");
        Warning::of_granule(Code::SoundingUnreadable, message)
    }));
    Ok(soundings)
}

struct Reader<'text> {
    lines: lines::Lines<'text>,
    /// First line of the next sounding, read at the end of the rows.
    pending: Option<Line<'text>>,
    place: &'text str,
    dialect: &'text Dialect,
}

impl<'text> Reader<'text> {
    fn section(&mut self) -> Option<Result<Sounding, Failure>> {
        let mut header = Header::new(self.dialect.prefix);
        // The two lines above the dashes belong to the table, so each line is held back until two more have been
        // read.
        let mut waiting: [Option<Line<'text>>; 2] = [None, None];
        let (mut started, mut begun) = (false, false);
        let dashes = loop {
            let Some(line) = self.pending.take().or_else(|| self.lines.next()) else { break None };
            if table::is_dashes(line.bytes) {
                break Some(line);
            }
            if line.bytes.iter().all(|byte| byte.is_ascii_whitespace() || *byte == b'/') {
                continue;
            }
            let [first, second] = waiting;
            if begins(line) {
                if begun {
                    self.pending = Some(line);
                    break None;
                }
                begun = true;
            }
            if let Some(first) = first {
                header.add_line(first.bytes);
            }
            waiting = [second, Some(line)];
            started = true;
        };
        if !started && dashes.is_none() {
            return None;
        }
        Some(match dashes {
            Some(dashes) => self.table(header, waiting, dashes),
            None => Err(Failure::new(Stage::Read, self.place, "has a header without a table")
                .found(format!(
                    "{} header lines, no line of dashes",
                    header.len() + waiting.iter().flatten().count()
                ))
                .expected("column names, units, a line of dashes and rows")
                .hint("the file is probably truncated; fetch it again")),
        })
    }

    fn table(
        &mut self,
        mut header: Header,
        above: [Option<Line<'text>>; 2],
        dashes: Line<'text>,
    ) -> Result<Sounding, Failure> {
        let names_time = |line: &Line<'_>| {
            lines::words(line.bytes).any(|word| word.eq_ignore_ascii_case(b"time"))
                && header::split_label(line.bytes).is_none()
        };
        let (names, units) = match above {
            // A table without a line of units.
            [other, Some(names)] if names_time(&names) => {
                if let Some(other) = other {
                    header.add_line(other.bytes);
                }
                (names.bytes, &b""[..])
            }
            [Some(names), Some(units)] => (names.bytes, units.bytes),
            [_, units] => (&b""[..], units.map_or(&b""[..], |units| units.bytes)),
        };
        let table = Table::new(names, units, dashes.bytes, self.dialect.rule);
        let time = table.as_ref().and_then(|table| table.position("time"));
        let (Some(table), Some(time)) = (table, time) else {
            // Skips the rows of this table, so that the next sounding is found.
            self.skip_rows();
            return Err(Failure::new(Stage::Read, self.place, "has no time column")
                .found(format!("columns {:?}", lines::text(names)))
                .expected("a column called Time above the line of dashes")
                .hint("ask the producer for a corrected file"));
        };
        let mut rows = Rows::new(table, time, self.lines.remaining());
        for line in self.lines.by_ref() {
            match lines::without_blanks(line.bytes).first() {
                None => {}
                Some(byte) if byte.is_ascii_alphabetic() => {
                    if begins(line) {
                        self.pending = Some(line);
                        break;
                    }
                    rows.sounding.dropped.malformed += 1;
                }
                Some(_) => rows.add(line, self.dialect.reference_time),
            }
        }
        let mut sounding = rows.finish();
        sounding.notes.extend(header.note());
        if sounding.row_count() == 0 {
            return Err(Failure::new(Stage::Read, self.place, "has no row of data")
                .found(format!(
                    "{} malformed rows, {} without a time, {} of the aircraft",
                    sounding.dropped.malformed,
                    sounding.dropped.without_time,
                    usize::from(!sounding.reference.is_empty()) + sounding.dropped.repeated_reference
                ))
                .expected("at least one row of the sonde")
                .hint("the sonde sent nothing, or the file is cut short; there is nothing to convert"));
        }
        (self.dialect.interpret)(&header, &mut sounding);
        sounding.header = header.into_lines();
        Ok(sounding)
    }

    fn skip_rows(&mut self) {
        self.pending = self.lines.by_ref().find(|line| begins(*line));
    }
}

fn begins(line: Line<'_>) -> bool {
    header::label_is(line.bytes, FIRST_LABEL)
}

/// Rows that are being converted to columns.
struct Rows {
    table: Table,
    time: usize,
    cells: Vec<Number>,
    sounding: Sounding,
    /// Why the last row may be truncated, if there is a reason.
    ends_within: Option<&'static str>,
}

impl Rows {
    fn new(table: Table, time: usize, bytes: usize) -> Self {
        let rows = (bytes / table.row_bytes() + 1).min(USUAL_ROWS);
        let columns = table
            .fields
            .iter()
            .map(|field| Column {
                name: field.name.clone(),
                units: field.units.clone(),
                values: Vec::with_capacity(rows),
                ..Column::default()
            })
            .collect();
        let time_column = table.fields.get(time).map(|field| field.name.clone()).unwrap_or_default();
        let cells = vec![Number { value: f64::NAN, decimals: 0 }; table.fields.len()];
        Self {
            table,
            time,
            cells,
            sounding: Sounding { time_column, columns, ..Sounding::default() },
            ends_within: None,
        }
    }

    fn add(&mut self, line: Line<'_>, reference_time: Option<f64>) {
        self.ends_within = None;
        if !line.ended {
            self.ends_within = Some("the last line has no line end");
        }
        if !self.table.read(line, &mut self.cells) {
            self.sounding.dropped.malformed += 1;
            self.ends_within = Some("the last line is not a complete row");
            return;
        }
        for (field, cell) in self.table.fields.iter().zip(&mut self.cells) {
            if cell.value <= field.rule.missing_up_to || field.rule.missing.contains(&cell.value) {
                cell.value = f64::NAN;
            }
        }
        let time = self.cells.get(self.time).map_or(f64::NAN, |cell| cell.value);
        if time.is_nan() {
            self.sounding.dropped.without_time += 1;
        } else if reference_time == Some(time) {
            self.refer();
        } else {
            for (column, cell) in self.sounding.columns.iter_mut().zip(&self.cells) {
                column.values.push(cell.value);
            }
        }
    }

    fn refer(&mut self) {
        if !self.sounding.reference.is_empty() {
            self.sounding.dropped.repeated_reference += 1;
            return;
        }
        let named = self.table.fields.iter().zip(&self.cells).filter(|(_, cell)| !cell.value.is_nan());
        self.sounding.reference = named.map(|(field, cell)| (field.name.clone(), cell.value)).collect();
    }

    fn finish(self) -> Sounding {
        let mut sounding = self.sounding;
        for (column, field) in sounding.columns.iter_mut().zip(&self.table.fields) {
            column.decimals = field.printed_decimals();
            column.values.shrink_to_fit();
        }
        let unreadable = self.table.unreadable_cells;
        if unreadable > 0 {
            let message = format!("{unreadable} cells are not numbers and are missing");
            sounding.notes.push(Warning::of_granule(Code::CellsUnreadable, message).count(unreadable));
        }
        sounding.notes.extend(self.ends_within.map(super::truncated));
        if self.table.irregular_rows > 0 {
            let rows = self.table.irregular_rows;
            let message = format!(
                "{rows} rows have blank cells or no blanks between columns; they were read by printed decimals and position"
            );
            sounding.notes.push(Warning::of_granule(Code::RowsDamaged, message).count(rows));
        }
        sounding
    }
}
