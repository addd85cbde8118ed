//! One block of deflate: counts its symbols, chooses its code, writes it (RFC 1951, 3.2.3 to 3.2.7).

#![expect(
    clippy::cast_possible_truncation,
    reason = "lengths of matches, and counts within a block of 512 KiB"
)]

mod cost;
mod header;

use super::super::bits::{BitWriter, Entry, entry, width};
use super::super::huffman;
use super::search::{LONGEST, SHORTEST, Stretch};
use header::Header;

/// Literals, end of block, 29 length groups, and two symbols that never occur but are part of the fixed code.
const SYMBOLS: usize = 288;

/// The symbol that ends a block.
const END: usize = 256;

/// Max code length: deflate allows 15 bits, but four codes of 14 bits fit into one write.
const LIMIT: usize = 14;

/// Max bytes of a stored block.
const STORED: usize = 65_535;

/// Shortest match of each group of lengths, from symbol 257 on (RFC 1951, 3.2.5).
const GROUPS: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
    227, 258,
];

/// Lengths of the distance code, of which only the first is used: a code of one symbol would be incomplete, which
/// inflaters treat differently.
const DISTANCES: [u8; 2] = [1, 1];

/// Approximate bits of a header without its code lengths.
const HEADER_ESTIMATE: u64 = 64;

/// Approximate bits of a header per symbol that is used.
const USED_ESTIMATE: u64 = 3;

/// A block is stored unless coding saves more than one part in this number: stored bytes are read many times faster.
const NEARLY_STORED: u64 = 1000;

/// Number of extra bits that encode the length within its group.
const fn extra_bits(group: usize) -> u32 {
    if group < 8 || group == 28 { 0 } else { (group as u32 - 4) / 4 }
}

/// The group of each match length.
const GROUP_OF: [u8; LONGEST + 1] = {
    let mut groups = [0; LONGEST + 1];
    let mut group = 0;
    while group < GROUPS.len() {
        let mut length = GROUPS[group] as usize;
        while length <= LONGEST {
            groups[length] = group as u8;
            length += 1;
        }
        group += 1;
    }
    groups
};

/// Frequencies of the symbols.
#[derive(Clone)]
pub(super) struct Symbols([u32; SYMBOLS]);

impl Symbols {
    /// Counts every byte as a literal.
    pub(super) fn literals(bytes: &[u8]) -> Self {
        // Four tables, because successive increments of the same counter wait for each other.
        let mut tables = [[0_u32; 256]; 4];
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            for (index, &byte) in word.iter().enumerate() {
                tables[index % 4][usize::from(byte)] += 1;
            }
        }
        for &byte in rest {
            tables[0][usize::from(byte)] += 1;
        }
        let mut symbols = [0; SYMBOLS];
        for table in &tables {
            for (symbol, count) in symbols.iter_mut().zip(table) {
                *symbol += count;
            }
        }
        Self(symbols)
    }

    /// Counts `repeats` repetitions of `byte` as matches instead of literals.
    #[inline]
    pub(super) fn replace_by_matches(&mut self, byte: u8, repeats: usize) {
        let literal = &mut self.0[usize::from(byte)];
        *literal = literal.wrapping_sub(repeats as u32);
        self.0[END + 29] += (repeats / LONGEST) as u32;
        let rest = repeats % LONGEST;
        if rest >= SHORTEST {
            self.0[END + 1 + usize::from(GROUP_OF[rest])] += 1;
        }
    }

    /// Number of symbols that occur.
    fn used(&self) -> u64 {
        self.0.iter().filter(|&&count| count > 0).count() as u64
    }

    /// Number of matches.
    fn matches(&self) -> u64 {
        self.0.iter().skip(END + 1).map(|&count| u64::from(count)).sum()
    }

    /// Total of the extra bits of all matches.
    fn extra_bits(&self) -> u64 {
        let groups = self.0.iter().skip(END + 1).enumerate();
        groups.map(|(group, &count)| u64::from(count) * u64::from(extra_bits(group))).sum()
    }

    /// Counts a match of `repeats` times `byte`, fewer than 258, as literals again.
    fn replace_by_literals(&mut self, byte: u8, repeats: usize) {
        self.0[usize::from(byte)] += repeats as u32;
        self.0[END + 1 + usize::from(GROUP_OF[repeats % LONGEST])] -= 1;
    }
}

