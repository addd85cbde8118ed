//! Tests of the command line: arguments, environment, logs, plan and report.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::granule::{ProductKind, Recipe};
use crate::operator::Operator;

const DATA: &str = "TEST_PROFILES_12203a_20120906.nc";

#[test]
fn an_empty_command_line_is_wrong_usage() {
    let operator = Operator::new();
    assert_eq!(operator.run(&[]).code, Some(2));
    assert_eq!(operator.run(&["input"]).code, Some(2));
    assert_eq!(operator.run(&["input", "output", "--level", "10"]).code, Some(2));
    assert_eq!(operator.run(&["input", "output", "--metadata-suffix", "/../x"]).code, Some(2));
    let help = operator.run(&["--help"]);
    assert_eq!(help.code, Some(0));
    for word in
        ["--recursive", "--dry-run", "--report", "Exit codes:", "SOURCE_DATE_EPOCH", "describe", "verify"]
    {
        assert!(help.stdout.contains(word), "{word} is not in --help");
    }
    for verb in
        ["manifest", "run", "status", "summary", "describe", "explain", "verify", "man", "completions"]
    {
        for option in ["-h", "--help"] {
            let help = operator.run(&[verb, option]);
            assert!(
                help.succeeded().stdout.contains(&format!("test-collection {verb}")),
                "{verb}: {}",
                help.stdout
            );
        }
    }
    assert_eq!(
        operator.run(&["--version"]).stdout,
        format!("test-collection {}\n", env!("CARGO_PKG_VERSION"))
    );
}

/// Behaviour of an image whose arguments are options only.
#[test]
fn folders_come_from_the_environment_where_no_argument_names_them() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let planned = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = operator.command().args(arguments).envs(variables.iter().copied()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let both = [("CUMULUS_INPUT", "input"), ("CUMULUS_OUTPUT", "elsewhere")];
    let (code, plan) = planned(&["--dry-run", "--force"], &both);
    assert_eq!(code, Some(0));
    assert!(plan.contains(" -> elsewhere/TEST_PROFILES_12203a"), "{plan}");
    let (code, plan) = planned(&["--dry-run", "input", "output"], &both);
    assert_eq!(code, Some(0));
    assert!(plan.contains(" -> output/TEST_PROFILES_12203a"), "{plan}");
    assert_eq!(planned(&["describe"], &both).0, Some(0));
    assert_eq!(planned(&["--dry-run"], &both[..1]).0, Some(2));
    for empty in [[("CUMULUS_INPUT", ""), both[1]], [both[0], ("CUMULUS_OUTPUT", "")]] {
        assert_eq!(planned(&["--dry-run"], &empty).0, Some(2), "{empty:?}");
    }
}

#[test]
fn input_may_be_a_folder_a_tree_a_file_or_a_pattern() {
    let operator = Operator::new();
    let path = operator.granule("12203a", &Recipe::default());
    operator.granule("12203a", &Recipe { product: ProductKind::Track, ..Recipe::default() });
    let inner = operator.input().join("2013");
    fs::create_dir(&inner).unwrap();
    fs::copy(&path, inner.join("TEST_PROFILES_13215a_20130829.hdf5")).unwrap();
    fs::write(operator.input().join(".hidden.hdf5"), "").unwrap();
    fs::write(operator.input().join("readme.met"), "").unwrap();
    let converted = |arguments: &[&str]| {
        let run = operator.run(&[arguments, &["--dry-run"]].concat());
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run.stdout.lines().filter(|line| line.starts_with("convert ")).count()
    };
    assert_eq!(converted(&["input", "output"]), 2);
    assert_eq!(converted(&["input", "output", "--recursive"]), 3);
    assert_eq!(converted(&["input/*_TRACK_*.hdf5", "output"]), 1);
    assert_eq!(converted(&["input/**/*_PROFILES_*", "output"]), 2);
    assert_eq!(converted(&[path.to_str().unwrap(), "output"]), 1);
    assert!(!operator.output().exists());
}

#[test]
fn symbolic_links_are_followed_only_inside_input() {
    let operator = Operator::new();
    let path = operator.granule("12203a", &Recipe::default());
    let outside = operator.folder().join("TEST_PROFILES_13215a_20130829.hdf5");
    fs::copy(&path, &outside).unwrap();
    symlink(&outside, operator.input().join("TEST_PROFILES_13215a_20130829.hdf5")).unwrap();
    symlink(&path, operator.input().join("TEST_PROFILES_13216a_20130904.hdf5")).unwrap();
    symlink("nowhere", operator.input().join("TEST_PROFILES_13217a_20130905.hdf5")).unwrap();
    let run = operator.run(&["input", "output", "--dry-run"]);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.iter().filter(|line| line.starts_with("convert ")).count(), 2, "{lines:#?}");
    assert!(run.stdout.contains("a symbolic link that leads out of INPUT"), "{lines:#?}");
    assert!(run.stdout.contains("a symbolic link that leads nowhere"), "{lines:#?}");
}

