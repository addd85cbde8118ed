//! The command line: builds a [`Request`] from arguments, environment and clock, and returns the exit code of the run.
//!
//! This is the only module that reads arguments, environment or clock.

mod arguments;
mod campaign;
mod dry_run;
mod environment;
mod inputs;
mod manual;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::FromArgMatches;
use clap::error::ErrorKind;
use jiff::Timestamp;
use tracing::{debug, warn};

use self::arguments::{Arguments, Content, Convert, Paths, SUFFIX, SummaryForm, Verb, When, Work, command};
use self::inputs::{Places, Refusal};
use crate::collection::Collection;
use crate::describe;
use crate::exit_code::{self, EXIT_SUCCESS, EXIT_USAGE};
use crate::explain::Explanation;
use crate::inventory;
use crate::layout::Layout;
use crate::measure;
use crate::options::{ContentOptions, Reuse};
use crate::pool::{Limits, worker};
use crate::report::{Header, file};
use crate::run::progress::Progress;
use crate::run::{self, Request, Scratch};
use crate::summary;
use crate::verify;
use cumulus_log::Logger;
use cumulus_log::console::Console;
use cumulus_model::error::{Class, Failure, Stage};

/// Runs the command of `collection` and returns its exit code.
#[must_use]
pub fn main(collection: &'static Collection) -> ExitCode {
    let matches = command(collection).try_get_matches();
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => return ExitCode::from(refused(&error)),
    };
    ExitCode::from(match arguments.verb {
        Some(verb) => other(collection, verb),
        None => convert(collection, &arguments.convert),
    })
}

/// Prints an error of the command line, or the help, and returns the exit code.
fn refused(error: &clap::Error) -> u8 {
    // A closed standard output or error does not change the exit code.
    let _ = error.print();
    if error.use_stderr() { EXIT_USAGE } else { EXIT_SUCCESS }
}

/// Runs a command other than a conversion.
fn other(collection: &'static Collection, verb: Verb) -> u8 {
    match verb {
        Verb::Worker { fault } => u8::from(worker::serve(collection, &fault).is_err()),
        Verb::Measure { granules, folder, level, jobs } => {
            let options = ContentOptions {
                level,
                short_name: None,
                url_base: None,
                metadata_suffix: SUFFIX.to_owned(),
            };
            let threads = jobs.map_or_else(cores, usize::from);
            answer(measure::conversions(collection, &options, &granules, &folder, threads))
        }
        Verb::Manifest { places: paths, content, no_checksums } => match places(collection, &paths, None) {
            Ok(places) => {
                answer(campaign::manifest(collection, &places, paths.recursive, &content, no_checksums))
            }
            Err(code) => code,
        },
        Verb::Run { manifest, shard, work } => match campaign::request(collection, &manifest, shard, &work) {
            Ok(request) => run_logged(collection, &request, &work),
            Err(failure) => answer(Err(failure)),
        },
        Verb::Status { manifest, shards, json } => {
            campaign::status(&manifest, shards, json).unwrap_or_else(|failure| answer(Err(failure)))
        }
        Verb::Inventory { output, expected, reports, form, metadata_suffix } => {
            let sources = inventory::Sources {
                output: &output,
                metadata_suffix: &metadata_suffix,
                expected: expected.as_deref(),
                reports: &reports,
            };
            let mut writer = io::BufWriter::new(io::stdout().lock());
            answer(inventory::write(collection, &sources, form, &environment::stores(None), &mut writer))
        }
        Verb::Summary { report, form } => summarize(&report, &form),
        Verb::Describe { against: None } => print(describe::markdown(collection).as_bytes()),
        Verb::Describe { against: Some(file) } => {
            explain(collection, &file, |explanation| (explanation.drift(), u8::from(explanation.has_drift())))
        }
        Verb::Explain { file } => {
            explain(collection, &file, |explanation| (explanation.whole(), EXIT_SUCCESS))
        }
        Verb::Man => print(&manual::page(collection)),
        Verb::Completions { shell } => print(&manual::completions(collection, shell)),
        Verb::Verify { produced, expected } => verify_trees(&produced, &expected),
    }
}

