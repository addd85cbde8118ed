//! A run: every granule of INPUT, one after another, whatever happens to any of them.
//!
//! In: a [`Request`]. Out: a [`Report`]. One failed granule never stops the others.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use tracing::{error, info, warn};

use crate::collection::Collection;
use crate::convert::{self, ContentOptions, Context, DEFAULT_BLOCK_BYTES};
use crate::discover::{self, Discovered};
use crate::error::Failure;
use crate::granule::Granule;
use crate::plan::{self, Plan};
use crate::report::{self, GranuleReport, LAYOUT, Report, Status};
use crate::write::publish::Staging;

/// What an operator asked for, complete: nothing after this reads arguments, environment or clock.
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
}

/// Lists what a run would do.
///
/// # Errors
/// INPUT has no granule, or an output would be an input.
pub fn prepare(collection: &Collection, request: &Request) -> Result<(Plan, Discovered), Failure> {
    let discovered = discover::discover(collection, &request.input, request.recursive)?;
    let plan = plan::plan(collection, &discovered.candidates);
    plan::check_outputs(&plan, &request.output, &request.content.metadata_suffix, is_same_file)?;
    Ok((plan, discovered))
}

fn is_same_file(left: &Path, right: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (left.metadata(), right.metadata()) {
        (Ok(left), Ok(right)) => left.dev() == right.dev() && left.ino() == right.ino(),
        _ => false,
    }
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
        failed: 0,
        granules: Vec::new(),
        ignored: Vec::new(),
        failure: None,
    };
    info!(process = "processing", "Processing {} into {}", request.input, request.output.display());
    if let Err(failure) = granules(collection, request, bar, &mut report) {
        error!(process = "processing", "{failure}");
        report.failure = Some(failure);
    }
    report.converted = report.granules.iter().filter(|granule| granule.status == Status::Converted).count();
    report.failed = report.granules.len() - report.converted;
    let failures = report.granules.iter().filter_map(|granule| granule.failure.as_ref());
    report.exit_code = report::exit_code(failures.chain(&report.failure).map(|failure| failure.class));
    report.seconds = started.elapsed().as_secs_f64();
    info!(
        process = "processing",
        "{} converted, {} failed, {} files ignored in {:.1} s",
        report.converted,
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
    let (plan, discovered) = prepare(collection, request)?;
    report.ignored = discovered.ignored;
    for ignored in &report.ignored {
        info!(process = "processing", "ignored {}: {}", ignored.path.display(), ignored.reason);
    }
    for (path, failure) in plan.refused {
        let refused = GranuleReport::refused(&path, failure);
        log_end(&refused);
        report.granules.push(refused);
    }
    let staging = Staging::within(&request.output, collection.program)?;
    let context = Context {
        collection,
        options: &request.content,
        now: request.now,
        staging: &staging,
        block_bytes: DEFAULT_BLOCK_BYTES,
    };
    bar.set_length(plan.granules.len() as u64);
    for granule in &plan.granules {
        bar.set_message(granule.stem.clone());
        let outcome = one(granule, &context);
        bar.inc(1);
        log_end(&outcome);
        report.granules.push(outcome);
    }
    bar.finish_and_clear();
    Ok(())
}

fn one(granule: &Granule, context: &Context<'_>) -> GranuleReport {
    info!(granule_id = granule.stem, process = "processing", "Processing started for {}", granule.file_name);
    let started = Instant::now();
    let mut warnings = Vec::new();
    let (product, failure) = match convert::convert(granule, context, &mut warnings) {
        Ok(product) => (Some(product), None),
        Err(failure) => (None, Some(failure)),
    };
    GranuleReport {
        granule: granule.stem.clone(),
        path: granule.path.clone(),
        status: if failure.is_none() { Status::Converted } else { Status::Failed },
        seconds: started.elapsed().as_secs_f64(),
        warnings,
        product,
        failure,
    }
}

fn log_end(outcome: &GranuleReport) {
    for warning in &outcome.warnings {
        warn!(granule_id = outcome.granule, process = "processing", "{warning}");
    }
    if let Some(product) = &outcome.product {
        let missing: u64 = product.variables.iter().map(|variable| variable.statistics.missing()).sum();
        info!(
            granule_id = outcome.granule,
            process = "processing",
            "Processing finished: {} records, {} missing values, {:.1} MB -> {:.1} MB in {:.2} s",
            product.records,
            missing,
            megabytes(product.source_size),
            megabytes(product.size),
            outcome.seconds
        );
    }
    if let Some(failure) = &outcome.failure {
        error!(granule_id = outcome.granule, process = "processing", "{failure}");
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes are shown to a tenth of a megabyte")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
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
            let _ = writeln!(std::io::stderr().lock(), "{line}");
        });
    })
}
