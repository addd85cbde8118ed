//! The command line: builds a [`Request`] from arguments, environment and clock, and returns the report's exit code.
//!
//! This is the only module that reads arguments, environment or clock.

mod environment;

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::Timestamp;
use tracing::{debug, error, warn};

use crate::collection::Collection;
use crate::describe;
use crate::explain::Explanation;
use crate::granule::is_printable;
use crate::measure;
use crate::options::{Check, ContentOptions, Reuse};
use crate::pool::worker::{self, Fault};
use crate::pool::{Limits, process};
use crate::product_name::output_names;
use crate::report::{self, EXIT_OUTPUT_UNWRITABLE, EXIT_SUCCESS, EXIT_USAGE, Report};
use crate::run::{self, MaxFailures, Request};
use crate::verify;
use cumulus_log::Logger;
use cumulus_log::console::{Console, Format};
use cumulus_model::error::{Failure, Stage};

/// Default suffix of metadata file names, as in the 2016 image.
const SUFFIX: &str = ".meta.xml";

/// Text after the options in `--help`.
const AFTER_HELP: &str = "\
Exit codes:
  0   every granule converted or up to date
  2   wrong usage
  65  some granules are permanently invalid; the others are converted
  66  no granule found
  70  internal error
  73  OUTPUT cannot be written
  75  something can succeed later: disk full, I/O error, input changed while it was read, run stopped
When several apply: 70, 73, 75, 65, 66, in this order.

Logs go to Splunk too where SPLUNK_HEC_URL and SPLUNK_HEC_TOKEN are set; RUST_LOG chooses what is shown here.

SIGTERM and SIGINT let the granules under way finish; the second one ends them.

Per granule OUTPUT receives <stem>.nc and <stem>.nc.meta.xml, both or neither.
SOURCE_DATE_EPOCH (seconds since 1970) sets the time stamp of everything made, for reproducible bytes.";

#[derive(Debug, Parser)]
#[command(
    after_help = AFTER_HELP,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(flatten)]
    convert: Convert,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
struct Convert {
    /// Folder of granules, one granule, or a quoted pattern such as 'in/*_ATB_*.hdf5'
    // An image sets its default folders by environment variables, so that they still apply when options are given:
    // arguments replace the whole command of an image.
    #[arg(required = true, env = "CUMULUS_INPUT", value_parser = NonEmptyStringValueParser::new())]
    input: Option<String>,
    /// Folder for the products; made if it is missing
    #[arg(required = true, env = "CUMULUS_OUTPUT")]
    output: Option<PathBuf>,
    /// Look for granules in the folders inside INPUT too
    #[arg(long)]
    recursive: bool,
    /// Deflate level of the netCDF files, 0 (none) to 9
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(0..=9))]
    level: u8,
    /// Catalogue short name of the collection
    #[arg(long, value_name = "NAME", env = "SHORT_NAME", value_parser = short_name)]
    short_name: Option<String>,
    /// Address under which data files will be fetched, written into the metadata
    #[arg(long, value_name = "URL", env = "CUMULUS_URL_BASE", value_parser = url_base)]
    url_base: Option<String>,
    /// What is appended to a data file's name to name its metadata; Cumulus expects .cmr.xml
    #[arg(long, value_name = "SUFFIX", env = "CUMULUS_METADATA_SUFFIX", default_value = SUFFIX, value_parser = suffix)]
    metadata_suffix: String,
    /// Processor cores to use, in worker processes and their threads [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// End a granule that takes longer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// End a granule that needs more memory, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..1 << 24))]
    memory_limit: u64,
    /// Stop starting granules once more than N (or P%) have failed
    #[arg(long, value_name = "N|P%")]
    max_failures: Option<MaxFailures>,
    /// Convert again what is up to date
    #[arg(long)]
    force: bool,
    /// Take published products for whole without reading them again
    #[arg(long, conflicts_with = "force")]
    trust_existing: bool,
    /// What of a finished product is read back before it is published
    #[arg(long, value_name = "WHAT", default_value = "structure")]
    check: Check,
    /// Print what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the run report as JSON to this file, or to standard output (-)
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Form of the log lines on standard error
    #[arg(long, value_name = "FORM", env = "CUMULUS_LOG_FORMAT", default_value = "human")]
    log_format: Format,
    /// Log warnings and errors only
    #[arg(long)]
    quiet: bool,
    /// Progress bar on standard error
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    progress: When,
    /// Time stamp of everything made, in seconds since 1970
    #[arg(long, hide = true, env = "SOURCE_DATE_EPOCH")]
    source_date_epoch: Option<Epoch>,
    #[arg(long, hide = true, env = "PIPELINE_ID")]
    pipeline_id: Option<String>,
    #[arg(long, hide = true, env = "DATASET_ID")]
    dataset_id: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Convert the jobs of standard input; for internal use
    #[command(name = process::VERB, hide = true)]
    Worker {
        /// Faults for tests
        #[arg(long, env = "CUMULUS_TEST_FAULTS", value_delimiter = ',', hide = true)]
        fault: Vec<Fault>,
    },
    /// Convert granules in this process, without checksums and flush; for scripts/bench
    #[command(hide = true)]
    Measure {
        /// The granules, one after another
        #[arg(required = true)]
        granules: Vec<PathBuf>,
        /// Folder for what is made, in which each granule gets one of its own
        folder: PathBuf,
        /// Deflate level
        #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u8).range(0..=9))]
        level: u8,
        /// Threads [default: all cores]
        #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
        jobs: Option<u16>,
    },
    /// Print the product tables of this collection as Markdown, or how a granule differs from them
    Describe {
        /// Print only how this granule differs from its table, and exit with 1 if it does
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
    /// Print what becomes of each dataset of a granule, and by which rule
    Explain {
        /// The granule
        file: PathBuf,
    },
    /// Print the manual page, for man(1)
    Man,
    /// Print what a shell needs to complete this command
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Compare two folders of products by meaning: 0 equal, 1 different, 2 wrong usage
    Verify {
        /// Folder that was produced
        produced: PathBuf,
        /// Folder with the expected results
        expected: PathBuf,
    },
}

