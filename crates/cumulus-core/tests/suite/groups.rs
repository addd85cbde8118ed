//! Tests of datasets in groups.

use hdf5::types::FixedAscii;

use crate::tiny;

#[test]
fn a_position_in_a_group_is_named_as_the_product_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let granule = folder.path().join("TINY_20120906.h5");
    tiny::write(&granule, 5);
    let converted = tiny::converted(&granule, folder.path()).unwrap();
    let product = converted.product();
    let text = |variable: &str, attribute: &str| {
        let variable = product.variable(variable).unwrap();
        variable.attribute(attribute).and_then(|attribute| attribute.value.as_string())
    };
    assert_eq!(text("temperature", "coordinates").as_deref(), Some("time nav_latitude nav_longitude"));
    assert_eq!(text("nav_latitude", "coordinates"), None);
    assert_eq!(text("nav_latitude", "coverage_content_type").as_deref(), Some("coordinate"));
    assert_eq!(text("clock_hour", "coverage_content_type").as_deref(), Some("auxiliaryInformation"));
    let metadata = &converted.metadata;
    assert!(metadata.contains("<NorthBoundingCoordinate>20.04</NorthBoundingCoordinate>"), "{metadata}");
}

#[test]
fn a_dimension_of_netcdf_without_a_variable_is_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let granule = folder.path().join("TINY_20120906.h5");
    tiny::write(&granule, 5);
    let file = hdf5::File::append(&granule).unwrap();
    file.new_dataset_builder().with_data(&[1.0_f32; 7]).create("echo").unwrap();
    // This is how netcdf-c stores a dimension without a variable.
    let dimension = file.new_dataset::<f32>().shape(7).create("gate").unwrap();
    let title = "This is a netCDF dimension but not a netCDF variable.         7";
    for (name, text) in [("CLASS", "DIMENSION_SCALE"), ("NAME", title)] {
        let text = FixedAscii::<64>::from_ascii(text).unwrap();
        dimension.new_attr::<FixedAscii<64>>().create(name).unwrap().write_scalar(&text).unwrap();
    }
    file.close().unwrap();
    let product = tiny::converted(&granule, folder.path()).unwrap().product();
    assert!(product.variable("echo").is_ok());
    assert!(product.variable("gate").is_err(), "the dimension has become data");
}

/// Some producers store (range, record): the axis of records is the last one. The variable keeps its shape, and has the
/// coordinates of its records.
#[test]
fn the_axis_of_records_may_be_any() {
    let folder = tempfile::tempdir().unwrap();
    let granule = folder.path().join("TINY_20120906.h5");
    tiny::write(&granule, 5);
    let file = hdf5::File::append(&granule).unwrap();
    let values: Vec<f64> = (0..35_u8).map(f64::from).collect();
    let dataset = file.new_dataset::<f64>().shape([7, 5]).create("echo").unwrap();
    dataset.write_raw(&values).unwrap();
    file.close().unwrap();
    let converted = tiny::converted(&granule, folder.path()).unwrap();
    let product = converted.product();
    let echo = product.variable("echo").unwrap();
    let dimensions: Vec<&str> = echo.dimensions.iter().map(|dimension| dimension.name.as_str()).collect();
    assert_eq!(dimensions, ["dim_7", "record"]);
    let coordinates = echo.attribute("coordinates").and_then(|attribute| attribute.value.as_string());
    assert_eq!(coordinates.as_deref(), Some("time nav_latitude nav_longitude"));
    let found: Vec<f64> = product.read_variable_as_f64("echo").unwrap().iter().copied().collect();
    assert_eq!(found, values);
}
