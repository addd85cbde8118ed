//! Runs that are killed, stopped, or concurrent: in every case, the next run completes the work.
//!
//! `CUMULUS_ROUNDS` sets the number of runs to kill, at least three; `scripts/torture` sets a large number.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::granule::Recipe;
use crate::operator::{Operator, say};
use crate::unattended::{contents, five, undisturbed};

/// Number of runs that an ordinary test run kills.
const ROUNDS: usize = 20;

/// Starts a run in its own process group.
fn start(operator: &Operator, arguments: &[&str]) -> Child {
    let mut command = operator.command();
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().unwrap()
}

/// Sends a signal to a process, or, with a minus sign, to a process group, either of which may have ended already.
fn signal(name: &str, process: &str) {
    Command::new("kill").args([&format!("-{name}"), "--", process]).stderr(Stdio::null()).status().unwrap();
}

/// The worker processes of a run.
fn workers(run: &Child) -> Vec<String> {
    let children = format!("/proc/{0}/task/{0}/children", run.id());
    fs::read_to_string(children).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

/// Waits until `happened` returns true, for at most 20 s.
fn wait_until(mut happened: impl FnMut() -> bool) {
    let patience = Instant::now();
    while !happened() {
        assert!(patience.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn killed_runs_leave_nothing_that_a_next_run_does_not_mend() {
    let rounds = std::env::var("CUMULUS_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let operator = Operator::new();
    five(&operator);
    let expected = undisturbed(&operator);
    let started = Instant::now();
    operator.run(&["input", "timed", "--jobs", "2"]).succeeded();
    let whole = started.elapsed();
    let mut random = fastrand::Rng::with_seed(rounds as u64);
    let mut killed = [0; 3];
    for round in 0..rounds {
        let victim = [Victim::Supervisor, Victim::Group, Victim::Worker][round % 3];
        killed[round % 3] += kill_a_run(&operator, victim, whole.mul_f64(random.f64()));
        if victim == Victim::Worker {
            // A killed worker has no effect: its granule is retried.
            assert!(contents(&operator.output()) == expected, "round {round}");
        }
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
    assert!(killed.iter().all(|kills| *kills > 0), "three rounds at least: {killed:?}");
    assert_eq!(killed.iter().sum::<usize>(), rounds);
    let [supervisors, groups, workers] = killed;
    say(&format!(
        "{rounds} runs: {supervisors} supervisors, {groups} groups and {workers} workers were killed"
    ));
}

/// The part of a run that is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Victim {
    Supervisor,
    Group,
    Worker,
}

/// Starts a run and kills `victim` after `moment`; returns the number of kills, which is one. If the run has already
/// ended, its products are removed, and the next run is killed after half the time.
fn kill_a_run(operator: &Operator, victim: Victim, mut moment: Duration) -> usize {
    for _ in 0..20 {
        let mut run = start(operator, &["input", "output", "--jobs", "2"]);
        std::thread::sleep(moment);
        let target = match victim {
            Victim::Supervisor => Some(run.id().to_string()),
            Victim::Group => Some(format!("-{}", run.id())),
            Victim::Worker => a_worker(&mut run),
        };
        if let Some(target) = &target {
            signal("KILL", target);
        }
        let ended = run.wait().unwrap();
        let was_hit = match victim {
            Victim::Supervisor | Victim::Group => ended.signal() == Some(9),
            Victim::Worker => target.is_some(),
        };
        assert!(ended.success() || (was_hit && victim != Victim::Worker), "{victim:?}: {ended}");
        if was_hit {
            return 1;
        }
        fs::remove_dir_all(operator.output()).unwrap();
        moment /= 2;
    }
    0
}

/// Returns a worker of a run, as soon as there is one; `None` if the run has ended.
fn a_worker(run: &mut Child) -> Option<String> {
    let mut found = None;
    wait_until(|| {
        found = workers(run).pop();
        found.is_some() || run.try_wait().unwrap().is_some()
    });
    found
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
    wait_until(|| operator.output().join(format!("{}.nc.meta.xml", stems[0])).exists());
    signal("TERM", &run.id().to_string());
    assert_eq!(run.wait().unwrap().code(), Some(75));
    let report = operator.report();
    assert_eq!((&report["not_begun"], &report["stop"]["reason"]), (&3.into(), &"signal".into()));
    let statuses: Vec<&str> = report["granules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|granule| granule["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses[0], "converted");
    assert_eq!(statuses[2..], ["not_begun", "not_begun", "not_begun"]);
    assert_eq!(operator.products().len(), 2, "{:?}", operator.products());
}

#[test]
fn a_second_signal_ends_a_run_at_once() {
    let operator = Operator::new();
    let stems = five(&operator);
    let mut command = operator.command();
    command.args(["input", "output", "--jobs", "2", "--report", "report.json"]).stderr(Stdio::null());
    let faults = stems.iter().map(|stem| format!("hang={stem}")).collect::<Vec<_>>().join(",");
    let mut run = command.env("CUMULUS_TEST_FAULTS", faults).spawn().unwrap();
    wait_until(|| workers(&run).len() == 2);
    let process = run.id().to_string();
    signal("INT", &process);
    std::thread::sleep(Duration::from_millis(300));
    assert!(run.try_wait().unwrap().is_none(), "the first signal lets granules finish");
    let asked = Instant::now();
    signal("TERM", &process);
    assert_eq!(run.wait().unwrap().code(), Some(75));
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert!(operator.products().is_empty(), "{:?}", operator.products());
    let report = operator.report();
    assert_eq!(
        (&report["interrupted"], &report["not_begun"], &report["failed"]),
        (&2.into(), &3.into(), &0.into())
    );
}

#[test]
fn a_closed_terminal_ends_nothing() {
    let operator = Operator::new();
    five(&operator);
    let expected = undisturbed(&operator);
    let mut run = start(&operator, &["input", "output", "--jobs", "2"]);
    wait_until(|| workers(&run).len() == 2);
    signal("HUP", &format!("-{}", run.id()));
    assert!(run.wait().unwrap().success());
    assert!(contents(&operator.output()) == expected);

    let closed = operator
        .command()
        .args(["input", "closed"])
        .stdout(fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .stderr(fs::OpenOptions::new().write(true).open("/dev/full").unwrap())
        .status();
    assert!(closed.unwrap().success());
    assert!(contents(&operator.folder().join("closed")) == expected);
}

#[test]
fn a_granule_that_changes_while_it_is_read_is_not_published() {
    let operator = Operator::new();
    let path = operator.granule("12203a", &Recipe { records: 4000, bins: 900, ..Recipe::default() });
    let mut run = operator.command();
    let run = run.args(["input", "output"]).stderr(Stdio::piped()).spawn().unwrap();
    let is_being_written = || {
        folders_under_way(&operator.output().join(".test-collection"))
            .iter()
            .any(|folder| folder.join("data.nc").exists())
    };
    wait_until(is_being_written);
    let mut longer = fs::OpenOptions::new().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut longer, b"still arriving").unwrap();
    let output = run.wait_with_output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(75), "{told}");
    assert!(told.contains("changed while it was read"), "{told}");
    assert!(operator.products().is_empty(), "{:?}", operator.products());
}

/// Folders of the granules that are being converted.
fn folders_under_way(runs: &Path) -> Vec<std::path::PathBuf> {
    let list = |folder: &Path| -> Vec<std::path::PathBuf> {
        fs::read_dir(folder)
            .map(|entries| entries.filter_map(|entry| Some(entry.ok()?.path())).collect())
            .unwrap_or_default()
    };
    list(runs).iter().flat_map(|run| list(run)).collect()
}
