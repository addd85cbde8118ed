//! Splunk has no effect on a run, and the events of a run arrive at Splunk.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::Value;

use crate::collector::{Act, Collector, PASSWORD, TOKEN, USER};
use crate::granule::Recipe;
use crate::operator::{Operator, Run, say};
use crate::unattended::contents;

const STEMS: [&str; 2] = ["TEST_PROFILES_12203a_20120906", "TEST_PROFILES_12203b_20120906"];

/// Number of events of a run on [`two`] granules without warnings: its start, its end, and two for each granule.
const EVENTS: usize = 6;

/// Max time by which Splunk may delay a run.
const MAX_DELAY: Duration = Duration::from_secs(6);

fn two() -> Operator {
    let operator = Operator::new();
    for sortie in ["12203a", "12203b"] {
        operator.granule(sortie, &Recipe::default());
    }
    operator
}

/// Runs the command with `url` and additional variables, and measures the time.
fn run_with(operator: &Operator, url: &str, variables: &[(&str, &str)]) -> (Run, Duration) {
    let mut command = operator.command();
    command.args(["input", "output", "--force", "--report", "report.json"]);
    command.envs([("SPLUNK_HEC_URL", url), ("SPLUNK_HEC_TOKEN", TOKEN)]).envs(variables.iter().copied());
    let started = Instant::now();
    let run = Run::from(command.output().unwrap());
    (run, started.elapsed())
}

/// Numbers of events in the report: all, delivered, dropped, spooled and replayed.
fn counted(operator: &Operator) -> [u64; 5] {
    let report = fs::read(operator.folder().join("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    ["events", "delivered", "dropped", "spooled", "replayed"]
        .map(|fate| report["splunk"][0][fate].as_u64().unwrap())
}

/// Runs the cases concurrently, because they mostly wait.
fn all<T: Sync>(cases: &[T], test: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| test(case));
        }
    });
}

#[test]
fn every_granule_starts_and_ends_in_the_collector() {
    let operator = two();
    fs::write(operator.input().join("TEST_PROFILES_12204a_20120907.hdf5"), "bad").unwrap();
    let collector = Collector::start(&[Act::Accept]);
    let variables = [
        ("SPLUNK_HEC_INDEX", "airborne"),
        ("SPLUNK_HEC_SOURCE", "ingest"),
        ("SPLUNK_HEC_SOURCETYPE", "cumulus:log"),
    ];
    let (run, _) = run_with(&operator, &collector.url(), &variables);
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    let statuses = collector.faultless().statuses();
    // One batch, or two if the run takes more than a second.
    assert!(statuses.len() <= 3 && statuses.iter().all(|&status| status == 200), "{statuses:?}");
    let expected = [STEMS[0], STEMS[1], "TEST_PROFILES_12204a_20120907"];
    assert_eq!(collector.granules("granule_start"), expected);
    assert_eq!(collector.granules("granule_end"), expected);
    for event in collector.events() {
        assert_eq!((&event["index"], &event["source"]), (&"airborne".into(), &"ingest".into()));
        assert_eq!(event["sourcetype"], "cumulus:log");
        assert_eq!(event["fields"].get("granule_id"), event["event"].get("granule_id"));
    }
    let [events, delivered, ..] = counted(&operator);
    assert_eq!((events, delivered), (collector.events().len() as u64, events));
}

