//! Arbitrary bytes as a chunk to compress.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| cumulus_core::testing::fuzz::encode(bytes));
