//! Receives reports of granules and passes them to the log, the progress line, the recap, the run report and the
//! quarantine.
//!
//! Every granule has two events, `granule_start` and `granule_end`, with the same fields in both log formats.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::time::Instant;

use serde_json::json;
use tracing::{Level, error};

use crate::granule::Granule;
use crate::pool::Observer;
use crate::quarantine::Quarantine;
use crate::report::file::ReportFile;
use crate::report::{GranuleReport, Status};
use crate::run::progress::Progress;
use crate::run::recap::Recap;
use crate::stop::StopReason;
use cumulus_log as log;
use cumulus_log::event::{Event, Visibility};
use cumulus_model::error::Stage;
use cumulus_model::warning::{Code, Warning};

/// Observes the pool, logs its events and passes on the reports of granules.
pub(super) struct RunObserver<'run> {
    pub(super) progress: &'run Progress,
    pub(super) recap: &'run mut Recap,
    pub(super) report: Option<&'run mut ReportFile>,
    pub(super) quarantine: Option<&'run Quarantine>,
    /// Stems that several granules of this run share, with their number.
    pub(super) repeated: BTreeMap<String, usize>,
    pub(super) units: UnitsSeen,
    /// Start of the run.
    pub(super) started: Instant,
}

impl RunObserver<'_> {
    /// Passes on the report of a granule, or of a file that is refused before the run begins.
    pub(super) fn take(&mut self, report: &GranuleReport) {
        log_end(report);
        self.recap.add(report);
        if let Some(file) = &mut self.report {
            file.add(report);
        }
        match self.quarantine.map_or(Ok(None), |quarantine| quarantine.keep(report)) {
            Ok(None) => {}
            Ok(Some(kept)) => {
                let message = format!("set aside as {}", kept.display());
                log::emit(&of_granule(Level::INFO, &report.granule, message));
            }
            Err(failure) => {
                error!(granule_id = report.granule, "{failure}");
                self.recap.also(failure.class);
            }
        }
    }
}

/// First unit of each variable in this run, with its granule: (product, variable) to (unit, granule).
#[derive(Debug, Default)]
pub(super) struct UnitsSeen(HashMap<(String, String), (String, String)>);

impl UnitsSeen {
    /// Records the units of a granule, and adds a warning for each that differs from an earlier granule's.
    fn compare(&mut self, report: &mut GranuleReport) {
        let Some(product) = &report.product else { return };
        for (variable, unit) in &product.units {
            let known = self.0.entry((product.product.clone(), variable.clone()));
            let (first, granule) = known.or_insert_with(|| (unit.clone(), report.granule.clone()));
            if first != unit {
                let message = format!("has the unit {unit} here, but {first} in {granule} of the same run");
                report.warnings.push(Warning::at(Code::UnitsDiffer, variable.as_str(), message));
            }
        }
    }
}

impl Observer for RunObserver<'_> {
    fn begun(&mut self, granule: &Granule) {
        let message = format!("Processing started for {}", granule.file_name);
        let event = of_granule(Level::INFO, &granule.stem, message);
        log::emit(
            &event
                .visible(Visibility::NotBesideProgress)
                .with("event", "granule_start")
                .with("outcome", "started")
                .with("stage", Stage::Read.to_string())
                .with("file", granule.file_name.as_str()),
        );
    }

    fn lost(&mut self, granule: &Granule, how: &str) {
        let message = format!("the worker process {how}; it is tried once more");
        log::emit(&of_granule(Level::WARN, &granule.stem, message).with("event", "granule_retry"));
    }

    fn stopping(&mut self, reason: &StopReason, under_way: usize, not_begun: usize) {
        let message = match reason {
            StopReason::Signal if under_way > 0 => {
                format!("stopping: {under_way} under way; press again to end them")
            }
            StopReason::Signal => "stopping".to_owned(),
            other => format!("stopping: {other}; {under_way} under way, {not_begun} not begun"),
        };
        let level = if matches!(reason, StopReason::DeviceFull { .. }) { Level::ERROR } else { Level::WARN };
        let event = Event::new(level, module_path!(), message).with("process", "processing");
        log::emit(
            &event
                .with("event", "run_stopping")
                .with("under_way", under_way)
                .with("not_begun", not_begun)
                .with("stop", json!(reason)),
        );
    }

    fn split(&mut self, granule: &Granule, parts: usize) {
        self.progress.more(parts.saturating_sub(1));
        let message = format!("{} holds {parts} soundings", granule.file_name);
        let event = of_granule(Level::INFO, &granule.stem, message);
        log::emit(&event.with("event", "granule_split").with("parts", parts));
    }

    fn told(&mut self, granule: &Granule, mut event: Event) {
        event.fields.insert(0, ("granule_id".to_owned(), json!(granule.stem)));
        log::emit(&event);
    }

    fn ended(&mut self, mut report: GranuleReport) {
        report.ended = self.started.elapsed().as_secs_f64();
        self.units.compare(&mut report);
        let repeated = self.repeated.get(&report.granule).filter(|_| report.status == Status::Converted);
        if let Some(count) = repeated {
            let message = format!("{count} granules of this run have this name, in different folders");
            report.warnings.push(Warning::of_granule(Code::GranuleNameRepeated, message).count(*count));
        }
        if !matches!(report.status, Status::NotBegun) {
            self.progress.ended(report.status == Status::Failed);
        }
        self.take(&report);
    }
}

