//! Tests of sources whose conventions differ from the table's.

use cumulus_model::warning::Code;

use crate::tiny;

/// Converts a granule of five records, after a change to it.
fn converted(change: impl Fn(&hdf5::File)) -> tiny::Converted {
    let folder = tempfile::tempdir().unwrap();
    let granule = folder.path().join("TINY_20120906.h5");
    tiny::write(&granule, 5);
    let file = hdf5::File::append(&granule).unwrap();
    change(&file);
    file.close().unwrap();
    tiny::converted(&granule, folder.path()).unwrap()
}

#[test]
fn longitudes_from_0_to_360_are_written_from_minus_180_to_180() {
    let found = converted(|file| {
        let longitude = file.dataset("nav/longitude").unwrap();
        longitude.write(&[300.0, 300.25, 300.5, 300.75, -999.0]).unwrap();
    });
    assert_eq!(found.codes(), [Code::LongitudesWrapped, Code::PositionsInvalid]);
    assert_eq!(found.told().next().unwrap().count, Some(4));
    let longitude: Vec<f64> =
        found.product().read_variable("nav_longitude").unwrap().into_raw_vec_and_offset().0;
    assert_eq!(longitude, [-60.0, -59.75, -59.5, -59.25, -999.0]);
    assert!(found.metadata.contains("<WestBoundingCoordinate>-60<"), "{}", found.metadata);
}

#[test]
fn a_dataset_that_may_have_been_renamed_is_told() {
    let found = converted(|file| file.relink("temperature", "Temp_erature").unwrap());
    assert_eq!(found.codes(), [Code::MaybeRenamed]);
    let told = found.told().next().unwrap().to_string();
    assert_eq!(told, "Temp_erature(5): is not in the table, and temperature is absent: was it renamed?");

    let folder = tempfile::tempdir().unwrap();
    let granule = folder.path().join("TINY_20120906.h5");
    tiny::write(&granule, 5);
    let file = hdf5::File::append(&granule).unwrap();
    file.relink("nav/latitude", "nav/lat").unwrap();
    file.close().unwrap();
    let failure = tiny::converted(&granule, folder.path()).err().unwrap().to_string();
    assert!(
        failure.contains("nav/latitude: is missing; found 6 other datasets, among them nav/lat(5)"),
        "{failure}"
    );
    assert!(failure.contains("or the producer has changed the format"), "{failure}");
}

#[test]
fn flags_are_claimed_only_where_values_are_flags() {
    let modes = |values: [f32; 5]| {
        let found = converted(|file| {
            file.new_dataset_builder().with_data(&values).create("mode").unwrap();
        });
        let product = found.product();
        let mode = product.variable("mode").unwrap();
        let units = mode.attribute("units").and_then(|units| units.value.as_string());
        (found.codes(), mode.attribute("flag_values").is_some(), units)
    };
    assert_eq!(modes([0.0, 1.0, 1.0, -999.0, f32::NAN]), (vec![], true, None));
    let expected = (vec![Code::ValuesAreNoFlags], false, Some("K".to_owned()));
    assert_eq!(modes([0.0, 1.0, 1.0, 250.5, 0.0]), expected);
}

#[test]
fn what_the_source_states_to_be_missing_makes_flags_no_less_flags() {
    let found = converted(|file| {
        let mode = file.new_dataset_builder().with_data(&[0_i32, 1, -99, -99, 0]).create("mode").unwrap();
        mode.new_attr::<i32>().create("_FillValue").unwrap().write_scalar(&-99).unwrap();
    });
    assert_eq!(found.codes(), []);
    assert!(found.product().variable("mode").unwrap().attribute("flag_values").is_some());
}
