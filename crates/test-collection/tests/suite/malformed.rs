//! Damaged granules, each in its own process: a classified failure, no partial product, no hang.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::granule::Recipe;
use crate::operator::{Operator, say, skip};
use crate::unattended::contents;

/// Max time for a damaged granule of a few kilobytes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Converts `input` and returns the exit code, or the signal that ended the process.
fn outcome(operator: &Operator) -> Result<i32, i32> {
    let mut child = operator
        .command()
        .args(["input", "output"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code().ok_or_else(|| status.signal().unwrap_or_default());
        }
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("still running after {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn small() -> Recipe {
    Recipe { records: 12, bins: 17, ..Recipe::default() }
}

/// Asserts that there is either nothing or a complete product under final names.
fn check_products(operator: &Operator, what: &str) {
    let products: Vec<String> =
        operator.products().into_iter().filter(|name| !name.starts_with('.')).collect();
    if products.is_empty() {
        return;
    }
    assert_eq!(products.len(), 2, "{what}: {products:?}");
    operator.ncdump(&["-h"], &products[0]);
    for name in products {
        fs::remove_file(operator.output().join(name)).unwrap();
    }
}

#[test]
fn truncated_granules_are_refused() {
    let operator = Operator::new();
    let path = operator.granule("12203a", &small());
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(512).chain([whole.len() - 1]) {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(outcome(&operator), Ok(65), "cut to {length} of {} bytes", whole.len());
        assert!(operator.products().is_empty(), "cut to {length} bytes");
    }
}

#[test]
fn granules_with_a_flipped_bit_are_refused_or_converted_whole() {
    let operator = Operator::new();
    let path = operator.granule("12203a", &small());
    let whole = fs::read(&path).unwrap();
    let mut random = fastrand::Rng::with_seed(2012);
    let mut signals = Vec::new();
    for _ in 0..150 {
        let mut damaged = whole.clone();
        let place = random.usize(..whole.len());
        damaged[place] ^= 1 << (place % 8);
        fs::write(&path, &damaged).unwrap();
        match outcome(&operator) {
            Ok(0 | 65) => {}
            Ok(code) => panic!("bit flip at {place}: exit code {code}: {}", operator.convert().stderr),
            Err(signal) => signals.push((place, signal)),
        }
        check_products(&operator, &format!("bit flip at {place}"));
    }
    assert!(signals.is_empty(), "ended by a signal: {signals:?}");
}

/// Files that crash libhdf5's own tools: if a worker dies of one, this is the result of that granule only.
#[test]
fn hostile_files_among_good_ones_cost_nothing_but_themselves() {
    let Some(shared) = std::env::var_os("CUMULUS_SHARED") else {
        skip("CUMULUS_SHARED is not set, so there are no hostile files");
        return;
    };
    let mut files: Vec<PathBuf> = fs::read_dir(Path::new(&shared).join("hostile"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "h5"));
    assert!(!files.is_empty());
    let operator = Operator::new();
    for file in &files {
        // Granules are processed in the order of their names, so bad and good ones alternate.
        let name = format!("{}-good.h5", file.file_stem().unwrap().to_str().unwrap());
        small().write(&operator.input().join(name)).unwrap();
    }
    operator.run(&["input", "expected"]).succeeded();
    for file in &files {
        fs::copy(file, operator.input().join(file.file_name().unwrap())).unwrap();
    }
    let run = operator.run(&["input", "output", "--report", "report.json"]);
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    assert_eq!(run.errors().len(), files.len(), "{}", run.stderr);
    assert!(contents(&operator.output()) == contents(&operator.folder().join("expected")));
    for line in run.errors() {
        say(line);
    }
}
