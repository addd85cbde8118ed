//! Finds the files of INPUT: folders, files, and quoted patterns, on this machine or in a store.
//!
//! Input: the INPUT arguments as written. Output: candidate granules, sorted by path, and every other visible file with
//! the reason why it is ignored. Hidden files are skipped silently. A symbolic link is followed only if its target is
//! inside INPUT, so that a link cannot bring in a file from elsewhere.

mod store;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::collection::Collection;
use crate::granule::{self, Expected};
use crate::remote;
use crate::report::Ignored;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_sounding as sounding;
use cumulus_store::Stores;

/// File-name endings of incomplete files, as made by downloads, copies and editors.
const UNDER_WAY: [&str; 8] =
    [".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", ".swp"];

/// An INPUT: a folder, a file, or a pattern, on this machine or in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The argument as written.
    pub text: String,
    /// The folder inside INPUT that a file is taken to be in, if it was found in one by an earlier run.
    pub folder: String,
    /// What the file must be, if a manifest states it.
    pub expected: Option<Box<Expected>>,
}

impl Input {
    /// An INPUT as the operator writes it.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: remote::plain(text.into()), folder: String::new(), expected: None }
    }
}

/// A file that may be a granule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its path.
    pub path: PathBuf,
    /// Its folder inside INPUT, with `/` between names; empty for INPUT itself.
    pub folder: String,
    /// What the file must be, if a manifest states it.
    pub expected: Option<Box<Expected>>,
}

/// The files found in INPUT.
#[derive(Debug, Default)]
pub struct Discovered {
    /// Candidate granules, sorted by path.
    pub candidates: Vec<Candidate>,
    /// Other visible files, each with the reason.
    pub ignored: Vec<Ignored>,
    /// Files and folders that cannot be read and may contain granules.
    pub unreadable: Vec<Refused>,
    /// Number of folders that were not looked into, because the search is not recursive.
    pub folders_left: usize,
}

/// A file or folder that is refused before conversion.
#[derive(Debug)]
pub struct Refused {
    /// Its path.
    pub path: PathBuf,
    /// Its folder inside INPUT.
    pub folder: String,
    /// The reason.
    pub failure: Failure,
}

/// Where files are found: the folder of INPUT, and the folder that it is taken to be in itself.
#[derive(Clone, Copy)]
struct Root<'input> {
    path: &'input Path,
    folder: &'input str,
}

impl Root<'_> {
    /// Returns the folder of `path` inside INPUT.
    fn folder_of(self, path: &Path) -> String {
        let inside = path.parent().and_then(|folder| folder.strip_prefix(self.path).ok());
        let inside = inside.map_or(String::new(), |folder| folder.to_string_lossy().into_owned());
        [self.folder, &inside].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/")
    }
}

impl Discovered {
    fn cannot_list(&mut self, path: &Path, root: Root<'_>, error: Option<std::io::Error>) {
        let error = error.unwrap_or_else(|| std::io::Error::other("it cannot be listed"));
        let failure = Failure::reading(Stage::Plan, path.display().to_string(), error);
        // Another run that is given a folder finds files in it by themselves.
        let folder = if path.is_dir() { root.folder_of(&path.join("file")) } else { root.folder_of(path) };
        self.unreadable.push(Refused { path: path.to_owned(), folder, failure });
    }

    fn ignore(&mut self, path: &Path, reason: impl Into<String>) {
        self.ignored.push(Ignored { path: path.to_owned(), reason: reason.into() });
    }

    /// Drops candidates that were found twice, because several folders may overlap.
    fn drop_repeated(&mut self) {
        let mut folders: HashMap<PathBuf, PathBuf> = HashMap::new();
        let mut seen = HashSet::new();
        self.candidates.retain(|Candidate { path, .. }| {
            // Two links in one folder are two granules, so only the folder is resolved.
            if remote::is_address(path) {
                return seen.insert(path.clone());
            }
            let parent =
                path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let folder = folders
                .entry(parent.to_owned())
                .or_insert_with(|| parent.canonicalize().unwrap_or_else(|_| parent.to_owned()));
            seen.insert(folder.join(path.file_name().unwrap_or_default()))
        });
    }

    /// Adds a candidate found below `root`.
    fn candidate(&mut self, path: &Path, root: Root<'_>) {
        let folder = root.folder_of(path);
        self.candidates.push(Candidate { path: path.to_owned(), folder, expected: None });
    }
}

