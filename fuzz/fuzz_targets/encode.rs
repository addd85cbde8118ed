//! Whatever is encoded is read back by two inflaters that know nothing of each other.
//!
//! The first byte of the input tells the size of elements, the second how often each of the bytes that follow is
//! repeated: random bytes alone hardly ever make runs.

#![no_main]

use std::io::Read;

use cumulus_core::write::encode::{Encoder, Strategy, unshuffle};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [size, repeats, bytes @ ..] = input else { return };
    let element_size = usize::from(*size).max(1);
    let raw: Vec<u8> = bytes
        .iter()
        .enumerate()
        .flat_map(|(index, &byte)| std::iter::repeat_n(byte, 1 + usize::from(*repeats) * (index % 3)))
        .collect();
    let mut encoder = Encoder::new(1);
    for strategy in [Strategy::Runs, Strategy::Matches] {
        let stream = encoder.encode(&raw, element_size, strategy);
        let mut shuffled = vec![0; raw.len() + 1];
        let length = libdeflater::Decompressor::new().zlib_decompress(stream, &mut shuffled).unwrap();
        shuffled.truncate(length);
        let mut again = Vec::new();
        flate2::read::ZlibDecoder::new(stream).read_to_end(&mut again).unwrap();
        assert!(shuffled == again);
        let mut back = vec![0; shuffled.len()];
        unshuffle(&shuffled, element_size, &mut back);
        assert!(back == raw);
    }
});