/// Returns a log event of the granule called `stem`.
fn of_granule(level: Level, stem: &str, message: String) -> Event {
    Event::new(level, module_path!(), message).with("granule_id", stem).with("process", "processing")
}

/// Logs the warnings of a granule, then its `granule_end` event.
fn log_end(report: &GranuleReport) {
    for warning in &report.warnings {
        let event = of_granule(Level::WARN, &report.granule, warning.to_string())
            .with("code", warning.code.word())
            .with("place", warning.place.as_str())
            .with_some("count", warning.count);
        log::emit(&event);
    }
    log::emit(&end(report));
}

fn end(report: &GranuleReport) -> Event {
    let (level, message) = match (&report.failure, &report.product) {
        (Some(failure), _) => (Level::ERROR, failure.to_string()),
        // Thousands of granules may not have begun, and the closing line says how many.
        (None, None) if report.status == Status::NotBegun => (Level::DEBUG, "not begun".to_owned()),
        (None, None) if report.status == Status::Interrupted => {
            (Level::WARN, "interrupted; nothing of it is published".to_owned())
        }
        (None, Some(product)) => (
            Level::INFO,
            format!(
                "Processing finished: {} records, {} missing values, {:.1} MB -> {:.1} MB in {:.2} s",
                product.records,
                product.missing_values(),
                megabytes(product.source_size),
                megabytes(product.size),
                report.seconds
            ),
        ),
        (None, None) => (Level::INFO, "Processing finished: up to date".to_owned()),
    };
    let stage = match (&report.failure, report.status) {
        (Some(failure), _) => failure.stage,
        (None, Status::NotBegun) => Stage::Plan,
        (None, Status::UpToDate | Status::Interrupted) => Stage::Read,
        (None, _) => Stage::Publish,
    };
    let visibility = if level == Level::INFO { Visibility::NotBesideProgress } else { Visibility::Normal };
    let mut event = of_granule(level, &report.granule, message)
        .visible(visibility)
        .with("event", "granule_end")
        .with("outcome", report.status.word())
        .with("stage", stage.to_string())
        .with("seconds", report.seconds)
        .with("warnings", report.warnings.len());
    if !report.step_seconds.is_empty() {
        event = event.with("step_seconds", json!(report.step_seconds));
    }
    if let Some(product) = &report.product {
        return event
            .with("product", product.product.as_str())
            .with("source_bytes", product.source_size)
            .with("product_bytes", product.size)
            .with("records", product.records)
            .with("missing_values", product.missing_values());
    }
    event = event.with_some("source_bytes", fs::metadata(&report.path).ok().map(|file| file.len()));
    let Some(failure) = &report.failure else { return event };
    event
        .with("class", json!(failure.class))
        .with("place", failure.place.as_str())
        .with("problem", failure.problem.as_str())
        .with_some("found", failure.found.as_deref())
        .with_some("expected", failure.expected.as_deref())
        .with_some("hint", failure.hint.as_deref())
        .with("error_chain", failure.chain())
}

#[expect(clippy::cast_precision_loss, reason = "sizes are shown to a tenth of a megabyte")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
