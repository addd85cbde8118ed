//! Finds the files of INPUT: a folder, a file, or a quoted pattern.
//!
//! Input: the INPUT argument as written. Output: candidate granules, sorted by path, and every other visible file with
//! the reason why it is ignored. Hidden files are skipped silently. A symbolic link is followed only if its target is
//! inside INPUT, so that a link cannot bring in a file from elsewhere.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::collection::Collection;
use crate::granule;
use crate::report::Ignored;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_sounding as sounding;

/// File-name endings of incomplete files, as made by downloads, copies and editors.
const UNDER_WAY: [&str; 8] =
    [".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload", ".download", ".swp"];

/// The files found in INPUT.
#[derive(Debug, Default)]
pub struct Discovered {
    /// Candidate granules, sorted by path.
    pub candidates: Vec<PathBuf>,
    /// Other visible files, each with the reason.
    pub ignored: Vec<Ignored>,
    /// Files and folders that cannot be read and may contain granules.
    pub unreadable: Vec<(PathBuf, Failure)>,
}

impl Discovered {
    fn cannot_list(&mut self, path: &Path, error: Option<std::io::Error>) {
        let error = error.unwrap_or_else(|| std::io::Error::other("it cannot be listed"));
        let failure = Failure::reading(Stage::Plan, path.display().to_string(), error);
        self.unreadable.push((path.to_owned(), failure));
    }

    fn ignore(&mut self, path: &Path, reason: impl Into<String>) {
        self.ignored.push(Ignored { path: path.to_owned(), reason: reason.into() });
    }
}

/// Lists the files of `input`.
///
/// # Errors
/// INPUT does not exist or has no granule, is an invalid pattern, or is a folder that cannot be accessed.
pub fn discover(collection: &Collection, input: &str, recursive: bool) -> Result<Discovered, Failure> {
    let path = Path::new(input);
    let mut found = Discovered::default();
    if path.is_dir() {
        folder(collection, path, recursive, &mut found)?;
    } else if path.is_file() {
        found.candidates.push(path.to_owned());
    } else if path.exists() {
        return Err(no_granule(collection, input, "neither a file nor a folder"));
    } else if input.contains(['*', '?', '[']) {
        pattern(collection, input, &mut found)?;
    } else {
        return Err(no_granule(collection, input, "no such file or folder"));
    }
    found.candidates.sort();
    if found.candidates.is_empty() && found.unreadable.is_empty() {
        let others = found.ignored.len();
        return Err(no_granule(collection, input, &format!("{others} other files")));
    }
    Ok(found)
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
    Failure::new(Stage::Plan, input, "has no granule")
        .class(Class::NoGranule)
        .found(found)
        .expected(endings.join(" or "))
        .hint(format!(
            "name a folder with granules; in a container, mount it, and one for the products: docker run \
             --user \"$(id -u):$(id -g)\" -v \"$PWD/granules:/work/input:ro\" -v \"$PWD/products:/work/output\" {}",
            collection.program
        ))
}

fn folder(
    collection: &Collection,
    input: &Path,
    recursive: bool,
    found: &mut Discovered,
) -> Result<(), Failure> {
    let unreadable =
        |error: std::io::Error| Failure::reading(Stage::Plan, input.display().to_string(), error);
    let root = input.canonicalize().map_err(unreadable)?;
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
                found.cannot_list(&path, error.into_io_error());
                continue;
            }
        };
        let path = entry.path();
        if entry.file_type().is_dir() {
            continue;
        }
        if stays_inside(path, &root, found) {
            file(collection, path, found);
        }
    }
    Ok(())
}

fn pattern(collection: &Collection, input: &str, found: &mut Discovered) -> Result<(), Failure> {
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let root = literal_folder(input);
    let root = root.canonicalize().unwrap_or(root);
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
                if stays_inside(&path, &root, found) {
                    file(collection, &path, found);
                }
            }
            Err(error) => {
                let path = error.path().to_owned();
                found.cannot_list(&path, Some(error.into()));
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

fn file(collection: &Collection, path: &Path, found: &mut Discovered) {
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return found.ignore(path, "not a regular file"),
        Err(error) => return found.cannot_list(path, Some(error)),
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if is_under_way(name) {
        return found.ignore(path, "a name under which files are still copied or edited");
    }
    if granule::stem(name, collection.extensions).len() < name.len() {
        return found.candidates.push(path.to_owned());
    }
    if !collection.numbered_endings {
        return found.ignore(path, "not a granule by its ending");
    }
    match sounding::is_sounding(path) {
        Ok(true) => found.candidates.push(path.to_owned()),
        Ok(false) => found.ignore(path, "neither a granule by its ending nor a sounding by its contents"),
        Err(error) => found.cannot_list(path, Some(error)),
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
