//! The memory of a worker does not grow with its granule, and that of the supervisor hardly with their number.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use crate::granule::{Recipe, Storage};
use crate::operator::{Operator, say};

/// Max memory of a worker with two threads, for any granule.
const MAX_MB: f64 = 64.0;
/// Max additional memory for the large granule. Clock and position are kept in memory as a whole, some twenty arrays
/// and copies of eight bytes per record (8 MB), and two runs of the same granule differ by a few MB. A single array
/// of backscatter in memory would add 60 MB.
const MAX_GROWTH_MB: f64 = 14.0;
/// Number of records of the small and of the large granule.
const RECORDS: [usize; 2] = [10_000, 60_000];

/// Peak resident memory in MB of the worker that converts this granule, with two threads.
///
/// The kernel keeps the peak (`VmHWM`) until the worker ends, which is after its product was checked and published,
/// so frequent polling does not miss it.
fn peak_mb(recipe: &Recipe) -> f64 {
    let operator = Operator::new();
    operator.granule("12203a", recipe);
    let mut run = operator.command().args(["input", "output", "--jobs", "2", "--quiet"]).spawn().unwrap();
    let mut peak_kb = 0;
    let status = loop {
        if let Some(status) = run.try_wait().unwrap() {
            break status;
        }
        peak_kb = peak_kb.max(children(run.id()).into_iter().filter_map(peak_kb_of).max().unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    };
    assert!(status.success());
    assert!(peak_kb > 10_000, "{peak_kb} kB: the worker was not seen at work");
    f64::from(peak_kb) / 1000.0
}

/// Child processes of any thread of this process.
fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return Vec::new() };
    let lists =
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split_whitespace().filter_map(|child| child.parse().ok()).collect::<Vec<_>>())
        .collect()
}

fn peak_kb_of(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn check(storage: Storage) {
    let [small, large] = RECORDS.map(|records| {
        let recipe = Recipe { records, bins: 900, is_zero: true, storage, ..Recipe::default() };
        peak_mb(&recipe)
    });
    say(&format!("{storage:?}: {small:.1} MB for {} records, {large:.1} MB for {}", RECORDS[0], RECORDS[1]));
    assert!(large - small <= MAX_GROWTH_MB, "{small} MB, then {large} MB");
    assert!(large <= MAX_MB, "{large} MB");
}

/// Max memory of the supervisor for each granule of a run: its path and its names.
const MAX_BYTES_PER_GRANULE: f64 = 550.0;

/// Peak resident memory in kB of a supervisor with this number of files, which it refuses.
fn supervisor_kb(files: usize) -> u32 {
    let operator = Operator::new();
    for number in 0..files {
        fs::write(operator.input().join(format!("TEST_PROFILES_{number:05}a_20120906.hdf5")), "bad").unwrap();
    }
    let mut command = operator.command();
    command.args(["input", "output", "--report", "report.json", "--jobs", "2"]).stderr(Stdio::null());
    let mut run = command.spawn().unwrap();
    let mut peak = 0;
    while run.try_wait().unwrap().is_none() {
        peak = peak.max(peak_kb_of(run.id()).unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    assert_eq!(operator.report()["granules"].as_array().unwrap().len(), files);
    peak
}

#[test]
fn the_memory_of_the_supervisor_hardly_grows_with_the_number_of_granules() {
    const FILES: [usize; 2] = [100, 5000];
    let [few, many] = FILES.map(supervisor_kb);
    let each = f64::from(many - few) * 1024.0 / f64::from(u32::try_from(FILES[1] - FILES[0]).unwrap());
    say(&format!(
        "supervisor: {few} kB for {} granules, {many} kB for {}: {each:.0} bytes each",
        FILES[0], FILES[1]
    ));
    assert!(each <= MAX_BYTES_PER_GRANULE, "{few} kB, then {many} kB");
}

#[test]
fn the_memory_of_a_worker_does_not_grow_with_a_contiguous_granule() {
    check(Storage::Contiguous);
}

#[test]
fn the_memory_of_a_worker_does_not_grow_with_a_compressed_granule() {
    check(Storage::Gzip);
}
