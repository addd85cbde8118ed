//! What an operator sees of a run: plan, recap, lists, layouts, quarantine and summary.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::granule::Recipe;
use crate::operator::{Operator, Run};
use crate::unattended::contents;

const STEM: &str = "TEST_PROFILES_12203a_20120906";

fn bad(operator: &Operator, sortie: &str) {
    fs::write(operator.input().join(format!("TEST_PROFILES_{sortie}_20120906.hdf5")), "bad").unwrap();
}

/// Moves a granule into a folder inside INPUT.
fn into_folder(operator: &Operator, sortie: &str, folder: &str) {
    let path = operator.granule(sortie, &Recipe::default());
    let folder = operator.input().join(folder);
    fs::create_dir_all(&folder).unwrap();
    fs::rename(&path, folder.join(path.file_name().unwrap())).unwrap();
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_last_lines_say_what_failed_and_what_to_do_even_when_quiet() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    bad(&operator, "12204a");
    bad(&operator, "12205a");
    let run = operator.run(&["input", "output", "--quiet", "--report", "report.json"]);
    assert_eq!(run.code, Some(65));
    let lines: Vec<&str> = run.stderr.lines().collect();
    let [.., cause, closing] = lines[..] else { panic!("{}", run.stderr) };
    assert!(cause.contains("2 x read: is not an HDF5 file; for example TEST_PROFILES_1220"), "{cause}");
    assert!(closing.contains(" ERROR 1 converted, 2 failed in "), "{closing}");
    assert!(closing.ends_with("before another run (list: report.json)"), "{closing}");
    assert_eq!(operator.report()["failures"][0]["count"], 2);
}

#[test]
fn a_dry_run_tells_each_state_of_output() {
    let operator = Operator::new();
    for sortie in ["12203a", "12203b", "12203c", "12203d", "12203e"] {
        operator.granule(sortie, &Recipe::default());
    }
    bad(&operator, "12203f");
    assert_eq!(operator.convert().code, Some(65));
    let output = |sortie: &str, ending: &str| {
        operator.output().join(format!("TEST_PROFILES_{sortie}_20120906.{ending}"))
    };
    operator.granule("12203a", &Recipe { seed: 9, ..Recipe::default() });
    fs::write(output("12203b", "nc"), "short").unwrap();
    fs::remove_file(output("12203c", "nc.meta.xml")).unwrap();
    fs::remove_file(output("12203d", "nc")).unwrap();
    let before = contents(&operator.output());
    let plan = operator.run(&["input", "output", "--dry-run"]);
    let line = |sortie: &str| *plan.lines_of_output(sortie).first().unwrap_or(&"");
    assert!(
        line("12203a").starts_with("convert ")
            && line("12203a").ends_with("(changed: its source is another file now)")
    );
    assert!(
        line("12203b").ends_with("(damaged: the size of its data is not that of its metadata)"),
        "{}",
        line("12203b")
    );
    assert!(line("12203c").ends_with("(damaged: its metadata are missing)"), "{}", line("12203c"));
    assert!(line("12203d").ends_with("(damaged: its data are missing)"), "{}", line("12203d"));
    assert!(
        line("12203e").starts_with("keep ") && line("12203e").ends_with("(up to date)"),
        "{}",
        line("12203e")
    );
    assert!(line("12203f").ends_with("(new)"), "{}", line("12203f"));
    assert!(
        plan.stdout.contains("5 to convert (1 changed, 3 damaged, 1 new), 1 up to date, 0 refused\n"),
        "{}",
        plan.stdout
    );
    assert!(
        plan.stdout.contains(" MB to read, about ") && plan.stdout.contains("\nOUTPUT: "),
        "{}",
        plan.stdout
    );
    let options = operator.run(&["input", "output", "-n", "--level", "1", "--quiet"]);
    assert!(options.stdout.contains("3 other options"), "{}", options.stdout);
    assert_eq!(options.stdout.lines().count(), 3, "{}", options.stdout);
    assert!(contents(&operator.output()) == before);
    for (arguments, code) in [
        (["input", "output", "-n", "--report", "nowhere/report.json"], 73),
        (["input", "/proc/output", "-n", "--report", "report.json"], 73),
    ] {
        let run = operator.run(&arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {} {}", run.stdout, run.stderr);
    }
    assert!(!operator.folder().join("report.json").exists());
}

#[test]
fn several_inputs_and_lists_are_one_run() {
    let operator = Operator::new();
    let first = operator.granule("12203a", &Recipe::default());
    let second = operator.granule("12203b", &Recipe::default());
    // As a shell passes an unquoted pattern.
    let run = operator.run(&[first.to_str().unwrap(), second.to_str().unwrap(), "input", "output"]);
    assert_eq!(run.succeeded().lines_with("2 converted").len(), 1, "{}", run.stderr);
    fs::write(operator.folder().join("list"), format!("{}\n\n", second.display())).unwrap();
    operator.run(&["--files-from", "list", "listed"]).succeeded();
    assert_eq!(files(&operator.folder().join("listed")).len(), 2);
    let mut piped = operator.command();
    piped.args(["--files-from", "-", "piped"]).stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = piped.spawn().unwrap();
    let names = format!("{}\0{}\0", first.display(), second.display());
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), names.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(files(&operator.folder().join("piped")).len(), 4);
    // One of several that is missing costs the run its success and nothing else.
    let run = operator.run(&["input", "nowhere", "some"]);
    assert_eq!(run.code, Some(66), "{}", run.stderr);
    assert_eq!(files(&operator.folder().join("some")).len(), 4);
    assert_eq!(operator.run(&["--files-from", "nowhere", "output"]).code, Some(2));
}

