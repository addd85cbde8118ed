//! What the fuzz targets check of arbitrary bytes, and a bounded run of the same checks that needs no fuzzer.
//!
//! `fuzz/fuzz_targets` hands the inputs of libFuzzer to [`sounding`]; the tests below hand it every file of
//! `fuzz/corpus/sounding` and the same few mutations of each, every time.

use std::collections::BTreeSet;

use cumulus_sounding as soundings;

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

#[cfg(test)]
mod tests;
