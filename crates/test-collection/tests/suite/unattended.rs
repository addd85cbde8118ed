//! Unattended runs: workers that die, runs that are repeated, too many failures.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

use crate::granule::Recipe;
use crate::operator::{Operator, Run};

/// Five granules that each take some time.
pub(crate) fn five(operator: &Operator) -> Vec<String> {
    let sorties = ["12203a", "12203b", "12203c", "12203d", "12203e"];
    for (number, sortie) in sorties.iter().enumerate() {
        operator.granule(sortie, &Recipe { records: 300, seed: number as u64, ..Recipe::default() });
    }
    sorties.iter().map(|sortie| format!("TEST_PROFILES_{sortie}_20120906")).collect()
}

pub(crate) fn with_fault(operator: &Operator, fault: &str, arguments: &[&str]) -> Run {
    let mut command = operator.command();
    command.args(["input", "output", "--report", "report.json"]).args(arguments);
    Run::from(command.env("CUMULUS_TEST_FAULTS", fault).output().unwrap())
}

/// Bytes of every product, by name.
pub(crate) fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Products of an undisturbed run on the same granules.
pub(crate) fn undisturbed(operator: &Operator) -> Vec<(String, Vec<u8>)> {
    operator.run(&["input", "undisturbed"]).succeeded();
    contents(&operator.folder().join("undisturbed"))
}

#[test]
fn a_worker_that_dies_costs_its_granule_and_nothing_else() {
    for (kind, told, limits, code) in [
        ("crash", "signal 11 (SIGSEGV), twice", &[][..], 65),
        ("hang", "was killed after 1 s (--timeout), twice", &["--timeout", "1"][..], 75),
        ("grow", "of 128 MiB (--memory-limit)", &["--memory-limit", "128"][..], 65),
    ] {
        let operator = Operator::new();
        let stems = five(&operator);
        let run = with_fault(&operator, &format!("{kind}={}", stems[2]), limits);
        assert_eq!(run.code, Some(code), "{kind}: {}", run.stderr);
        let errors = run.errors();
        assert_eq!(errors.len(), 1, "{kind}: {}", run.stderr);
        assert!(errors[0].contains(&stems[2]) && errors[0].contains(told), "{kind}: {}", errors[0]);
        let mut expected = undisturbed(&operator);
        expected.retain(|(name, _)| !name.starts_with(&stems[2]));
        assert!(contents(&operator.output()) == expected, "{kind}");
        let report = operator.report();
        assert_eq!((&report["converted"], &report["failed"]), (&4.into(), &1.into()));
    }
}

#[test]
fn any_number_of_jobs_gives_the_same_bytes() {
    let operator = Operator::new();
    five(&operator);
    let expected = undisturbed(&operator);
    for jobs in ["1", "2", "7"] {
        let output = format!("jobs{jobs}");
        operator.run(&["input", &output, "--jobs", jobs]).succeeded();
        assert!(contents(&operator.folder().join(output)) == expected, "{jobs}");
    }
}

#[test]
fn a_second_run_touches_nothing_and_redoes_what_is_damaged() {
    let operator = Operator::new();
    let stems = five(&operator);
    operator.convert().succeeded();
    let stamps = || -> Vec<(SystemTime, u64)> {
        operator
            .products()
            .iter()
            .map(|name| operator.output().join(name).metadata().unwrap())
            .map(|file| (file.modified().unwrap(), file.ino()))
            .collect()
    };
    let before = (stamps(), contents(&operator.output()));
    let again = operator.convert();
    assert_eq!(again.succeeded().lines_with("up to date").len(), 6, "{}", again.stderr);
    assert!((stamps(), contents(&operator.output())) == before);

    let damaged = operator.output().join(format!("{}.nc", stems[1]));
    let mut bytes = fs::read(&damaged).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&damaged, bytes).unwrap();
    fs::remove_file(operator.output().join(format!("{}.nc", stems[2]))).unwrap();
    fs::remove_file(operator.output().join(format!("{}.nc.meta.xml", stems[3]))).unwrap();
    // A flipped bit is not detected if the file is not read.
    let trusting = operator.run(&["input", "output", "--trust-existing"]);
    assert_eq!(
        trusting.succeeded().lines_with("Processing finished: up to date").len(),
        3,
        "{}",
        trusting.stderr
    );
    let repaired = operator.convert();
    assert_eq!(
        repaired.succeeded().lines_with("Processing finished: up to date").len(),
        4,
        "{}",
        repaired.stderr
    );
    assert!(contents(&operator.output()) == before.1);

    let other_level = operator.run(&["input", "output", "--level", "1"]);
    assert_eq!(other_level.succeeded().lines_with("Processing finished: up to date").len(), 0);
    let forced = operator.run(&["input", "output", "--force"]);
    assert_eq!(forced.succeeded().lines_with("Processing finished: up to date").len(), 0);
    assert!(contents(&operator.output()) == before.1);
}

#[test]
fn too_many_failures_end_the_run() {
    let operator = Operator::new();
    five(&operator);
    for sortie in ["12201a", "12201b"] {
        fs::write(operator.input().join(format!("TEST_PROFILES_{sortie}_20120904.hdf5")), "bad").unwrap();
    }
    let run = operator.run(&["input", "output", "--jobs", "1", "--max-failures", "1"]);
    // Another run would stop at the same granules, so it is not asked for.
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    assert_eq!(run.lines_with("stopping: more than 1 failed (--max-failures)").len(), 1, "{}", run.stderr);
    assert_eq!(run.lines_with("0 converted, 2 failed, 5 not begun in ").len(), 1, "{}", run.stderr);
    assert_eq!(run.errors().len(), 2, "granules that were not begun are no errors: {}", run.stderr);
    assert_eq!(operator.run(&["input", "output", "--max-failures", "50%"]).code, Some(65));
    assert_eq!(operator.products().len(), 10);
}
