//! Finds runs: stretches of literals, each followed by repetitions of its last byte.
//!
//! One bit per byte records if the byte equals the previous one; three set bits in a row are worth a match of
//! distance 1. Finding them costs a few instructions per 64 bytes of noise.

use super::block::Symbols;

/// Min match length of deflate (RFC 1951, 3.2.5).
pub(super) const SHORTEST: usize = 3;

/// Max match length of deflate.
pub(super) const LONGEST: usize = 258;

/// A word with the value 1 in each byte.
const ONES: u64 = 0x0101_0101_0101_0101;

/// A number of literals, and the number of repetitions of the last one. The last literal of the first stretch of a
/// block may be the last byte of the previous block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) literals: u32,
    /// Zero, or a length that matches can encode: its remainder modulo 258 is never 1 or 2.
    pub(super) repeats: u32,
}

/// Scratch memory of the search.
#[derive(Default)]
pub(super) struct Search {
    /// Bit `n`, counted over all words: byte `n` equals byte `n - 1`.
    equal: Vec<u64>,
}

impl Search {
    /// Appends the stretches of `piece`, which follows the byte `before`, and returns the frequencies of its symbols.
    pub(super) fn find(&mut self, piece: &[u8], before: Option<u8>, stretches: &mut Vec<Stretch>) -> Symbols {
        self.compare(piece, before);
        let mut symbols = Symbols::literals(piece);
        let mut done = 0;
        let mut from = 0;
        while let Some(begin) = self.next_run(from) {
            from = self.end_of_run(begin + SHORTEST);
            // One or two remaining repetitions that no match can encode are literals of the next stretch.
            let excess = (from - begin) % LONGEST;
            let end = if excess < SHORTEST { from - excess } else { from };
            let byte = piece.get(begin).copied().unwrap_or_default();
            symbols.replace_by_matches(byte, end - begin);
            stretches.push(Stretch { literals: small(begin - done), repeats: small(end - begin) });
            done = end;
        }
        if done < piece.len() {
            stretches.push(Stretch { literals: small(piece.len() - done), repeats: 0 });
        }
        symbols
    }

    /// Fills `equal`; bits after the last byte are zero.
    fn compare(&mut self, piece: &[u8], before: Option<u8>) {
        self.equal.clear();
        // Without a previous byte, use one that differs from the first byte.
        let differing = piece.first().map_or(0, |first| !first);
        let mut previous = u64::from(before.unwrap_or(differing));
        let (groups, rest) = piece.as_chunks::<64>();
        self.equal.extend(groups.iter().map(|group| equal_bits(group, &mut previous)));
        if !rest.is_empty() {
            let mut group = [0; 64];
            for (target, byte) in group.iter_mut().zip(rest) {
                *target = *byte;
            }
            self.equal.push(equal_bits(&group, &mut previous) & !(u64::MAX << rest.len()));
        }
        // Ends runs at the end of the piece.
        self.equal.push(0);
    }

    /// Returns the first byte at or after `from` that starts three repetitions.
    #[inline]
    fn next_run(&self, from: usize) -> Option<usize> {
        let mut words = self.equal.get(from / 64..)?.windows(2);
        let mut base = from & !63;
        let mut allowed = u64::MAX << (from % 64);
        loop {
            let &[word, next] = words.next()? else { return None };
            let begins = word & (word >> 1 | next << 63) & (word >> 2 | next << 62) & allowed;
            if begins != 0 {
                return Some(base + begins.trailing_zeros() as usize);
            }
            base += 64;
            allowed = u64::MAX;
        }
    }

    /// Returns the first byte at or after `from` that is not a repetition.
    #[inline]
    fn end_of_run(&self, from: usize) -> usize {
        let mut base = from & !63;
        let mut allowed = u64::MAX << (from % 64);
        for word in self.equal.iter().skip(from / 64) {
            let ends = !word & allowed;
            if ends != 0 {
                return base + ends.trailing_zeros() as usize;
            }
            base += 64;
            allowed = u64::MAX;
        }
        base
    }
}

/// Bit `n` of the result: byte `n` equals the previous one. `previous` is the byte before the group, and is set to
/// its last byte.
#[inline]
fn equal_bits(group: &[u8; 64], previous: &mut u64) -> u64 {
    let (words, _) = group.as_chunks::<8>();
    let mut bits = 0;
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let difference = word ^ (word << 8 | *previous);
        *previous = word >> 56;
        // Sets the highest bit of each byte that is zero. No carry crosses a byte, so this is exact.
        let low = ONES * 0x7f;
        let zero = !(((difference & low) + low) | difference | low);
        // Moves bits 0, 8, 16, … to the highest byte.
        bits |= ((zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * index);
    }
    bits
}

/// Converts a number of bytes within a block, which is far smaller than 4 GiB.
fn small(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