/// When a progress bar is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Parses a short name; ECHO10 allows 1 to 85 characters.
fn short_name(text: &str) -> Result<String, String> {
    printable(text, 85)
}

/// Parses a base URL of at most 300 characters: ECHO10 allows URLs of 1024, of which an escaped file name may take 700.
fn url_base(text: &str) -> Result<String, String> {
    printable(text, 300)
}

fn printable(text: &str, most: usize) -> Result<String, String> {
    if text.chars().count() > most || !text.chars().all(is_printable) {
        return Err(format!("at most {most} printable characters"));
    }
    Ok(text.to_owned())
}

/// A time stamp in seconds since 1970; `None` for an empty string, which means that it is not set.
#[derive(Clone, Copy, Debug)]
struct Epoch(Option<Timestamp>);

impl std::str::FromStr for Epoch {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self(None));
        }
        let seconds: u32 = text.parse().map_err(|_| "seconds since 1970, a whole number".to_owned())?;
        Timestamp::from_second(seconds.into()).map(|now| Self(Some(now))).map_err(|error| error.to_string())
    }
}

fn suffix(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(SUFFIX.to_owned());
    }
    let clean =
        text.len() <= 20 && text.starts_with('.') && !text.contains('/') && text.chars().all(is_printable);
    if clean && text.len() > 1 {
        Ok(text.to_owned())
    } else {
        Err("a suffix starts with a dot, has no / and at most 20 characters".to_owned())
    }
}

/// Returns the complete clap command of `collection`.
fn command(collection: &'static Collection) -> Command {
    let about = format!("{} granules to CF-1.6 netCDF with catalogue metadata", collection.program);
    Arguments::command().name(collection.program).version(collection.version).about(about)
}

/// Returns the command without hidden arguments and subcommands, which the completion generators would show.
fn public(collection: &'static Collection) -> Command {
    let whole = command(collection);
    Command::new(collection.program)
        .version(collection.version)
        .about(whole.get_about().cloned().unwrap_or_default())
        .after_help(AFTER_HELP)
        .disable_help_subcommand(true)
        .args(whole.get_arguments().filter(|argument| !argument.is_hide_set()).cloned())
        .subcommands(whole.get_subcommands().filter(|verb| !verb.is_hide_set()).cloned())
}

fn manual_page(command: Command) -> Vec<u8> {
    let mut page = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = clap_mangen::Man::new(command).render(&mut page);
    page
}

fn completions(mut command: Command, shell: Shell) -> Vec<u8> {
    let name = command.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    script
}

/// Runs the command of `collection` and returns its exit code.
#[must_use]
pub fn main(collection: &'static Collection) -> ExitCode {
    let matches = command(collection).try_get_matches();
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed standard output or error does not change the exit code.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { EXIT_USAGE } else { EXIT_SUCCESS });
        }
    };
    ExitCode::from(match arguments.verb {
        Some(Verb::Worker { fault }) => u8::from(worker::serve(collection, &fault).is_err()),
        Some(Verb::Measure { granules, folder, level, jobs }) => {
            let options = ContentOptions {
                level,
                short_name: None,
                url_base: None,
                metadata_suffix: SUFFIX.to_owned(),
            };
            let threads = jobs.map_or_else(cores, usize::from);
            answer(measure::conversions(collection, &options, &granules, &folder, threads))
        }
        Some(Verb::Describe { against: None }) => print(describe::markdown(collection).as_bytes()),
        Some(Verb::Describe { against: Some(file) }) => {
            explain(collection, &file, |explanation| (explanation.drift(), u8::from(explanation.has_drift())))
        }
        Some(Verb::Explain { file }) => {
            explain(collection, &file, |explanation| (explanation.whole(), EXIT_SUCCESS))
        }
        Some(Verb::Man) => print(&manual_page(public(collection))),
        Some(Verb::Completions { shell }) => print(&completions(public(collection), shell)),
        Some(Verb::Verify { produced, expected }) => verify_trees(&produced, &expected),
        None => convert(collection, arguments.convert),
    })
}

