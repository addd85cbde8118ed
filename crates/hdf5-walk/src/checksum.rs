//! The checksum of metadata: Bob Jenkins' lookup3 hash ("hashlittle") with initial value zero.
//!
//! The superblock (section II.A) and object headers (section IV.A.1.b) end with it.

/// Returns the checksum of `bytes`.
pub(super) fn lookup3(bytes: &[u8]) -> u32 {
    let length = u32::try_from(bytes.len() & 0xffff_ffff).unwrap_or_default();
    let seed = 0xdead_beef_u32.wrapping_add(length);
    let mut state = [seed; 3];
    // The last block, of 1 to 12 bytes, is mixed differently from the others.
    let whole = bytes.len().saturating_sub(1) / 12;
    let mut blocks = bytes.chunks(12);
    for block in blocks.by_ref().take(whole) {
        state = mix(add(state, block));
    }
    match blocks.next() {
        Some(block) => finish(add(state, block)),
        None => seed,
    }
}

/// Adds up to 12 bytes, padded with zeros, to the three words.
fn add(state: [u32; 3], block: &[u8]) -> [u32; 3] {
    let mut words = [0_u32; 3];
    for (word, bytes) in words.iter_mut().zip(block.chunks(4)) {
        *word = bytes.iter().rev().fold(0, |value, &byte| (value << 8) | u32::from(byte));
    }
    let ([first, second, third], [x, y, z]) = (state, words);
    [first.wrapping_add(x), second.wrapping_add(y), third.wrapping_add(z)]
}

fn mix([mut first, mut second, mut third]: [u32; 3]) -> [u32; 3] {
    for [left, middle, right] in [[4, 6, 8], [16, 19, 4]] {
        first = first.wrapping_sub(third) ^ third.rotate_left(left);
        third = third.wrapping_add(second);
        second = second.wrapping_sub(first) ^ first.rotate_left(middle);
        first = first.wrapping_add(third);
        third = third.wrapping_sub(second) ^ second.rotate_left(right);
        second = second.wrapping_add(first);
    }
    [first, second, third]
}

fn finish([mut first, mut second, mut third]: [u32; 3]) -> u32 {
    third = (third ^ second).wrapping_sub(second.rotate_left(14));
    first = (first ^ third).wrapping_sub(third.rotate_left(11));
    second = (second ^ first).wrapping_sub(first.rotate_left(25));
    third = (third ^ second).wrapping_sub(second.rotate_left(16));
    first = (first ^ third).wrapping_sub(third.rotate_left(4));
    second = (second ^ first).wrapping_sub(first.rotate_left(14));
    (third ^ second).wrapping_sub(second.rotate_left(24))
}

#[cfg(test)]
mod tests {
    use super::lookup3;

    /// The expected values are from the driver in Jenkins' source.
    #[test]
    fn known_answers() {
        assert_eq!(lookup3(b""), 0xdead_beef);
        assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
    }

    /// For every length around the block size, the checksum changes when one byte changes.
    #[test]
    fn every_byte_counts() {
        for length in 1..40 {
            let zeros = vec![0_u8; length];
            for position in 0..length {
                let mut changed = zeros.clone();
                if let Some(byte) = changed.get_mut(position) {
                    *byte = 1;
                }
                assert_ne!(lookup3(&zeros), lookup3(&changed), "length {length}, byte {position}");
            }
        }
    }
}
