//! What happened in a run, in a few lines: how many granules had which outcome, and why some failed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;
use tracing::Level;

use crate::exit_code::{self, EXIT_SUCCESS};
use crate::report::{FailureGroup, GranuleReport, Status, Totals};
use crate::stop::StopReason;
use cumulus_log as log;
use cumulus_log::event::{Event, Visibility};
use cumulus_model::error::{Class, Failure, Stage};

/// Maximum number of causes of failure that are told apart.
const MAX_CAUSES: usize = 1000;

/// Maximum number of causes of failure in the log; the report has all of them.
const MAX_TOLD: usize = 10;

/// Counts granules by outcome, and failures by cause. Its size does not depend on the number of granules.
#[derive(Debug, Default)]
pub(super) struct Recap {
    totals: Totals,
    causes: BTreeMap<(Stage, Class, String), FailureGroup>,
    /// Classes of failures that are not about a granule.
    others: Vec<Class>,
}

impl Recap {
    /// Counts a granule.
    pub(super) fn add(&mut self, report: &GranuleReport) {
        let totals = &mut self.totals;
        let count = match report.status {
            Status::Converted => &mut totals.converted,
            Status::UpToDate => &mut totals.up_to_date,
            Status::Failed => &mut totals.failed,
            Status::Interrupted => &mut totals.interrupted,
            Status::NotBegun => &mut totals.not_begun,
        };
        *count += 1;
        if let Some(failure) = &report.failure {
            self.add_failure(&report.path, failure);
        }
    }

    /// Adds a failure that is not about a granule, which decides about the exit code too.
    pub(super) fn also(&mut self, class: Class) {
        if !self.others.contains(&class) {
            self.others.push(class);
        }
    }

    fn add_failure(&mut self, path: &Path, failure: &Failure) {
        let file_name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        // A dataset belongs to the cause; a path is that of one granule, or of its staging folder.
        let is_dataset =
            matches!(failure.stage, Stage::Read | Stage::Map) && !failure.place.contains(&*file_name);
        let problem = if is_dataset {
            format!("{}: {}", failure.place, failure.problem)
        } else {
            failure.problem.clone()
        };
        let mut key = (failure.stage, failure.class, problem);
        if self.causes.len() >= MAX_CAUSES && !self.causes.contains_key(&key) {
            "another problem".clone_into(&mut key.2);
        }
        let group = self.causes.entry(key).or_insert_with_key(|(stage, class, problem)| FailureGroup {
            stage: *stage,
            class: *class,
            problem: problem.clone(),
            count: 0,
            example: file_name.into_owned(),
            message: details(failure),
        });
        group.count += 1;
    }

    /// Returns all counts and causes, and the exit code that follows from them.
    pub(super) fn totals(self, mut end: Totals) -> Totals {
        let Totals { converted, up_to_date, failed, interrupted, not_begun, .. } = self.totals;
        let mut failures: Vec<FailureGroup> = self.causes.into_values().collect();
        failures.sort_by_key(|group| std::cmp::Reverse(group.count));
        // After too many failures another run would stop at the same ones, so that they decide.
        let is_retryable = !matches!(end.stop, Some(StopReason::MaxFailures { .. }));
        let left = interrupted + not_begun > 0 && is_retryable;
        let classes = failures.iter().map(|group| group.class).chain(self.others);
        let classes = classes
            .chain(left.then_some(Class::Retryable))
            .chain(end.failure.as_ref().map(|failure| failure.class));
        end.exit_code = exit_code::exit_code(classes);
        Totals { converted, up_to_date, failed, interrupted, not_begun, failures, ..end }
    }
}

/// Returns what was found and expected, and the hint.
fn details(failure: &Failure) -> String {
    let whole = failure.to_string();
    let facts = failure.found.is_some() || failure.expected.is_some() || failure.hint.is_some();
    let start = Failure { found: None, expected: None, hint: None, ..failure.clone() }.to_string();
    let rest = whole.strip_prefix(&start).filter(|_| facts).and_then(|rest| rest.strip_prefix("; "));
    rest.unwrap_or(&failure.problem).to_owned()
}

