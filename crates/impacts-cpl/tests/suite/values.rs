//! Compares every value of the product with those of the granule.

use cumulus_core::testing::operator::{Operator, Run};

use crate::granule::{self, BINS, MISSING, RECORDS, WAVELENGTHS, number};

const STEM: &str = "IMPACTS_CPL_ATB_L1_20230113";

fn converted() -> (Operator, Run) {
    let operator = Operator::new(env!("CARGO_BIN_EXE_impacts-cpl"));
    granule::write(&operator.input().join(format!("{STEM}.hdf5"))).unwrap();
    let run = operator.run(&["input", "output", "--check", "full"]);
    run.succeeded();
    (operator, run)
}

fn read(product: &hdf5::File, name: &str) -> Vec<f64> {
    product.dataset(name).unwrap().read_raw().unwrap()
}

/// Means of neighbouring edges, missing where an edge is.
fn midpoints(edge: fn(usize) -> f64) -> Vec<f64> {
    let middle = |record: usize| match (edge(record), edge(record + 1)) {
        (before, after) if before <= MISSING || after <= MISSING => MISSING,
        (before, after) => f64::midpoint(before, after),
    };
    (0..RECORDS).map(middle).collect()
}

fn close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{found}, expected {expected}");
    }
}

#[test]
fn every_profile_of_a_granule_is_in_the_product() {
    let (operator, _) = converted();
    let product = hdf5::File::open(operator.output().join(format!("{STEM}.nc"))).unwrap();
    let bins = || (0..RECORDS).flat_map(|record| (0..BINS).map(move |bin| (record, bin)));
    for nanometres in WAVELENGTHS {
        let expected: Vec<f64> = bins()
            .map(|(record, bin)| granule::backscatter(nanometres, record, bin))
            .map(|value| if value.is_finite() { value } else { MISSING })
            .collect();
        assert_eq!(read(&product, &format!("ATB_{nanometres}")), expected);
    }
    let expected: Vec<f64> = bins().map(|(record, bin)| granule::depolarization(record, bin)).collect();
    assert_eq!(read(&product, "Depol_Ratio"), expected);
    let altitudes: Vec<f64> = (0..BINS).map(granule::altitude).collect();
    assert_eq!(read(&product, "Bin_Alt"), altitudes);
    // Above the aircraft, measured, and missing.
    let status = read(&product, "ATB_532_status");
    close(&[status[0], status[400], status[3 * BINS + 400]], &[1.0, 0.0, 3.0]);
}

#[test]
fn places_and_navigation_at_edges_become_those_of_records() {
    let (operator, run) = converted();
    let product = hdf5::File::open(operator.output().join(format!("{STEM}.nc"))).unwrap();
    close(&read(&product, "Latitude"), &midpoints(granule::latitude));
    close(&read(&product, "Longitude"), &midpoints(granule::longitude));
    let edges: Vec<f64> = (0..=RECORDS).map(granule::latitude).collect();
    assert_eq!(read(&product, "Latitude_edges"), edges);
    // 359.5 and 0.0 have their middle west of north.
    let heading = read(&product, "Plane_Heading");
    close(&heading, &(0..RECORDS).map(|record| (357.25 + 0.5 * number(record)) % 360.0).collect::<Vec<_>>());
    let times: Vec<f64> = (0..RECORDS).map(|record| number(granule::FIRST_SECOND + record)).collect();
    close(&read(&product, "time"), &times);
    assert_eq!(run.lines_with("2 of 12 positions are invalid").len(), 1, "{}", run.stderr);
    assert_eq!(run.lines_with(" WARN ").len(), 1, "{}", run.stderr);
}

#[test]
fn the_product_names_aircraft_campaign_and_version() {
    let (operator, _) = converted();
    let header = operator.ncdump(&["-h"], &format!("{STEM}.nc"));
    for line in [
        "Bin_Alt = 833 ;",
        "time:units = \"seconds since 2023-01-13 00:00:00 UTC\"",
        "ATB_532:coordinates = \"time Latitude Longitude wavelength_532\"",
        ":platform = \"NASA ER-2\"",
        ":source = \"Cloud Physics Lidar, NASA ER-2\"",
        ":flight_date = \"13 Jan 2023\"",
        ":project = \"IMPACTS SYNTHETIC\"",
    ] {
        assert!(header.contains(line), "{line} is not in {header}");
    }
    let data = operator.ncdump(&["-v", "L1B_Version"], &format!("{STEM}.nc"));
    assert!(data.contains("L1B_Version = \"R0\""), "{data}");
}

/// A granule of 2020 has one position per record, and text as strings; hs3-cpl's suite converts such files.
#[test]
fn a_granule_of_another_instrument_is_refused() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_impacts-cpl"));
    let file = hdf5::File::create(operator.input().join("IMPACTS_CRS_L1B_20230113.h5")).unwrap();
    file.new_dataset_builder().with_data(&[1.0, 2.0]).create("dBZe").unwrap();
    file.close().unwrap();
    // By its name it would be one of the lidar's.
    let file = hdf5::File::create(operator.input().join(format!("{STEM}.hdf5"))).unwrap();
    file.new_dataset_builder().with_data(&[1.0, 2.0]).create("dBZe").unwrap();
    file.close().unwrap();
    let run = operator.convert();
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    let told = |text: &str| run.errors().iter().filter(|line| line.contains(text)).count();
    assert_eq!(told("is no granule of this collection"), 1, "{}", run.stderr);
    assert_eq!(told("Hour: is missing"), 1, "{}", run.stderr);
    assert!(operator.products().is_empty());
}
