//! A run converts every granule of INPUT, even if some of them fail.
//!
//! Input: a [`Request`]. Output: the products, a report file, and [`Totals`]. A failed granule never stops the others,
//! unless [`max_failures`](Request::max_failures) is exceeded or the device of OUTPUT is full. The memory of a run
//! hardly depends on its number of granules: reports of granules are written as they come.

mod observer;
pub mod progress;
mod recap;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use jiff::Timestamp;
use signal_hook::iterator::Signals;
use tracing::{error, info};

use crate::collection::Collection;
use crate::discover::{self, Input, Refused};
use crate::exit_code::{self, EXIT_OUTPUT_UNWRITABLE};
use crate::layout::Layout;
use crate::options::{Check, ContentOptions, Reuse};
use crate::plan::{self, Occupant, Plan};
use crate::pool::protocol::Setup;
use crate::pool::{Event, Limits, Pool};
use crate::publish::OutputFolder;
use crate::quarantine::Quarantine;
use crate::report;
use crate::report::file::ReportFile;
use crate::report::{GranuleReport, Header, Ignored, LAYOUT, OfManifest, Totals};
use crate::run::observer::RunObserver;
use crate::run::progress::Progress;
use crate::run::recap::Recap;
use crate::stop::StopReason;
use cumulus_log as log;
use cumulus_log::shipper::Shipment;
use cumulus_model::error::{Class, Failure, Stage};

