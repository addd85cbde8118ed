use std::path::Path;

use cumulus_core::testing;
use hs3_avaps::COLLECTION;

use crate::operator::Operator;

/// Variables of ASPEN's netCDF files, from `ncdump` of genuine files.
const ASPEN: [&str; 20] = [
    "pres",
    "tdry",
    "dp",
    "rh",
    "u_wind",
    "v_wind",
    "w_wind",
    "wspd",
    "wdir",
    "dz",
    "mr",
    "vt",
    "theta",
    "theta_e",
    "theta_v",
    "lat",
    "lon",
    "alt",
    "gpsalt",
    "trajectory",
];

#[test]
fn the_tables_keep_the_contract() {
    let breaches = testing::contract(&COLLECTION, &[("SOUNDING", &ASPEN)]);
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn the_committed_page_is_what_describe_prints() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/collections/hs3-avaps.md");
    let run = Operator::new().run(&["describe"]);
    let committed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        committed == run.succeeded().stdout,
        "{} is out of date: run `cargo run -p hs3-avaps -- describe > docs/collections/hs3-avaps.md`",
        page.display()
    );
}

#[test]
fn granules_keep_the_contract_of_sources() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/avaps/input");
    // The third sample holds two soundings, and has no source as a whole.
    for name in ["D20120907_124116_PQC.eol", "D20120914_235103_PQC.eol"] {
        assert_eq!(testing::source(&COLLECTION, &folder.join(name)).unwrap(), Vec::<String>::new(), "{name}");
    }
}