/// Statistics of a block, before its code is made.
#[derive(Clone)]
pub(super) struct Statistics {
    symbols: Symbols,
    bytes: usize,
    estimate: u64,
}

impl Statistics {
    /// Statistics of `bytes` bytes that consist of `symbols`.
    pub(super) fn new(symbols: Symbols, bytes: usize) -> Self {
        let bits = HEADER_ESTIMATE
            + USED_ESTIMATE * symbols.used()
            + cost::entropy(&symbols.0)
            + symbols.extra_bits();
        Self { estimate: bits.min(stored_bits(bytes)), symbols, bytes }
    }

    /// Statistics of two adjacent pieces together.
    pub(super) fn joined(&self, next: &Self) -> Self {
        let mut symbols = self.symbols.clone();
        for (count, more) in symbols.0.iter_mut().zip(next.symbols.0) {
            *count += more;
        }
        Self::new(symbols, self.bytes + next.bytes)
    }

    /// Approximate size of the block in bits.
    pub(super) fn estimate(&self) -> u64 {
        self.estimate
    }
}

impl Default for Statistics {
    fn default() -> Self {
        Self { symbols: Symbols([0; SYMBOLS]), bytes: 0, estimate: 0 }
    }
}

/// A code for literals and lengths; the distance code has the distance 1 only.
struct Code {
    lengths: [u8; SYMBOLS],
    /// Bits of the code for distance 1, all of them zero.
    distance: u32,
}

impl Code {
    /// The fixed code, which needs no header (RFC 1951, 3.2.6).
    fn fixed() -> Self {
        let mut lengths = [8; SYMBOLS];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        Self { lengths, distance: 5 }
    }

    fn of(symbols: &Symbols) -> Self {
        Self { lengths: huffman::lengths(&symbols.0, LIMIT), distance: 1 }
    }

    /// Size in bits of a block without its header.
    fn bits(&self, symbols: &Symbols) -> u64 {
        let product = |(&count, &length): (&u32, &u8)| u64::from(count) * u64::from(length);
        let codes: u64 = symbols.0.iter().zip(&self.lengths).map(product).sum();
        codes + symbols.extra_bits() + symbols.matches() * u64::from(self.distance)
    }

    /// Size in bits of a match.
    fn match_bits(&self, length: usize) -> u32 {
        let group = usize::from(GROUP_OF[length]);
        u32::from(self.lengths[END + 1 + group]) + extra_bits(group) + self.distance
    }
}

/// Appends a block of `bytes`; `stretches` are the runs in it, and `last` ends the stream.
pub(super) fn write(
    writer: &mut BitWriter,
    bytes: &[u8],
    stretches: impl Iterator<Item = Stretch>,
    statistics: &Statistics,
    last: bool,
) {
    let stored = stored_bits(bytes.len());
    if !bytes.is_empty() && statistics.estimate >= stored {
        return write_stored(writer, bytes, last);
    }
    let mut symbols = statistics.symbols.clone();
    symbols.0[END] = 1;
    let stretches = without_dear_matches(bytes, stretches, &mut symbols);
    let own = Code::of(&symbols);
    let header = Header::new(&own.lengths, &DISTANCES);
    let coded_bits = own.bits(&symbols) + header.bits();
    let fixed = Code::fixed();
    let fixed_bits = fixed.bits(&symbols);
    let best = coded_bits.min(fixed_bits);
    if !bytes.is_empty() && best >= stored - stored / NEARLY_STORED {
        return write_stored(writer, bytes, last);
    }
    writer.reserve(usize::try_from(best / 8).unwrap_or_default() + 1);
    writer.bits(u64::from(last), 1);
    if fixed_bits <= coded_bits {
        writer.bits(1, 2);
        write_symbols(writer, bytes, &stretches, &fixed);
    } else {
        writer.bits(2, 2);
        header.write(writer);
        write_symbols(writer, bytes, &stretches, &own);
    }
}

