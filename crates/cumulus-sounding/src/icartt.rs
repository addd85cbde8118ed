//! ICARTT files with file format index 1001, the format in which IMPACTS publishes its sondes.
//!
//! The header states its number of lines, so it is read by position: names, units, scale factors and missing values
//! of the columns, then special and normal comments of the form `key: text`. Comments may span several lines, keys
//! repeat, and keywords occur without their colon.

use jiff::civil::Date;

use super::header::{self, Header};
use super::launch;
use super::lines::{self, Line, Lines};
use super::number::{self, Number};
use super::{Column, Launch, Sounding};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::warning::{Code, Warning};

/// Keywords of normal comments (ICARTT File Format Standards V2.0, section 2.3.2) that writers print without a colon,
/// or may.
const KEYWORDS: [&str; 6] =
    ["PI_CONTACT_INFO", "PLATFORM", "LOCATION", "ASSOCIATED_DATA", "INSTRUMENT_INFO", "DATA_INFO"];

/// Name of the column of time since launch, in IMPACTS files.
const SINCE_LAUNCH: &str = "TimeFLStart";

/// Max dependent variables of one file: far more than any sonde has (14).
const MAX_COLUMNS: usize = 1024;

/// A larger step of the clock is a wrap at midnight: rows of one fall are less than an hour apart.
const TURN_S: f64 = 82_800.0;

/// Seconds per day.
const DAY_S: f64 = 86_400.0;

/// Milliseconds per second.
const SECOND_MS: i64 = 1000;

/// True for a first line `<header lines>, 1001`.
pub(super) fn begins(line: &[u8]) -> bool {
    let mut parts = line.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    let count = parts.next().is_some_and(|count| !count.is_empty() && count.iter().all(u8::is_ascii_digit));
    count && parts.next().is_some_and(|index| index == b"1001")
}

/// Parses the sounding of an ICARTT file.
pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Sounding, Failure> {
    let mut head = Head { lines: lines::of(bytes), read: 0, place };
    let (mut layout, header) = head.layout()?;
    let mut sounding = Sounding { format: "ICARTT FFI 1001".to_owned(), ..Sounding::default() };
    for line in head.lines {
        layout.row(line, &mut sounding);
    }
    if layout.columns.first().is_none_or(|column| column.values.is_empty()) {
        return Err(Failure::new(Stage::Read, place, "has no row of data")
            .found(format!("{} malformed rows", sounding.dropped.malformed))
            .expected("rows below the header")
            .hint("the file is probably truncated; fetch it again"));
    }
    if layout.out_of_range > 0 {
        let count = layout.out_of_range;
        let message = format!("{count} values are flagged as beyond the limits of detection and are missing");
        sounding.notes.push(Warning::of_granule(Code::ValuesOutOfRange, message).count(count));
    }
    if layout.unreadable_cells > 0 {
        let message = format!("{} cells are not numbers and are missing", layout.unreadable_cells);
        let note = Warning::of_granule(Code::CellsUnreadable, message).count(layout.unreadable_cells);
        sounding.notes.push(note);
    }
    sounding.notes.extend(layout.ends_within.map(super::truncated));
    if let Some(clock) = layout.columns.first_mut() {
        unwrap_midnight(&mut clock.values);
    }
    sounding.columns = layout.columns;
    describe(&header, &mut sounding, layout.date);
    sounding.notes.extend(header.note());
    sounding.header = header.into_lines();
    Ok(sounding)
}

/// The columns and how their numbers are converted to values.
struct Layout {
    date: Option<Date>,
    columns: Vec<Column>,
    /// Scale factor and missing value of each column; the first column, the independent variable, has none.
    scales: Vec<(f64, f64)>,
    /// Values that mean above or below the limits of detection.
    flags: Vec<f64>,
    out_of_range: usize,
    /// Number of cells that are not numeric.
    unreadable_cells: usize,
    /// Why the last row may be truncated, if there is a reason.
    ends_within: Option<&'static str>,
}

