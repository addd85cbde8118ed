use std::collections::BTreeSet;
use std::path::Path;

use cumulus_core::testing;
use hs3_cpl::COLLECTION;

use crate::granule::{Layout, Recipe, Storage};
use crate::operator::Operator;

/// The datasets of `HS3_CPL_ATB_12203a_20120906.hdf5` as GHRC's public data-recipe notebook prints them.
const PUBLISHED_ATB: [&str; 42] = [
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

/// Datasets that are known or expected in OP granules: `Hour`, `Minute` and `Layer_Type` are confirmed for the
/// sibling campaign; position and bookkeeping are expected to be as in ATB. All others are unknown and have no rows.
const PUBLISHED_OP: [&str; 6] = ["Hour", "Minute", "Layer_Type", "Latitude", "Longitude", "Dec_JDay"];

#[test]
fn the_tables_keep_the_contract() {
    let breaches = testing::contract(&COLLECTION, &[("ATB", &PUBLISHED_ATB), ("OP", &PUBLISHED_OP)]);
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn the_generator_writes_exactly_the_published_datasets() {
    for layout in [Layout::Compact, Layout::PerRecord] {
        let operator = Operator::new();
        let path = operator.granule("12203a", &Recipe { layout, ..Recipe::default() });
        let file = hdf5::File::open(path).unwrap();
        let names: BTreeSet<String> = file.member_names().unwrap().into_iter().collect();
        assert_eq!(names, PUBLISHED_ATB.iter().map(|name| (*name).to_owned()).collect());
        assert!(file.attr_names().unwrap().is_empty());
    }
}

#[test]
fn the_committed_page_is_what_describe_prints() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/collections/hs3-cpl.md");
    let run = Operator::new().run(&["describe"]);
    let committed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        committed == run.succeeded().stdout,
        "{} is out of date: run `cargo run -p hs3-cpl -- describe > docs/collections/hs3-cpl.md`",
        page.display()
    );
}

/// The committed samples, and a granule in compressed chunks.
#[test]
fn granules_keep_the_contract_of_sources() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe { storage: Storage::Gzip, ..Recipe::default() });
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/cpl/input");
    for folder in [samples, operator.input()] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(testing::source(&COLLECTION, &path).unwrap(), Vec::<String>::new(), "{path:?}");
        }
    }
}
