//! Fuzzes the netCDF-4 writer with arbitrary bytes as a description of a file.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/netcdf4-writer/tests/any_file/mod.rs"]
mod any_file;

fuzz_target!(|bytes: &[u8]| {
    any_file::check(bytes);
});
