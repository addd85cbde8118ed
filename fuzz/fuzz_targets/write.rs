//! Arbitrary bytes as the description of a netCDF-4 file.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../crates/netcdf4-writer/tests/any_file/mod.rs"]
mod any_file;

fuzz_target!(|bytes: &[u8]| {
    any_file::check(bytes);
});
