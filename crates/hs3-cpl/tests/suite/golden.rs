//! The samples' products as text, so that a change of the product is visible in review: structure and attributes as
//! CDL, values of the small variables, the metadata, the report.
//!
//! `cargo insta review`, or `INSTA_UPDATE=always cargo test`, accepts a change.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::operator::Operator;

const PRODUCTS: [&str; 2] = ["HS3_CPL_ATB_12203a_20120906", "HS3_CPL_OP_12203a_20120906"];

/// Variables whose values are shown in full.
const SHOWN: &str =
    "time,Hour,Minute,Second,Dec_JDay,Latitude,Longitude,NumLayers,Layer_Type,Layer_Top_Alt,Date,Project";

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/cpl")
}

/// Converts the committed samples.
fn converted() -> (Operator, Value) {
    let operator = Operator::new();
    let input = samples().join("input");
    let run = operator.run(&[input.to_str().unwrap(), "output", "--report", "-", "--quiet"]);
    let report = serde_json::from_str(&run.succeeded().stdout).unwrap();
    (operator, report)
}

/// Returns `document` with the text of these elements hidden: it depends on the versions of libraries or of the
/// program.
fn hidden(document: &str, elements: &[&str]) -> String {
    document
        .lines()
        .map(|line| {
            let element = elements.iter().find(|name| line.trim_start().starts_with(&format!("<{name}>")));
            element.map_or(line.to_owned(), |name| {
                let indent = &line[..line.len() - line.trim_start().len()];
                format!("{indent}<{name}>…</{name}>")
            }) + "\n"
        })
        .collect()
}

#[test]
fn structure_and_small_values() {
    let (operator, _) = converted();
    for product in PRODUCTS {
        let text = operator.ncdump(&["-v", SHOWN, "-p", "9,17"], &format!("{product}.nc"));
        let version = format!("\"{}\"", env!("CARGO_PKG_VERSION"));
        let text = text
            .replace(&version, "…")
            .replace(&format!("hs3-cpl {}", env!("CARGO_PKG_VERSION")), "hs3-cpl …");
        insta::assert_snapshot!(format!("{product}.cdl"), text);
    }
}

/// Checks products against the published specification of the format, at levels of every kind.
#[test]
fn every_byte_of_a_product_is_accounted_for() {
    for level in ["0", "1", "9"] {
        let operator = Operator::new();
        let input = samples().join("input");
        operator.run(&[input.to_str().unwrap(), "output", "--level", level]).succeeded();
        for product in PRODUCTS {
            let bytes = std::fs::read(operator.output().join(format!("{product}.nc"))).unwrap();
            let summary = hdf5_walk::walk(&bytes).unwrap_or_else(|faults| panic!("{product}: {faults:#?}"));
            let filters = |path| summary.dataset(path).unwrap().filters.len();
            assert_eq!(filters("/Layer_Type"), 0, "{product}: too small to be compressed");
            assert!(summary.chunks > 0 && summary.heap_objects > 0);
        }
    }
}

#[test]
fn metadata() {
    let (operator, _) = converted();
    for product in PRODUCTS {
        let text = std::fs::read_to_string(operator.output().join(format!("{product}.nc.meta.xml"))).unwrap();
        let elements = ["DataGranuleSizeInBytes", "SizeMBDataGranule", "Value", "PGEVersion"];
        let vertical: Vec<&str> = text.lines().filter(|line| line.contains("meters</Value>")).collect();
        assert_eq!(vertical.len(), 2, "{text}");
        let text = text.replace(&format!("version=\"{}\"", env!("CARGO_PKG_VERSION")), "version=\"…\"");
        insta::assert_snapshot!(format!("{product}.xml"), hidden(&text, &elements));
    }
}

#[test]
fn report() {
    let (_, mut report) = converted();
    for field in ["version", "inputs", "directory", "seconds"] {
        report[field] = json!("…");
    }
    let granules = report["granules"].as_array_mut().unwrap();
    // They are in the order in which they ended.
    granules.sort_by_key(|granule| granule["path"].as_str().map(str::to_owned));
    for granule in granules {
        granule["product"]["track"] = json!(granule["product"]["track"].as_array().unwrap().len());
        granule["ended"] = json!("…");
        granule["seconds"] = json!("…");
        granule["path"] = json!("…");
        granule["product"]["size"] = json!("…");
        granule["product"]["sha256"] = json!("…");
    }
    insta::assert_snapshot!("report.json", serde_json::to_string_pretty(&report).unwrap());
}

#[test]
fn the_committed_results_are_what_the_samples_give() {
    let (operator, _) = converted();
    let expected = samples().join("output");
    let run = operator.run(&["verify", "output", expected.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "run scripts/make-samples and read the differences:\n{}", run.stdout);
}
