//! Arguments of the command, and their help.

use std::path::PathBuf;

use clap::{ArgAction, Args, Command, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::Timestamp;

use crate::collection::Collection;
use crate::granule::is_printable;
use crate::inventory;
use crate::layout::Layout;
use crate::options::Check;
use crate::pool::process;
use crate::pool::worker::Fault;
use crate::run::MaxFailures;
use crate::shard::Shard;
use crate::summary::Form;
use cumulus_log::console::Format;
use cumulus_store::Place;

/// Default suffix of metadata file names, as in the 2016 image.
pub(super) const SUFFIX: &str = ".meta.xml";

/// Exit codes, for `--help` and the manual page.
pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0   every granule converted or up to date
  2   wrong usage
  65  some granules are permanently invalid or need too much memory; the others are converted
  66  no granule found
  70  internal error
  73  OUTPUT, the report or the quarantine cannot be written
  75  something can succeed later: disk full, I/O error, no permission, timeout, run stopped
When several apply: 70, 73, 75, 65, 66, in this order.";

/// Files, for `--help` and the manual page.
pub(super) const FILES: &str = "\
Per granule OUTPUT receives <stem>.nc and <stem>.nc.meta.xml, both or neither, in the folders that the granule has
inside INPUT or that --layout names. The hidden folder .<program> is there while a run is.";

/// Signals, for `--help` and the manual page.
pub(super) const SIGNALS: &str =
    "SIGTERM and SIGINT let the granules under way finish; the second one ends them.";

/// Headings of the options, in the order of the help.
const INPUT: &str = "Input";
const PRODUCTS: &str = "Products";
const LIMITS: &str = "Limits";
const SAFETY: &str = "Safety";
const LOGS: &str = "Logs";

#[derive(Debug, Parser)]
#[command(
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    disable_help_flag = true,
    disable_version_flag = true
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) convert: Convert,
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
}

#[derive(Debug, Args)]
pub(super) struct Convert {
    #[command(flatten)]
    pub(super) places: Paths,
    /// Convert what failed, was interrupted or not begun, by this report
    #[arg(value_parser = place, long, value_name = "REPORT", help_heading = INPUT)]
    pub(super) retry: Option<PathBuf>,
    #[command(flatten)]
    pub(super) content: Content,
    #[command(flatten)]
    pub(super) work: Work,
    /// Compare INPUT with OUTPUT, print what would be done, and do nothing
    #[arg(short = 'n', long, help_heading = SAFETY)]
    pub(super) dry_run: bool,
    /// Print help; -h prints a summary
    #[arg(short, long, action = ArgAction::Help, global = true, help_heading = LOGS)]
    help: Option<bool>,
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = LOGS)]
    version: Option<bool>,
}

/// Where granules come from and products go to.
#[derive(Debug, Args)]
pub(super) struct Paths {
    /// Folders of granules, single granules, or patterns; then the folder for the products, made if it is missing. Both may be in S3 (`s3://BUCKET/FOLDER`), granules on a web server too
    #[arg(value_name = "INPUT... OUTPUT")]
    pub(super) named: Vec<String>,
    // An image sets its default folders by environment variables, so that they still apply when options are given:
    // arguments replace the whole command of an image.
    #[arg(long, hide = true, env = "CUMULUS_INPUT")]
    pub(super) input: Option<String>,
    #[arg(long, hide = true, env = "CUMULUS_OUTPUT")]
    pub(super) output: Option<String>,

    /// Look for granules in the folders inside INPUT too
    #[arg(short, long, help_heading = INPUT)]
    pub(super) recursive: bool,
    /// Convert the files that this list names, one a line; - is standard input
    #[arg(long, value_name = "LIST", help_heading = INPUT)]
    pub(super) files_from: Option<PathBuf>,
}

/// What products contain, and where they are.
#[derive(Debug, Args)]
pub(super) struct Content {
    /// Deflate level of the netCDF files, 0 (none) to 9
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u8).range(0..=9), help_heading = PRODUCTS)]
    pub(super) level: u8,
    /// Folders in OUTPUT, such as '{year}/{month}', or '' for none
    #[arg(long, value_name = "FOLDERS", default_value = "{folder}", help_heading = PRODUCTS)]
    pub(super) layout: Layout,
    /// Catalogue short name of the collection
    #[arg(long, value_name = "NAME", env = "SHORT_NAME", value_parser = short_name, help_heading = PRODUCTS, hide_short_help = true)]
    pub(super) short_name: Option<String>,
    /// Address under which data files will be fetched, written into the metadata
    #[arg(long, value_name = "URL", env = "CUMULUS_URL_BASE", value_parser = url_base, help_heading = PRODUCTS, hide_short_help = true)]
    pub(super) url_base: Option<String>,
    /// What is appended to a data file's name to name its metadata; Cumulus expects .cmr.xml
    #[arg(long, value_name = "SUFFIX", env = "CUMULUS_METADATA_SUFFIX", default_value = SUFFIX, value_parser = suffix, help_heading = PRODUCTS, hide_short_help = true)]
    pub(super) metadata_suffix: String,

    /// Time stamp of everything made, in seconds since 1970
    #[arg(long, hide = true, env = "SOURCE_DATE_EPOCH")]
    pub(super) source_date_epoch: Option<Epoch>,
}

