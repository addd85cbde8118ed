//! Parses tables of numbers below a line of dashes: EOL and ESC.
//!
//! The dashes give the number of columns and their positions; widths differ between versions, so no position is a
//! constant. A row is parsed in four ways, and the first that fits is used:
//!
//! 1. cells are separated by blanks: as many numbers as columns;
//! 2. some cells are blank: the row is split by position, if it is complete, right-aligned and blank between columns;
//! 3. blanks are missing before minus signs or full cells: a number ends before a minus sign or after as many decimals
//!    as its column prints, and must have exactly as many, so that a row that lacks a cell is never accepted.
//!    Splitting such a row by position would turn a shifted `-999.00` into a valid-looking `999.00`;
//! 4. some cells are not plain numbers, but there are as many words as columns: those cells are missing.

use std::ops::Range;

use super::lines::{self, Line};
use super::number::{self, Number};

/// Max columns of one table: six times the max of all known writers (21). Rows are as wide in memory.
const MAX_COLUMNS: usize = 128;

/// The only value that writers print without the decimals of its column.
const SHORT_MISSING: &[u8] = b"-999";

/// How the values of a column are printed and when they are missing, by its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// Number of decimals in the format.
    pub(super) decimals: u8,
    /// Values up to this one are missing; negative infinity if none are.
    pub(super) missing_up_to: f64,
    /// Exact missing values; NaN if there is none.
    pub(super) missing: [f64; 2],
}

/// One column.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) units: String,
    pub(super) rule: Rule,
    /// Position of its dashes.
    span: Range<usize>,
    /// Max decimals seen so far.
    seen: Option<u8>,
}

impl Field {
    /// Decimals after which a cell of this column ends.
    fn decimals(&self) -> u8 {
        self.seen.unwrap_or(self.rule.decimals)
    }

    /// Max number of decimals of any printed value.
    pub(super) fn printed_decimals(&self) -> u8 {
        self.seen.unwrap_or(0)
    }
}

/// The columns of a table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) fields: Vec<Field>,
    /// Position after the last column.
    width: usize,
    /// Number of rows that are not separated by blanks.
    pub(super) irregular_rows: usize,
    /// Number of cells that are not numeric.
    pub(super) unreadable_cells: usize,
}

/// True for the line that ends a header: only groups of dashes.
pub(super) fn is_dashes(line: &[u8]) -> bool {
    lines::without_blanks(line).starts_with(b"-----")
        && line.iter().all(|byte| matches!(byte, b'-' | b' ' | b'\t'))
        && lines::words(line).nth(2).is_some()
}

impl Table {
    /// Creates a table from its three lines; `rule` returns the rule for a name. `None` if there are too many
    /// columns.
    pub(super) fn new(
        names: &[u8],
        units: &[u8],
        dashes: &[u8],
        rule: impl Fn(&str) -> Rule,
    ) -> Option<Self> {
        let spans = groups(dashes);
        if spans.len() > MAX_COLUMNS {
            return None;
        }
        let mut names = captions(names, &spans);
        name_the_clock(&mut names);
        let units = captions(units, &spans);
        let mut fields: Vec<Field> = Vec::with_capacity(spans.len());
        for (index, span) in spans.iter().enumerate() {
            let caption = names.get(index).filter(|name| !name.is_empty());
            let plain = caption.cloned().unwrap_or_else(|| format!("column {}", index + 1));
            let mut name = plain.clone();
            let mut number = 1;
            while fields.iter().any(|field| field.name == name) {
                number += 1;
                name = format!("{plain} {number}");
            }
            let units = units.get(index).cloned().unwrap_or_default();
            fields.push(Field { rule: rule(&name), name, units, span: span.clone(), seen: None });
        }
        let width = spans.last().map_or(0, |span| span.end);
        Some(Self { fields, width, irregular_rows: 0, unreadable_cells: 0 })
    }

