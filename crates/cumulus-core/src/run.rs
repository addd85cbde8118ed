//! A run: every granule of INPUT, even if some of them fail.
//!
//! In: a [`Request`]. Out: a [`Report`]. One failed granule never stops the others.

mod observer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use signal_hook::iterator::Signals;
use tracing::{error, info};

use crate::collection::Collection;
use crate::discover;
use crate::options::{Check, ContentOptions, Reuse};
use crate::plan::{self, Plan};
use crate::pool::protocol::Setup;
use crate::pool::{Event, Limits, Pool};
use crate::publish::OutputFolder;
use crate::report::{self, GranuleReport, Ignored, LAYOUT, Report, Status};
use crate::run::observer::RunObserver;
use cumulus_log as log;
use cumulus_model::error::{Class, Failure, Stage};

/// The complete request of an operator: nothing after this reads arguments, environment or clock.
#[derive(Clone, Debug)]
pub struct Request {
    /// Folder, file or pattern.
    pub input: String,
    /// Folder for products.
    pub output: PathBuf,
    /// Whether folders inside INPUT count.
    pub recursive: bool,
    /// Options that shape the products.
    pub content: ContentOptions,
    /// Time stamp of the run.
    pub now: Timestamp,
    /// Which earlier products are kept.
    pub reuse: Reuse,
    /// What of a finished file is read back.
    pub check: Check,
    /// What the run may use.
    pub limits: Limits,
    /// Failures after which no further granule is begun.
    pub max_failures: Option<MaxFailures>,
}

/// A number of failures, or a share of all granules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxFailures {
    /// This many.
    Number(usize),
    /// This many in a hundred.
    Percent(usize),
}

impl std::str::FromStr for MaxFailures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number =
            |digits: &str| digits.parse().map_err(|_| "a number, or a percentage such as 5%".to_owned());
        match text.strip_suffix('%') {
            Some(digits) => number(digits).map(Self::Percent),
            None => number(text).map(Self::Number),
        }
    }
}

impl Request {
    /// The number of failures among `granules` that may not be exceeded.
    fn most_failures(&self, granules: usize) -> Option<usize> {
        self.max_failures.map(|most| match most {
            MaxFailures::Number(number) => number,
            MaxFailures::Percent(percent) => granules.saturating_mul(percent) / 100,
        })
    }
}

/// Lists what a run would do, and the files it would pass over.
///
/// # Errors
/// INPUT has no granule, or an output would be an input.
pub fn prepare(collection: &Collection, request: &Request) -> Result<(Plan, Vec<Ignored>), Failure> {
    check_output(&request.output)?;
    let discovered = discover::discover(collection, &request.input, request.recursive)?;
    let mut plan = plan::plan(collection, &discovered.candidates);
    plan::check_outputs(&plan, &request.output, &request.content.metadata_suffix, file_identity)?;
    plan.refused.extend(discovered.unreadable);
    Ok((plan, discovered.ignored))
}

/// netcdf-c takes backslashes and addresses in a path for what they are elsewhere.
fn check_output(output: &Path) -> Result<(), Failure> {
    let text = output.to_string_lossy();
    if text.contains('\\') || text.contains("://") || output.to_str().is_none() {
        return Err(Failure::new(Stage::Plan, text, "cannot be an output folder")
            .class(Class::Usage)
            .found("a backslash, an address, or a name that is not UTF-8")
            .expected("the path of a local folder")
            .hint("choose another OUTPUT"));
    }
    Ok(())
}

/// Device and number of the file that a path leads to.
fn file_identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

