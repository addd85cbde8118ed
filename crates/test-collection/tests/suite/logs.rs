//! Log lines: their formats, which events are shown, and which texts are never shown.

use serde_json::Value;

use crate::collector::{Act, Collector, PASSWORD, TOKEN, USER};
use crate::granule::Recipe;
use crate::operator::{Operator, Run};
use crate::unattended::with_fault;

fn objects(run: &Run) -> Vec<Value> {
    run.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn fields_of_the_workflow_come_from_the_environment() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let run = Run::from(
        operator
            .command()
            .args(["input", "output", "--log-format", "json"])
            .envs([
                ("SENDER", "test-ingest"),
                ("EXECUTIONS", "[\"e-1\"]"),
                ("STACKNAME", "daac-sit"),
                ("PARENTARN", "arn:aws:states:x"),
                ("ASYNCOPERATIONID", ""),
            ])
            .output()
            .unwrap(),
    );
    for line in objects(run.succeeded()) {
        assert_eq!((&line["sender"], &line["stackName"]), (&"test-ingest".into(), &"daac-sit".into()));
        assert_eq!(
            (&line["executions"], &line["parentArn"]),
            (&"[\"e-1\"]".into(), &"arn:aws:states:x".into())
        );
        assert!(line.get("asyncOperationId").is_none());
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }
}

#[test]
fn rust_log_chooses_what_is_shown_and_workers_are_heard() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let with = |filter: &str, arguments: &[&str]| {
        let mut command = operator.command();
        command
            .args(["input", "output", "--force", "--log-format", "json"])
            .args(arguments)
            .env("RUST_LOG", filter);
        let run = Run::from(command.output().unwrap());
        objects(run.succeeded())
    };
    assert_eq!(with("error", &[]).len(), 0);
    let debug = with("debug", &[]);
    let opened = debug.iter().find(|line| line["span"] == "open").expect("a span of the worker");
    assert_eq!(opened["granule_id"], "TEST_PROFILES_12203a_20120906");
    assert!(opened["seconds"].as_f64().is_some());
    let end = debug.iter().find(|line| line["event"] == "granule_end").unwrap();
    assert!(end["step_seconds"]["checksum"].as_f64().is_some(), "{end}");
    let quiet = with("debug", &["--quiet"]);
    assert!(quiet.len() == 1 && quiet[0]["event"] == "run_end", "{quiet:?}");
    let complaint = with("cumulus_core=loud", &[]);
    assert!(
        complaint[0]["message"].as_str().unwrap().starts_with("RUST_LOG is not understood"),
        "{complaint:?}"
    );
}

#[test]
fn the_end_of_a_granule_says_everything() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    std::fs::write(operator.input().join("TEST_PROFILES_12204a_20120907.hdf5"), "bad").unwrap();
    let run = operator.run(&["input", "output", "--log-format", "json"]);
    assert_eq!(run.code, Some(65));
    let lines = objects(&run);
    let ends: Vec<&Value> = lines.iter().filter(|line| line["event"] == "granule_end").collect();
    assert_eq!(ends.len(), 2);
    let of = |outcome: &str| *ends.iter().find(|line| line["outcome"] == outcome).unwrap();
    let good = of("converted");
    assert_eq!(
        (&good["stage"], &good["is_error"], &good["records"]),
        (&"publish".into(), &0.into(), &40.into())
    );
    for size in ["source_bytes", "product_bytes"] {
        assert!(good[size].as_u64().is_some_and(|bytes| bytes > 1000), "{good}");
    }
    let bad = of("failed");
    assert_eq!(
        (&bad["stage"], &bad["class"], &bad["source_bytes"]),
        (&"read".into(), &"bad_granule".into(), &3.into())
    );
    assert!(bad["error_chain"].is_array() && bad["problem"].is_string() && bad["hint"].is_string(), "{bad}");
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["exit_code"]), (&"run_end".into(), &65.into()));
    assert_eq!((&last["level"], &last["is_error"]), (&"error".into(), &1.into()));
    assert_eq!((&last["failures"][0]["count"], &last["failures"][0]["stage"]), (&1.into(), &"read".into()));
}

