//! Positions that are stored at record edges, N + 1 for N records.

use hdf5::File;
use netcdf_reader::NcFile;

use crate::tiny;

const RECORDS: u8 = 5;

fn converted(latitude: &[f64], longitude: &[f64]) -> (NcFile, tiny::Converted) {
    let folder = tempfile::tempdir().unwrap();
    let granule = folder.path().join("TINY_20120906.h5");
    tiny::write(&granule, RECORDS);
    let file = File::append(&granule).unwrap();
    for (name, values) in [("nav/latitude", latitude), ("nav/longitude", longitude)] {
        file.unlink(name).unwrap();
        file.new_dataset_builder().with_data(values).create(name).unwrap();
    }
    file.close().unwrap();
    let converted = tiny::converted(&granule, folder.path()).unwrap();
    (converted.product(), converted)
}

fn values(product: &NcFile, name: &str) -> Vec<f64> {
    product.read_variable_as_f64(name).unwrap().iter().copied().collect()
}

#[test]
fn positions_at_record_edges_become_those_of_records() {
    // Across the antimeridian, 0.02 degrees a minute.
    let latitude = [20.0, 20.02, 20.04, 20.06, 20.08, 20.1];
    let longitude = [179.96, 179.98, -180.0, -179.98, -179.96, -179.94];
    let (product, converted) = converted(&latitude, &longitude);
    let close = |name: &str, expected: &[f64]| {
        let found = values(&product, name);
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{name}: {found}, expected {expected}");
        }
    };
    close("nav_latitude", &[20.01, 20.03, 20.05, 20.07, 20.09]);
    close("nav_longitude", &[179.97, 179.99, -179.99, -179.97, -179.95]);
    close("nav_latitude_edges", &latitude);
    close("nav_longitude_edges", &longitude);
    assert!(converted.metadata.contains("<WestBoundingCoordinate>179.97</"), "{}", converted.metadata);
    assert!(converted.metadata.contains("<EastBoundingCoordinate>-179.95</"), "{}", converted.metadata);
    assert!(converted.codes().is_empty(), "{:?}", converted.codes());
}

#[test]
fn a_missing_edge_makes_the_positions_beside_it_missing() {
    let latitude = [20.0, 20.02, -999.0, 20.06, 20.08, 20.1];
    let longitude = [-60.0, -60.0, -999.0, -60.0, -60.0, -60.0];
    let (product, _) = converted(&latitude, &longitude);
    let is_missing: Vec<bool> =
        values(&product, "nav_latitude").iter().map(|value| *value < -900.0).collect();
    assert_eq!(is_missing, [false, true, true, false, false]);
    // The edges are as in the source, good ones beside invalid positions included.
    assert_eq!(values(&product, "nav_latitude_edges"), latitude);
}

#[test]
fn more_than_one_edge_too_many_is_a_warning() {
    let (product, converted) = converted(&[20.0; 7], &[-60.0; 7]);
    assert_eq!(values(&product, "nav_latitude"), [20.0; 5]);
    let codes: Vec<String> = converted.codes().iter().map(ToString::to_string).collect();
    assert_eq!(codes, ["lengths_disagree", "lengths_disagree"]);
}
