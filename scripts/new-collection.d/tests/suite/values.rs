//! Compares every value of the product with those of the granule.

use cumulus_core::testing::operator::Operator;

use crate::granule::{self, ALTITUDES, RECORDS};

#[test]
fn every_value_of_a_granule_is_in_the_product() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_new-collection"));
    granule::write(&operator.input().join("NEW_COLLECTION_20120906.h5")).unwrap();
    operator.run(&["input", "output", "--check", "full"]).succeeded();
    let name = "NEW_COLLECTION_20120906.nc";
    let product = hdf5::File::open(operator.output().join(name)).unwrap();
    let read = |name: &str| -> Vec<f64> { product.dataset(name).unwrap().read_raw().unwrap() };

    // One record per minute from noon on.
    let times: Vec<f64> = (0..RECORDS).map(|record| 43_200.0 + 60.0 * f64::from(record)).collect();
    assert_eq!(read("time"), times);
    let latitudes: Vec<f64> = (0..RECORDS).map(|record| 20.0 + f64::from(record) / 100.0).collect();
    assert_eq!(read("latitude"), latitudes);
    assert_eq!(read("longitude"), [-60.0; RECORDS as usize]);
    assert_eq!(read("altitude"), ALTITUDES);

    let fill: Vec<f64> = product.dataset("backscatter").unwrap().attr("_FillValue").unwrap().read_raw().unwrap();
    let expected: Vec<f64> = (0..RECORDS)
        .flat_map(|record| [0, 1, 2, 3].map(|bin| granule::backscatter(record, bin)))
        .map(|value| if value.is_nan() || value <= granule::SENTINEL { fill[0] } else { value })
        .collect();
    assert_eq!(read("backscatter"), expected);
    assert_eq!(expected.iter().filter(|value| **value <= fill[0]).count(), 5);

    let header = operator.ncdump(&["-h"], name);
    for line in [
        "time:units = \"seconds since 2012-09-06 00:00:00 UTC\"",
        "backscatter:units = \"km-1 sr-1\"",
        "backscatter:coordinates = \"time latitude longitude\"",
    ] {
        assert!(header.contains(line), "{line} is not in {header}");
    }
}