    /// Index of the column named `name`, ignoring case.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name.eq_ignore_ascii_case(name))
    }

    /// Min bytes of a row with its line end.
    pub(super) fn row_bytes(&self) -> usize {
        self.width + 1
    }

    /// Parses a row into `cells`, one per column, as printed: missing values are still numbers, blank cells are NaN.
    /// Returns false if the row is malformed or truncated.
    pub(super) fn read(&mut self, line: Line<'_>, cells: &mut [Number]) -> bool {
        if !self.by_blanks(line.bytes, cells) {
            if self.by_position(line.bytes, cells) || self.by_decimals(line.bytes, cells) {
                self.irregular_rows += 1;
            } else if let Some(unreadable) = self.by_words(line.bytes, cells) {
                self.unreadable_cells += unreadable;
            } else {
                return false;
            }
        }
        if !line.ended && self.is_cut(line.bytes, cells) {
            return false;
        }
        for (field, cell) in self.fields.iter_mut().zip(cells) {
            if field.seen.is_none_or(|seen| seen < cell.decimals) && !cell.value.is_nan() {
                field.seen = Some(cell.decimals);
            }
        }
        true
    }

    fn by_blanks(&self, text: &[u8], cells: &mut [Number]) -> bool {
        let mut rest = text;
        for (_, cell) in self.fields.iter().zip(cells) {
            let Some((number, after)) = number::leading(lines::without_blanks(rest)) else { return false };
            if !matches!(after, [] | [b' ' | b'\t', ..]) {
                return false;
            }
            *cell = number;
            rest = after;
        }
        lines::without_blanks(rest).is_empty()
    }

    /// Parses as many words as columns, some of which are not plain numbers: stars for a number that did not fit,
    /// `NaN`, an exponent. Returns the number of cells that are not numeric; `None` if these are more than half.
    fn by_words(&self, text: &[u8], cells: &mut [Number]) -> Option<usize> {
        let mut words = lines::words(text);
        let mut unreadable = 0;
        for (_, cell) in self.fields.iter().zip(cells) {
            *cell = number::whole(words.next()?).unwrap_or_else(|| {
                unreadable += 1;
                Number { value: f64::NAN, decimals: 0 }
            });
        }
        (words.next().is_none() && unreadable * 2 <= self.fields.len()).then_some(unreadable)
    }

    fn by_decimals(&self, text: &[u8], cells: &mut [Number]) -> bool {
        let mut rest = text;
        for (field, cell) in self.fields.iter().zip(cells) {
            rest = lines::without_blanks(rest);
            let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let sign = usize::from(matches!(rest, [b'-' | b'+', ..]));
            let decimals = usize::from(field.decimals());
            let most = if decimals == 0 { field.span.len() } else { usize::MAX };
            let mut end = sign + digits(rest.get(sign..).unwrap_or_default()).min(most);
            if decimals > 0 && rest.get(end) == Some(&b'.') {
                end += 1;
                end += digits(rest.get(end..).unwrap_or_default()).min(decimals);
            }
            let Some((token, after)) = rest.split_at_checked(end) else { return false };
            let Some((number, [])) = number::leading(token) else { return false };
            if usize::from(number.decimals) != decimals && token != SHORT_MISSING {
                return false;
            }
            *cell = number;
            rest = after;
        }
        lines::without_blanks(rest).is_empty()
    }

    fn by_position(&self, text: &[u8], cells: &mut [Number]) -> bool {
        let blank =
            |bytes: Option<&[u8]>| bytes.is_some_and(|bytes| bytes.iter().all(u8::is_ascii_whitespace));
        let mut end = 0;
        for (field, cell) in self.fields.iter().zip(cells) {
            if !blank(text.get(end..field.span.start)) {
                return false;
            }
            end = field.span.end;
            let Some(token) = text.get(field.span.clone()) else { return false };
            if blank(Some(token)) {
                *cell = Number { value: f64::NAN, decimals: 0 };
                continue;
            }
            let Some((number, [])) = number::leading(lines::without_blanks(token)) else { return false };
            *cell = number;
        }
        blank(text.get(end..))
    }

    /// True if a row at the end of the file lacks digits.
    fn is_cut(&self, text: &[u8], cells: &[Number]) -> bool {
        let (Some(field), Some(cell)) = (self.fields.last(), cells.last()) else { return false };
        cell.decimals < field.decimals() || (field.decimals() == 0 && text.len() < self.width)
    }
}

/// Finds the groups of dashes.
fn groups(dashes: &[u8]) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    for (index, byte) in dashes.iter().enumerate() {
        match spans.last_mut() {
            _ if *byte != b'-' => {}
            Some(span) if span.end == index => span.end += 1,
            _ => spans.push(index..index + 1),
        }
    }
    spans
}