impl Layout {
    #[expect(clippy::float_cmp, reason = "sentinels and scales of one are printed, not computed")]
    fn row(&mut self, line: Line<'_>, sounding: &mut Sounding) {
        if line.is_blank() {
            return;
        }
        self.ends_within = Some("the last line is not a complete row");
        let mut words: Vec<&[u8]> = line.bytes.split(|byte| *byte == b',').collect();
        // Some writers end each row with a comma.
        if words.len() == self.columns.len() + 1
            && words.last().is_some_and(|word| word.trim_ascii().is_empty())
        {
            words.pop();
        }
        let cells: Vec<Number> = words
            .iter()
            .map(|word| number::whole(word).unwrap_or(Number { value: f64::NAN, decimals: 0 }))
            .collect();
        let unreadable = cells.iter().filter(|cell| cell.value.is_nan()).count();
        if cells.len() != self.columns.len() || unreadable * 2 > cells.len() {
            sounding.dropped.malformed += 1;
            return;
        }
        // Without its line end, the last number may lack digits, which cannot be detected if widths vary. The other
        // rows show how many decimals a complete number has; a missing value is complete.
        let cut = !line.ended
            && cells.last().zip(self.columns.last()).zip(self.scales.last()).is_none_or(
                |((cell, column), (_, missing))| cell.value != *missing && cell.decimals < column.decimals,
            );
        if cut {
            sounding.dropped.malformed += 1;
            return;
        }
        self.ends_within = (!line.ended).then_some("the last line has no line end");
        self.unreadable_cells += unreadable;
        if cells.first().is_none_or(|time| time.value.is_nan() || time.value <= -9999.0) {
            sounding.dropped.without_time += 1;
            return;
        }
        for ((column, cell), (scale, missing)) in self.columns.iter_mut().zip(cells).zip(&self.scales) {
            let flagged = self.flags.contains(&cell.value);
            self.out_of_range += usize::from(flagged);
            column.values.push(if flagged || cell.value == *missing {
                f64::NAN
            } else if *scale == 1.0 {
                cell.value
            } else {
                cell.value * scale
            });
            column.decimals = column.decimals.max(cell.decimals);
        }
    }
}

/// Reads the header line by line.
struct Head<'text> {
    lines: Lines<'text>,
    /// Number of lines read so far.
    read: usize,
    place: &'text str,
}

impl<'text> Head<'text> {
    fn layout(&mut self) -> Result<(Layout, Header), Failure> {
        let mut header = Header::new("icartt_");
        let first = self.text("the number of header lines")?;
        let stated: usize = header::split_first(&first, ',').0.trim().parse().unwrap_or_default();
        for label in ["pi", "organisation", "data_source", "mission", "volume"] {
            header.add(label, self.text(label)?);
        }
        let dates = self.text("the dates of data and revision")?;
        header.add("interval", self.text("the data interval")?);
        let independent = self.text("the independent variable")?;
        let count = self.count("the number of dependent variables", MAX_COLUMNS)?;
        let scales = self.numbers("scale factors", count)?;
        let missing = self.numbers("missing values", count)?;
        let mut columns = vec![column(&independent)];
        header.add("independent_variable", independent);
        for _ in 0..count {
            let definition = self.text("a dependent variable")?;
            columns.push(column(&definition));
            header.add("dependent_variable", definition);
        }
        let date = read_date(&dates);
        header.add("dates", dates);
        self.comments(&mut header, 0)?;
        self.comments(&mut header, 1)?;
        // The last line of the normal comments repeats the names of the columns.
        let names = self.text("the column names")?;
        if stated != self.read {
            return Err(self.failure(
                "has a header whose length is not the stated one",
                format!("{} header lines", self.read),
                &format!("{stated} header lines"),
            ));
        }
        let known = columns.iter().map(|column| column.name.as_str());
        if !names.split(',').map(str::trim).eq(known) {
            header.add("column_names", names);
        }
        let mut layout = Layout {
            date,
            columns,
            scales: std::iter::once((1.0, f64::NAN)).chain(scales.into_iter().zip(missing)).collect(),
            flags: Vec::new(),
            out_of_range: 0,
            unreadable_cells: 0,
            ends_within: None,
        };
        for flag in ["ulod_flag", "llod_flag"] {
            layout.flags.extend(
                header.find(flag).and_then(|text| number::whole(text.as_bytes())).map(|number| number.value),
            );
        }
        Ok((layout, header))
    }

    fn line(&mut self, what: &str) -> Result<Line<'text>, Failure> {
        let line = self.lines.next();
        self.read += usize::from(line.is_some());
        line.ok_or_else(|| self.failure("ends within its header", "the end of the file", what))
    }

    fn text(&mut self, what: &str) -> Result<String, Failure> {
        self.line(what).map(|line| line.text())
    }

    fn count(&mut self, what: &str, most: usize) -> Result<usize, Failure> {
        let text = self.text(what)?;
        text.parse()
            .ok()
            .filter(|count| *count <= most)
            .ok_or_else(|| self.failure("has a header that cannot be read", format!("{text:?}"), what))
    }

    fn numbers(&mut self, what: &str, count: usize) -> Result<Vec<f64>, Failure> {
        let text = self.text(what)?;
        let numbers: Option<Vec<f64>> =
            text.split(',').map(|word| number::whole(word.as_bytes()).map(|number| number.value)).collect();
        numbers.filter(|numbers| numbers.len() == count).ok_or_else(|| {
            self.failure("has a header that cannot be read", format!("{text:?}"), &format!("{count} {what}"))
        })
    }

    /// Reads a count and that many comment lines, without the last `other` of them.
    fn comments(&mut self, header: &mut Header, other: usize) -> Result<(), Failure> {
        for _ in other..self.count("a number of comment lines", usize::MAX)? {
            let line = self.line("a comment line")?;
            let text = line.text();
            let first_word = text.split([' ', ':']).next().unwrap_or_default();
            if matches!(line.bytes.first(), Some(b' ' | b'\t')) {
                header.continue_line(&text);
            } else if header::split_label(line.bytes).is_some() {
                header.add_line(line.bytes);
            } else if KEYWORDS.contains(&first_word) {
                header.add(first_word, text.get(first_word.len()..).unwrap_or_default().trim());
            } else {
                header.add("comment", text);
            }
        }
        Ok(())
    }

    fn failure(&self, problem: &str, found: impl std::fmt::Display, expected: &str) -> Failure {
        Failure::new(Stage::Read, self.place, problem)
            .found(format!("{found} at line {}", self.read))
            .expected(expected)
            .hint("the file is probably truncated or edited; fetch it again")
    }
}

