//! Compares every value of the product with those of the granule.

use std::path::Path;

use cumulus_core::testing::operator::{Operator, Run, say, skip};

use crate::granule::{self, BANDS, GATES, RECORDS, number};

const STEM: &str = "IMPACTS_HIWRAP_L1B_RevC_20200201";

fn converted() -> (Operator, Run) {
    let operator = Operator::new(env!("CARGO_BIN_EXE_impacts-hiwrap"));
    granule::write(&operator.input().join(format!("{STEM}.h5"))).unwrap();
    let run = operator.run(&["input", "output", "--check", "full"]);
    run.succeeded();
    (operator, run)
}

fn singles(values: impl Iterator<Item = f32>) -> Vec<f64> {
    values.map(f64::from).collect()
}

#[test]
fn every_value_of_a_granule_is_in_the_product() {
    let (operator, _) = converted();
    let product = hdf5::File::open(operator.output().join(format!("{STEM}.nc"))).unwrap();
    let read = |name: &str| -> Vec<f64> { product.dataset(name).unwrap().read_raw().unwrap() };
    let times: Vec<f64> = (0..RECORDS).map(|record| granule::FIRST_SECOND + 0.5 * number(record)).collect();
    assert_eq!(read("time"), times);
    assert_eq!(read("latitude"), singles((0..RECORDS).map(granule::latitude)));
    assert_eq!(read("longitude"), singles((0..RECORDS).map(granule::longitude)));
    assert_eq!(read("range"), (0..GATES).map(granule::range).collect::<Vec<f64>>());
    let gates = || (0..RECORDS).flat_map(|record| (0..GATES).map(move |gate| (record, gate)));
    for band in BANDS {
        let name = format!("dBZe_{band}");
        let fill: Vec<f64> = product.dataset(&name).unwrap().attr("_FillValue").unwrap().read_raw().unwrap();
        let expected: Vec<f64> = gates()
            .map(|(record, gate)| f64::from(granule::reflectivity(band, record, gate)))
            .map(|value| if value.is_nan() { fill[0] } else { value })
            .collect();
        assert_eq!(read(&name), expected);
        let of_plane = |value: fn(&str, usize, usize) -> f32| {
            singles(gates().map(|(record, gate)| value(band, record, gate)))
        };
        assert_eq!(read(&format!("velocity_corrected_{band}")), of_plane(granule::velocity));
        assert_eq!(read(&format!("LDR_{band}")), of_plane(granule::depolarization));
    }
    // From kilometres, as the source states.
    let distance: Vec<f64> = (0..RECORDS).map(|record| 125.0 * number(record)).collect();
    assert_eq!(read("distance"), distance);
    assert_eq!(read("velocity_East")[1].to_bits(), 140.125_f64.to_bits());
}

#[test]
fn units_and_descriptions_beside_a_dataset_are_its_attributes() {
    let (operator, run) = converted();
    let header = operator.ncdump(&["-h"], &format!("{STEM}.nc"));
    for line in [
        "time:units = \"seconds since 2020-02-01 00:00:00 UTC\"",
        "dBZe_Ku:coordinates = \"time latitude longitude\"",
        "dBZe_Ka:long_name = \"equivalent reflectivity at Ka band\"",
        "dBZe_Ka:description = \"Equivalent reflectivity\"",
        "dBZe_Ka:units = \"dBZ\"",
        "LDR_Ku:units = \"0.1 lg(re 1)\"",
        "LDR_Ku:source_units = \"dB\"",
        "distance:units = \"m\"",
        "distance:source_units = \"km\"",
        "distance:description = \"Distance along the nominal track\"",
        "channel_mask_Ku:description = \"0: low power, 1: high power\"",
        "Navigation_Data_dxdr:units = \"1\"",
        "double range(range)",
        ":platform = \"NASA ER-2\"",
        ":revision = \"C\"",
    ] {
        assert!(header.contains(line), "{line} is not in {header}");
    }
    assert!(!header.contains("_desc\u{69}ption("), "{header}");
    for absent in ["_units(", "_units ;", "_description ;", "phony"] {
        assert!(!header.contains(absent), "{absent} in {header}");
    }
    assert_eq!(run.lines_with("values are converted from \"km\" to m").len(), 1, "{}", run.stderr);
}

#[test]
fn a_unit_of_another_quantity_is_told_and_kept() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_impacts-hiwrap"));
    granule::write_with(&operator.input().join(format!("{STEM}.h5")), "m/s").unwrap();
    let run = operator.convert();
    assert_eq!(
        run.succeeded().lines_with("states the unit \"m/s\", which is not dBZ").len(),
        2,
        "{}",
        run.stderr
    );
    let header = operator.ncdump(&["-h"], &format!("{STEM}.nc"));
    assert!(header.contains("dBZe_Ku:units = \"m/s\""), "{header}");
    assert!(!header.contains("dBZe_Ku:standard_name"), "{header}");
}

#[test]
fn ranges_out_of_order_are_no_coordinate() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_impacts-hiwrap"));
    let path = operator.input().join(format!("{STEM}.h5"));
    granule::write(&path).unwrap();
    let file = hdf5::File::open_rw(&path).unwrap();
    let mut ranges: Vec<f64> = (0..GATES).map(granule::range).collect();
    ranges.swap(3, 4);
    file.dataset("Products/Information/Range").unwrap().write_raw(&ranges).unwrap();
    file.close().unwrap();
    let run = operator.convert();
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    assert_eq!(
        run.lines_with("Products/Information/Range: cannot be a coordinate").len(),
        1,
        "{}",
        run.stderr
    );
    assert!(operator.products().is_empty());
}

/// A part of a granule of the archive, where it is at hand: time and positions.
#[test]
fn a_genuine_granule_is_converted_without_a_warning() {
    let Some(shared) = std::env::var_os("CUMULUS_SHARED") else {
        skip("CUMULUS_SHARED is not set, so no genuine granule is at hand");
        return;
    };
    let operator = Operator::new(env!("CARGO_BIN_EXE_impacts-hiwrap"));
    let name = "IMPACTS_HIWRAP_L1B_RevC_20200201_subset";
    let genuine = Path::new(&shared).join("samples/airborne").join(format!("{name}.h5"));
    std::fs::copy(&genuine, operator.input().join(format!("{name}.h5"))).unwrap();
    let run = operator.run(&["input", "output", "--check", "full"]);
    assert_eq!(run.succeeded().lines_with(" WARN "), Vec::<&str>::new());
    let header = operator.ncdump(&["-h"], &format!("{name}.nc"));
    assert!(header.contains("record = 31163 ;"), "{header}");
    assert!(!header.contains("phony"), "{header}");
    say("the genuine granule of HIWRAP was converted");
}
