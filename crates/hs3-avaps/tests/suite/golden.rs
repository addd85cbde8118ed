//! The samples' products as text, so that a change of the product is visible in review.
//!
//! `INSTA_UPDATE=always cargo test` accepts a change.

use std::fs;
use std::path::Path;

use crate::operator::Operator;

const PRODUCTS: [&str; 2] = ["D20120907_124116_PQC", "D20120914_235103_PQC"];

#[test]
fn structure_metadata_and_a_few_values() {
    let operator = Operator::new();
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/avaps/input");
    operator.run(&[input.to_str().unwrap(), "output"]).succeeded();
    for product in PRODUCTS {
        let shown = "position_status,alt_status,trajectory,launch_time,reference_pres,reference_lat";
        let text = operator.ncdump(&["-v", shown, "-p", "9,17"], &format!("{product}.nc"));
        let version = env!("CARGO_PKG_VERSION");
        let text = text
            .replace(&format!("\"{version}\""), "…")
            .replace(&format!("hs3-avaps {version}"), "hs3-avaps …");
        insta::assert_snapshot!(format!("{product}.cdl"), text);
        let metadata = fs::read_to_string(operator.output().join(format!("{product}.nc.meta.xml"))).unwrap();
        let depends = ["SizeMBDataGranule", "DataGranuleSizeInBytes", "SizeInBytes", "Checksum", "Value"];
        let is_stable =
            |line: &&str| !depends.iter().any(|name| line.contains(name)) && !line.contains("granule-origin");
        let metadata = metadata.lines().filter(is_stable).collect::<Vec<_>>().join(
            "
",
        );
        insta::assert_snapshot!(format!("{product}.xml"), metadata.replace(version, "…"));
    }
}

/// Checks products against the published specification of the format.
#[test]
fn every_byte_of_a_product_is_accounted_for() {
    for level in ["0", "1", "9"] {
        let operator = Operator::new();
        let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/avaps/input");
        operator.run(&[input.to_str().unwrap(), "output", "--level", level]).succeeded();
        let products = operator.products();
        let data: Vec<_> = products.iter().filter(|name| !name.ends_with(".meta.xml")).collect();
        assert_eq!(data.len(), 4);
        for name in data {
            let bytes = fs::read(operator.output().join(name)).unwrap();
            hdf5_walk::walk(&bytes).unwrap_or_else(|faults| panic!("{name}: {faults:#?}"));
        }
    }
}
