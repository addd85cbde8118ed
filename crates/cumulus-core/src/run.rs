//! A run converts every granule of INPUT, even if some of them fail.
//!
//! Input: a [`Request`]. Output: a [`Report`]. A failed granule never stops the others, unless
//! [`max_failures`](Request::max_failures) is exceeded.

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

/// All parameters of a run; code below this reads no arguments, environment or clock.
#[derive(Clone, Debug)]
pub struct Request {
    /// INPUT: a folder, file or pattern.
    pub input: String,
    /// OUTPUT: the folder for products.
    pub output: PathBuf,
    /// Whether subfolders of INPUT are searched too.
    pub recursive: bool,
    /// Options that affect the bytes of products.
    pub content: ContentOptions,
    /// Time stamp of the run.
    pub now: Timestamp,
    /// Which earlier products are kept.
    pub reuse: Reuse,
    /// How much of a finished file is read back.
    pub check: Check,
    /// Resource limits of the run.
    pub limits: Limits,
    /// Maximum number of failures; once it is exceeded, no further granule is started.
    pub max_failures: Option<MaxFailures>,
}

/// A number of failures, or a percentage of all granules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxFailures {
    /// A number of granules.
    Number(usize),
    /// A percentage of all granules, rounded down to a number.
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
    /// Returns the maximum number of failures allowed in a run of `granules` granules.
    fn most_failures(&self, granules: usize) -> Option<usize> {
        self.max_failures.map(|most| match most {
            MaxFailures::Number(number) => number,
            MaxFailures::Percent(percent) => granules.saturating_mul(percent) / 100,
        })
    }
}

/// Returns the plan of a run and the files that it ignores.
///
/// # Errors
/// INPUT cannot be listed or has no granule, OUTPUT is invalid, or an output would overwrite an input.
pub fn prepare(collection: &Collection, request: &Request) -> Result<(Plan, Vec<Ignored>), Failure> {
    check_output(&request.output)?;
    let discovered = discover::discover(collection, &request.input, request.recursive)?;
    let mut plan = plan::plan(collection, &discovered.candidates);
    plan::check_outputs(&plan, &request.output, &request.content.metadata_suffix, file_identity)?;
    plan.refused.extend(discovered.unreadable);
    Ok((plan, discovered.ignored))
}

/// Rejects an OUTPUT that is not UTF-8, or that netcdf-c would misread: it treats a backslash as a folder separator and
/// an address as a remote data set.
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

/// Returns device and inode numbers of the file at `path`, links resolved; `None` if it cannot be read.
fn file_identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

/// Converts every granule and returns a report on all of them.
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

/// Sends an [`Event::Stop`] to the pool for each SIGINT or SIGTERM: after the first one, granules in progress finish;
/// the second one aborts them.
///
/// SIGHUP (a closed terminal) and SIGXFSZ (a file-size limit, which is reported by the failed write) are ignored.
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

/// Returns a progress bar on standard error, hidden unless `visible`.
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

/// Returns a function that writes a line to standard error without garbling the progress bar.
///
/// Write errors are ignored: a closed standard error is no reason to stop the run.
#[must_use]
pub fn line_writer(bar: &ProgressBar) -> Arc<dyn Fn(&str) + Send + Sync> {
    let bar = bar.clone();
    Arc::new(move |line| {
        use std::io::Write;
        bar.suspend(|| {
            // A single write call, because other processes may write to the same file or pipe.
            let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
        });
    })
}
