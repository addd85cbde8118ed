//! What the fuzz target `encode` and the test of its corpus check.

#![expect(clippy::expect_used, reason = "a stream that cannot be inflated is what is looked for")]

use std::io::Read;

use shuffle_deflate::{Encoder, Level, Strategy, unshuffle};

/// Two independent inflaters read back what the encoder wrote.
///
/// The first byte is the size of elements, the second is the number of repetitions of each following byte: random
/// bytes alone hardly ever make runs.
///
/// # Panics
/// They read something else, or nothing.
pub(crate) fn check(bytes: &[u8]) {
    let [size, repeats, bytes @ ..] = bytes else { return };
    let element_size = usize::from(*size).max(1);
    let raw: Vec<u8> = bytes
        .iter()
        .enumerate()
        .flat_map(|(index, &byte)| std::iter::repeat_n(byte, 1 + usize::from(*repeats) * (index % 3)))
        .collect();
    let mut encoder = Encoder::new(Level::new(1).expect("1 to 9"));
    for strategy in [Strategy::Runs, Strategy::Matches] {
        let stream = encoder.encode(&raw, element_size, strategy);
        let mut shuffled = vec![0; raw.len() + 1];
        let length =
            libdeflater::Decompressor::new().zlib_decompress(stream, &mut shuffled).expect("libdeflate");
        shuffled.truncate(length);
        let mut again = Vec::new();
        flate2::read::ZlibDecoder::new(stream).read_to_end(&mut again).expect("miniz_oxide");
        assert!(shuffled == again, "the inflaters disagree, {strategy:?}");
        let mut back = vec![0; shuffled.len()];
        unshuffle(&shuffled, element_size, &mut back);
        assert!(back == raw, "other bytes come back, {strategy:?}");
    }
}
