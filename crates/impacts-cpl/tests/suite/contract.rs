use std::path::Path;

use cumulus_core::testing::{self, operator::Operator};
use impacts_cpl::COLLECTION;

use crate::granule;

/// The datasets of HS3 granules, which readers of `IMPACTS_CPL_ATB_L1_*.hdf5` use, and the version that they print.
const PUBLISHED: [&str; 43] = [
    "ATB_1064",
    "ATB_355",
    "ATB_532",
    "Bin_Alt",
    "Bin_Width",
    "Cali_1064",
    "Cali_355",
    "Cali_532",
    "Date",
    "Dec_JDay",
    "Depol_Ratio",
    "End_JDay",
    "Frame_Top",
    "Gnd_Hgt",
    "Hori_Res",
    "Hour",
    "L1B_Version",
    "Latitude",
    "Layer_Bot_Alt",
    "Layer_Top_Alt",
    "Layer_Type",
    "Longitude",
    "MaxLayers",
    "Minute",
    "Mole_Back",
    "NumBins",
    "NumChans",
    "NumLayers",
    "NumRecs",
    "NumWave",
    "Plane_Alt",
    "Plane_Heading",
    "Plane_Pitch",
    "Plane_Roll",
    "Pressure",
    "Project",
    "RH",
    "Saturate",
    "Second",
    "Solar_Azimuth_Angle",
    "Solar_Elevation_Angle",
    "Start_JDay",
    "Temperature",
];

#[test]
fn the_tables_keep_the_contract() {
    let breaches = testing::contract(&COLLECTION, &[("ATB", &PUBLISHED)]);
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn the_committed_page_is_what_describe_prints() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/collections/impacts-cpl.md");
    let run = Operator::new(env!("CARGO_BIN_EXE_impacts-cpl")).run(&["describe"]);
    let committed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        committed == run.succeeded().stdout,
        "{} is out of date: run `cargo run -p impacts-cpl -- describe > docs/collections/impacts-cpl.md`",
        page.display()
    );
}

#[test]
fn granules_keep_the_contract_of_sources() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_impacts-cpl"));
    let path = operator.input().join("IMPACTS_CPL_ATB_L1_20230113.hdf5");
    granule::write(&path).unwrap();
    let file = hdf5::File::open(&path).unwrap();
    let mut names = file.member_names().unwrap();
    names.sort();
    assert_eq!(names, PUBLISHED);
    assert_eq!(testing::source(&COLLECTION, &path).unwrap(), Vec::<String>::new());
}