/// Prints an explanation of the granule at `file` in the form of `text`, which also returns the exit code.
fn explain(
    collection: &'static Collection,
    file: &std::path::Path,
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
    report::exit_code([failure.class])
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

fn verify_trees(produced: &std::path::Path, expected: &std::path::Path) -> u8 {
    match verify::compare(produced, expected) {
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

fn convert(collection: &'static Collection, arguments: Convert) -> u8 {
    // Whole seconds are enough for a catalogue.
    let now = arguments
        .source_date_epoch
        .and_then(|epoch| epoch.0)
        .unwrap_or_else(|| Timestamp::from_second(clock().as_second()).unwrap_or_default());
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let content = ContentOptions {
        level: arguments.level,
        short_name: filled(arguments.short_name),
        url_base: filled(arguments.url_base),
        metadata_suffix: arguments.metadata_suffix,
    };
    let request = Request {
        // clap requires both for a conversion.
        input: arguments.input.unwrap_or_default(),
        output: arguments.output.unwrap_or_default(),
        recursive: arguments.recursive,
        content,
        now,
        reuse: match (arguments.force, arguments.trust_existing) {
            (true, _) => Reuse::Never,
            (_, true) => Reuse::Trusted,
            _ => Reuse::Rehashed,
        },
        check: arguments.check,
        limits: Limits {
            jobs: arguments.jobs.map_or_else(cores, usize::from),
            timeout: Duration::from_secs(arguments.timeout),
            memory_limit_mib: arguments.memory_limit,
            max_failures: None,
        },
        max_failures: arguments.max_failures,
    };
    if arguments.dry_run {
        return dry_run(collection, &request);
    }
    let bar = run::progress_bar(match arguments.progress {
        When::Auto => io::stderr().is_terminal() && !arguments.quiet,
        When::Always => true,
        When::Never => false,
    });
    let (filter, complaint) = environment::filter(arguments.quiet);
    let (splunk, mut complaints) = environment::splunk(collection);
    complaints.extend(complaint);
    let console = Console {
        format: arguments.log_format,
        filter,
        identity: environment::identity(collection, arguments.pipeline_id, arguments.dataset_id),
        write: run::line_writer(&bar),
    };
    let logger = Logger::start(console, splunk, clock);
    logger.observe(|| {
        for complaint in complaints {
            warn!(process = "processing", "{complaint}");
        }
        let mut report = run::run(collection, &request, &bar);
        // Close the logger before the report is written, because the report has the delivery counts.
        report.splunk = logger.close();
        for shipment in &report.splunk {
            if shipment.counts.delivered < shipment.counts.events {
                warn!(process = "processing", "{shipment}");
            } else {
                debug!(process = "processing", "{shipment}");
            }
        }
        let Some(file) = arguments.report else { return report.exit_code };
        match write_report(&report, &file) {
            Ok(()) => report.exit_code,
            Err(failure) => {
                error!(process = "processing", "{failure}");
                if report.exit_code == EXIT_SUCCESS { EXIT_OUTPUT_UNWRITABLE } else { report.exit_code }
            }
        }
    })
}

fn write_report(report: &Report, file: &std::path::Path) -> Result<(), Failure> {
    let place = file.display().to_string();
    let mut text = serde_json::to_string_pretty(report).map_err(|error| {
        Failure::new(Stage::Report, &place, "cannot be rendered")
            .class(cumulus_model::error::Class::Internal)
            .cause(error)
    })?;
    text.push('\n');
    if place == "-" {
        print(text.as_bytes());
        return Ok(());
    }
    fs::write(file, text).map_err(|error| Failure::writing(Stage::Report, place, error))
}

fn dry_run(collection: &'static Collection, request: &Request) -> u8 {
    let (plan, ignored) = match run::prepare(collection, request) {
        Ok(prepared) => prepared,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "{failure}");
            return report::exit_code([failure.class]);
        }
    };
    let output = request.output.display();
    let converted = plan.granules.iter().map(|granule| {
        let (data, metadata) = output_names(&granule.stem, &request.content.metadata_suffix);
        format!("convert {} -> {output}/{data} {output}/{metadata}\n", granule.path.display())
    });
    let refused = plan.refused.iter().map(|(_, failure)| format!("refuse  {failure}\n"));
    let ignored =
        ignored.iter().map(|ignored| format!("ignore  {}: {}\n", ignored.path.display(), ignored.reason));
    print(converted.chain(refused).chain(ignored).collect::<String>().as_bytes());
    report::exit_code(plan.refused.iter().map(|(_, failure)| failure.class))
}
