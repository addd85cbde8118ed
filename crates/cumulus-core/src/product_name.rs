//! Names of a product's files.

/// Names of data and metadata while they are made. The granule's own name comes with publication: netcdf-c takes a
/// backslash in a name for a folder.
pub const STAGED: [&str; 2] = ["data.nc", "metadata.xml"];

/// Names of the data file and metadata file of the granule with this stem.
#[must_use]
pub fn output_names(stem: &str, metadata_suffix: &str) -> (String, String) {
    let data = format!("{stem}.nc");
    let metadata = format!("{data}{metadata_suffix}");
    (data, metadata)
}
