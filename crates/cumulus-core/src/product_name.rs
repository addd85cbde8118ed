//! File names of products.

use crate::granule::Granule;

/// Temporary names of the data and metadata files. Files get the granule's name only when they are published, because
/// netcdf-c treats a backslash in a name as a folder separator.
pub const STAGED: [&str; 2] = ["data.nc", "metadata.xml"];

/// Returns the names of the data file and the metadata file of a granule, as paths inside OUTPUT.
#[must_use]
pub fn output_names(granule: &Granule, metadata_suffix: &str) -> (String, String) {
    let data = format!("{}.nc", granule.output_stem());
    let metadata = format!("{data}{metadata_suffix}");
    (data, metadata)
}
