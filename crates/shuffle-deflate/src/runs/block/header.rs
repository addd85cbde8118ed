//! The header of a block with a dynamic code: the code lengths, which are themselves coded (RFC 1951, 3.2.7).

use super::super::super::bits::BitWriter;
use super::super::super::huffman;

/// Symbols of the code for lengths: 16 lengths and three repetitions.
const SYMBOLS: usize = 19;

/// Max length of these codes.
const LIMIT: usize = 7;

/// Order in which the lengths of this code are written.
const ORDER: [usize; SYMBOLS] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// A length or a repetition, with the extra bits of its count.
type Part = (u8, u8);

/// A header ready to be written.
pub(super) struct Header {
    parts: Vec<Part>,
    lengths: [u8; SYMBOLS],
    /// Numbers of lengths in the literal code and in the distance code.
    literals: usize,
    distances: usize,
}

impl Header {
    /// Creates the header for a literal code and a distance code.
    pub(super) fn new(symbols: &[u8], distances: &[u8]) -> Self {
        let used = symbols.iter().rposition(|&length| length > 0).map_or(0, |last| last + 1).max(257);
        let all: Vec<u8> = symbols.iter().take(used).chain(distances).copied().collect();
        let mut parts = Vec::with_capacity(all.len());
        for group in all.chunk_by(PartialEq::eq) {
            repeat(group.first().copied().unwrap_or_default(), group.len(), &mut parts);
        }
        let mut frequencies = [0; SYMBOLS];
        for &(symbol, _) in &parts {
            frequencies[usize::from(symbol)] += 1;
        }
        let lengths = huffman::lengths(&frequencies, LIMIT);
        Self { parts, lengths, literals: used, distances: distances.len() }
    }

    /// Number of lengths of the code for lengths that are written: trailing zeros are omitted.
    fn told(&self) -> usize {
        ORDER.iter().rposition(|&symbol| self.lengths[symbol] > 0).map_or(0, |last| last + 1).max(4)
    }

    /// Size in bits.
    pub(super) fn bits(&self) -> u64 {
        let parts: u64 = self
            .parts
            .iter()
            .map(|&(symbol, _)| u64::from(self.lengths[usize::from(symbol)]) + u64::from(extra_bits(symbol)))
            .sum();
        14 + 3 * self.told() as u64 + parts
    }

    /// Appends the header to the stream.
    pub(super) fn write(&self, writer: &mut BitWriter) {
        writer.bits(self.literals as u64 - 257, 5);
        writer.bits(self.distances as u64 - 1, 5);
        writer.bits(self.told() as u64 - 4, 4);
        for &symbol in ORDER.iter().take(self.told()) {
            writer.bits(u64::from(self.lengths[symbol]), 3);
        }
        let codes = huffman::codes(&self.lengths);
        for &(symbol, extra) in &self.parts {
            writer.entry(codes[usize::from(symbol)]);
            writer.bits(u64::from(extra), extra_bits(symbol));
        }
    }
}

/// Appends `count` equal lengths, as repetitions if possible.
fn repeat(length: u8, mut count: usize, parts: &mut Vec<Part>) {
    let add = |parts: &mut Vec<Part>, symbol: u8, extra: usize| {
        parts.push((symbol, u8::try_from(extra).unwrap_or(u8::MAX)));
    };
    if length == 0 {
        while count >= 11 {
            let zeros = count.min(138);
            add(parts, 18, zeros - 11);
            count -= zeros;
        }
        if count >= 3 {
            add(parts, 17, count - 3);
            count = 0;
        }
    } else if count > 3 {
        add(parts, length, 0);
        count -= 1;
        while count >= 3 {
            let copies = count.min(6);
            add(parts, 16, copies - 3);
            count -= copies;
        }
    }
    parts.extend(std::iter::repeat_n((length, 0), count));
}

/// Number of extra bits that encode the count of a repetition.
fn extra_bits(symbol: u8) -> u32 {
    match symbol {
        16 => 2,
        17 => 3,
        18 => 7,
        _ => 0,
    }
}