#[test]
fn a_retry_converts_only_what_is_left() {
    let operator = Operator::new();
    into_folder(&operator, "12203a", "2012");
    into_folder(&operator, "12203b", "2012");
    let good = operator.input().join("2012/TEST_PROFILES_12203b_20120906.hdf5");
    let bytes = fs::read(&good).unwrap();
    fs::write(&good, "bad").unwrap();
    let run = operator.run(&["input", "output", "--recursive", "--report", "report.json"]);
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    fs::write(&good, bytes).unwrap();
    let retried = operator.run(&["--retry", "report.json", "--report", "second.json"]);
    assert_eq!(retried.succeeded().lines_with("1 converted, 0 failed").len(), 1, "{}", retried.stderr);
    // In the folder that the first run would have used.
    assert!(operator.output().join("2012/TEST_PROFILES_12203b_20120906.nc").exists());
    let nothing = operator.run(&["--retry", "second.json", "--report", "third.json"]);
    assert!(nothing.succeeded().stderr.contains("0 converted, 0 failed"), "{}", nothing.stderr);
    operator.run(&["summary", "third.json"]).succeeded();
    // The options of the first run are part of what its products are.
    let other = operator.run(&["--retry", "report.json", "--layout", "{year}"]);
    assert!(other.code == Some(2) && other.stderr.contains("give the same options"), "{}", other.stderr);
    assert_eq!(operator.run(&["--retry", "report.txt"]).code, Some(2));
    // The report of a run that failed as a whole lists no granule.
    assert_eq!(operator.run(&["nowhere", "output", "--report", "whole.json"]).code, Some(66));
    let whole = operator.run(&["--retry", "whole.json"]);
    assert!(
        whole.code == Some(2) && whole.stderr.contains("has no granule"),
        "{:?} {}",
        whole.code,
        whole.stderr
    );
}