/// Parses a column definition, `short name, unit, standard name, description`.
fn column(definition: &str) -> Column {
    let mut parts = definition.split(',').map(str::trim);
    let mut next = || parts.next().unwrap_or_default().to_owned();
    Column { name: next(), units: next(), ..Column::default() }
}

/// Parses the date of the data, the first of the two in line 7.
fn read_date(text: &str) -> Option<Date> {
    let mut parts = text.split(',').map(str::trim);
    Date::new(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?).ok()
}

/// Makes seconds of the day continuous if they restart at midnight, which the format does not allow but some writers
/// do. Rows may be in ascending or descending order.
fn unwrap_midnight(seconds: &mut [f64]) {
    let mut turns = 0.0;
    let mut before = f64::NAN;
    for second in seconds {
        if *second < before - TURN_S {
            turns += DAY_S;
        } else if *second > before + TURN_S {
            turns -= DAY_S;
        }
        before = *second;
        *second += turns;
    }
}

/// Fills in what the header states, and the origin of the time column.
fn describe(header: &Header, sounding: &mut Sounding, date: Option<Date>) {
    let text = |label: &str| header.find(label).unwrap_or_default();
    sounding.project = header::stated(text("mission"));
    sounding.platform = header::stated_parts(text("platform"));
    sounding.sonde_id = header::stated(text("sonde_serial_number"));
    sounding.sonde_type = header::stated(text("data_source"));
    sounding.dry_bias_corrected = header.mentions("TDDryBiasCorrApplied").then_some(true);
    let midnight = date.and_then(|date| launch::instant(date, 0));
    let first = |column: Option<&Column>| column.and_then(|column| column.values.first().copied());
    let zero_ms = first(sounding.columns.first())
        .zip(first(sounding.column(SINCE_LAUNCH)))
        .and_then(|(clock, since)| launch::whole_ms(clock - since));
    let by_rows = date.zip(zero_ms).and_then(|(date, ms)| launch::instant(date, ms));
    // An unreadable launch time is ignored here, because the rows also determine the launch.
    sounding.launch = match (launch::stated(header, &mut Vec::new()), by_rows) {
        (Some(launch), by_rows) => {
            let apart = by_rows.map_or(0, |rows| rows.as_millisecond() - launch.instant.as_millisecond());
            if apart.abs() > SECOND_MS {
                let message = format!(
                    "the rows count from {} s after the launch time of the header, which is used",
                    launch::seconds(apart)
                );
                sounding.notes.push(Warning::of_granule(Code::ClocksDisagree, message));
            }
            Some(launch)
        }
        (None, Some(instant)) => Some(Launch {
            instant,
            source: "clock and time since launch of the first row",
            has_fraction: false,
            detected: true,
        }),
        (None, None) => first_row(sounding, date),
    };
    let since_launch = sounding.launch.is_some() && sounding.column(SINCE_LAUNCH).is_some();
    if since_launch {
        SINCE_LAUNCH.clone_into(&mut sounding.time_column);
        sounding.time_origin = sounding.launch.as_ref().map(|launch| launch.instant);
    } else {
        sounding.time_column = sounding.columns.first().map(|column| column.name.clone()).unwrap_or_default();
        sounding.time_origin = midnight;
    }
    if sounding.time_origin.is_none() {
        let message = "no date in the header can be read";
        sounding.notes.push(Warning::of_granule(Code::DateUnreadable, message));
    }
}

/// The launch if it is not stated: the first row of the clock.
fn first_row(sounding: &mut Sounding, date: Option<Date>) -> Option<Launch> {
    let clock = sounding.columns.first()?;
    let seconds = clock.values.iter().copied().filter(|second| !second.is_nan()).reduce(f64::min)?;
    let instant = launch::instant(date?, launch::whole_ms(seconds)?)?;
    let message = format!("no launch time is stated; the first row, at {instant}, is used as the launch");
    sounding.notes.push(Warning::of_granule(Code::LaunchAssumed, message));
    Some(Launch { instant, source: "first row", has_fraction: true, detected: true })
}

#[cfg(test)]
mod tests;