/// Removes matches that cost more bits than literals in the code for all stretches: short matches of bytes with short
/// codes.
fn without_dear_matches(
    bytes: &[u8],
    stretches: impl Iterator<Item = Stretch>,
    symbols: &mut Symbols,
) -> Vec<Stretch> {
    let code = Code::of(symbols);
    let mut kept = Vec::with_capacity(stretches.size_hint().0);
    let mut position = 0;
    let mut literals = 0;
    for stretch in stretches {
        position += stretch.literals as usize;
        literals += stretch.literals;
        let repeats = stretch.repeats as usize;
        let byte = bytes.get(position).copied().unwrap_or_default();
        let dear = (SHORTEST..LONGEST).contains(&repeats)
            && stretch.repeats * u32::from(code.lengths[usize::from(byte)]) <= code.match_bits(repeats);
        // A byte that occurs only in matches has no code.
        if dear && code.lengths[usize::from(byte)] > 0 {
            symbols.replace_by_literals(byte, repeats);
            literals += stretch.repeats;
        } else {
            kept.push(Stretch { literals, repeats: stretch.repeats });
            literals = 0;
        }
        position += repeats;
    }
    if literals > 0 {
        kept.push(Stretch { literals, repeats: 0 });
    }
    kept
}

fn write_symbols(writer: &mut BitWriter, bytes: &[u8], stretches: &[Stretch], code: &Code) {
    let codes = huffman::codes(&code.lengths);
    let Some(literals) = codes.first_chunk::<256>() else { return };
    let widest = literals.iter().copied().map(width).max().unwrap_or_default();
    let mut matches = [0; LONGEST + 1];
    for (length, target) in matches.iter_mut().enumerate().skip(SHORTEST) {
        let group = usize::from(GROUP_OF[length]);
        let symbol = codes[END + 1 + group];
        let extra = (length - usize::from(GROUPS[group])) as u32;
        *target = entry(symbol >> 8 | extra << width(symbol), code.match_bits(length));
    }
    let mut rest = bytes;
    for stretch in stretches {
        let (stretch_literals, after) =
            rest.split_at_checked(stretch.literals as usize).unwrap_or((rest, &[]));
        writer.literals(stretch_literals, literals, widest);
        write_matches(writer, stretch.repeats as usize, &matches);
        rest = after.get(stretch.repeats as usize..).unwrap_or_default();
    }
    writer.entry(codes[END]);
}

#[inline]
fn write_matches(writer: &mut BitWriter, repeats: usize, matches: &[Entry; LONGEST + 1]) {
    let mut left = repeats;
    while left >= LONGEST {
        writer.entry(matches[LONGEST]);
        left -= LONGEST;
    }
    if left > 0 {
        writer.entry(matches[left]);
    }
}

fn write_stored(writer: &mut BitWriter, bytes: &[u8], last: bool) {
    let mut pieces = bytes.chunks(STORED).peekable();
    while let Some(piece) = pieces.next() {
        writer.bits(u64::from(last && pieces.peek().is_none()), 3);
        writer.align();
        let length = u16::try_from(piece.len()).unwrap_or(u16::MAX);
        writer.bytes(&length.to_le_bytes());
        writer.bytes(&(!length).to_le_bytes());
        writer.bytes(piece);
    }
}

/// Size in bits of a stored block, including padding to whole bytes.
fn stored_bits(bytes: usize) -> u64 {
    8 * (bytes + 5 * bytes.div_ceil(STORED).max(1)) as u64
}
