//! Splits a text file into lines of bytes, with any line ending.

use cumulus_model::text::clean;

/// Max characters of a file that are shown in a message.
const SHOWN: usize = 40;

/// One line without its line end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'text> {
    /// Its bytes without line ends, NULs and end-of-file marks; trailing blanks are kept, because they show a row's
    /// width.
    pub(super) bytes: &'text [u8],
    /// False for the last line if it has no line end, so that it may be truncated.
    pub(super) ended: bool,
}

impl Line<'_> {
    pub(super) fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }

    /// Returns the line as text, trimmed.
    pub(super) fn text(&self) -> String {
        text(self.bytes)
    }
}

/// Iterator over the lines of a text.
#[derive(Clone, Debug)]
pub(super) struct Lines<'text> {
    rest: &'text [u8],
    end: u8,
}

/// The lines of `bytes`, separated by LF, CR LF or CR CR LF; by CR if there is no LF at all.
pub(super) fn of(bytes: &[u8]) -> Lines<'_> {
    let rest = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let end = if memchr::memchr(b'\n', rest).is_some() { b'\n' } else { b'\r' };
    Lines { rest, end }
}

impl Lines<'_> {
    /// Number of bytes not read yet.
    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }
}

impl<'text> Iterator for Lines<'text> {
    type Item = Line<'text>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let length = memchr::memchr(self.end, self.rest);
        let (line, rest) = self.rest.split_at_checked(length.unwrap_or(self.rest.len()))?;
        self.rest = rest.get(1..).unwrap_or_default();
        let kept = line.iter().rposition(|byte| !matches!(byte, b'\r' | 0 | 0x1a)).map_or(0, |last| last + 1);
        Some(Line { bytes: line.get(..kept).unwrap_or(line), ended: length.is_some() })
    }
}

/// Decodes `bytes` as trimmed text: UTF-8 if valid, else Latin-1. NULs inside become blanks.
pub(super) fn text(bytes: &[u8]) -> String {
    if bytes.contains(&0) {
        let blanked: Vec<u8> = bytes.iter().map(|&byte| if byte == 0 { b' ' } else { byte }).collect();
        return clean(&blanked);
    }
    clean(bytes)
}

/// The first non-blank characters of a file, for a message.
pub(super) fn opening(bytes: &[u8]) -> String {
    of(bytes)
        .find(|line| !line.is_blank())
        .map(|line| text(line.bytes.get(..SHOWN).unwrap_or(line.bytes)))
        .unwrap_or_default()
}

/// `bytes` without leading blanks and tabs.
pub(super) fn without_blanks(bytes: &[u8]) -> &[u8] {
    let mut rest = bytes;
    while let [b' ' | b'\t', after @ ..] = rest {
        rest = after;
    }
    rest
}

/// The words of a line, separated by white space.
pub(super) fn words(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_ending_gives_the_same_lines() {
        for text in ["a \nb\n\nc", "a \r\nb\r\n\r\nc", "a \r\r\nb\r\r\n\r\r\nc\x1a", "a \rb\r\rc\0"] {
            let lines: Vec<&[u8]> = of(text.as_bytes()).map(|line| line.bytes).collect();
            assert_eq!(lines, [&b"a "[..], b"b", b"", b"c"], "{text:?}");
        }
        let ended: Vec<bool> = of(b"a\nb").map(|line| line.ended).collect();
        assert_eq!(ended, [true, false]);
    }

    #[test]
    fn bytes_that_are_no_utf8_are_latin_1() {
        assert_eq!(text(b" \xb10.5 hPa "), "±0.5 hPa");
        assert_eq!(text("Pörtge".as_bytes()), "Pörtge");
        assert_eq!(text(b"2M-\xff19"), "2M-ÿ19");
        assert_eq!(text(b"a\0b"), "a b");
    }
}