#[test]
fn what_is_answered_decides_what_is_done() {
    // Status, code, `Retry-After`, and true if events arrive with the second attempt.
    let rows = [
        (500, 8, None, true),
        (503, 9, Some("1"), true),
        (503, 18, None, true),
        (503, 20, None, true),
        (429, 0, Some("1"), true),
        (502, 0, None, true),
        (400, 7, None, false),
        (400, 10, None, false),
        (401, 2, None, false),
        (401, 3, None, false),
        (403, 1, None, false),
        (403, 4, None, false),
        (404, 404, None, false),
        (302, 0, None, false),
    ];
    all(&rows, |&(status, code, retry_after, arrives)| {
        let operator = two();
        let collector = Collector::start(&[Act::Reply(status, code, retry_after), Act::Accept]);
        let (run, _) = run_with(&operator, &collector.url(), &[]);
        run.succeeded();
        let statuses = collector.faultless().statuses();
        let [events, delivered, dropped, ..] = counted(&operator);
        assert_eq!(events, EVENTS as u64);
        let warnings = run.lines_with("Splunk's collector");
        let told = format!("status {status}");
        if arrives {
            assert_eq!((&statuses[..2], delivered), (&[status, 200][..], events), "{status} {code}");
            assert!(statuses[2..].iter().all(|&status| status == 200), "{statuses:?}");
            // The end of the run shortens a backoff, but not a delay that the collector requested.
            let least = Duration::from_secs(u64::from(retry_after.is_some()));
            assert!(collector.first_wait() >= least, "{status}: {:?}", collector.first_wait());
            assert!(warnings.len() == 2 && warnings[0].contains(&told), "{warnings:?}");
        } else {
            assert_eq!((&statuses[..], dropped), (&[status][..], events), "{status} {code}");
            // The first warning states the reason, the second one the number of events.
            assert!(warnings.len() == 2 && warnings[0].contains(&told), "{warnings:?}");
            assert!(warnings[1].contains("0 of 6 events delivered, 6 dropped"), "{warnings:?}");
        }
        say(&format!(
            "{status} code {code:3}: requests {statuses:?}, {delivered} delivered, {dropped} dropped"
        ));
    });
}

#[test]
fn a_batch_with_a_bad_event_loses_that_one_alone() {
    let cases: Vec<(u32, bool)> =
        [5, 6, 12, 13, 15].into_iter().flat_map(|code| [(code, true), (code, false)]).collect();
    all(&cases, |&(code, names)| {
        let operator = two();
        let text = "Processing started for TEST_PROFILES_12203b";
        let collector = Collector::start(&[Act::Reject { code, text, names }]);
        let (run, _) = run_with(&operator, &collector.url(), &[]);
        run.succeeded();
        let [events, delivered, dropped, ..] = counted(&operator);
        assert_eq!((events, delivered, dropped), (6, 5, 1), "{code}");
        assert_eq!(collector.faultless().events().len(), 5);
        assert_eq!(collector.granules("granule_start"), STEMS[..1]);
        assert!(run.lines_with("5 of 6 events delivered, 1 dropped").len() == 1, "{}", run.stderr);
        say(&format!("400 code {code:3}, named {names}: requests {:?}", collector.statuses()));
    });
    let operator = two();
    let collector = Collector::start(&[Act::Limit(2)]);
    run_with(&operator, &collector.url(), &[]).0.succeeded();
    assert_eq!(collector.faultless().events().len(), EVENTS);
    say(&format!("413: requests {:?}", collector.statuses()));
}

#[test]
fn a_collector_changes_neither_products_nor_exit_code_nor_time() {
    let operator = two();
    fs::write(operator.input().join("TEST_PROFILES_12204a_20120907.hdf5"), "bad").unwrap();
    let started = Instant::now();
    let alone = operator.run(&["input", "alone"]);
    let usual = started.elapsed();
    let expected = contents(&operator.folder().join("alone"));
    assert_eq!((alone.code, expected.len()), (Some(65), 4));
    let gone = Collector::start(&[Act::Accept]);
    gone.stop();
    let cases = [
        ("healthy", Some(vec![Act::Accept])),
        ("dead", None),
        ("hanging", Some(vec![Act::Hang])),
        ("refusing", Some(vec![Act::Reply(403, 4, None)])),
        ("breaking off", Some(vec![Act::Drop])),
        ("always busy", Some(vec![Act::Reply(503, 9, None)])),
        ("busy for an hour", Some(vec![Act::Reply(503, 9, Some("3600"))])),
        ("slow", Some(vec![Act::Slow(Duration::from_secs(2))])),
    ];
    all(&cases, |(name, acts)| {
        let collector = acts.as_ref().map(|acts| Collector::start(acts));
        let operator = two();
        fs::write(operator.input().join("TEST_PROFILES_12204a_20120907.hdf5"), "bad").unwrap();
        let address = collector.as_ref().map_or(gone.url(), Collector::url);
        let (run, time) = run_with(&operator, &address, &[]);
        assert_eq!(run.code, alone.code, "{name}: {}", run.stderr);
        assert!(contents(&operator.output()) == expected, "{name}");
        // All cases run at the same time here, possibly on few cores.
        assert!(time < usual * 8 + MAX_DELAY, "{name}: {time:?}, alone {usual:?}");
        let [events, delivered, dropped, spooled, _] = counted(&operator);
        let arrives = ["healthy", "slow"].contains(name);
        assert_eq!(
            (delivered, dropped, spooled),
            if arrives { (events, 0, 0) } else { (0, events, 0) },
            "{name}"
        );
        // A failing collector is not flooded with requests.
        let requests = collector.as_ref().map_or(0, |collector| collector.statuses().len());
        assert!(requests <= 15, "{name}: {requests} requests");
        say(&format!("{name}: exit {:?} after {time:.1?}, {delivered} of {events} delivered", run.code));
    });
}

