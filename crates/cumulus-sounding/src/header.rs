//! Parses header lines into label, text, and attribute name.

use std::collections::BTreeMap;

use super::lines;
use cumulus_model::warning::{Code, Warning};

/// Max header lines that are kept: five times those of the longest known header (ICARTT, 104). A file that consists
/// of labels must not create millions of attributes.
const MAX_LINES: usize = 512;

/// Header lines in order, named in the style of attributes.
#[derive(Clone, Debug)]
pub(super) struct Header {
    prefix: &'static str,
    lines: Vec<(String, String)>,
    /// Number of lines of each name.
    wanted: BTreeMap<String, usize>,
    /// Lines beyond [`MAX_LINES`].
    left_out: usize,
}

impl Header {
    /// Creates an empty header whose names start with `prefix`.
    pub(super) fn new(prefix: &'static str) -> Self {
        Self { prefix, lines: Vec::new(), wanted: BTreeMap::new(), left_out: 0 }
    }

    /// Adds a line. If its name is taken, a number is appended.
    pub(super) fn add(&mut self, label: &str, text: impl Into<String>) {
        if self.lines.len() >= MAX_LINES {
            self.left_out += 1;
            return;
        }
        let name = format!("{}{}", self.prefix, snake_case(label));
        let mut numbered = name.clone();
        while self.wanted.contains_key(&numbered) {
            let number = self.wanted.entry(name.clone()).and_modify(|number| *number += 1).or_insert(2);
            numbered = format!("{name}_{number}");
        }
        self.wanted.insert(numbered.clone(), 1);
        self.lines.push((numbered, text.into()));
    }

    /// Adds a line of the form `label: text`, or one without a label.
    pub(super) fn add_line(&mut self, line: &[u8]) {
        match split_label(line) {
            Some((label, text)) => self.add(&lines::text(label), lines::text(text)),
            None => self.add("unlabelled", lines::text(line)),
        }
    }

    /// Appends a line to the text of the last header line.
    pub(super) fn continue_line(&mut self, text: &str) {
        if let Some((_, last)) = self.lines.last_mut() {
            last.push('\n');
            last.push_str(text);
        } else {
            self.add("unlabelled", text);
        }
    }

    /// Text of the first line whose name, without the prefix, starts with `start`.
    pub(super) fn find(&self, start: &str) -> Option<&str> {
        self.lines
            .iter()
            .find(|(name, _)| name.strip_prefix(self.prefix).is_some_and(|name| name.starts_with(start)))
            .map(|(_, text)| text.as_str())
    }

    /// True if any text contains `mark`.
    pub(super) fn mentions(&self, mark: &str) -> bool {
        self.lines.iter().any(|(_, text)| text.contains(mark))
    }

    /// The warning about lines beyond the maximum, if any.
    pub(super) fn note(&self) -> Option<Warning> {
        (self.left_out > 0).then(|| {
            let message = format!("{} header lines beyond the first {MAX_LINES} are left out", self.left_out);
            Warning::of_granule(Code::HeaderShortened, message).count(self.left_out)
        })
    }

    /// Number of lines.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Returns the lines.
    pub(super) fn into_lines(self) -> Vec<(String, String)> {
        self.lines
    }
}

/// Splits a line into label and text. The label ends at the first colon, or, if a parenthesis opens before that, at
/// the first colon after it closes, as in `Launch Location (lon,lat,alt):`.
pub(super) fn split_label(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr::memchr(b':', line)?;
    let opens = memchr::memchr(b'(', line).filter(|&opens| opens < colon);
    let closes =
        opens.and_then(|opens| memchr::memchr(b')', line.get(opens..)?).map(|closes| opens + closes));
    let colon = match closes {
        Some(closes) => closes + memchr::memchr(b':', line.get(closes..)?)?,
        None => colon,
    };
    let (label, text) = line.split_at_checked(colon)?;
    let has_letter = label.iter().any(u8::is_ascii_alphabetic);
    has_letter.then(|| (label.trim_ascii(), text.get(1..).unwrap_or_default().trim_ascii()))
}

/// True if `line` starts with `label`, ignoring case, and has a colon after it.
pub(super) fn label_is(line: &[u8], label: &str) -> bool {
    split_label(line).is_some_and(|(found, _)| begins_with(found, label.as_bytes()))
}

/// True if `bytes` start with `start`, ignoring case.
pub(super) fn begins_with(bytes: &[u8], start: &[u8]) -> bool {
    bytes.get(..start.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(start))
}

/// The trimmed text; `None` if it is empty or only dashes.
pub(super) fn stated(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.chars().all(|character| character == '-')).then(|| text.to_owned())
}

/// `a, b` without the parts that are empty or only dashes.
pub(super) fn stated_parts(text: &str) -> Option<String> {
    let parts: Vec<String> = text.split(',').filter_map(stated).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Splits at the first `separator`; without one, the whole text is the first part.
pub(super) fn split_first(text: &str, separator: char) -> (&str, &str) {
    text.split_once(separator).unwrap_or((text, ""))
}

/// Converts `Launch Location (lon,lat,alt)` to `launch_location_lon_lat_alt`; words in capitals are not split.
fn snake_case(label: &str) -> String {
    let mut name = String::with_capacity(label.len());
    let mut previous = ' ';
    for character in label.chars() {
        if character.is_ascii_alphanumeric() {
            if character.is_ascii_uppercase() && (previous.is_ascii_lowercase() || previous.is_ascii_digit())
            {
                name.push('_');
            }
            name.push(character.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        previous = character;
    }
    let trimmed = name.trim_end_matches('_');
    if trimmed.is_empty() { "unlabelled".to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_end_at_the_colon_that_is_meant() {
        let cases: [(&str, &str, &str); 4] = [
            ("Launch Location (lon,lat,alt):   1, 2, 3", "Launch Location (lon,lat,alt)", "1, 2, 3"),
            ("Post Processing Comments: at 20:07", "Post Processing Comments", "at 20:07"),
            ("Comments: x (y): z", "Comments", "x (y): z"),
            ("Odd (label: x", "Odd (label", "x"),
        ];
        for (line, label, text) in cases {
            assert_eq!(split_label(line.as_bytes()), Some((label.as_bytes(), text.as_bytes())), "{line}");
        }
        assert_eq!(split_label(b"12:41:16"), None);
        assert_eq!(split_label(b"/"), None);
    }

    #[test]
    fn names_are_in_the_style_of_attributes_and_numbered_apart() {
        let mut header = Header::new("eol_");
        header.add_line(b"UTC Launch Time (y,m,d,h,m,s):  2012, 09, 07, 12:41:16");
        header.add_line(b"TdryOutlier: 10");
        header.add_line(b"TdryOutlier: 11");
        header.add_line(b"no label");
        header.continue_line("more");
        let lines = header.into_lines();
        let names: Vec<&str> = lines.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            ["eol_utc_launch_time_y_m_d_h_m_s", "eol_tdry_outlier", "eol_tdry_outlier_2", "eol_unlabelled"]
        );
        assert_eq!(lines.last().map(|(_, text)| text.as_str()), Some("no label\nmore"));
    }
}
