//! The checksum of HDF5 metadata: Bob Jenkins' lookup3, `hashlittle`, with initial value 0 (section III.G of the
//! format specification; burtleburtle.net/bob/c/lookup3.c, public domain).

/// Returns the checksum of `bytes`.
#[expect(clippy::cast_possible_truncation, reason = "the algorithm counts in 32 bits")]
pub(super) fn lookup3(bytes: &[u8]) -> u32 {
    let start = 0xdead_beef_u32.wrapping_add(bytes.len() as u32);
    let mut state = [start; 3];
    // The final round always processes the last one to twelve bytes.
    let whole = bytes.len().saturating_sub(1) / 12 * 12;
    let (body, tail) = bytes.split_at(whole);
    for block in body.chunks_exact(12) {
        add(&mut state, block);
        mix(&mut state);
    }
    if !tail.is_empty() {
        let mut block = [0; 12];
        block.iter_mut().zip(tail).for_each(|(to, from)| *to = *from);
        add(&mut state, &block);
        scramble(&mut state);
    }
    state[2]
}

fn add(state: &mut [u32; 3], block: &[u8]) {
    for (word, bytes) in state.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = word.wrapping_add(u32::from_le_bytes(*bytes));
    }
}

fn mix([a, b, c]: &mut [u32; 3]) {
    // One line of lookup3's `mix`, such as `a -= c; a ^= rot(c, 4); c += b;`.
    let step = |x: &mut u32, z: &mut u32, y: u32, bits: u32| {
        *x = x.wrapping_sub(*z) ^ z.rotate_left(bits);
        *z = z.wrapping_add(y);
    };
    step(a, c, *b, 4);
    step(b, a, *c, 6);
    step(c, b, *a, 8);
    step(a, c, *b, 16);
    step(b, a, *c, 19);
    step(c, b, *a, 4);
}

fn scramble([a, b, c]: &mut [u32; 3]) {
    let step = |x: &mut u32, y: u32, bits: u32| *x = (*x ^ y).wrapping_sub(y.rotate_left(bits));
    step(c, *b, 14);
    step(a, *c, 11);
    step(b, *a, 25);
    step(c, *b, 16);
    step(a, *c, 4);
    step(b, *a, 14);
    step(c, *b, 24);
}