#[test]
fn nothing_is_lost_when_a_collector_breaks_off_or_comes_back() {
    let cases: [&[Act]; 3] = [
        &[Act::Drop, Act::Accept],
        &[Act::Reply(503, 9, None), Act::Drop, Act::Reply(500, 8, None), Act::Accept],
        &[Act::Slow(Duration::from_secs(2)), Act::Accept],
    ];
    all(&cases, |acts| {
        let operator = two();
        let collector = Collector::start(acts);
        run_with(&operator, &collector.url(), &[]).0.succeeded();
        assert_eq!(collector.faultless().events().len(), EVENTS, "{acts:?}");
    });
    // The collector is absent at the start of the run, and comes back during it.
    let operator = two();
    let before = Collector::start(&[Act::Accept]);
    let (address, url) = (before.address(), before.url());
    drop(before);
    let running = std::thread::scope(|scope| {
        let running = scope.spawn(|| {
            let fault = format!("hang={}", STEMS[1]);
            let mut command = operator.command();
            command.args(["input", "output", "--timeout", "2", "--report", "report.json"]);
            command.envs([("SPLUNK_HEC_URL", url.as_str()), ("SPLUNK_HEC_TOKEN", TOKEN)]);
            Run::from(command.env("CUMULUS_TEST_FAULTS", fault).output().unwrap())
        });
        std::thread::sleep(Duration::from_millis(2500));
        let after = Collector::restart(address, &[Act::Accept]);
        let run = running.join().unwrap();
        assert_eq!(after.faultless().granules("granule_end"), STEMS);
        let [events, delivered, ..] = counted(&operator);
        assert_eq!((after.events().len() as u64, delivered), (events, events));
        run
    });
    assert_eq!(running.code, Some(75), "{}", running.stderr);
    assert_eq!(running.lines_with("accepts events again").len(), 1, "{}", running.stderr);
}

