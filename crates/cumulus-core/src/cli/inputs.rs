//! INPUT and OUTPUT: from arguments, lists, earlier reports, or the environment.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::arguments::Paths;
use super::environment;
use crate::discover::Input;
use crate::remote;
use crate::report::file;
use crate::report::{Header, Status};
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_store::Place;

/// Name of a list that comes from standard input.
const STANDARD_INPUT: &str = "-";

/// Similarity (Jaro-Winkler, 0 to 1) from which on a word is taken for a misspelt command.
const SIMILAR: f64 = 0.85;

/// Where granules come from and products go to.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) inputs: Vec<Input>,
    pub(super) output: PathBuf,
    /// The run whose rest is converted.
    pub(super) earlier: Option<Header>,
}

/// What is wrong with the arguments.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The command is incomplete or has a mistake, as this says.
    Usage(String),
    /// A list or a report cannot be used.
    Failure(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Returns every INPUT, and OUTPUT: the last path, unless the environment names it. `verbs` are the other commands.
///
/// # Errors
/// INPUT or OUTPUT is missing, the first path looks like a misspelt command, or a list cannot be read.
pub(super) fn places(arguments: &Paths, retry: Option<&Path>, verbs: &[String]) -> Result<Places, Refusal> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (default_input, default_output) = (filled(&arguments.input), filled(&arguments.output));
    let mut paths = arguments.named.clone();
    if let Some(first) = paths.first() {
        suggest(first, verbs)?;
    }
    if let Some(wrong) = paths.iter().find_map(|path| address_fault(path)) {
        return Err(Refusal::Usage(wrong));
    }
    if paths.iter().any(String::is_empty) {
        return Err(Refusal::Usage("INPUT and OUTPUT cannot be empty".to_owned()));
    }
    let mut listed = Vec::new();
    if let Some(list) = &arguments.files_from {
        listed.extend(read_list(list)?);
    }
    let (mut earlier, mut earlier_output) = (None, None);
    if let Some(path) = retry {
        let report = file::read_anywhere(path, &environment::stores(None))?;
        if let Some(failure) = report.totals.failure {
            let place = path.display().to_string();
            return Err(Failure::new(Stage::Plan, place, "is the report of a run that failed as a whole")
                .class(Class::Usage)
                .found(failure)
                .hint("mend that, then run the same command again")
                .into());
        }
        let directory = PathBuf::from(&report.header.directory);
        let inside = |path: &Path| {
            let path = if remote::is_address(path) { path.to_owned() } else { directory.join(path) };
            path.to_string_lossy().into_owned()
        };
        earlier_output = Some(inside(Path::new(&report.header.output)));
        let left = report.granules.into_iter().filter(|granule| {
            matches!(granule.status, Status::Failed | Status::Interrupted | Status::NotBegun)
        });
        listed.extend(left.map(|granule| Input {
            text: inside(&granule.path),
            folder: granule.folder,
            expected: None,
        }));
        earlier = Some(report.header);
        // Soundings of one file have the same path.
        let mut seen = BTreeSet::new();
        listed.retain(|input| seen.insert(input.text.clone()));
    }
    let has_list = arguments.files_from.is_some() || retry.is_some();
    let only_input = paths.len() == 1 && !has_list && default_output.is_some();
    let output = if only_input { None } else { paths.pop() };
    let output = output.or(default_output).or(earlier_output);
    let output = output.ok_or_else(|| Refusal::Usage("OUTPUT is missing".to_owned()))?;
    let mut inputs: Vec<Input> = paths.into_iter().map(Input::new).collect();
    inputs.append(&mut listed);
    if inputs.is_empty() && !has_list {
        inputs.extend(default_input.map(Input::new));
        if inputs.is_empty() {
            return Err(Refusal::Usage("INPUT or OUTPUT is missing".to_owned()));
        }
    }
    Ok(Places { inputs, output: remote::plain(output).into(), earlier })
}

/// Returns what is wrong with an address, without the address itself: it may hold a password, and is not logged.
fn address_fault(text: &str) -> Option<String> {
    text.parse::<Place>().err().map(|expected| format!("INPUT or OUTPUT is no address; expected {expected}"))
}

/// Refuses a first path that does not exist and looks like a command.
fn suggest(first: &str, verbs: &[String]) -> Result<(), Refusal> {
    if first.contains(['/', '.', '*']) || Path::new(first).exists() {
        return Ok(());
    }
    if first == "help" {
        return Err(Refusal::Usage("there is no command help; did you mean --help?".to_owned()));
    }
    let score = |verb: &&String| strsim::jaro_winkler(first, verb);
    let nearest = verbs.iter().max_by(|left, right| score(left).total_cmp(&score(right)));
    match nearest.filter(|verb| score(verb) >= SIMILAR) {
        Some(verb) => {
            Err(Refusal::Usage(format!("{first} is neither a file nor a command; did you mean {verb}?")))
        }
        None => Ok(()),
    }
}

/// Reads a list of files: one a line, or with NUL between them as `find -print0` writes it.
fn read_list(path: &Path) -> Result<Vec<Input>, Failure> {
    let place = path.display().to_string();
    let mut bytes = Vec::new();
    let read = if path == Path::new(STANDARD_INPUT) {
        io::stdin().lock().read_to_end(&mut bytes).map(drop)
    } else {
        fs::read(path).map(|read| bytes = read)
    };
    read.map_err(|error| Failure::argument(Stage::Plan, &place, error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        Failure::new(Stage::Plan, &place, "is no list of files")
            .class(Class::Usage)
            .found(error)
            .expected("names in UTF-8, one a line")
    })?;
    let separator = if text.contains('\0') { '\0' } else { '\n' };
    let names = text.split(separator).map(|name| name.strip_suffix('\r').unwrap_or(name));
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    for (line, name) in names.iter().enumerate() {
        if let Some(wrong) = address_fault(name) {
            return Err(Failure::new(
                Stage::Plan,
                format!("{place}, entry {}", line + 1),
                "has no valid address",
            )
            .class(Class::Usage)
            .found(wrong));
        }
    }
    Ok(names.into_iter().map(Input::new).collect())
}