/// How a run works and what it tells.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Work {
    /// Convert again what is up to date
    #[arg(short, long, help_heading = INPUT)]
    pub(super) force: bool,
    /// Take published products as complete without reading them again
    #[arg(long, conflicts_with = "force", help_heading = INPUT, hide_short_help = true)]
    pub(super) trust_existing: bool,

    /// Processor cores to use, for workers and their threads [default: all]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = LIMITS)]
    pub(super) jobs: Option<u16>,
    /// End a granule that takes longer, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u64).range(1..), help_heading = LIMITS)]
    pub(super) timeout: u64,
    /// End a granule that needs more memory, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(64..1 << 24), help_heading = LIMITS)]
    pub(super) memory_limit: u64,
    /// Stop starting granules once more than N (or P%) have failed
    #[arg(long, value_name = "N|P%", help_heading = LIMITS)]
    pub(super) max_failures: Option<MaxFailures>,

    /// Folder for granules and products on their way from and to object stores [default: OUTPUT, or the temporary folder]
    #[arg(value_parser = place, long, value_name = "DIR", env = "CUMULUS_SCRATCH", help_heading = LIMITS, hide_short_help = true)]
    pub(super) scratch: Option<PathBuf>,
    /// Room in it for copies, in MiB [default: 8192, or half of what is free if that is less]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..1 << 40), help_heading = LIMITS, hide_short_help = true)]
    pub(super) scratch_limit: Option<u64>,

    /// Link or copy invalid granules into this folder, with the reason
    #[arg(value_parser = place, long, value_name = "DIR", help_heading = SAFETY)]
    pub(super) quarantine: Option<PathBuf>,
    /// What of a finished product is read back before it is published
    #[arg(long, value_name = "WHAT", default_value = "structure", help_heading = SAFETY, hide_short_help = true)]
    pub(super) check: Check,

    /// Write the run report as JSON to this file or address, or to standard output (-)
    #[arg(value_parser = place, long, value_name = "FILE", help_heading = LOGS)]
    pub(super) report: Option<PathBuf>,
    /// Log warnings, errors and the closing line only
    #[arg(short, long, help_heading = LOGS)]
    pub(super) quiet: bool,
    /// Log details too
    #[arg(short, long, conflicts_with = "quiet", help_heading = LOGS)]
    pub(super) verbose: bool,
    /// Form of the log lines on standard error
    #[arg(long, value_name = "FORM", env = "CUMULUS_LOG_FORMAT", default_value = "human", help_heading = LOGS, hide_short_help = true)]
    pub(super) log_format: Format,
    /// Progress on standard error
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = LOGS, hide_short_help = true)]
    pub(super) progress: When,

    #[arg(long, hide = true, env = "PIPELINE_ID")]
    pub(super) pipeline_id: Option<String>,
    #[arg(long, hide = true, env = "DATASET_ID")]
    pub(super) dataset_id: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
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
    /// Print a manifest of all granules, for runs in shards
    Manifest {
        #[command(flatten)]
        places: Paths,
        #[command(flatten)]
        content: Content,
        /// Leave out the checksums of granules, which are read for them
        #[arg(long)]
        no_checksums: bool,
    },
    /// Convert a shard of a manifest
    Run {
        /// The manifest
        #[arg(long, value_name = "FILE", value_parser = place)]
        manifest: PathBuf,
        /// Shard I of N, from 0 [default: from the environment of the scheduler]
        #[arg(long, value_name = "I/N")]
        shard: Option<Shard>,
        #[command(flatten)]
        work: Work,
    },
    /// Print how much of a manifest is complete, and what failed or is missing
    Status {
        /// The manifest
        #[arg(long, value_name = "FILE", value_parser = place)]
        manifest: PathBuf,
        /// Number of shards [default: as the reports of runs state it]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
        shards: Option<u32>,
        /// As JSON, with every granule that is not complete
        #[arg(long)]
        json: bool,
    },
    /// Print a list of the products in OUTPUT, and of what is expected and not there
    Inventory {
        /// Folder or address of the products
        #[arg(value_parser = place)]
        output: PathBuf,
        /// A manifest of what is expected
        #[arg(long, value_name = "MANIFEST", value_parser = place)]
        expected: Option<PathBuf>,
        /// Reports of runs, which know tracks and numbers of records
        #[arg(long = "report", value_name = "REPORT", value_parser = place)]
        reports: Vec<PathBuf>,
        /// Form of the list
        #[arg(long, value_name = "FORM", default_value = "ndjson")]
        form: inventory::Form,
        /// What the names of metadata have more than those of data, where no manifest says it
        #[arg(long, value_name = "SUFFIX", env = "CUMULUS_METADATA_SUFFIX", default_value = SUFFIX, value_parser = suffix)]
        metadata_suffix: String,
    },
    /// Print what happened in a run, from its report
    Summary {
        /// The run report
        #[arg(value_parser = place)]
        report: PathBuf,
        #[command(flatten)]
        form: SummaryForm,
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
    /// Compare two folders of products by meaning: 0 equal, 1 different, 2 wrong usage
    Verify {
        /// Folder that was produced
        #[arg(value_parser = place)]
        produced: PathBuf,
        /// Folder with the expected results
        #[arg(value_parser = place)]
        expected: PathBuf,
    },
    /// Print the manual page, for man(1)
    Man,
    /// Print what a shell needs to complete this command
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// In which form a summary is printed; text unless one is chosen.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(super) struct SummaryForm {
    /// As one page of HTML, without anything from the network
    #[arg(long)]
    html: bool,
    /// As metrics for Prometheus' textfile collector
    #[arg(long)]
    prometheus: bool,
    /// Only the paths of failed granules, one a line
    #[arg(long)]
    failed: bool,
}

