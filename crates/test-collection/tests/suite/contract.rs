//! The contract for the tables of every collection.

use cumulus_core::testing;

use crate::operator::Operator;

const TRACK: &[&str] = &[
    "hour",
    "minute",
    "second",
    "day_of_year",
    "first_day",
    "last_day",
    "date",
    "number_of_records",
    "latitude",
    "longitude",
    "aircraft_altitude",
];

#[test]
fn the_tables_keep_the_contract() {
    let profiles = [TRACK, &["altitude", "number_of_bins", "layers", "signal"]].concat();
    let published = [("PROFILES", profiles.as_slice()), ("TRACK", TRACK)];
    assert_eq!(testing::contract(&test_collection::COLLECTION, &published), Vec::<String>::new());
}

#[test]
fn the_tables_describe_themselves() {
    let described = Operator::new().run(&["describe"]);
    for name in [TRACK, &["signal", "PROFILES", "TRACK"]].concat() {
        assert!(described.succeeded().stdout.contains(name), "{name}: {}", described.stdout);
    }
}