/// All parameters of a run; code below this reads no arguments, environment or clock.
#[derive(Clone, Debug)]
pub struct Request {
    /// Every INPUT: a folder, file or pattern.
    pub inputs: Vec<Input>,
    /// OUTPUT: the folder for products.
    pub output: PathBuf,
    /// Folder in which the program was started.
    pub directory: PathBuf,
    /// Whether subfolders of INPUT are searched too.
    pub recursive: bool,
    /// Folders of products inside OUTPUT.
    pub layout: Layout,
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
    /// The file for the run report; `-` is standard output.
    pub report: Option<PathBuf>,
    /// The folder for granules that are permanently invalid.
    pub quarantine: Option<PathBuf>,
    /// The manifest that the granules are from, if any.
    pub manifest: Option<OfManifest>,
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

/// What is known of a run before anything is converted.
#[derive(Debug, Default)]
pub struct Prepared {
    /// Which granules become which files.
    pub plan: Plan,
    /// Files of INPUT that are no granules.
    pub ignored: Vec<Ignored>,
    /// Number of folders of INPUT that are not looked into.
    pub folders_left: usize,
}

/// Looks for granules and plans what becomes of them. Without INPUT, as of an empty shard, there is nothing to do.
///
/// # Errors
/// INPUT cannot be listed or has no granule, OUTPUT is invalid, or an output would overwrite an input.
pub fn prepare(collection: &'static Collection, request: &Request) -> Result<Prepared, Failure> {
    check_output(&request.output)?;
    request.layout.check(collection)?;
    // A quarantine in a folder of INPUT is found by the next recursive run.
    let folders = [
        Some((&request.output, request.recursive)),
        request.quarantine.as_ref().map(|folder| (folder, true)),
    ];
    for input in &request.inputs {
        for (folder, is_searched) in folders.into_iter().flatten() {
            check_apart(&input.text, folder, is_searched)?;
        }
    }
    if request.inputs.is_empty() {
        return Ok(Prepared::default());
    }
    let discovered = discover::discover(collection, &request.inputs, request.recursive)?;
    let mut plan = plan::plan(collection, discovered.candidates, &request.layout);
    check_folders(&plan, &request.output)?;
    plan::check_outputs(&plan, &request.output, &request.content.metadata_suffix, occupant)?;
    plan.refused.extend(discovered.unreadable);
    Ok(Prepared { plan, ignored: discovered.ignored, folders_left: discovered.folders_left })
}

/// Rejects an OUTPUT that is not UTF-8, or that netcdf-c would misread: it treats a backslash as a folder separator and
/// an address as a remote data set.
///
/// # Errors
/// OUTPUT is one of these.
pub fn check_output(output: &Path) -> Result<(), Failure> {
    let text = output.to_string_lossy();
    let refused = |found: &str, hint: &str| {
        Err(Failure::new(Stage::Plan, text.clone(), "cannot be an output folder")
            .class(Class::Usage)
            .found(found)
            .expected("the path of a local folder")
            .hint(hint))
    };
    if text.contains("://") {
        return refused(
            "an address",
            "convert into a folder, then copy it, for example: aws s3 cp --recursive products s3://…",
        );
    }
    if text.contains('\\') {
        return refused("a backslash", "choose another OUTPUT");
    }
    if output.to_str().is_none() {
        return refused("a name that is not UTF-8", "choose another OUTPUT");
    }
    Ok(())
}

/// Rejects a folder to write into that is INPUT, or inside INPUT where that `is_searched` too: what is written there could
/// be taken for granules by the next run.
fn check_apart(input: &str, folder: &Path, is_searched: bool) -> Result<(), Failure> {
    let input = Path::new(input);
    let (Some(inner), Ok(outer)) = (resolved(folder), input.canonicalize()) else { return Ok(()) };
    let is_inside = is_searched && inner.starts_with(&outer);
    if outer.is_dir() && (inner == outer || is_inside) {
        let problem =
            if inner == outer { "is INPUT, and nothing is written there" } else { "is inside INPUT" };
        return Err(Failure::new(Stage::Plan, folder.display().to_string(), problem)
            .class(Class::Usage)
            .found(format!("INPUT {}", input.display()))
            .expected("a folder apart from INPUT")
            .hint("choose another folder"));
    }
    Ok(())
}

/// Returns a path with its links resolved, as far as it exists.
fn resolved(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let existing = absolute.ancestors().find(|folder| folder.exists())?;
    let rest = absolute.strip_prefix(existing).ok()?;
    Some(existing.canonicalize().ok()?.join(rest))
}

/// Rejects a plan in which something that is no folder is in the way of a folder of products.
fn check_folders(plan: &Plan, output: &Path) -> Result<(), Failure> {
    let folders: BTreeSet<&str> =
        plan.granules.iter().map(|granule| granule.output_folder.as_str()).collect();
    for folder in folders.into_iter().flat_map(|folder| Path::new(folder).ancestors()) {
        let path = output.join(folder);
        if path.metadata().is_ok_and(|there| !there.is_dir()) {
            return Err(Failure::new(
                Stage::Plan,
                path.display().to_string(),
                "is in the way of a folder of products",
            )
            .class(Class::OutputUnwritable)
            .found("a file")
            .expected("a folder, or nothing")
            .hint("remove it or choose another OUTPUT or --layout"));
        }
    }
    Ok(())
}

/// Returns what is at `path`, identified by device and inode with links resolved; `None` if there is nothing.
fn occupant(path: &Path) -> Option<Occupant<(u64, u64)>> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let there = path.symlink_metadata().ok()?;
    let kind = there.file_type();
    let obstacle = if kind.is_dir() {
        Some("a folder")
    } else if kind.is_fifo() {
        Some("a named pipe")
    } else if kind.is_socket() || kind.is_block_device() || kind.is_char_device() {
        Some("a socket or a device")
    } else {
        None
    };
    let file = if kind.is_symlink() { path.metadata().unwrap_or(there) } else { there };
    Some(Occupant { identity: (file.dev(), file.ino()), obstacle })
}

/// A run that is over, except for its report.
#[derive(Debug)]
pub struct Ended {
    totals: Totals,
    ignored: Vec<Ignored>,
    report: Option<ReportFile>,
}

impl Ended {
    /// Completes the report with what happened to log events, and returns the exit code.
    #[must_use]
    pub fn close(mut self, splunk: Vec<Shipment>) -> u8 {
        self.totals.splunk = splunk;
        let exit_code = self.totals.exit_code;
        let Some(report) = self.report else { return exit_code };
        let Err(failure) = report.finish(&self.ignored, &self.totals) else { return exit_code };
        error!(process = "processing", "{failure}");
        exit_code::more_pressing(exit_code, EXIT_OUTPUT_UNWRITABLE)
    }
}

