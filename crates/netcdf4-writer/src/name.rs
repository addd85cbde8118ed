//! Rules for netCDF names.

use unicode_normalization::is_nfc;

/// Max length of a netCDF name, in bytes of UTF-8 (`NC_MAX_NAME`, `netcdf.h`).
pub const MAX_NAME_BYTES: usize = 256;

/// Names of attributes that are reserved by netCDF-4 and HDF5.
pub const RESERVED: [&str; 8] = [
    "CLASS",
    "NAME",
    "DIMENSION_LIST",
    "REFERENCE_LIST",
    "_FillValue",
    "_Netcdf4Dimid",
    "_Netcdf4Coordinates",
    "_NCProperties",
];

/// True if netCDF allows the name (NetCDF Users Guide, "Permitted Characters in NetCDF Names"), and it is in the
/// normal form that netcdf-c stores.
#[must_use]
pub fn is_legal(name: &str) -> bool {
    let begins_well = name
        .chars()
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric() || first == '_' || !first.is_ascii());
    begins_well
        && name.len() <= MAX_NAME_BYTES
        && !name.ends_with(' ')
        && !name.chars().any(|character| character == '/' || character.is_control())
        && is_nfc(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_netcdf() {
        let long = "x".repeat(MAX_NAME_BYTES);
        for name in ["pressure", "_x", "5th", "wind speed", "\u{e9}t\u{e9}", long.as_str()] {
            assert!(is_legal(name), "{name}");
        }
        let too_long = "x".repeat(MAX_NAME_BYTES + 1);
        for name in ["", "-x", "wind/speed", "tab\t", "end ", "e\u{301}", too_long.as_str()] {
            assert!(!is_legal(name), "{name}");
        }
    }
}