/// Assigns the words of a line above the dashes to the columns: in order if there are as many words as columns,
/// otherwise each word to the column whose dashes are nearest to its middle.
fn captions(line: &[u8], spans: &[Range<usize>]) -> Vec<String> {
    let mut words: Vec<(usize, &[u8])> = Vec::new();
    let mut start = 0;
    for word in line.split(u8::is_ascii_whitespace) {
        if !word.is_empty() {
            words.push((start, word));
        }
        start += word.len() + 1;
    }
    if words.len() == spans.len() {
        return words.iter().map(|(_, word)| lines::text(word)).collect();
    }
    let mut captions = vec![String::new(); spans.len()];
    for (start, word) in words {
        // Twice the middle, to stay in integers.
        let middle = start * 2 + word.len();
        let nearest = spans
            .iter()
            .enumerate()
            .min_by_key(|(_, span)| (span.start + span.end).abs_diff(middle))
            .map(|(index, _)| index);
        if let Some(caption) = nearest.and_then(|index| captions.get_mut(index)) {
            if !caption.is_empty() {
                caption.push(' ');
            }
            caption.push_str(&lines::text(word));
        }
    }
    captions
}

/// Hour, minute and second share one title, `-- UTC --`; each gets its own name.
fn name_the_clock(names: &mut [String]) {
    let clock = names.windows(3).position(|group| {
        let [hour, minute, second] = group else { return false };
        minute.contains("UTC") && hour.contains('-') && second.contains('-')
    });
    if let Some(clock) = clock {
        for (name, part) in names.iter_mut().skip(clock).zip(["UTC hh", "UTC mm", "UTC ss"]) {
            part.clone_into(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let rule = |name: &str| Rule {
            decimals: if name == "Hour" { 0 } else { 2 },
            missing_up_to: f64::NEG_INFINITY,
            missing: [f64::NAN; 2],
        };
        Table::new(
            b"   Time Hour   Press    Temp",
            b"    sec   hh      mb       C",
            b"------- -- ------- -------",
            rule,
        )
        .expect("four columns")
    }

    fn read(text: &str, ended: bool) -> Option<Vec<f64>> {
        let mut cells = [Number { value: 0.0, decimals: 0 }; 4];
        let line = Line { bytes: text.as_bytes(), ended };
        table().read(line, &mut cells).then(|| cells.iter().map(|cell| cell.value).collect())
    }

    #[test]
    fn rows_are_read_however_their_blanks_were_lost() {
        let expected = Some(vec![1.25, 12.0, 800.5, -10.25]);
        for row in [
            "   1.25 12  800.50  -10.25",
            "1.25 12 800.50 -10.25   ",
            "   1.25 12  800.50-10.25",
            "   1.2512800.50-10.25",
            "\t1.25\t12\t800.50\t-10.25",
        ] {
            assert_eq!(read(row, true), expected, "{row}");
        }
        assert_eq!(read("   1.25 12-999.00-999.00", true), Some(vec![1.25, 12.0, -999.0, -999.0]));
        assert_eq!(read("   1.25 12 1000.50100.25", true), Some(vec![1.25, 12.0, 1000.5, 100.25]));
    }

    #[test]
    fn blank_cells_are_missing_only_in_a_complete_row() {
        let row = read("   1.25 12          -10.25", true).expect("a row");
        assert!(row.get(2).is_some_and(|value| value.is_nan()), "{row:?}");
        assert!(read("   1.25 12  800.50        ", true).is_some());
        for row in
            ["   1.25 12  800.50", "   1.25 12  800.50  -10.", "   1.25 12   -10.25       ", "text", ""]
        {
            assert_eq!(read(row, row.ends_with("50")), None, "{row}");
        }
    }

    #[test]
    fn a_cell_without_a_number_costs_that_cell() {
        let row = read("   1.25 12 ******* -1.025e1", true).expect("a row");
        assert!(row[2].is_nan() && row[3].to_bits() == (-10.25_f64).to_bits(), "{row:?}");
        assert!(read("   1.25 12     NaN  -10.25", true).is_some());
        assert_eq!(read("   1.25 ** *******  -10.25 1", true), None);
        assert_eq!(read("these are four words", true), None);
    }

    #[test]
    fn a_last_row_without_all_its_decimals_is_cut() {
        assert_eq!(read("   1.25 12  800.50  -10.2", false), None);
        assert_eq!(read("   1.25 12  800.50  -10", false), None);
        assert!(read("   1.25 12  800.50  -10.25", false).is_some());
    }

    #[test]
    fn captions_go_to_the_nearest_dashes_where_words_do_not_count_out() {
        let spans = groups(b"------- ------------ -----");
        assert_eq!(captions(b"  Time     GPS Alt      Q", &spans), ["Time", "GPS Alt", "Q"]);
        assert_eq!(captions(b"  Time", &spans), ["Time", "", ""]);
    }

    #[test]
    fn dashes_are_told_from_anything_else() {
        assert!(is_dashes(b"-------- -- -- ----- -------"));
        assert!(!is_dashes(b"-----------------------------"));
        assert!(!is_dashes(b"----- -1.0 - -"));
        assert!(!is_dashes(b""));
    }
}