/// Logs the recap of a run: causes of failures, then one closing line, which is shown even if only warnings are wanted.
pub(super) fn tell(totals: &Totals, ignored: usize, report: Option<&Path>) {
    // The failure of a single granule stands right above.
    let granules =
        totals.converted + totals.up_to_date + totals.failed + totals.interrupted + totals.not_begun;
    let told = if granules > 1 { MAX_TOLD } else { 0 };
    for group in totals.failures.iter().take(told) {
        let message = format!(
            "{} x {}: {}; for example {}: {}",
            group.count, group.stage, group.problem, group.example, group.message
        );
        // The granules themselves were errors already.
        log::emit(
            &Event::new(Level::INFO, module_path!(), message)
                .visible(Visibility::Always)
                .with("process", "processing")
                .with("event", "run_failures")
                .with("stage", group.stage.to_string())
                .with("class", json!(group.class))
                .with("problem", group.problem.as_str())
                .with("count", group.count)
                .with("example", group.example.as_str()),
        );
    }
    if totals.failures.len() > MAX_TOLD && told > 0 {
        let more = totals.failures.len() - MAX_TOLD;
        let message = format!("{more} more causes of failures; --report lists all of them");
        let event = Event::new(Level::INFO, module_path!(), message);
        log::emit(&event.visible(Visibility::Always).with("process", "processing"));
    }
    log::emit(
        &Event::new(level(totals), module_path!(), closing_line(totals, ignored, report))
            .visible(Visibility::Always)
            .with("process", "processing")
            .with("event", "run_end")
            .with("exit_code", totals.exit_code)
            .with("converted", totals.converted)
            .with("up_to_date", totals.up_to_date)
            .with("failed", totals.failed)
            .with("interrupted", totals.interrupted)
            .with("not_begun", totals.not_begun)
            .with("ignored", ignored)
            .with("failures", json!(totals.failures.iter().take(MAX_TOLD).collect::<Vec<_>>()))
            .with("seconds", totals.seconds),
    );
}

/// The level of the closing line: an error if anything failed, a warning if only something was left.
fn level(totals: &Totals) -> Level {
    if totals.exit_code == EXIT_SUCCESS {
        Level::INFO
    } else if totals.failed > 0 || totals.failure.is_some() {
        Level::ERROR
    } else {
        Level::WARN
    }
}

fn closing_line(totals: &Totals, ignored: usize, report: Option<&Path>) -> String {
    let mut line = format!("{} converted", totals.converted);
    // Writing to a String cannot fail.
    for (count, word, always) in [
        (totals.up_to_date, "up to date", false),
        (totals.failed, "failed", true),
        (totals.interrupted, "interrupted", false),
        (totals.not_begun, "not begun", false),
        (ignored, if ignored == 1 { "file ignored" } else { "files ignored" }, false),
    ] {
        if count > 0 || always {
            let _ = write!(line, ", {count} {word}");
        }
    }
    let _ = write!(line, " in {:.1} s", totals.seconds);
    if let Some(stop) = &totals.stop {
        let _ = write!(line, "; {stop}");
    }
    if let Some(advice) = exit_code::advice(totals.exit_code) {
        let _ = write!(line, "; {advice}");
    }
    if let Some(report) = report.filter(|_| totals.exit_code != EXIT_SUCCESS) {
        let _ = write!(line, " (list: {})", report.display());
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(name: &str, place: &str, problem: &str) -> GranuleReport {
        let failure = Failure::new(Stage::Read, place, problem);
        GranuleReport::refused(&Path::new("in").join(name), "", failure)
    }

    #[test]
    fn failures_are_grouped_by_cause_and_not_by_file() {
        let mut recap = Recap::default();
        for name in ["a.h5", "b.h5", "c.h5"] {
            recap.add(&failed(name, &format!("in/{name}"), "is not HDF5"));
        }
        recap.add(&failed("d.h5", "Latitude", "is missing"));
        for name in ["e.h5", "f.h5"] {
            let mut report =
                failed(name, &format!("out/.hs3-cpl/run-1/{name}-sum/data.nc"), "cannot be written");
            report.failure.as_mut().unwrap().stage = Stage::Write;
            recap.add(&report);
        }
        let totals = recap.totals(Totals::default());
        let counts: Vec<(&str, usize)> =
            totals.failures.iter().map(|group| (group.problem.as_str(), group.count)).collect();
        assert_eq!(counts, [("is not HDF5", 3), ("cannot be written", 2), ("Latitude: is missing", 1)]);
        assert_eq!((totals.failed, totals.exit_code), (6, 65));
        assert_eq!(
            closing_line(&totals, 0, Some(Path::new("r.json"))),
            "0 converted, 6 failed in 0.0 s; look at the failed granules and their hints before another run (list: r.json)"
        );
    }

    #[test]
    fn granules_not_begun_are_no_failures_and_ask_for_another_run() {
        let mut recap = Recap::default();
        recap.add(&GranuleReport { status: Status::NotBegun, failure: None, ..failed("a", "a", "") });
        let totals = recap.totals(Totals::default());
        assert_eq!(
            (totals.failed, totals.not_begun, totals.exit_code, level(&totals)),
            (0, 1, 75, Level::WARN)
        );
    }

    #[test]
    fn the_number_of_causes_is_bounded() {
        let mut recap = Recap::default();
        for number in 0..2 * MAX_CAUSES {
            recap.add(&failed("a.h5", &format!("dataset {number}"), "is odd"));
        }
        assert_eq!(recap.causes.len(), MAX_CAUSES + 1);
        assert_eq!(recap.totals.failed, 2 * MAX_CAUSES);
    }
}