/// Converts every granule.
#[must_use]
pub fn run(collection: &'static Collection, request: &Request, progress: &Progress) -> Ended {
    let started = Instant::now();
    info!(
        process = "processing",
        event = "run_start",
        "Processing {} into {}",
        report::told_inputs(request.inputs.iter().map(|input| input.text.as_str())),
        request.output.display()
    );
    if let Some(OfManifest { path, shard, rule, .. }) = &request.manifest {
        let granules = request.inputs.len();
        info!(
            process = "processing",
            event = "run_shard",
            index = shard.index,
            count = shard.count,
            granules,
            "Shard {shard} of {path}, by {rule}: {granules} granules"
        );
    }
    let mut work = Work::default();
    let failure = work.convert(collection, request, progress).err();
    progress.finish();
    if let Some(failure) = &failure {
        error!(process = "processing", "{failure}");
    }
    let Work { recap, ignored, folders_left, report, stop } = work;
    let end = Totals { folders_left, stop, failure, ..Totals::default() };
    let mut totals = recap.totals(end);
    totals.seconds = started.elapsed().as_secs_f64();
    let list = request.report.as_deref().filter(|_| report.is_some());
    recap::tell(&totals, ignored.len(), list);
    Ended { totals, ignored, report }
}

/// What a run leaves, whether or not it fails as a whole.
#[derive(Default)]
struct Work {
    recap: Recap,
    ignored: Vec<Ignored>,
    folders_left: usize,
    report: Option<ReportFile>,
    stop: Option<StopReason>,
}

impl Work {
    fn convert(
        &mut self,
        collection: &'static Collection,
        request: &Request,
        progress: &Progress,
    ) -> Result<(), Failure> {
        let header = Header {
            layout: LAYOUT,
            program: collection.program.to_owned(),
            version: collection.version.to_owned(),
            inputs: request.inputs.iter().map(|input| input.text.clone()).collect(),
            output: request.output.display().to_string(),
            directory: request.directory.display().to_string(),
            layout_of_products: request.layout.to_string(),
            options: request.content.clone(),
            started: request.now,
            manifest: request.manifest.clone(),
        };
        // A report that cannot be written is better known before the night than after it.
        let create = |path: &PathBuf| ReportFile::create(path, &header);
        self.report = request.report.as_ref().map(create).transpose()?;
        let Prepared { plan, ignored, folders_left } = prepare(collection, request)?;
        let Plan { granules, refused, repeated } = plan;
        let quarantine = request.quarantine.as_deref().map(Quarantine::open).transpose()?;
        (self.ignored, self.folders_left) = (ignored, folders_left);
        if folders_left > 0 {
            info!(process = "processing", "{}", discover::told_folders(folders_left));
        }
        for ignored in &self.ignored {
            info!(process = "processing", "ignored {}: {}", ignored.path.display(), ignored.reason);
        }
        let output = OutputFolder::open(&request.output, collection.program)?;
        progress.begin(granules.len());
        let setup = Setup {
            options: request.content.clone(),
            now: request.now,
            output: request.output.clone(),
            reuse: request.reuse,
            check: request.check,
            memory_limit_mib: request.limits.memory_limit_mib,
            verbosity: log::verbosity().to_string(),
        };
        let mut desk = RunObserver {
            progress,
            recap: &mut self.recap,
            report: self.report.as_mut(),
            quarantine: quarantine.as_ref(),
            repeated,
            units: observer::UnitsSeen::default(),
            started: Instant::now(),
        };
        let failures = refused.len();
        for Refused { path, folder, failure } in refused {
            desk.refused(&GranuleReport::refused(&path, &folder, failure));
        }
        let limits = Limits { max_failures: request.most_failures(granules.len()), ..request.limits };
        let pool = Pool::new(&output, setup, limits, failures, &mut desk);
        listen(&pool)?;
        self.stop = pool.convert(granules);
        Ok(())
    }
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
