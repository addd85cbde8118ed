//! HDF5's shuffle filter: the first bytes of all elements, then the second bytes, and so on; a remainder shorter than
//! an element is copied to the end.
//!
//! Elements of 4 and 8 bytes are transposed in groups of eight in 64-bit words, by exchanging smaller and smaller
//! halves. This is several times faster than byte by byte and needs no processor-specific code.

/// Groups byte `n` of every element of `raw` together, for every `n`; `shuffled` gets the length of `raw`. One-byte
/// elements are copied.
pub fn shuffle(raw: &[u8], element_size: usize, shuffled: &mut Vec<u8>) {
    shuffled.resize(raw.len(), 0);
    let count = raw.len().checked_div(element_size).unwrap_or_default();
    let (whole, rest) = raw.split_at(count * element_size);
    let (planes, end) = shuffled.split_at_mut(count * element_size);
    end.copy_from_slice(rest);
    match element_size {
        1 => planes.copy_from_slice(whole),
        2 => shuffle_pairs(whole, planes),
        4 => shuffle_words::<4>(whole, planes),
        8 => shuffle_words::<8>(whole, planes),
        _ => {
            for (byte, plane) in planes.chunks_exact_mut(count.max(1)).enumerate() {
                for (target, source) in plane.iter_mut().zip(whole.iter().skip(byte).step_by(element_size)) {
                    *target = *source;
                }
            }
        }
    }
}

/// Inverse of [`shuffle`]: fills `raw`, which must be as long as `shuffled`.
pub fn unshuffle(shuffled: &[u8], element_size: usize, raw: &mut [u8]) {
    let count = shuffled.len().checked_div(element_size).unwrap_or_default();
    let (elements, rest) = raw.split_at_mut(count * element_size);
    rest.copy_from_slice(shuffled.split_at(count * element_size).1);
    unshuffle_elements(shuffled, element_size, 0, elements);
}

/// Inverse of [`shuffle`] for a range of whole elements: fills `raw` with elements from index `first` on.
pub fn unshuffle_elements(shuffled: &[u8], element_size: usize, first: usize, raw: &mut [u8]) {
    let count = shuffled.len().checked_div(element_size).unwrap_or_default();
    let wanted = raw.len().checked_div(element_size).unwrap_or_default();
    let planes = shuffled.chunks_exact(count.max(1)).take(element_size);
    let planes = planes.map(|plane| plane.get(first..first + wanted).unwrap_or_default());
    match element_size {
        4 => unshuffle_words::<4>(planes, raw),
        8 => unshuffle_words::<8>(planes, raw),
        _ => {
            for (byte, plane) in planes.enumerate() {
                for (target, source) in raw.iter_mut().skip(byte).step_by(element_size).zip(plane) {
                    *target = *source;
                }
            }
        }
    }
}

fn unshuffle_words<'planes, const SIZE: usize>(
    mut planes: impl Iterator<Item = &'planes [u8]>,
    raw: &mut [u8],
) {
    let (elements, _) = raw.as_chunks_mut::<SIZE>();
    let planes: [&[u8]; SIZE] = std::array::from_fn(|_| planes.next().unwrap_or_default());
    let words = planes.map(|plane| plane.as_chunks::<8>().0);
    let (groups, rest) = elements.as_chunks_mut::<8>();
    for (index, group) in groups.iter_mut().enumerate() {
        let rows = words.map(|words| words.get(index).copied().map_or(0, u64::from_le_bytes));
        transpose_back(rows, group);
    }
    let done = groups.len() * 8;
    for (index, element) in rest.iter_mut().enumerate() {
        for (target, plane) in element.iter_mut().zip(planes) {
            *target = plane.get(done + index).copied().unwrap_or_default();
        }
    }
}

fn shuffle_pairs(raw: &[u8], planes: &mut [u8]) {
    let (elements, _) = raw.as_chunks::<2>();
    let (low, high) = planes.split_at_mut(elements.len());
    for ((&[first, second], low), high) in elements.iter().zip(low).zip(high) {
        *low = first;
        *high = second;
    }
}

fn shuffle_words<const SIZE: usize>(raw: &[u8], planes: &mut [u8]) {
    let (elements, _) = raw.as_chunks::<SIZE>();
    let (groups, rest) = elements.as_chunks::<8>();
    let mut planes = planes.chunks_exact_mut(elements.len().max(1));
    let mut planes: [&mut [u8]; SIZE] = std::array::from_fn(|_| planes.next().unwrap_or_default());
    let mut words = planes.each_mut().map(|plane| plane.as_chunks_mut::<8>().0);
    for (index, group) in groups.iter().enumerate() {
        let rows = transpose(group);
        for (words, row) in words.iter_mut().zip(rows) {
            if let Some(word) = words.get_mut(index) {
                *word = row.to_le_bytes();
            }
        }
    }
    for (byte, plane) in planes.iter_mut().enumerate() {
        let (_, end) = plane.as_chunks_mut::<8>();
        for (target, element) in end.iter_mut().zip(rest) {
            *target = element.get(byte).copied().unwrap_or_default();
        }
    }
}

/// Transposes eight elements: word `n` of the result has byte `n` of all eight, in order.
#[inline]
fn transpose<const SIZE: usize>(group: &[[u8; SIZE]; 8]) -> [u64; SIZE] {
    // Row n is element n; for elements of 4 bytes, its upper half is element n + 4.
    let per_row = 8 / SIZE;
    let mut rows = [0_u64; SIZE];
    for (index, row) in rows.iter_mut().enumerate() {
        for part in 0..per_row {
            let mut word = 0;
            for (byte, &value) in group[index + part * SIZE].iter().enumerate() {
                word |= u64::from(value) << (8 * byte);
            }
            *row |= word << (8 * SIZE * part);
        }
    }
    if SIZE == 8 {
        exchange(&mut rows, 4, 32, 0x0000_0000_ffff_ffff);
    }
    exchange(&mut rows, 2, 16, 0x0000_ffff_0000_ffff);
    exchange(&mut rows, 1, 8, 0x00ff_00ff_00ff_00ff);
    rows
}

/// Inverse of [`transpose`]: the same exchanges in reverse order.
#[inline]
fn transpose_back<const SIZE: usize>(mut rows: [u64; SIZE], group: &mut [[u8; SIZE]; 8]) {
    exchange(&mut rows, 1, 8, 0x00ff_00ff_00ff_00ff);
    exchange(&mut rows, 2, 16, 0x0000_ffff_0000_ffff);
    if SIZE == 8 {
        exchange(&mut rows, 4, 32, 0x0000_0000_ffff_ffff);
    }
    let (first, second) = group.split_at_mut(SIZE);
    for (element, row) in first.iter_mut().zip(rows) {
        for (target, byte) in element.iter_mut().zip(row.to_le_bytes()) {
            *target = byte;
        }
    }
    for (element, row) in second.iter_mut().zip(rows) {
        for (target, byte) in element.iter_mut().zip((row >> 32).to_le_bytes()) {
            *target = byte;
        }
    }
}

/// In every square of `2 * half` rows, exchanges the upper part of the first rows with the lower part of the last
/// ones.
#[inline]
fn exchange<const SIZE: usize>(rows: &mut [u64; SIZE], half: usize, shift: u32, lower: u64) {
    for square in rows.chunks_exact_mut(2 * half) {
        let (first, last) = square.split_at_mut(half);
        for (first, last) in first.iter_mut().zip(last) {
            let difference = ((*first >> shift) ^ *last) & lower;
            *last ^= difference;
            *first ^= difference << shift;
        }
    }
}
