use std::path::Path;

use cumulus_core::testing::{self, operator::Operator};
use new_collection::COLLECTION;

/// The datasets of a granule, from the printed structure of a real one and not from the tables.
const PUBLISHED: [&str; 11] = [
    "hour",
    "minute",
    "second",
    "day_of_year",
    "first_day",
    "last_day",
    "date",
    "latitude",
    "longitude",
    "altitude",
    "backscatter",
];

#[test]
fn the_tables_keep_the_contract() {
    let breaches = testing::contract(&COLLECTION, &[("PROFILES", &PUBLISHED)]);
    assert!(breaches.is_empty(), "{breaches:#?}");
}

#[test]
fn the_committed_page_is_what_describe_prints() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/collections/new-collection.md");
    let run = Operator::new(env!("CARGO_BIN_EXE_new-collection")).run(&["describe"]);
    let committed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        committed == run.succeeded().stdout,
        "{} is out of date: run `cargo run -p new-collection -- describe > docs/collections/new-collection.md`",
        page.display()
    );
}
