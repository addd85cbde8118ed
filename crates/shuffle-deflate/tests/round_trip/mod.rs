//! The check of the fuzz target `encode`, also run on its corpus.

#![expect(clippy::expect_used, reason = "a stream that cannot be inflated is what is looked for")]

use std::io::Read;

use shuffle_deflate::{Encoder, Level, Strategy, unshuffle};

/// Checks that two independent inflaters return the bytes that were encoded.
///
/// The first byte is the element size, the second the number of repetitions of the following bytes: random bytes
/// alone rarely contain runs.
///
/// # Panics
/// Panics if an inflater fails or returns other bytes.
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
