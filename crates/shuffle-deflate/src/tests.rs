use std::io::Read;

use proptest::prelude::*;

use super::{Encoder, Level, Strategy as Way, shuffle, unshuffle};

fn encoder_at(level: u8) -> Encoder {
    Encoder::new(Level::new(level).expect("1 to 9"))
}

const WAYS: [Way; 2] = [Way::Runs, Way::Matches];

/// Two independent inflaters must return the bytes that HDF5's documentation defines for a chunk; both check the
/// header and the checksum, and that nothing follows it.
fn check_with(encoder: &mut Encoder, raw: &[u8], element_size: usize) {
    let expected = shuffled_by_definition(raw, element_size);
    for way in WAYS {
        let stream = encoder.encode(raw, element_size, way).to_vec();
        let mut inflated = vec![0; raw.len() + 1];
        let length =
            libdeflater::Decompressor::new().zlib_decompress(&stream, &mut inflated).expect("libdeflate");
        assert!(inflated.get(..length) == Some(expected.as_slice()), "libdeflate reads other bytes, {way:?}");
        let mut reader = flate2::bufread::ZlibDecoder::new(stream.as_slice());
        inflated.clear();
        reader.read_to_end(&mut inflated).expect("miniz_oxide");
        assert!(inflated == expected, "miniz_oxide reads other bytes, {way:?}");
        assert_eq!(reader.total_in(), stream.len() as u64, "{way:?}");
        assert_eq!(stream.last_chunk(), Some(&adler32_by_definition(&expected).to_be_bytes()), "{way:?}");
        assert_eq!(encoder.encode(raw, element_size, way), stream, "a second time, {way:?}");
        // The size of a block is estimated, so an incompressible block may become a few bytes longer than if stored.
        let slack = |stored: usize| (stored / 500).max(8);
        let stored = raw.len() + 5 * raw.len().div_ceil(65_535).max(1) + 6;
        assert!(
            way == Way::Matches || stream.len() <= stored + slack(stored),
            "{} bytes of {stored}",
            stream.len()
        );
    }
}

fn check(raw: &[u8], element_size: usize) {
    check_with(&mut encoder_at(1), raw, element_size);
}

fn shuffled_by_definition(raw: &[u8], element_size: usize) -> Vec<u8> {
    let (whole, rest) = raw.split_at(raw.len() - raw.len() % element_size);
    let planes = (0..element_size).flat_map(|byte| whole.iter().skip(byte).step_by(element_size));
    planes.chain(rest).copied().collect()
}

/// RFC 1950, chapter 8.
fn adler32_by_definition(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

/// Pseudo-random bytes.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(&mut next).take(length).collect()
}

#[test]
fn every_length_up_to_300() {
    for length in 0..300 {
        for element_size in [1, 2, 3, 4, 8, 16] {
            check(&vec![7; length], element_size);
            check(&noise(length), element_size);
        }
    }
}

#[test]
fn lengths_around_limits() {
    let mut encoder = encoder_at(1);
    let around = |limit: usize| limit - 5..limit + 5;
    for limit in [258, 3 * 258, 2048, 65_535, 65_536, 2 * 65_535, 1 << 19] {
        for length in around(limit) {
            check_with(&mut encoder, &vec![0; length], 1);
            check_with(&mut encoder, &noise(length), 1);
        }
    }
}

#[test]
fn runs_of_every_length_between_noise() {
    for length in (0..600).chain(65_530..65_540) {
        let mut raw = noise(40);
        raw.extend(vec![9; length]);
        raw.extend(noise(40));
        check(&raw, 1);
    }
}

#[test]
fn runs_across_pieces_and_blocks() {
    for shift in 250..270 {
        let mut raw = noise((1 << 16) - shift);
        raw.extend(vec![3; 520]);
        raw.extend(noise(70_000));
        raw.extend(vec![4; 1_200_000]);
        check(&raw, 1);
    }
}

#[test]
fn shares_of_symbols_that_want_long_codes() {
    // Fibonacci numbers give the deepest tree: 25 of them are far beyond the limit of deflate.
    let mut shares = [1_usize; 25];
    for index in 2..shares.len() {
        shares[index] = shares[index - 1] + shares[index - 2];
    }
    let mut raw: Vec<u8> = (0_u8..).zip(shares).flat_map(|(byte, share)| vec![byte * 9; share]).collect();
    let length = raw.len();
    for index in 0..length {
        raw.swap(index, index * 7919 % length);
    }
    check(&raw, 1);
}

#[test]
fn fill_values_make_runs_win_and_repeated_values_make_matches_win() {
    let mut encoder = encoder_at(4);
    let noisy: Vec<u8> = noise(160_000).chunks(4 * 80).flat_map(|row| [row, &[0xc4; 80]].concat()).collect();
    assert_eq!(encoder.choose(&[&noisy], 4), Way::Runs);
    let repeated: Vec<u8> = noise(1000).repeat(200);
    assert_eq!(encoder.choose(&[&repeated, &noisy], 4), Way::Matches);
    assert_eq!(encoder.choose(&[&vec![0; 100_000]], 8), Way::Runs);
}

#[test]
fn noise_is_stored() {
    let raw = noise(1_000_000);
    assert!(encoder_at(4).encode(&raw, 8, Way::Runs).len() < raw.len() + 100);
}

/// Runs of few different bytes, with noise in between.
fn patchy() -> impl Strategy<Value = Vec<u8>> {
    let patch = prop_oneof![
        (any::<u8>(), 1..700_usize).prop_map(|(byte, length)| vec![byte; length]),
        (0..3_u8, 1..6_usize).prop_map(|(byte, length)| vec![byte; length]),
        prop::collection::vec(any::<u8>(), 0..50),
        prop::collection::vec(0..3_u8, 0..50),
    ];
    prop::collection::vec(patch, 0..200).prop_map(|patches| patches.concat())
}

fn element_sizes() -> impl Strategy<Value = usize> {
    prop_oneof![Just(1_usize), Just(2), Just(4), Just(8), 1..20_usize]
}

proptest! {
    #[test]
    fn arbitrary_bytes(raw in prop::collection::vec(any::<u8>(), 0..5000), element_size in element_sizes()) {
        check(&raw, element_size);
    }

    #[test]
    fn patchy_bytes(raw in patchy(), element_size in element_sizes()) {
        check(&raw, element_size);
    }

    #[test]
    fn scratch_memory_leaves_no_trace(chunks in prop::collection::vec(patchy(), 1..4)) {
        let mut encoder = encoder_at(1);
        for raw in &chunks {
            check_with(&mut encoder, raw, 4);
            for way in WAYS {
                let mut fresh = encoder_at(1);
                prop_assert_eq!(encoder.encode(raw, 4, way), fresh.encode(raw, 4, way));
            }
        }
    }

    #[test]
    fn shuffling_can_be_undone(raw in prop::collection::vec(any::<u8>(), 0..2000), element_size in 0..40_usize) {
        let (mut shuffled, mut back) = (Vec::new(), vec![0; raw.len()]);
        shuffle(&raw, element_size, &mut shuffled);
        unshuffle(&shuffled, element_size, &mut back);
        prop_assert_eq!(&back, &raw);
        if element_size > 0 {
            prop_assert_eq!(shuffled, shuffled_by_definition(&raw, element_size));
        }
    }
}