#[test]
fn the_plan_names_every_file() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    fs::write(operator.input().join("readme.met"), "").unwrap();
    let run = operator.run(&["input", "output", "--dry-run", "--metadata-suffix", ".cmr.xml"]);
    assert!(
        run.stdout.starts_with(
            "convert input/TEST_PROFILES_12203a_20120906.hdf5 -> output/TEST_PROFILES_12203a_20120906.nc \
             output/TEST_PROFILES_12203a_20120906.nc.cmr.xml (new)\n\
             ignore  input/readme.met: not a granule by its ending\n\
             1 to convert (1 new), 0 up to date, 0 refused, 1 ignored\n"
        ),
        "{}",
        run.stdout
    );
}

#[test]
fn the_report_counts_everything_and_its_checksums_are_true() {
    let operator = Operator::new();
    let source = operator.granule("12203a", &Recipe { has_faults: true, ..Recipe::default() });
    fs::write(operator.input().join("TEST_PROFILES_12204a_20120907.hdf5"), "bad").unwrap();
    let run = operator.run(&["input", "output", "--report", "report.json"]);
    assert_eq!(run.code, Some(65));
    let report = operator.report();
    assert_eq!(
        (&report["converted"], &report["failed"], &report["exit_code"]),
        (&1.into(), &1.into(), &65.into())
    );
    let product = &report["granules"][0]["product"];
    let sum = |path: &std::path::Path| {
        let digest = Sha256::digest(fs::read(path).unwrap());
        digest
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 15])
            .map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)]))
            .collect::<String>()
    };
    assert_eq!(product["sha256"], sum(&operator.output().join(DATA)));
    assert_eq!(product["source_sha256"], sum(&source));
    assert_eq!(product["records"], 40);
    assert_eq!(product["invalid_positions"]["zero"], 1);
    assert_eq!(product["invalid_positions"]["spike"], 1);
    let counts = product["variables"].as_array().unwrap();
    let count = counts.iter().find(|variable| variable["name"] == "signal").unwrap();
    assert_eq!((&count["not_a_number"], &count["infinite"]), (&4.into(), &8.into()));
    let failure = &report["granules"][1]["failure"];
    assert_eq!((&failure["stage"], &failure["class"]), (&"read".into(), &"bad_granule".into()));
}

#[test]
fn the_report_goes_to_standard_output_alone() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let run = operator.run(&["input", "output", "--report", "-", "--quiet"]);
    let report: Value = serde_json::from_str(&run.succeeded().stdout).unwrap();
    assert_eq!(report["converted"], 1);
    assert!(
        run.stderr.lines().count() == 1 && run.stderr.contains("1 converted, 0 failed"),
        "{}",
        run.stderr
    );
}

#[test]
fn logs_come_in_three_forms() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let json = operator.run(&["input", "output", "--log-format", "json"]);
    let lines: Vec<Value> = json.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_granule: Vec<&Value> =
        lines.iter().filter(|line| line["granule_id"] == DATA[..DATA.len() - 3]).collect();
    assert_eq!(of_granule.len(), 2, "{}", json.stderr);
    assert!(of_granule[0]["message"].as_str().unwrap().starts_with("Processing started for "));
    assert!(of_granule[1]["message"].as_str().unwrap().starts_with("Processing finished"));
    assert_eq!(of_granule[0]["process"], "processing");

    let pairs = operator
        .command()
        .args(["input", "output"])
        .env("CUMULUS_LOG_FORMAT", "key-value")
        .env("PIPELINE_ID", "p1")
        .output()
        .unwrap();
    let first = String::from_utf8(pairs.stderr).unwrap();
    assert!(first.contains("process=\"processing\" message=\"Processing input into output\""), "{first}");
    assert!(first.contains("data_pipeline_id=\"p1\" dataset_id=\"None\" is_error=\"0\""), "{first}");
}

#[test]
fn metadata_take_name_and_address_from_the_environment() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let run = |name: &str, base: &str| {
        let mut command = operator.command();
        let status =
            command.args(["input", "output"]).env("SHORT_NAME", name).env("CUMULUS_URL_BASE", base).status();
        assert!(status.unwrap().success());
        fs::read_to_string(operator.output().join(format!("{DATA}.meta.xml"))).unwrap()
    };
    let metadata = run("testcollection<2>", "https://data.example.invalid/test");
    assert!(metadata.contains("<ShortName>testcollection&lt;2&gt;</ShortName>"), "{metadata}");
    assert!(metadata.contains(&format!("<URL>https://data.example.invalid/test/{DATA}</URL>")), "{metadata}");
    let metadata = run("", "");
    assert!(
        metadata.contains("<ShortName>testcollection</ShortName>")
            && metadata.contains(&format!("<URL>{DATA}</URL>"))
    );
}