/// Lists the files of all `inputs`. Of several, one that cannot be used is a failure of its own, and the others are
/// converted.
///
/// # Errors
/// No granule is found, a pattern or an address is invalid as INPUT, or the only INPUT cannot be accessed.
pub fn discover(
    collection: &Collection,
    inputs: &[Input],
    recursive: bool,
    stores: &Stores,
) -> Result<Discovered, Failure> {
    let mut found = Discovered::default();
    let mut answers = store::ask(collection, inputs, stores)?;
    let mut seen = HashSet::new();
    for input in inputs {
        if remote::is_address(Path::new(&input.text)) && !seen.insert(&input.text) {
            continue;
        }
        match look_into(collection, input, recursive, stores, &mut answers, &mut found) {
            Err(failure) if inputs.len() > 1 && failure.class != Class::Usage => {
                let (path, folder) = (PathBuf::from(&input.text), input.folder.clone());
                found.unreadable.push(Refused { path, folder, failure });
            }
            outcome => outcome?,
        }
    }
    if inputs.len() > 1 {
        found.drop_repeated();
    }
    found.candidates.sort_by(|left, right| left.path.cmp(&right.path));
    if found.candidates.is_empty() && found.unreadable.is_empty() {
        return Err(nothing_found(collection, inputs, &found));
    }
    Ok(found)
}

/// Searches one INPUT.
fn look_into(
    collection: &Collection,
    input: &Input,
    recursive: bool,
    stores: &Stores,
    answers: &mut store::Answers,
    found: &mut Discovered,
) -> Result<(), Failure> {
    if let Some(address) = remote::address(Path::new(&input.text))? {
        return store::look_into(collection, input, &address, recursive, stores, answers, found);
    }
    let Input { text: input, folder: known_folder, expected } = input;
    let path = Path::new(input);
    if path.is_dir() {
        folder(collection, Root { path, folder: known_folder }, recursive, found)
    } else if path.is_file() {
        let (folder, expected) = (known_folder.clone(), expected.clone());
        found.candidates.push(Candidate { path: path.to_owned(), folder, expected });
        Ok(())
    } else if path.exists() {
        Err(no_granule(collection, input, "neither a file nor a folder"))
    } else if input.contains(['*', '?', '[']) {
        pattern(collection, input, found)
    } else {
        match path.symlink_metadata() {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::reading(Stage::Plan, input, error))
            }
            _ => Err(no_granule(collection, input, "no such file or folder")),
        }
    }
}

/// Returns a sentence about folders that were not looked into.
#[must_use]
pub fn told_folders(number: usize) -> String {
    let were = if number == 1 { "was" } else { "were" };
    format!("{} of INPUT {were} not looked into; use --recursive", counted(number, "folder"))
}

/// Returns the number with its noun in singular or plural.
fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// Returns the failure for a search that found no granule, with the most likely reason.
fn nothing_found(collection: &Collection, inputs: &[Input], found: &Discovered) -> Failure {
    let mut what = counted(found.ignored.len(), "other file");
    let inputs: Vec<&str> = inputs.iter().map(|input| input.text.as_str()).collect();
    let failure = no_granule(collection, &inputs.join(" "), "");
    if found.folders_left > 0 {
        what = format!("{what}, and {} not looked into", counted(found.folders_left, "folder"));
    }
    let elsewhere = found
        .ignored
        .iter()
        .find_map(|ignored| granule::converted_by(collection, &ignored.path.file_name()?.to_string_lossy()));
    match elsewhere {
        Some(program) => {
            failure.found(what).hint(format!("these are granules of {program}: run {program} instead"))
        }
        None if found.folders_left > 0 => {
            failure.found(what).hint("add --recursive to look for granules in the folders of INPUT")
        }
        None => failure.found(what),
    }
}

/// Returns true if a file of this name is incomplete or an editor's backup.
fn is_under_way(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.ends_with('~') || UNDER_WAY.iter().any(|ending| name.ends_with(ending))
}

/// Returns the failure for an INPUT without granules.
fn no_granule(collection: &Collection, input: &str, found: &str) -> Failure {
    let endings: Vec<String> =
        collection.extensions.iter().map(|extension| format!("*.{extension}")).collect();
    let failure = Failure::new(Stage::Plan, input, "has no granule")
        .class(Class::NoGranule)
        .found(found)
        .expected(endings.join(" or "));
    if remote::is_address(Path::new(input)) {
        return failure.hint("name a granule or a folder of them: s3://BUCKET/FOLDER");
    }
    failure.hint(format!(
            "name a folder with granules; in a container, mount it, and one for the products: docker run \
             --user \"$(id -u):$(id -g)\" -v \"$PWD/granules:/work/input:ro\" -v \"$PWD/products:/work/output\" {}",
            collection.program
        ))
}

