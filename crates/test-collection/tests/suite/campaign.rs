//! Runs in shards: the bytes of a product do not depend on who made it, or how often.

use std::fs;

use serde_json::Value;

use crate::granule::Recipe;
use crate::operator::{Operator, Run};
use crate::unattended::contents;

const LETTERS: [&str; 7] = ["a", "b", "c", "d", "e", "f", "g"];

/// An operator with seven granules and a manifest of them, whose OUTPUT is `output`.
fn seven(arguments: &[&str]) -> Operator {
    let operator = Operator::new();
    for (seed, letter) in LETTERS.iter().enumerate() {
        operator.granule(&format!("12203{letter}"), &Recipe { seed: seed as u64, ..Recipe::default() });
    }
    let printed = operator.run(&[&["manifest", "input", "output"], arguments].concat());
    fs::write(operator.folder().join("run.ndjson"), &printed.succeeded().stdout).unwrap();
    operator
}

fn shard(operator: &Operator, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = operator.command();
    // Another time than that of the manifest.
    command.env("SOURCE_DATE_EPOCH", "1700000000").envs(variables.iter().copied());
    Run::from(command.args(["run", "--manifest", "run.ndjson"]).args(arguments).output().unwrap())
}

fn status(operator: &Operator, arguments: &[&str]) -> (Option<i32>, Value) {
    let run = operator.run(&[&["status", "--manifest", "run.ndjson", "--json"], arguments].concat());
    (run.code, serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{} {}", run.stdout, run.stderr)))
}

/// Products without the reports of shards.
fn products(operator: &Operator) -> Vec<(String, Vec<u8>)> {
    let reports = operator.output().join("_reports");
    if reports.exists() {
        fs::rename(&reports, operator.folder().join("reports")).unwrap();
    }
    let products = contents(&operator.output());
    if operator.folder().join("reports").exists() {
        fs::rename(operator.folder().join("reports"), &reports).unwrap();
    }
    products
}

#[test]
fn shards_make_what_one_run_makes_in_any_order_and_twice() {
    let operator = seven(&[]);
    operator.run(&["input", "expected"]).succeeded();
    for index in ["2", "0", "2"] {
        shard(&operator, &[("CUMULUS_SHARD_INDEX", index), ("CUMULUS_SHARD_COUNT", "3")], &[]).succeeded();
    }
    let (code, state) = status(&operator, &[]);
    assert_eq!((code, &state["complete"], &state["missing"]), (Some(75), &5.into(), &2.into()), "{state}");
    assert_eq!((&state["array"], &state["shards"]), (&"1".into(), &3.into()), "{state}");
    let forced = shard(&operator, &[], &["--shard", "1/3", "--force"]);
    assert!(
        forced.succeeded().stderr.contains("Shard 1/3 of run.ndjson, by --shard: 2 granules"),
        "{}",
        forced.stderr
    );
    let (code, state) = status(&operator, &[]);
    assert_eq!((code, &state["complete"], &state["array"]), (Some(0), &7.into(), &"".into()), "{state}");
    assert!(products(&operator) == contents(&operator.folder().join("expected")));
    assert!(operator.run(&["verify", "output", "expected"]).succeeded().stdout.contains("equal"));
    let empty = shard(&operator, &[], &["--shard", "8/9"]);
    assert!(empty.succeeded().stderr.contains("0 granules"), "{}", empty.stderr);
    // Now there are reports of two numbers of shards.
    let uncertain = operator.run(&["status", "--manifest", "run.ndjson"]);
    assert!(uncertain.code == Some(2) && uncertain.stderr.contains("3 and 9"), "{}", uncertain.stderr);
    assert_eq!(status(&operator, &["--shards", "3"]).0, Some(0));
}

#[test]
fn failures_and_repairs_are_told_by_shard() {
    let operator = seven(&["--no-checksums"]);
    let path = operator.input().join("TEST_PROFILES_12203c_20120906.hdf5");
    let whole = fs::read(&path).unwrap();
    // Of the same size, as a manifest without checksums cannot tell.
    fs::write(&path, vec![0; whole.len()]).unwrap();
    for index in 0..4 {
        let run = shard(&operator, &[], &["--shard", &format!("{index}/4")]);
        assert_eq!(run.code, Some(if index == 2 { 65 } else { 0 }), "{}", run.stderr);
    }
    let (code, state) = status(&operator, &[]);
    assert_eq!((code, &state["failed"], &state["array"]), (Some(65), &1.into(), &"".into()), "{state}");
    assert_eq!(state["array_invalid"], "2", "another run cannot bring it further");
    assert_eq!(state["left"][0]["reason"], "read: is not an HDF5 file");
    let text = operator.run(&["status", "--manifest", "run.ndjson"]).stdout;
    assert!(text.contains("6 of 7 complete, 1 failed, 0 missing\n"), "{text}");
    assert!(text.contains("shards with invalid granules, of 4: 2\n"), "{text}");
    fs::write(&path, whole).unwrap();
    // As a repair array of Slurm asks for it: a count of one task says nothing about the number of shards.
    let slurm = [
        ("SLURM_ARRAY_TASK_ID", "2"),
        ("SLURM_ARRAY_TASK_COUNT", "2"),
        ("SLURM_ARRAY_TASK_MIN", "2"),
        ("SLURM_ARRAY_TASK_MAX", "3"),
        ("SLURM_ARRAY_TASK_STEP", "1"),
    ];
    let counted = [&slurm[..], &[("CUMULUS_SHARD_COUNT", "4")]].concat();
    shard(&operator, &counted, &[]).succeeded();
    assert_eq!(status(&operator, &[]).0, Some(0));
}

#[test]
fn another_version_and_another_source_are_refused_by_name() {
    let operator = seven(&[]);
    operator.granule("12203b", &Recipe { seed: 99, ..Recipe::default() });
    let run = shard(&operator, &[], &[]);
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    let [error] = run.errors()[..] else { panic!("{}", run.stderr) };
    assert!(error.contains("12203b") && error.contains("is not the file of the manifest"), "{error}");
    assert_eq!(status(&operator, &[]).1["complete"], 6);

    let path = operator.folder().join("run.ndjson");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(
        &path,
        text.replacen(&format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION")), "\"version\":\"0.0.9\"", 1),
    )
    .unwrap();
    let other = shard(&operator, &[], &[]);
    assert!(
        other.code == Some(2) && other.stderr.contains("test-collection 0.0.9"),
        "{:?} {}",
        other.code,
        other.stderr
    );
    fs::write(&path, "{}\n").unwrap();
    let none = shard(&operator, &[], &[]);
    assert!(none.code == Some(2) && none.stderr.contains("run.ndjson, line 1"), "{}", none.stderr);
    let gap = [
        ("SLURM_ARRAY_TASK_ID", "2"),
        ("SLURM_ARRAY_TASK_COUNT", "2"),
        ("SLURM_ARRAY_TASK_MIN", "2"),
        ("SLURM_ARRAY_TASK_MAX", "5"),
        ("SLURM_ARRAY_TASK_STEP", "1"),
    ];
    let uncertain = shard(&operator, &gap, &[]);
    assert!(
        uncertain.code == Some(2) && uncertain.stderr.contains("CUMULUS_SHARD_COUNT"),
        "{}",
        uncertain.stderr
    );
}

#[test]
fn a_manifest_is_whole_or_not_made() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    fs::write(operator.input().join("TEST_\u{202e}.hdf5"), "").unwrap();
    let run = operator.run(&["manifest", "input", "output"]);
    assert!(run.code == Some(65) && run.stdout.is_empty(), "{:?} {}", run.code, run.stdout);
}
