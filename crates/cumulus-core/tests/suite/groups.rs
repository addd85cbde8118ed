//! Datasets that lie in groups.

use netcdf_reader::NcFile;

use crate::tiny;

#[test]
fn a_position_in_a_group_is_named_as_the_product_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let granule = folder.path().join("TINY_20120906.h5");
    tiny::write(&granule, 5);
    let (data, metadata) = tiny::converted(&granule, folder.path()).unwrap();
    let product = NcFile::from_vec(data).unwrap();
    let text = |variable: &str, attribute: &str| {
        let variable = product.variable(variable).unwrap();
        variable.attribute(attribute).and_then(|attribute| attribute.value.as_string())
    };
    assert_eq!(text("temperature", "coordinates").as_deref(), Some("time nav_latitude nav_longitude"));
    assert_eq!(text("nav_latitude", "coordinates"), None);
    assert_eq!(text("nav_latitude", "coverage_content_type").as_deref(), Some("coordinate"));
    assert_eq!(text("clock_hour", "coverage_content_type").as_deref(), Some("auxiliaryInformation"));
    assert!(metadata.contains("<NorthBoundingCoordinate>20.04</NorthBoundingCoordinate>"), "{metadata}");
}
