use std::path::Path;

use cumulus_core::testing::{self, operator::Operator};
use impacts_hiwrap::COLLECTION;

use crate::granule;

/// The datasets with numbers per record or per gate that public readers of `IMPACTS_HIWRAP_L1B_*.h5` use.
const PUBLISHED: [&str; 27] = [
    "Time/Data/TimeUTC",
    "Navigation/Data/Latitude",
    "Navigation/Data/Longitude",
    "Navigation/Data/Height",
    "Navigation/Data/Heading",
    "Navigation/Data/Pitch",
    "Navigation/Data/Roll",
    "Navigation/Data/Drift",
    "Navigation/Data/Track",
    "Navigation/Data/EastVelocity",
    "Navigation/Data/NorthVelocity",
    "Navigation/Data/UpVelocity",
    "Navigation/Data/NominalDistance",
    "Products/Information/Range",
    "Products/Information/AircraftMotion",
    "Products/Ku/Combined/Data/dBZe",
    "Products/Ku/Combined/Data/LDR",
    "Products/Ku/Combined/Data/SpectrumWidth",
    "Products/Ku/Combined/Data/Velocity",
    "Products/Ku/Combined/Data/Velocity_corrected",
    "Products/Ku/Combined/Information/ChannelMask",
    "Products/Ka/Combined/Data/dBZe",
    "Products/Ka/Combined/Data/LDR",
    "Products/Ka/Combined/Data/SpectrumWidth",
    "Products/Ka/Combined/Data/Velocity",
    "Products/Ka/Combined/Data/Velocity_corrected",
    "Products/Ka/Combined/Information/ChannelMask",
];

#[test]
fn the_tables_keep_the_contract() {
    let breaches = testing::contract(&COLLECTION, &[("L1B", &PUBLISHED)]);
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn the_committed_page_is_what_describe_prints() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/collections/impacts-hiwrap.md");
    let run = Operator::new(env!("CARGO_BIN_EXE_impacts-hiwrap")).run(&["describe"]);
    let committed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        committed == run.succeeded().stdout,
        "{} is out of date: run `cargo run -p impacts-hiwrap -- describe > docs/collections/impacts-hiwrap.md`",
        page.display()
    );
}

#[test]
fn granules_keep_the_contract_of_sources() {
    let operator = Operator::new(env!("CARGO_BIN_EXE_impacts-hiwrap"));
    let path = operator.input().join("IMPACTS_HIWRAP_L1B_RevC_20200201.h5");
    granule::write(&path).unwrap();
    assert_eq!(testing::source(&COLLECTION, &path).unwrap(), Vec::<String>::new());
}