/// Prints the summary of a run report.
fn summarize(report: &Path, form: &SummaryForm) -> u8 {
    match file::read_anywhere(report, &environment::stores(None)) {
        Ok(report) => print(summary::summary(&report, form.form()).as_bytes()),
        Err(failure) => answer(Err(failure)),
    }
}

/// Prints an explanation of the granule at `file` in the form of `text`, which also returns the exit code.
fn explain(
    collection: &'static Collection,
    file: &Path,
    text: impl FnOnce(&Explanation) -> (String, u8),
) -> u8 {
    match Explanation::of(collection, file) {
        Ok(explanation) => {
            let (text, code) = text(&explanation);
            print(text.as_bytes());
            code
        }
        Err(failure) => answer(Err(failure)),
    }
}

/// Prints a failure to standard error and returns the exit code, for commands other than a run.
fn answer(outcome: Result<(), Failure>) -> u8 {
    let Err(failure) = outcome else { return EXIT_SUCCESS };
    let _ = writeln!(io::stderr(), "{failure}");
    exit_code::exit_code([failure.class])
}

/// Returns the number of processor cores available, 1 if unknown.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Returns the current wall-clock time.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
fn clock() -> Timestamp {
    Timestamp::now()
}

/// Writes to standard output; errors are ignored, because it may be closed.
fn print(text: &[u8]) -> u8 {
    let mut output = io::stdout().lock();
    let _ = output.write_all(text).and_then(|()| output.flush());
    EXIT_SUCCESS
}

fn verify_trees(produced: &Path, expected: &Path) -> u8 {
    match verify::compare(produced, expected, &environment::stores(None)) {
        Ok(differences) => {
            let verdict = if differences.is_empty() { "equal\n".to_owned() } else { String::new() };
            let lines = differences.iter().map(|line| format!("{line}\n"));
            print(lines.chain([verdict]).collect::<String>().as_bytes());
            u8::from(!differences.is_empty())
        }
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure}");
            EXIT_USAGE
        }
    }
}

/// Returns the INPUT and OUTPUT of a command, or the exit code if they are refused.
fn places(collection: &'static Collection, paths: &Paths, retry: Option<&Path>) -> Result<Places, u8> {
    let verbs: Vec<String> = arguments::verbs().iter().map(|verb| verb.get_name().to_owned()).collect();
    inputs::places(paths, retry, &verbs).map_err(|refusal| match refusal {
        Refusal::Usage(message) => {
            refused(&command(collection).error(ErrorKind::MissingRequiredArgument, message))
        }
        Refusal::Failure(failure) => answer(Err(failure)),
    })
}

fn convert(collection: &'static Collection, arguments: &Convert) -> u8 {
    let places = match places(collection, &arguments.places, arguments.retry.as_deref()) {
        Ok(places) => places,
        Err(code) => return code,
    };
    if places.inputs.is_empty() && arguments.retry.is_none() {
        return answer(Err(
            Failure::new(Stage::Plan, "--files-from", "names no granule").class(Class::NoGranule)
        ));
    }
    if let Some(header) = &places.earlier
        && let Err(failure) = same_options(header, &arguments.content)
    {
        return answer(Err(failure));
    }
    let request = Request {
        inputs: places.inputs,
        output: places.output,
        recursive: arguments.places.recursive,
        layout: arguments.content.layout.clone(),
        content: content_options(&arguments.content),
        now: clock_of(&arguments.content),
        ..request_of(&arguments.work)
    };
    if arguments.dry_run {
        return match dry_run::describe(collection, &request, arguments.work.quiet) {
            Ok((text, classes)) => {
                print(text.as_bytes());
                exit_code::exit_code(classes)
            }
            Err(failure) => answer(Err(failure)),
        };
    }
    run_logged(collection, &request, &arguments.work)
}

