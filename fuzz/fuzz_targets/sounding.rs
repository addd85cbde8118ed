//! Arbitrary bytes as a text sounding: every answer is right but a panic, a hang, or columns of unequal length.
#![no_main]

use cumulus_core::read::sounding;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(soundings) = sounding::parse(bytes, "fuzz") else { return };
    for sounding in soundings {
        let rows = sounding.row_count();
        assert!(rows > 0 && rows <= bytes.len());
        assert!(sounding.columns.iter().all(|column| column.values.len() == rows));
        assert!(sounding.column(&sounding.time_column).is_some());
    }
});
