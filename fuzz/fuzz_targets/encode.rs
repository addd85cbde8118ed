//! Fuzzes the encoder with arbitrary bytes as a chunk.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/shuffle-deflate/tests/round_trip/mod.rs"]
mod round_trip;

fuzz_target!(|bytes: &[u8]| round_trip::check(bytes));