#[test]
fn products_have_the_folders_of_input_or_of_the_layout() {
    let operator = Operator::new();
    into_folder(&operator, "12203a", "2012/250");
    into_folder(&operator, "12203b", "2013");
    let passed = operator.run(&["input", "output"]);
    assert_eq!(passed.code, Some(66));
    assert!(
        passed.stderr.contains("2 folders not looked into") && passed.stderr.contains("--recursive"),
        "{}",
        passed.stderr
    );
    let tree = |output: &str, arguments: &[&str]| {
        operator.run(&[&["input", output, "-r"], arguments].concat()).succeeded();
        let names = files(&operator.folder().join(output));
        names.into_iter().filter(|name| !name.ends_with("xml")).collect::<Vec<_>>()
    };
    assert_eq!(
        tree("mirrored", &[]),
        ["2012/250/TEST_PROFILES_12203a_20120906.nc", "2013/TEST_PROFILES_12203b_20120906.nc"]
    );
    assert_eq!(
        tree("flat", &["--layout", ""]),
        ["TEST_PROFILES_12203a_20120906.nc", "TEST_PROFILES_12203b_20120906.nc"]
    );
    assert_eq!(
        tree(
            "dated",
            &["--layout", "{product}/{year}-{day_of_year}/{sortie}", "--url-base", "https://x.invalid/d"]
        )[0],
        "PROFILES/2012-250/12203a/TEST_PROFILES_12203a_20120906.nc"
    );
    let metadata = fs::read_to_string(
        operator.folder().join("dated/PROFILES/2012-250/12203a/TEST_PROFILES_12203a_20120906.nc.meta.xml"),
    );
    let metadata = metadata.unwrap();
    assert!(metadata.contains("<URL>https://x.invalid/d/PROFILES/2012-250/12203a/TEST_"), "{metadata}");
    assert!(metadata.contains("<GranuleUR>TEST_PROFILES_12203a_20120906.nc</GranuleUR>"), "{metadata}");
    let listed = operator.run(&["--files-from", "/dev/null", "mirrored"]);
    assert!(listed.code == Some(66) && listed.stderr.contains("names no granule"), "{}", listed.stderr);
    let again = operator.run(&["input", "mirrored", "-r"]);
    assert_eq!(again.succeeded().lines_with("0 converted, 2 up to date").len(), 1, "{}", again.stderr);
    assert!(operator.run(&["verify", "mirrored", "mirrored"]).succeeded().stdout.contains("equal"));
    let unknown = operator.run(&["input", "output", "-r", "--layout", "{flight}"]);
    assert!(unknown.code == Some(2) && unknown.stderr.contains("{sortie}"), "{}", unknown.stderr);
    assert_eq!(operator.run(&["input", "output", "-r", "--layout", "../x"]).code, Some(2));
}

#[test]
fn granules_of_one_name_are_converted_apart_with_a_warning() {
    let operator = Operator::new();
    into_folder(&operator, "12203a", "first");
    into_folder(&operator, "12203a", "second");
    let run = operator.run(&["input", "output", "--recursive", "--report", "report.json"]);
    assert_eq!(
        run.succeeded().lines_with("2 granules of this run have this name").len(),
        2,
        "{}",
        run.stderr
    );
    assert_eq!(operator.report()["granules"][0]["warnings"][0]["code"], "granule_name_repeated");
    assert_eq!(operator.run(&["input", "flat", "--recursive", "--layout", ""]).code, Some(65));
}

#[test]
fn invalid_granules_are_set_aside_with_the_reason() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    bad(&operator, "12204a");
    let run = operator.run(&["input", "output", "--quarantine", "aside"]);
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    let names = files(&operator.folder().join("aside"));
    assert_eq!(
        names,
        ["TEST_PROFILES_12204a_20120906.hdf5", "TEST_PROFILES_12204a_20120906.hdf5.reason.json"]
    );
    let inode = |path: &Path| path.metadata().unwrap().ino();
    assert_eq!(
        inode(&operator.folder().join("aside").join(&names[0])),
        inode(&operator.input().join(&names[0]))
    );
    let reason = fs::read_to_string(operator.folder().join("aside").join(&names[1])).unwrap();
    assert!(reason.contains("is not an HDF5 file"), "{reason}");
}

#[test]
fn a_mistake_on_the_command_line_is_answered() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    for (arguments, code, told) in [
        (&["verfy", "a", "b"][..], 2, "did you mean verify?"),
        (&["help"], 2, "--help"),
        (&["input"], 2, "OUTPUT is missing"),
        (&["gs://bucket/granules", "output"], 2, "an address that begins with s3://"),
        (&["input", "gs://bucket/products"], 2, "an address that begins with s3://"),
        (&["input", "output", "--quarantine", "s3://bucket/aside"], 2, "a folder on this machine"),
        (&["input", "output", "--scratch", "s3://bucket/scratch"], 2, "a folder on this machine"),
        (&["input", "input"], 2, "is INPUT, and nothing is written there"),
        (&["input/*.hdf5", ""], 2, "cannot be empty"),
    ] {
        let run = operator.run(arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
    }
    // Whether it exists or not, so that the first night ends like the second.
    let inside = operator.run(&["input", "input/products", "--recursive"]);
    assert!(inside.code == Some(2) && inside.stderr.contains("is inside INPUT"), "{}", inside.stderr);
    assert!(!operator.input().join("products").exists());
    for folder in ["input", "input/aside"] {
        let aside = operator.run(&["input", "output", "--quarantine", folder]);
        assert!(aside.code == Some(2) && aside.stderr.contains("INPUT input"), "{}", aside.stderr);
    }
    operator.run(&["input", "input/products"]).succeeded();
}

