//! A run converts every granule of INPUT, even if some of them fail.
//!
//! Input: a [`Request`]. Output: the products, a report file, and [`Totals`]. A failed granule never stops the others,
//! unless [`max_failures`](Request::max_failures) is exceeded or the device of OUTPUT is full. The memory of a run
//! hardly depends on its number of granules: reports of granules are written as they come.

mod observer;
pub(crate) mod places;
pub mod prepare;
pub mod progress;
mod recap;

use std::path::PathBuf;
use std::time::Instant;

use jiff::Timestamp;
use signal_hook::iterator::Signals;
use tracing::{error, info};

use crate::collection::Collection;
use crate::discover::{self, Input, Refused};
use crate::exit_code;
use crate::layout::Layout;
use crate::options::{Check, ContentOptions, Reuse};
use crate::plan::Plan;
use crate::pool::protocol::Setup;
use crate::pool::{Event, Limits, Pool};
use crate::quarantine::Quarantine;
use crate::remote;
use crate::report::file::ReportFile;
use crate::report::{self, GranuleReport, Header, Ignored, LAYOUT, OfManifest, Totals};
use crate::run::observer::RunObserver;
use crate::run::places::Places;
use crate::run::prepare::{Prepared, prepare};
use crate::run::progress::Progress;
use crate::run::recap::Recap;
use crate::stop::StopReason;
use cumulus_log as log;
use cumulus_log::shipper::Shipment;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_store::Stores;

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
    /// The stores that addresses are in.
    pub stores: Stores,
    /// Where copies of granules and products are on their way from and to stores.
    pub scratch: Scratch,
}

/// The folder for files on their way from and to stores.
#[derive(Clone, Debug)]
pub struct Scratch {
    /// The folder, if the operator names one; else OUTPUT if that is a folder, or the default.
    pub folder: Option<PathBuf>,
    /// The folder where neither is one.
    pub default: PathBuf,
    /// Maximum size of copies in bytes; without one, 8 GiB, or half of what is free when the run begins.
    pub limit: Option<u64>,
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
        exit_code::more_pressing(exit_code, exit_code::exit_code([failure.class]))
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
        let create = |path: &PathBuf| ReportFile::create(path, &header, &request.stores);
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
        let Places { output, staging, .. } = &Places::open(collection, request, &granules)?;
        progress.begin(granules.len());
        let setup = Setup {
            options: request.content.clone(),
            now: request.now,
            output: output.path().to_owned(),
            // What is in a store is looked at before a worker has the granule.
            reuse: if remote::is_address(&request.output) { Reuse::Never } else { request.reuse },
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
            desk.take(&GranuleReport::refused(&path, &folder, failure));
        }
        let limits = Limits { max_failures: request.most_failures(granules.len()), ..request.limits };
        let mut pool = Pool::new(output, setup, limits, failures, &mut desk);
        if let Some(staging) = staging {
            pool = pool.staging(staging.clone(), collection);
        }
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
