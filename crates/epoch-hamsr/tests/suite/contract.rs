use std::path::Path;

use cumulus_core::testing::{self, operator::Operator};
use epoch_hamsr::COLLECTION;

use crate::granule;

/// The variables of `EPOCH_HAMSR_L2_realtime_20170824T1400_20170824T1500.nc` as `ncdump -h` prints them.
const PUBLISHED: [&str; 20] = [
    "time",
    "lat",
    "lon",
    "altitude",
    "TB",
    "inc",
    "AClat",
    "AClon",
    "ACroll",
    "ACpitch",
    "ACheading",
    "PWV",
    "CLW",
    "ham_airT",
    "ham_airQ",
    "ham_airRH",
    "ham_pres_levels",
    "ham_dBz",
    "ham_dBz_heights",
    "rain_flag",
];

#[test]
fn the_tables_keep_the_contract() {
    let breaches = testing::contract(&COLLECTION, &[("L2", &PUBLISHED)]);
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn the_committed_page_is_what_describe_prints() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/collections/epoch-hamsr.md");
    let run = Operator::new(env!("CARGO_BIN_EXE_epoch-hamsr")).run(&["describe"]);
    let committed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        committed == run.succeeded().stdout,
        "{} is out of date: run `cargo run -p epoch-hamsr -- describe > docs/collections/epoch-hamsr.md`",
        page.display()
    );
}

#[test]
fn granules_keep_the_contract_of_sources() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_epoch-hamsr"));
    let path = operator.input().join("EPOCH_HAMSR_L2_realtime_20170824T1400_20170824T1500.nc");
    granule::write(&path).unwrap();
    assert_eq!(testing::source(&COLLECTION, &path).unwrap(), Vec::<String>::new());
}
