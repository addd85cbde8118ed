//! Fuzzes the parsers with arbitrary bytes as a text sounding.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| cumulus_core::testing::fuzz::sounding(bytes));