#[test]
fn what_is_in_the_way_is_named_before_anything_is_done() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    operator.granule("12203b", &Recipe::default());
    fs::create_dir(operator.output()).unwrap();
    let pipe = operator.output().join(format!("{STEM}.nc.meta.xml"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let named = |what: &str| {
        let run = operator.convert();
        assert_eq!(run.code, Some(73), "{}", run.stderr);
        assert!(run.stderr.contains(what), "{}", run.stderr);
        assert!(!operator.output().join("TEST_PROFILES_12203b_20120906.nc").exists());
    };
    named(&format!("{STEM}.nc.meta.xml: is in the way of a product; found a named pipe"));
    fs::remove_file(&pipe).unwrap();
    fs::create_dir(operator.output().join(format!("{STEM}.nc"))).unwrap();
    named("is in the way of a product; found a folder");
    fs::remove_dir(operator.output().join(format!("{STEM}.nc"))).unwrap();
    fs::write(operator.output().join(".test-collection"), "").unwrap();
    named("output/.test-collection: is in the way");
    fs::remove_file(operator.output().join(".test-collection")).unwrap();
    operator.convert().succeeded();
    fs::write(operator.output().join("2012"), "").unwrap();
    for arguments in
        [&["input", "output", "--layout", "{year}/x"][..], &["input", "output", "--layout", "{year}/x", "-n"]]
    {
        let run = operator.run(arguments);
        assert!(run.code == Some(73) && run.stderr.contains("output/2012: is in the way"), "{}", run.stderr);
    }
}

#[test]
fn names_that_hide_their_text_are_refused_and_shown() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let path = operator.granule("12203b", &Recipe::default());
    fs::rename(&path, operator.input().join("TEST_\u{202e}5fdh.hdf5")).unwrap();
    let run = operator.convert();
    assert_eq!(run.code, Some(65));
    assert!(
        run.stderr.contains("the character U+202E") && !run.stderr.contains('\u{202e}'),
        "{}",
        run.stderr
    );
    assert_eq!(operator.products().len(), 2);
}

#[test]
fn names_that_are_no_text_are_in_the_report_and_in_the_quarantine() {
    use std::os::unix::ffi::OsStrExt;
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    for name in [&b"TEST_\xff.hdf5"[..], b"notes\xff.txt"] {
        fs::write(operator.input().join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
    }
    let run = operator.run(&["input", "output", "--report", "report.json", "--quarantine", "aside"]);
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    let report = operator.report();
    assert_eq!((&report["converted"], &report["failed"]), (&1.into(), &1.into()), "{report}");
    assert_eq!(report["ignored"][0]["path"], "input/notes\u{fffd}.txt");
    assert_eq!(fs::read_dir(operator.folder().join("aside")).unwrap().count(), 2);
}

#[test]
fn a_report_that_cannot_be_written_is_an_error() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = operator.command();
    let output = command.args(["input", "output", "--report", "-"]).stdout(full()).output().unwrap();
    let run = Run::from(output);
    assert!(run.code == Some(73) && run.stderr.contains("No space left"), "{:?} {}", run.code, run.stderr);
    assert_eq!(operator.products().len(), 2);
    let run = operator.run(&["input", "other", "--report", "nowhere/report.json"]);
    assert_eq!(run.code, Some(73), "{}", run.stderr);
    assert!(!operator.folder().join("other").exists(), "told before the night, not after it");
}

/// Runs the command on a terminal of this width, and returns everything that it shows.
fn on_terminal(operator: &Operator, columns: usize, variables: &[(&str, &str)]) -> String {
    let program = operator.command().get_program().to_str().unwrap().to_owned();
    let call = format!("stty cols {columns} rows 24; exec '{program}' input output --force --jobs 1");
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &call, "/dev/null"]).current_dir(operator.folder());
    command.env("TERM", "xterm").env_remove("NO_COLOR").envs(variables.iter().copied());
    String::from_utf8_lossy(&command.stdin(Stdio::null()).output().unwrap().stdout).into_owned()
}