fn folder(
    collection: &Collection,
    root: Root<'_>,
    recursive: bool,
    found: &mut Discovered,
) -> Result<(), Failure> {
    let input = root.path;
    let unreadable =
        |error: std::io::Error| Failure::reading(Stage::Plan, input.display().to_string(), error);
    let resolved = input.canonicalize().map_err(unreadable)?;
    let depth = if recursive { usize::MAX } else { 1 };
    let visible = |entry: &walkdir::DirEntry| {
        entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b".")
    };
    let entries = WalkDir::new(input).min_depth(1).max_depth(depth).sort_by_file_name().into_iter();
    for entry in entries.filter_entry(visible) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(input).to_owned();
                found.cannot_list(&path, root, error.into_io_error());
                continue;
            }
        };
        let path = entry.path();
        if entry.file_type().is_dir() {
            found.folders_left += usize::from(!recursive);
            continue;
        }
        if stays_inside(path, &resolved, found) {
            file(collection, path, root, found);
        }
    }
    Ok(())
}

fn pattern(collection: &Collection, input: &str, found: &mut Discovered) -> Result<(), Failure> {
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let literal = literal_folder(input);
    let resolved = literal.canonicalize().unwrap_or_else(|_| literal.clone());
    let root = Root { path: &literal, folder: "" };
    let matches = glob::glob_with(input, options).map_err(|error| {
        Failure::new(Stage::Plan, input, "is not a pattern")
            .class(Class::Usage)
            .found(&error)
            .expected("a pattern such as 'granules/*_ATB_*.hdf5'")
    })?;
    for path in matches {
        match path {
            Ok(path) if path.is_dir() => {}
            Ok(path) => {
                if stays_inside(&path, &resolved, found) {
                    file(collection, &path, root, found);
                }
            }
            Err(error) => {
                let path = error.path().to_owned();
                found.cannot_list(&path, root, Some(error.into()));
            }
        }
    }
    Ok(())
}

/// Returns the folder that contains all matches of a pattern: its path before the first special character.
fn literal_folder(pattern: &str) -> PathBuf {
    let literal = pattern.split(['*', '?', '[']).next().unwrap_or_default();
    let folder = literal.rfind('/').map_or(".", |slash| literal.get(..=slash).unwrap_or("."));
    PathBuf::from(folder)
}

/// Returns false, and records the file as ignored, for a symbolic link that is broken or whose target is outside
/// `root`.
fn stays_inside(path: &Path, root: &Path, found: &mut Discovered) -> bool {
    if !path.is_symlink() {
        return true;
    }
    match path.canonicalize() {
        Ok(target) if target.starts_with(root) => true,
        Ok(_) => {
            found.ignore(path, "a symbolic link that leads out of INPUT");
            false
        }
        Err(error) => {
            found.ignore(path, format!("a symbolic link that leads nowhere: {error}"));
            false
        }
    }
}

/// What the name of a file tells.
enum Verdict {
    /// It is a granule.
    Granule,
    /// It is none, for this reason.
    Ignored(String),
    /// Only its contents tell whether it is a sounding.
    ByContents,
}

/// The reason for a file that is no granule by its name and no sounding by its contents.
const NEITHER: &str = "neither a granule by its ending nor a sounding by its contents";

fn verdict(collection: &Collection, name: &str) -> Verdict {
    if is_under_way(name) {
        return Verdict::Ignored("a name under which files are still copied or edited".to_owned());
    }
    if granule::stem(name, collection.extensions).len() < name.len() {
        return Verdict::Granule;
    }
    if let Some(program) = granule::converted_by(collection, name) {
        return Verdict::Ignored(format!("a granule of another collection; {program} converts it"));
    }
    if collection.numbered_endings {
        Verdict::ByContents
    } else {
        Verdict::Ignored("not a granule by its ending".to_owned())
    }
}

/// Adds a file found below `root` as a candidate or as an ignored file.
fn file(collection: &Collection, path: &Path, root: Root<'_>, found: &mut Discovered) {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return found.ignore(path, "not a regular file"),
        Err(error) => return found.cannot_list(path, root, Some(error)),
    }
    // A name that is not UTF-8 is refused by the plan, and not passed over for its ending.
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match verdict(collection, &name) {
        Verdict::Granule => found.candidate(path, root),
        Verdict::Ignored(reason) => found.ignore(path, reason),
        Verdict::ByContents => match sounding::is_sounding(path) {
            Ok(true) => found.candidate(path, root),
            Ok(false) => found.ignore(path, NEITHER),
            Err(error) => found.cannot_list(path, root, Some(error)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::is_under_way;

    #[test]
    fn names_under_way_are_told_from_whole_ones() {
        for name in ["a.eol.part", "a.nc.filepart", "a.TMP", "a.eol~", "a.h5.crdownload"] {
            assert!(is_under_way(name), "{name}");
        }
        for name in ["a.eol", "part.nc", "a.tmp.nc", "D20120907_124116.3"] {
            assert!(!is_under_way(name), "{name}");
        }
    }
}
