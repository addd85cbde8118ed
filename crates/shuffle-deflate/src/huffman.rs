//! Length-limited Huffman codes as deflate requires them (RFC 1951, 3.2.2).

use super::bits::{Entry, entry};

/// Max symbols of any code in deflate.
const MOST: usize = 288;

/// Max code length in deflate.
const LONGEST: usize = 15;

/// Returns the code length of each symbol, at most `limit` bits, 0 if a symbol never occurs. The code is always
/// complete, which requires a second symbol if only one occurs, because inflaters disagree about incomplete codes.
///
/// Lengths are those of the Huffman tree; those beyond the limit are shortened, and shorter ones extended until the
/// code is valid. This is not always the optimal code, but the loss is smaller than the cost of finding that.
/// fits. That is not always the best code within the limit, but misses it by less than what a search for it costs.
pub(super) fn lengths<const N: usize>(frequencies: &[u32; N], limit: usize) -> [u8; N] {
    const { assert!(N >= 2 && N <= MOST) };
    let mut lengths = [0; N];
    let mut leaves: Vec<(u32, usize)> = frequencies
        .iter()
        .enumerate()
        .filter(|&(_, &frequency)| frequency > 0)
        .map(|(symbol, &frequency)| (frequency, symbol))
        .collect();
    for (symbol, &frequency) in frequencies.iter().enumerate().take(2) {
        if leaves.len() < 2 && frequency == 0 {
            leaves.push((0, symbol));
        }
    }
    leaves.sort_unstable();
    let mut counts = depths(&leaves);
    shorten(&mut counts, limit.min(LONGEST));
    // The rarest symbols are first and have the longest codes.
    let by_length = (1..=LONGEST).rev().flat_map(|length| std::iter::repeat_n(length, counts[length]));
    for (&(_, symbol), length) in leaves.iter().zip(by_length) {
        lengths[symbol] = u8::try_from(length).unwrap_or_default();
    }
    lengths
}

/// Counts the leaves of the Huffman tree by depth; those deeper than 15 count as 15. Leaves must be sorted by weight.
fn depths(leaves: &[(u32, usize)]) -> [usize; LONGEST + 1] {
    let mut counts = [0; LONGEST + 1];
    let mut weights = [0_u64; MOST];
    let mut parents = [0_usize; 2 * MOST];
    let inner = leaves.len().saturating_sub(1).min(MOST);
    let (mut leaf, mut oldest) = (0, 0);
    for node in 0..inner {
        for _ in 0..2 {
            // Both the leaves and the inner nodes without a parent are sorted by weight.
            let weight = leaves.get(leaf).map(|&(frequency, _)| u64::from(frequency));
            let child = match weight {
                Some(weight) if oldest >= node || weight <= weights[oldest] => {
                    weights[node] += weight;
                    leaf += 1;
                    leaf - 1
                }
                _ => {
                    weights[node] += weights[oldest];
                    oldest += 1;
                    MOST + oldest - 1
                }
            };
            parents[child] = node;
        }
    }
    // Parents come after their children, so depths are computed backwards from the last node, the root.
    let mut depths = [0_usize; MOST];
    for node in (0..inner.saturating_sub(1)).rev() {
        depths[node] = depths[parents[MOST + node]] + 1;
    }
    for &parent in parents.iter().take(leaves.len()) {
        counts[(depths[parent] + 1).min(LONGEST)] += 1;
    }
    counts
}

/// Moves codes between lengths until none is longer than `limit` and the code is complete.
fn shorten(counts: &mut [usize; LONGEST + 1], limit: usize) {
    let beyond: usize = counts.iter_mut().skip(limit + 1).map(std::mem::take).sum();
    counts[limit] += beyond;
    let mut used: usize =
        counts.iter().enumerate().skip(1).map(|(length, count)| count << (limit - length.min(limit))).sum();
    while used > 1 << limit {
        // One of the longest codes becomes a sibling of the longest of the others, which gets one bit longer.
        let Some(length) = (1..limit).rev().find(|&length| counts[length] > 0) else { break };
        counts[limit] -= 1;
        counts[length] -= 1;
        counts[length + 1] += 2;
        used -= 1;
    }
}

/// Returns the code of each symbol that has one, ordered by length and symbol, first bit lowest.
pub(super) fn codes<const N: usize>(lengths: &[u8; N]) -> [Entry; N] {
    let mut next = [0_u32; LONGEST + 2];
    for length in 1..=LONGEST {
        let count = lengths.iter().filter(|&&other| usize::from(other) == length).count();
        next[length + 1] = (next[length] + u32::try_from(count).unwrap_or_default()) << 1;
    }
    lengths.map(|length| {
        if length == 0 {
            return 0;
        }
        let code = &mut next[usize::from(length)];
        let bits = code.reverse_bits() >> (32 - u32::from(length));
        *code += 1;
        entry(bits, u32::from(length))
    })
}
