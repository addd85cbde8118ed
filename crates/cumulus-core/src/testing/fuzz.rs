//! What the fuzz targets check of arbitrary bytes, and a bounded run of the same checks that needs no fuzzer.
//!
//! `fuzz/fuzz_targets` hand what libFuzzer thinks of to [`sounding`] and [`encode`]; the tests below hand them every
//! file of `fuzz/corpus` and the same few mutations of each, every time.

use std::collections::BTreeSet;
use std::io::Read;

use crate::read::sounding as soundings;
use crate::write::encode::{Encoder, Strategy, unshuffle};

/// Bytes as the text of a dropsonde: every answer is right but a panic, a hang, or a sounding that contradicts itself.
///
/// # Panics
/// Such a sounding.
pub fn sounding(bytes: &[u8]) {
    let Ok(soundings) = soundings::parse(bytes, "fuzz") else { return };
    assert!(!soundings.is_empty(), "no failure, and no sounding");
    for sounding in soundings {
        let rows = sounding.row_count();
        assert!(rows > 0 && rows <= bytes.len(), "{rows} rows");
        assert!(
            sounding.columns.iter().all(|column| column.values.len() == rows),
            "columns of unequal length"
        );
        assert!(sounding.column(&sounding.time_column).is_some(), "no column of time");
        assert!(sounding.columns.iter().flat_map(|column| &column.values).all(|value| !value.is_infinite()));
        let names: BTreeSet<&String> = sounding.header.iter().map(|(name, _)| name).collect();
        assert!(names.len() == sounding.header.len(), "header lines of one name");
    }
}

/// Whatever is encoded is read back by two inflaters that know nothing of each other.
///
/// The first byte tells the size of elements, the second how often each of the bytes that follow is repeated: random
/// bytes alone hardly ever make runs.
///
/// # Panics
/// They read something else, or nothing.
#[expect(clippy::expect_used, reason = "a stream that cannot be inflated is what is looked for")]
pub fn encode(bytes: &[u8]) {
    let [size, repeats, bytes @ ..] = bytes else { return };
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

#[cfg(test)]
mod tests;