#[test]
fn what_could_not_be_sent_goes_with_the_next_run() {
    let cases = [Act::Reply(403, 4, None), Act::Hang, Act::Drop];
    all(&cases, |act| {
        let operator = two();
        let variables = [("SPLUNK_SPOOL", "spool")];
        let bad = Collector::start(std::slice::from_ref(act));
        for number in 1..=2 {
            let (run, _) = run_with(&operator, &bad.url(), &variables);
            run.succeeded();
            assert_eq!(counted(&operator), [6, 0, 0, 6, 0], "{act:?}: {}", run.stderr);
            let spool = fs::read_to_string(operator.folder().join("spool")).unwrap();
            assert!(spool.lines().count() == number * EVENTS && !spool.contains(TOKEN), "{spool}");
        }
        let good = Collector::start(&[Act::Accept]);
        run_with(&operator, &good.url(), &variables).0.succeeded();
        assert_eq!(counted(&operator), [18, 18, 0, 0, 12]);
        assert_eq!(good.faultless().events().len(), 3 * EVENTS);
        let left: Vec<String> = fs::read_dir(operator.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.starts_with("spool"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
    });
}

/// Creates a certificate authority, as PEM, and a server with a certificate from it, for this test.
fn authority() -> (String, ServerConfig) {
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = parameters.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(parameters, key);
    let server_key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = server.signed_by(&server_key, &issuer).unwrap();
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(server_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .unwrap();
    (pem, config)
}

#[test]
fn only_a_server_whose_authority_is_trusted_gets_the_token() {
    let (pem, config) = authority();
    let (other, _) = authority();
    let cases = [
        ("own authority", Some(&pem), "true", true),
        ("another authority", Some(&other), "true", false),
        ("the machine's authorities", None, "true", false),
        ("everybody", None, "false", true),
    ];
    all(&cases, |&(name, trusted, verify, arrives)| {
        let collector = Collector::start_tls(&[Act::Accept], config.clone());
        let operator = two();
        let mut variables = vec![("SPLUNK_TLS_VERIFY", verify)];
        if let Some(trusted) = trusted {
            fs::write(operator.folder().join("ca.pem"), trusted).unwrap();
            variables.push(("SPLUNK_CA_FILE", "ca.pem"));
        }
        let (run, _) = run_with(&operator, &collector.url(), &variables);
        run.succeeded();
        // The warning that certificates are not verified is an additional event.
        let expected = if arrives { EVENTS + usize::from(verify == "false") } else { 0 };
        assert_eq!(collector.faultless().events().len(), expected, "{name}: {}", run.stderr);
        let complaint = if arrives { "any server that impersonates" } else { "set SPLUNK_CA_FILE" };
        assert_eq!(run.lines_with(complaint).is_empty(), name == "own authority", "{name}: {}", run.stderr);
        // An untrusted server receives no request.
        assert_eq!(collector.statuses().is_empty(), !arrives, "{name}");
    });
}

#[test]
fn the_receiver_of_2016_gets_its_lines() {
    let (pem, config) = authority();
    let cases = [
        (vec![Act::Accept], PASSWORD, 6),
        (vec![Act::Reply(503, 0, None), Act::Accept], PASSWORD, 6),
        (vec![Act::Reply(400, 0, None), Act::Accept], PASSWORD, 5),
        (vec![Act::Accept], "wrong", 0),
    ];
    all(&cases, |(acts, password, arrive)| {
        let receiver = Collector::start_tls(acts, config.clone());
        let operator = two();
        fs::write(operator.folder().join("ca.pem"), &pem).unwrap();
        let mut command = operator.command();
        command.args(["input", "output", "--report", "report.json"]).envs([
            ("SPLUNK_HOST", "127.0.0.1"),
            ("SPLUNK_PORT", &receiver.address().port().to_string()),
            ("SPLUNK_USERNAME", USER),
            ("SPLUNK_PASSWORD", password),
            ("SPLUNK_INDEX", "ghrc & co"),
            ("SPLUNK_CA_FILE", "ca.pem"),
            ("PIPELINE_ID", "p\"1"),
        ]);
        let run = Run::from(command.output().unwrap());
        run.succeeded();
        let lines = receiver.faultless().lines();
        assert_eq!(lines.len(), *arrive, "{:?} {}", receiver.statuses(), run.stderr);
        assert_eq!(counted(&operator)[1], *arrive as u64);
        for line in &lines {
            assert!(
                line.ends_with("data_pipeline_id=\"p\\\"1\" dataset_id=\"None\" is_error=\"0\""),
                "{line}"
            );
        }
        if *arrive == 6 {
            for stem in STEMS {
                let of_granule =
                    lines.iter().filter(|line| line.contains(&format!("granule_id=\"{stem}\" ")));
                assert_eq!(of_granule.count(), 2, "{lines:#?}");
            }
        }
        if *arrive == 0 {
            assert_eq!(receiver.statuses(), [401]);
        }
    });
}

#[test]
fn nothing_is_sent_where_settings_are_wrong_and_the_run_goes_on() {
    let operator = two();
    for (url, variables, complaint) in [
        ("http://splunk.example.invalid:8088", &[][..], "is not https"),
        ("splunk", &[][..], "SPLUNK_HEC_URL"),
        ("http://127.0.0.1:1", &[("SPLUNK_HEC_TOKEN", "")][..], "SPLUNK_HEC_TOKEN is not set"),
        ("https://127.0.0.1:1", &[("SPLUNK_CA_FILE", "nowhere.pem")][..], "SPLUNK_CA_FILE cannot be read"),
    ] {
        let (run, time) = run_with(&operator, url, variables);
        assert_eq!(run.succeeded().lines_with(complaint).len(), 1, "{url}: {}", run.stderr);
        assert!(time < Duration::from_secs(5), "{url}: {time:?}");
    }
}