#[test]
fn verify_tells_equal_from_different() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    operator.convert().succeeded();
    let mut later = operator.command();
    later.args(["input", "later", "--level", "1"]).env("SOURCE_DATE_EPOCH", "1700000000");
    assert!(later.status().unwrap().success());
    let same = operator.run(&["verify", "later", "output"]);
    assert_eq!((same.code, same.stdout.as_str()), (Some(0), "equal\n"));

    operator.granule("12203a", &Recipe { seed: 7, ..Recipe::default() });
    assert_eq!(operator.run(&["input", "later"]).code, Some(0));
    let different = operator.run(&["verify", "later", "output"]);
    assert_eq!(different.code, Some(1));
    assert!(different.stdout.contains("signal: "), "{}", different.stdout);
    assert!(different.stdout.contains("values differ; value "), "{}", different.stdout);

    fs::write(operator.folder().join("later").join(DATA), "x").unwrap();
    fs::remove_file(operator.folder().join("later").join(format!("{DATA}.meta.xml"))).unwrap();
    let broken = operator.run(&["verify", "later", "output"]);
    assert_eq!(broken.code, Some(1));
    assert!(broken.stdout.contains("cannot be opened as netCDF"), "{}", broken.stdout);
    assert!(broken.stdout.contains("meta.xml: not produced"), "{}", broken.stdout);
    assert_eq!(operator.run(&["verify", "nowhere", "output"]).code, Some(2));
}

#[test]
fn explain_names_every_dataset_and_its_rule() {
    let operator = Operator::new();
    let path = operator.granule("12203a", &Recipe::default());
    let explained = operator.run(&["explain", path.to_str().unwrap()]);
    let line = |text: &str, name: &str| -> String {
        let found = text.lines().find(|line| line.split_whitespace().next() == Some(name));
        found.unwrap_or_else(|| panic!("{name} is not in {text}")).to_owned()
    };
    assert!(explained.succeeded().stdout.starts_with("product PROFILES, platform "), "{}", explained.stdout);
    let signal = line(&explained.stdout, "signal");
    for part in
        ["f32(40, 97)", "signal(record, altitude)", "in the table", "unit km-1 sr-1", "missing -999, "]
    {
        assert!(signal.contains(part), "{part} is not in {signal}");
    }
    assert!(line(&explained.stdout, "altitude").contains("vertical coordinate"));
    assert_eq!(operator.run(&["explain", "nowhere.hdf5"]).code, Some(75));

    let against = || operator.run(&["describe", "--against", path.to_str().unwrap()]);
    assert!(against().succeeded().stdout.contains("no drift"), "{}", against().stdout);
    let file = hdf5::File::open_rw(&path).unwrap();
    file.new_dataset::<f64>().shape([40]).create("novelty").unwrap();
    file.unlink("aircraft_altitude").unwrap();
    file.unlink("layers").unwrap();
    file.new_dataset::<i16>().shape([40, 97]).create("layers").unwrap();
    file.close().unwrap();
    let drift = against();
    assert_eq!(drift.code, Some(1), "{}", drift.stdout);
    assert!(line(&drift.stdout, "novelty").contains("unknown"), "{}", drift.stdout);
    assert!(line(&drift.stdout, "aircraft_altitude").contains("absent"), "{}", drift.stdout);
    assert!(drift.stdout.contains("warning shape_unknown: layers: "), "{}", drift.stdout);
    assert!(!drift.stdout.contains("signal"), "{}", drift.stdout);
}

#[test]
fn a_progress_bar_leaves_the_log_whole() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let run = operator.run(&["input", "output", "--progress", "always"]);
    run.succeeded();
    assert_eq!(run.lines_with("Processing finished").len(), 1, "{}", run.stderr);
}

#[test]
fn manual_page_and_completions_show_what_help_shows() {
    let operator = Operator::new();
    let help = operator.run(&["--help"]).stdout;
    let options: Vec<&str> = help.split_whitespace().filter(|word| word.starts_with("--")).collect();
    assert!(options.len() > 15, "{options:?}");
    let page = operator.run(&["man"]).stdout.replace('\\', "");
    let [bash, zsh, fish] =
        ["bash", "zsh", "fish"].map(|shell| operator.run(&["completions", shell]).succeeded().stdout.clone());
    for option in options {
        for (form, text) in [("man", &page), ("bash", &bash), ("zsh", &zsh)] {
            assert!(text.contains(option), "{option} is not in {form}");
        }
        assert!(fish.contains(&format!("-l {}", &option[2..])), "{option} is not in fish");
    }
    for hidden in ["pipeline-id", "source-date-epoch"] {
        assert!(![&page, &bash, &zsh, &fish].iter().any(|text| text.contains(hidden)), "{hidden}");
    }
    let script = operator.folder().join("completions.bash");
    fs::write(&script, bash).unwrap();
    assert!(std::process::Command::new("bash").arg("-n").arg(script).status().unwrap().success());
}