/// Converts every granule and reports on all of them.
#[must_use]
pub fn run(collection: &'static Collection, request: &Request, bar: &ProgressBar) -> Report {
    let started = Instant::now();
    let mut report = Report {
        layout: LAYOUT,
        program: collection.program,
        version: collection.version,
        input: request.input.clone(),
        output: request.output.display().to_string(),
        started: request.now,
        seconds: 0.0,
        exit_code: 0,
        converted: 0,
        up_to_date: 0,
        failed: 0,
        granules: Vec::new(),
        ignored: Vec::new(),
        failure: None,
        splunk: Vec::new(),
    };
    info!(
        process = "processing",
        event = "run_start",
        "Processing {} into {}",
        request.input,
        request.output.display()
    );
    if let Err(failure) = granules(collection, request, bar, &mut report) {
        error!(process = "processing", "{failure}");
        report.failure = Some(failure);
    }
    let count = |status| report.granules.iter().filter(|granule| granule.status == status).count();
    (report.converted, report.up_to_date) = (count(Status::Converted), count(Status::UpToDate));
    report.failed = report.granules.len() - report.converted - report.up_to_date;
    let failures = report.granules.iter().filter_map(|granule| granule.failure.as_ref());
    report.exit_code = report::exit_code(failures.chain(&report.failure).map(|failure| failure.class));
    report.seconds = started.elapsed().as_secs_f64();
    info!(
        process = "processing",
        event = "run_end",
        exit_code = report.exit_code,
        converted = report.converted,
        up_to_date = report.up_to_date,
        failed = report.failed,
        seconds = report.seconds,
        "{} converted, {} up to date, {} failed, {} files ignored in {:.1} s",
        report.converted,
        report.up_to_date,
        report.failed,
        report.ignored.len(),
        report.seconds
    );
    report
}

fn granules(
    collection: &'static Collection,
    request: &Request,
    bar: &ProgressBar,
    report: &mut Report,
) -> Result<(), Failure> {
    let (plan, ignored) = prepare(collection, request)?;
    report.ignored = ignored;
    for ignored in &report.ignored {
        info!(process = "processing", "ignored {}: {}", ignored.path.display(), ignored.reason);
    }
    for (path, failure) in plan.refused {
        let refused = GranuleReport::refused(&path, failure);
        observer::log_end(&refused);
        report.granules.push(refused);
    }
    let output = OutputFolder::open(&request.output, collection.program)?;
    bar.set_length(plan.granules.len() as u64);
    let setup = Setup {
        options: request.content.clone(),
        now: request.now,
        output: request.output.clone(),
        reuse: request.reuse,
        check: request.check,
        memory_limit_mib: request.limits.memory_limit_mib,
        verbosity: log::verbosity().to_string(),
    };
    let mut desk = RunObserver { bar, reports: &mut report.granules, units: observer::UnitsSeen::default() };
    let limits = Limits { max_failures: request.most_failures(plan.granules.len()), ..request.limits };
    let pool = Pool::new(&output, setup, limits, &mut desk);
    listen(&pool)?;
    pool.convert(plan.granules);
    report.granules.sort_by(|left, right| left.path.cmp(&right.path));
    bar.finish_and_clear();
    Ok(())
}

/// Turns the signals that mean the run into events: the first one lets the granules under way finish, the second
/// ends them. A closed terminal is no reason to stop, and neither is a file-size limit, which a failed write reports.
fn listen(pool: &Pool<'_>) -> Result<(), Failure> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    let refused = |error: std::io::Error| {
        Failure::new(Stage::Plan, "signals", "cannot be listened to").class(Class::Internal).cause(error)
    };
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGXFSZ]).map_err(refused)?;
    let sender = pool.sender();
    std::thread::spawn(move || {
        for signal in signals.forever() {
            if [SIGINT, SIGTERM].contains(&signal) && sender.send(Event::Stop).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// A progress bar on standard error, or none.
#[must_use]
pub fn progress_bar(visible: bool) -> ProgressBar {
    if !visible {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    let template = "{bar:30} {pos}/{len} granules, {per_sec}, {eta} left  {wide_msg}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(std::time::Duration::from_millis(200));
    bar
}

/// A writer of lines to standard error that leaves the progress bar whole. A closed standard error is no reason
/// to stop converting.
#[must_use]
pub fn line_writer(bar: &ProgressBar) -> Arc<dyn Fn(&str) + Send + Sync> {
    let bar = bar.clone();
    Arc::new(move |line| {
        use std::io::Write;
        bar.suspend(|| {
            // One call: other processes may write to the same file or pipe.
            let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
        });
    })
}