/// Checks that another run has the layout and the content options of an earlier one, because its products would not fit
/// to the others.
fn same_options(header: &Header, content: &Content) -> Result<(), Failure> {
    let (layout, options) = (content.layout.to_string(), content_options(content));
    if (&header.layout_of_products, &header.options) == (&layout, &options) {
        return Ok(());
    }
    let told = |layout: &str, options: &ContentOptions| {
        let options = serde_json::to_string(options).unwrap_or_default();
        format!("--layout '{layout}' and {options}")
    };
    Err(Failure::new(Stage::Plan, "--retry", "is of a run with other options")
        .class(Class::Usage)
        .found(told(&layout, &options))
        .expected(told(&header.layout_of_products, &header.options))
        .hint("give the same options again"))
}

/// Runs a request with the log and the progress that `work` asks for, and returns the exit code.
fn run_logged(collection: &'static Collection, request: &Request, work: &Work) -> u8 {
    let progress = Progress::new(match work.progress {
        When::Auto => io::stderr().is_terminal() && !work.quiet,
        When::Always => true,
        When::Never => false,
    });
    let (filter, complaint) = environment::filter(work.quiet, work.verbose);
    let (splunk, mut complaints) = environment::splunk(collection);
    complaints.extend(complaint);
    let console = Console {
        format: work.log_format,
        filter,
        colours: environment::has_colours(),
        has_progress: progress.is_visible() && io::stderr().is_terminal(),
        identity: environment::identity(collection, work.pipeline_id.clone(), work.dataset_id.clone()),
        write: progress.line_writer(),
    };
    let logger = Logger::start(console, splunk, clock);
    logger.observe(|| {
        for complaint in complaints {
            warn!(process = "processing", "{complaint}");
        }
        let ended = run::run(collection, request, &progress);
        // Close the logger before the report is complete, because the report has the delivery counts.
        let shipments = logger.close();
        for shipment in &shipments {
            if shipment.counts.delivered < shipment.counts.events {
                warn!(process = "processing", "{shipment}");
            } else {
                debug!(process = "processing", "{shipment}");
            }
        }
        ended.close(shipments)
    })
}

/// Returns the time stamp of everything made, in whole seconds, which are enough for a catalogue.
fn clock_of(content: &Content) -> Timestamp {
    let stated = content.source_date_epoch.and_then(|epoch| epoch.0);
    stated.unwrap_or_else(|| Timestamp::from_second(clock().as_second()).unwrap_or_default())
}

fn content_options(content: &Content) -> ContentOptions {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    ContentOptions {
        level: content.level,
        short_name: filled(&content.short_name),
        url_base: filled(&content.url_base),
        metadata_suffix: content.metadata_suffix.clone(),
    }
}

/// Returns a request with how to work, and nothing to work on.
fn request_of(work: &Work) -> Request {
    Request {
        inputs: Vec::new(),
        output: PathBuf::new(),
        directory: std::env::current_dir().unwrap_or_default(),
        recursive: false,
        layout: Layout::default(),
        content: ContentOptions {
            level: 0,
            short_name: None,
            url_base: None,
            metadata_suffix: SUFFIX.to_owned(),
        },
        now: Timestamp::UNIX_EPOCH,
        reuse: match (work.force, work.trust_existing) {
            (true, _) => Reuse::Never,
            (_, true) => Reuse::Trusted,
            _ => Reuse::Rehashed,
        },
        check: work.check,
        limits: Limits {
            jobs: work.jobs.map_or_else(cores, usize::from),
            timeout: Duration::from_secs(work.timeout),
            memory_limit_mib: work.memory_limit,
            max_failures: None,
        },
        max_failures: work.max_failures,
        report: work.report.clone(),
        quarantine: work.quarantine.clone(),
        manifest: None,
        stores: environment::stores(work.scratch.as_deref()),
        scratch: Scratch {
            folder: work.scratch.clone(),
            default: environment::scratch(),
            limit: work.scratch_limit.map(|mebibytes| mebibytes << 20),
        },
    }
}
