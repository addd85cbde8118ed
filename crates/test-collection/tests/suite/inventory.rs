//! The inventory of OUTPUT: what is there, what failed, what is absent, in four forms.

use std::fs;

use serde_json::Value;

use crate::granule::Recipe;
use crate::operator::Operator;

/// An operator with three granules, of which one is invalid, and their manifest; nothing is converted yet.
fn three() -> Operator {
    let operator = Operator::new();
    for (seed, sortie) in ["12203a", "12203b", "12203c"].iter().enumerate() {
        operator.granule(sortie, &Recipe { seed: seed as u64, ..Recipe::default() });
    }
    let manifest = operator.run(&["manifest", "input", "output", "--no-checksums"]);
    fs::write(operator.folder().join("run.ndjson"), &manifest.succeeded().stdout).unwrap();
    let damaged = operator.input().join("TEST_PROFILES_12203b_20120906.hdf5");
    let size = fs::metadata(&damaged).unwrap().len();
    fs::write(damaged, vec![0; usize::try_from(size).unwrap()]).unwrap();
    operator
}

fn lines(operator: &Operator, arguments: &[&str]) -> Vec<Value> {
    let run = operator.run(&[&["inventory", "output"], arguments].concat());
    run.succeeded().stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_is_there_what_failed_and_what_is_absent_are_told_apart() {
    let operator = three();
    fs::create_dir(operator.output()).unwrap();
    let expected = ["--expected", "run.ndjson"];
    let states = |entries: &[Value]| -> Vec<String> {
        entries.iter().map(|entry| entry["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(&lines(&operator, &expected)), ["absent", "absent", "absent"]);
    assert_eq!(operator.run(&["run", "--manifest", "run.ndjson", "--shard", "0/2"]).code, Some(0));
    assert_eq!(operator.run(&["run", "--manifest", "run.ndjson", "--shard", "1/2"]).code, Some(65));
    fs::remove_file(operator.output().join("TEST_PROFILES_12203c_20120906.nc.meta.xml")).unwrap();
    let entries = lines(&operator, &expected);
    assert_eq!(states(&entries), ["published", "failed", "absent"]);
    let [first, second, third] = &entries[..] else { panic!("{entries:?}") };
    assert_eq!(first["granule_ur"], "TEST_PROFILES_12203a_20120906.nc");
    let data = fs::metadata(operator.output().join("TEST_PROFILES_12203a_20120906.nc")).unwrap().len();
    assert_eq!((&first["files"][0]["size"], &first["product"]), (&data.into(), &"PROFILES".into()));
    assert_eq!(first["input"]["name"], "TEST_PROFILES_12203a_20120906.hdf5");
    assert!(first["input"]["size"].as_u64() > Some(1000) && first["reason"].is_null(), "{first}");
    assert!(second["reason"].as_str().unwrap().contains("is not an HDF5 file"), "{second}");
    assert_eq!((&third["reason"], &third["files"]), (&"no run has converted it".into(), &Value::Null));
    // Without a manifest, what is there is all that is known.
    assert_eq!(states(&lines(&operator, &[])), ["published"]);
}

#[test]
fn reports_add_tracks_and_every_form_has_the_same_granules() {
    let operator = Operator::new();
    for sortie in ["12203a", "12203b"] {
        operator.granule(sortie, &Recipe::default());
    }
    operator.run(&["input", "output", "--report", "report.json"]).succeeded();
    let without = lines(&operator, &[]);
    let with = lines(&operator, &["--report", "report.json"]);
    assert!(without[0]["line"].is_null() && without[0]["records"].is_null(), "{}", without[0]);
    assert_eq!((&with[0]["line"]["type"], &with[0]["records"]), (&"LineString".into(), &40.into()));
    let items = lines(&operator, &["--form", "stac", "--report", "report.json"]);
    assert_eq!(items[1]["id"], "TEST_PROFILES_12203b_20120906");
    assert_eq!((&items[0]["geometry"], &items[0]["bbox"]), (&with[0]["line"], &with[0]["bbox"]));
    assert_eq!(items[0]["assets"]["data"]["href"], "./TEST_PROFILES_12203a_20120906.nc");
    let checksum = format!("1220{}", with[0]["files"][0]["sha256"].as_str().unwrap());
    assert_eq!(items[0]["assets"]["data"]["file:checksum"], checksum.as_str());
    let table = operator.run(&["inventory", "output", "--form", "csv"]);
    assert_eq!(table.succeeded().stdout.lines().count(), 3);
    let whole = operator.run(&["inventory", "output", "--form", "geojson"]);
    let whole: Value = serde_json::from_str(&whole.succeeded().stdout).unwrap();
    assert_eq!(whole["features"].as_array().unwrap().len(), 2);
    // One that cannot be read says so, and hides no other.
    fs::write(operator.output().join("TEST_PROFILES_12203a_20120906.nc.meta.xml"), "<Granule>").unwrap();
    let damaged = lines(&operator, &[]);
    assert!(
        damaged.len() == 2 && damaged[0]["reason"].is_string() && damaged[1]["reason"].is_null(),
        "{damaged:?}"
    );
    let missing = operator.run(&["inventory", "nothing"]);
    assert!(missing.code == Some(75) && missing.stderr.contains("nothing"), "{}", missing.stderr);
}