#[test]
fn a_panic_in_a_worker_is_a_bug_with_its_message() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let run = with_fault(&operator, "panic=TEST_PROFILES_12203a_20120906", &[]);
    assert_eq!(run.code, Some(70), "{}", run.stderr);
    let [error] = run.errors()[..] else { panic!("{}", run.stderr) };
    for part in ["the worker process panicked: panicked at crates/", "as the test asked", "report it"] {
        assert!(error.contains(part), "{part} is not in {error}");
    }
    assert_eq!(operator.report()["granules"][0]["failure"]["class"], "internal");
}

/// Checks everything that a run prints, with all secrets set, for many kinds of errors.
#[test]
fn no_secret_is_ever_shown() {
    let basic = {
        use base64::prelude::{BASE64_STANDARD, Engine};
        BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"))
    };
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let refusing = Collector::start(&[Act::Reply(403, 4, None)]);
    let with_secret = format!("https://{USER}:{PASSWORD}@127.0.0.1:1");
    let runs: [(&[&str], &str); 6] = [
        (&["--help"], &refusing.url()),
        (&["man"], &refusing.url()),
        (&["input", "output", "--bad-option"], &refusing.url()),
        (&["input", "output", "--report", "-"], &refusing.url()),
        (&["input", "output", "--force", "--log-format", "json"], &with_secret),
        (&["input", "output", "--force", "--log-format", "key-value"], "http://127.0.0.1:1"),
    ];
    for (arguments, url) in runs {
        let mut command = operator.command();
        command.args(arguments).envs([
            ("SPLUNK_HEC_URL", url),
            ("SPLUNK_HEC_TOKEN", TOKEN),
            ("RUST_LOG", "trace"),
        ]);
        command.envs([("SPLUNK_HOST", "127.0.0.1"), ("SPLUNK_PORT", "1")]);
        command.envs([("SPLUNK_USERNAME", USER), ("SPLUNK_PASSWORD", PASSWORD)]);
        // Crashes are included: a dying program may print its memory.
        command.env("RUST_BACKTRACE", "full");
        let run = Run::from(command.output().unwrap());
        for secret in [TOKEN, USER, PASSWORD, &basic] {
            assert!(
                !run.stdout.contains(secret) && !run.stderr.contains(secret),
                "{arguments:?}: {}",
                run.stderr
            );
        }
    }
    assert!(!refusing.statuses().is_empty());
}

#[test]
fn workers_see_no_secret() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let mut command = operator.command();
    command.args(["input", "output", "--timeout", "5"]).envs([
        ("CUMULUS_TEST_FAULTS", "hang=TEST_PROFILES_12203a_20120906"),
        ("SPLUNK_HEC_TOKEN", TOKEN),
        ("SPLUNK_WHATEVER", PASSWORD),
    ]);
    let mut supervisor = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    let id = supervisor.id();
    let environment = |process: u32| std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
    let children = || std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    let worker = loop {
        let worker = children().split_whitespace().next().and_then(|child| child.parse().ok());
        // Until it executes the program, a child still has the environment of its parent.
        if let Some(worker) = worker.filter(|&worker| {
            String::from_utf8_lossy(&environment(worker)).contains("HDF5_USE_FILE_LOCKING=FALSE")
                && std::fs::read(format!("/proc/{worker}/cmdline"))
                    .unwrap_or_default()
                    .ends_with(b"\0worker\0")
        }) {
            break worker;
        }
        assert!(std::time::Instant::now() < deadline, "no worker was seen");
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let seen = String::from_utf8_lossy(&environment(worker)).into_owned();
    assert!(String::from_utf8_lossy(&environment(id)).contains(TOKEN));
    supervisor.kill().unwrap();
    supervisor.wait().unwrap();
    assert!(!seen.contains("SPLUNK") && !seen.contains(TOKEN) && !seen.contains(PASSWORD), "{seen}");
}