#[test]
fn progress_fits_any_terminal_and_takes_the_place_of_lines_about_granules() {
    let operator = Operator::new();
    crate::unattended::five(&operator);
    bad(&operator, "12202a");
    for columns in [40, 50, 120] {
        let shown = on_terminal(&operator, columns, &[]);
        assert!(
            !shown.contains("Processing started for") && !shown.contains("Processing finished"),
            "{shown}"
        );
        // Everything but text moves or clears: a line of progress is what is between two of those.
        let progress: Vec<&str> =
            shown.split(['\r', '\n', '\u{1b}']).filter(|part| part.contains("/6  1 failed  ")).collect();
        assert!(!progress.is_empty(), "{shown:?}");
        for line in &progress {
            let text = line.trim_start_matches("[2K");
            assert!(text.chars().count() <= columns, "{} columns of {columns}: {text}", text.chars().count());
            assert!(text.contains("/s  ") && text.trim_end().ends_with(" left"), "{text}");
        }
        assert!(shown.contains("\u{1b}[31m") && shown.contains("5 converted, 1 failed in "), "{shown:?}");
    }
    let plain = on_terminal(&operator, 80, &[("NO_COLOR", "1")]);
    assert!(plain.contains(" ERROR ") && !plain.contains("\u{1b}[31m"), "{plain:?}");
    let mut piped = operator.command();
    piped.args(["input", "output", "--force"]).env("CLICOLOR_FORCE", "1");
    let piped = Run::from(piped.output().unwrap());
    assert!(
        piped.stderr.contains("\u{1b}[31m") && !operator.convert().stderr.contains('\u{1b}'),
        "{}",
        piped.stderr
    );
}

#[test]
fn a_summary_is_made_of_the_report() {
    let operator = Operator::new();
    operator.granule("12203a", &Recipe::default());
    bad(&operator, "12204a");
    assert_eq!(operator.run(&["input", "output", "--report", "report.json"]).code, Some(65));
    let text = operator.run(&["summary", "report.json"]).succeeded().stdout.clone();
    assert!(text.contains("1 converted, 1 failed in ") && text.contains("PROFILES  "), "{text}");
    let page = operator.run(&["summary", "report.json", "--html"]).succeeded().stdout.clone();
    assert!(page.starts_with("<!doctype html>") && page.contains("<polyline class=\"track\""), "{page}");
    let metrics = operator.run(&["summary", "report.json", "--prometheus"]).succeeded().stdout.clone();
    assert!(
        metrics.contains("cumulus_granules{program=\"test-collection\",outcome=\"failed\"} 1"),
        "{metrics}"
    );
    let failed = operator.run(&["summary", "report.json", "--failed"]);
    assert_eq!(failed.succeeded().stdout, "input/TEST_PROFILES_12204a_20120906.hdf5\n");
    assert_eq!(operator.run(&["summary", "nowhere"]).code, Some(2));
    assert_eq!(operator.run(&["summary", "report.json", "--html", "--failed"]).code, Some(2));
}

#[test]
fn a_stop_is_told_at_once_and_is_no_error() {
    let operator = Operator::new();
    let stems = crate::unattended::five(&operator);
    let mut command = operator.command();
    command.args(["input", "output", "--jobs", "1", "--timeout", "3", "--log-format", "json"]);
    command.env("CUMULUS_TEST_FAULTS", format!("hang={}", stems[1])).stderr(Stdio::piped());
    let run = command.spawn().unwrap();
    while !operator.output().join(format!("{}.nc.meta.xml", stems[0])).exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert!(Command::new("kill").args(["-TERM", &run.id().to_string()]).status().unwrap().success());
    let run = Run::from(run.wait_with_output().unwrap());
    assert_eq!(run.code, Some(75));
    let lines: Vec<Value> = run.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let event = |name: &str| lines.iter().find(|line| line["event"] == name).unwrap();
    assert_eq!(event("run_stopping")["message"], "stopping: 1 under way; press again to end them");
    assert_eq!((&event("run_end")["not_begun"], &event("run_end")["failed"]), (&3.into(), &1.into()));
    let errors = lines.iter().filter(|line| line["is_error"] == 1).count();
    assert_eq!(errors, 2, "the granule that timed out and the closing line: {}", run.stderr);
}
