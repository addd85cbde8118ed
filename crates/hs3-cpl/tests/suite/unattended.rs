//! What happens when nobody watches: workers that die, runs that are stopped or killed, runs that meet.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::granule::Recipe;
use crate::operator::{Operator, Run};

/// Five granules that take a moment each.
fn five(operator: &Operator) -> Vec<String> {
    let sorties = ["12203a", "12203b", "12203c", "12203d", "12203e"];
    for (number, sortie) in sorties.iter().enumerate() {
        operator.granule(sortie, &Recipe { records: 300, seed: number as u64, ..Recipe::default() });
    }
    sorties.iter().map(|sortie| format!("HS3_CPL_ATB_{sortie}_20120906")).collect()
}

fn with_fault(operator: &Operator, fault: &str, arguments: &[&str]) -> Run {
    let mut command = operator.command();
    command.args(["input", "output", "--report", "report.json"]).args(arguments);
    Run::from(command.env("CUMULUS_TEST_FAULTS", fault).output().unwrap())
}

/// Bytes of every product, by name.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
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

/// What an undisturbed run makes of the same granules.
fn undisturbed(operator: &Operator) -> Vec<(String, Vec<u8>)> {
    operator.run(&["input", "undisturbed"]).succeeded();
    contents(&operator.folder().join("undisturbed"))
}

#[test]
fn a_worker_that_dies_costs_its_granule_and_nothing_else() {
    for (kind, told, limits) in [
        ("crash", "signal 11 (SIGSEGV), twice", &[][..]),
        ("hang", "was ended after 1 s (--timeout), twice", &["--timeout", "1"][..]),
        ("grow", "of 128 MiB (--memory-limit), twice", &["--memory-limit", "128"][..]),
    ] {
        let operator = Operator::new();
        let stems = five(&operator);
        let run = with_fault(&operator, &format!("{kind}={}", stems[2]), limits);
        assert_eq!(run.code, Some(65), "{kind}: {}", run.stderr);
        let errors = run.lines_with(" ERROR ");
        assert_eq!(errors.len(), 1, "{kind}: {}", run.stderr);
        assert!(errors[0].contains(&stems[2]) && errors[0].contains(told), "{kind}: {}", errors[0]);
        let mut expected = undisturbed(&operator);
        expected.retain(|(name, _)| !name.starts_with(&stems[2]));
        assert!(contents(&operator.output()) == expected, "{kind}");
        let report: Value =
            serde_json::from_slice(&fs::read(operator.folder().join("report.json")).unwrap()).unwrap();
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
    let stamps = || -> Vec<SystemTime> {
        operator
            .products()
            .iter()
            .map(|name| operator.output().join(name).metadata().unwrap().modified().unwrap())
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
    // Without reading it, a flipped bit cannot be seen.
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

fn start(operator: &Operator, arguments: &[&str]) -> Child {
    operator.command().args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn killed_runs_leave_nothing_that_a_next_run_does_not_mend() {
    let operator = Operator::new();
    five(&operator);
    let expected = undisturbed(&operator);
    let started = Instant::now();
    operator.run(&["input", "timed"]).succeeded();
    let whole = started.elapsed();
    for round in 0..20 {
        let mut run = start(&operator, &["input", "output"]);
        std::thread::sleep(whole * round / 20);
        run.kill().unwrap();
        run.wait().unwrap();
        for (name, bytes) in contents_without_hidden(&operator.output()) {
            let whole = expected.iter().find(|(other, _)| *other == name);
            assert!(
                whole.is_some_and(|(_, expected)| *expected == bytes),
                "round {round}: {name} is not whole"
            );
        }
        operator.convert().succeeded();
        assert!(contents(&operator.output()) == expected, "round {round}");
        fs::remove_dir_all(operator.output()).unwrap();
    }
}

fn contents_without_hidden(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .map(|entry| entry.unwrap())
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect()
}

#[test]
fn rival_runs_on_one_output_all_end_well() {
    let operator = Operator::new();
    five(&operator);
    let expected = undisturbed(&operator);
    for _ in 0..5 {
        let mut rivals: Vec<Child> =
            (0..4).map(|_| start(&operator, &["input", "output", "--jobs", "2"])).collect();
        for rival in &mut rivals {
            assert!(rival.wait().unwrap().success());
        }
        assert!(contents(&operator.output()) == expected);
        fs::remove_dir_all(operator.output()).unwrap();
    }
}

#[test]
fn a_stopped_run_finishes_what_it_began_and_says_the_rest() {
    let operator = Operator::new();
    let stems = five(&operator);
    let mut command = operator.command();
    let arguments = ["input", "output", "--jobs", "1", "--timeout", "2", "--report", "report.json"];
    command.args(arguments).env("CUMULUS_TEST_FAULTS", format!("hang={}", stems[1])).stderr(Stdio::null());
    let mut run = command.spawn().unwrap();
    let patience = Instant::now();
    while !operator.output().join(format!("{}.nc.meta.xml", stems[0])).exists() {
        assert!(patience.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(5));
    }
    std::process::Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(75));
    let report: Value =
        serde_json::from_slice(&fs::read(operator.folder().join("report.json")).unwrap()).unwrap();
    let statuses: Vec<&str> = report["granules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|granule| granule["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses[0], "converted");
    assert_eq!(statuses[2..], ["not_tried", "not_tried", "not_tried"]);
    assert_eq!(operator.products().len(), 2, "{:?}", operator.products());
}

#[test]
fn too_many_failures_end_the_run() {
    let operator = Operator::new();
    five(&operator);
    for sortie in ["12201a", "12201b"] {
        fs::write(operator.input().join(format!("HS3_CPL_ATB_{sortie}_20120904.hdf5")), "bad").unwrap();
    }
    let run = operator.run(&["input", "output", "--jobs", "1", "--max-failures", "1"]);
    assert_eq!(run.code, Some(75), "{}", run.stderr);
    assert_eq!(run.lines_with("too many failures (--max-failures)").len(), 5, "{}", run.stderr);
    assert_eq!(operator.run(&["input", "output", "--max-failures", "50%"]).code, Some(65));
    assert_eq!(operator.products().len(), 10);
}