impl SummaryForm {
    pub(super) fn form(&self) -> Form {
        match (self.html, self.prometheus, self.failed) {
            (true, _, _) => Form::Html,
            (_, true, _) => Form::Prometheus,
            (_, _, true) => Form::Failed,
            _ => Form::Text,
        }
    }
}

/// When progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Parses a path, or an address, which stays as it is written.
fn place(text: &str) -> Result<PathBuf, String> {
    Ok(match text.parse::<Place>()? {
        Place::Path(path) => path,
        Place::Address(address) => address.to_string().into(),
    })
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
pub(super) struct Epoch(pub(super) Option<Timestamp>);

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

/// Returns three calls of this program on its own kind of granules.
pub(super) fn examples(collection: &'static Collection) -> String {
    let program = collection.program;
    let granule = collection.products.first().map_or("granule", |product| product.example_stem);
    let extension = collection.extensions.first().copied().unwrap_or("*");
    format!(
        "  {program} granules products --report report.json\n  \
         {program} granules/{granule}.{extension} products\n  \
         {program} --retry report.json products",
    )
}

/// Returns the commands other than a conversion, without those for internal use.
pub(super) fn verbs() -> Vec<Command> {
    Arguments::command().get_subcommands().filter(|verb| !verb.is_hide_set()).cloned().collect()
}

/// The parts of the help; commands are listed in the long one only, so that the short one fits on a screen.
const TEMPLATE: &str = "{about}\n\n{usage-heading} {usage}\n\n{all-args}{after-help}";

/// Returns the complete clap command of `collection`.
pub(super) fn command(collection: &'static Collection) -> Command {
    let program = collection.program;
    let about = format!("Converts {program} granules to CF-1.6 netCDF with catalogue metadata");
    let examples = examples(collection);
    let verbs = verbs();
    let names: Vec<&str> = verbs.iter().map(Command::get_name).collect();
    let lines = verbs
        .iter()
        .map(|verb| format!("  {:<12} {}\n", verb.get_name(), verb.get_about().cloned().unwrap_or_default()));
    let listed = lines.collect::<Vec<_>>().concat();
    let usage =
        format!("{program} [OPTIONS] INPUT... OUTPUT\n       {program} COMMAND ({})", names.join(", "));
    let long = format!(
        "Commands:\n{listed}\n\
         {EXIT_CODES}\n\n\
         Logs go to Splunk too where SPLUNK_HEC_URL and SPLUNK_HEC_TOKEN are set; RUST_LOG chooses what is shown here.\n\n\
         {SIGNALS}\n\n\
         {FILES}\n\n\
         SOURCE_DATE_EPOCH (seconds since 1970) sets the time stamp of everything made, for reproducible bytes.\n\
         CUMULUS_INPUT and CUMULUS_OUTPUT name the folders where no argument does.\n\n\
         Examples:\n{examples}"
    );
    let hidden = names
        .iter()
        .fold(Arguments::command(), |command, name| command.mut_subcommand(name, |verb| verb.hide(true)));
    hidden
        .name(program)
        .version(collection.version)
        .about(about)
        .help_template(TEMPLATE)
        .override_usage(usage)
        .after_help(format!(
            "Examples:\n{examples}\n\n--help says more, `{program} man | man -l -` everything."
        ))
        .after_long_help(long)
}
