//! Checks that the fuzz targets run on arbitrary bytes, and a bounded, deterministic test that needs no fuzzer.
//!
//! `fuzz/fuzz_targets` passes libFuzzer's inputs to [`sounding`]; the tests below pass it every file of
//! `fuzz/corpus/sounding` and a few mutations of each, which are the same in every run.

use std::collections::BTreeSet;

use cumulus_sounding as soundings;

/// Parses `bytes` as dropsonde text: any result is right, except a panic, a hang or an inconsistent sounding.
///
/// # Panics
/// The parser panics or returns an inconsistent sounding.
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
