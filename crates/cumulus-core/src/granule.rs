//! Names of granules, and the product that each granule becomes.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::collection::{Arrangement, Collection, Product};
use crate::date::parse_date;
use cumulus_model::digest::FileDigest;
use cumulus_model::error::{Class, Failure, Stage, is_unseen};
use cumulus_model::source::Source;
use cumulus_model::warning::{Code, Warning};

/// Maximum length of a stem in bytes, which leaves room for every ending.
const MAX_STEM: usize = 225;

/// What a granule's file must be, where a manifest or the listing of a store states it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// Size in bytes.
    pub size: u64,
    /// SHA-256, if it was computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What identifies its bytes in a store, if it is in one that tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Whether a listing of this run states it, and not a manifest.
    #[serde(skip)]
    pub is_listed: bool,
}

impl Expected {
    /// Checks that the file at `place` is the expected one, by its size and, if it is known, its checksum.
    ///
    /// # Errors
    /// It is another file than that of the manifest.
    pub fn check(&self, place: &str, size: u64, sha256: Option<&str>) -> Result<(), Failure> {
        if size != self.size {
            return Err(self.changed(place, &format!("{size} bytes"), &format!("{} bytes", self.size)));
        }
        match (sha256, &self.sha256) {
            (Some(found), Some(expected)) if found != expected => {
                Err(self.changed(place, &format!("SHA-256 {found}"), &format!("SHA-256 {expected}")))
            }
            _ => Ok(()),
        }
    }

    /// Returns size and checksum, if the checksum is known.
    #[must_use]
    pub fn digest(&self) -> Option<FileDigest> {
        Some(FileDigest { size: self.size, sha256: self.sha256.clone()? })
    }

    /// Returns the failure for a file at `place` that is another one. One that was listed a moment ago may be under way; that
    /// of a manifest will not come back.
    #[must_use]
    pub fn changed(&self, place: &str, found: &str, expected: &str) -> Failure {
        if self.is_listed {
            return Failure::new(Stage::Read, place, "changed after it was listed")
                .class(Class::Retryable)
                .found(found)
                .expected(expected)
                .hint("run again when its transfer is complete");
        }
        Failure::new(Stage::Read, place, "is not the file of the manifest")
            .found(found)
            .expected(expected)
            .hint("restore the file, or make a new manifest; products of one manifest have the same sources")
    }
}

/// One file to convert, or one sounding of a file that contains several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granule {
    /// Path of the file, or its address in a store.
    pub path: PathBuf,
    /// The copy of the file on this machine, if it is in a store.
    pub staged: Option<PathBuf>,
    /// Name of the file without folders.
    pub file_name: String,
    /// File name without its ending, plus the number of the sounding if there are several; outputs are named after it.
    pub stem: String,
    /// Number of the sounding within the file, from 1, if the file contains several.
    pub part: Option<usize>,
    /// Folder of the file inside INPUT, with `/` between names and none at the ends; empty for INPUT itself.
    pub folder: String,
    /// Folder of the products inside OUTPUT, in the same form; the plan sets it.
    pub output_folder: String,
    /// What the file must be, if that is known.
    pub expected: Option<Box<Expected>>,
}

impl Granule {
    /// Returns the granule at `path`, which is in this `folder` inside INPUT.
    ///
    /// # Errors
    /// The name is not UTF-8, contains characters that cannot be seen, or is too long for a catalogue.
    pub fn at(path: &Path, folder: &str, collection: &Collection) -> Result<Self, Failure> {
        let refused = |found: String, expected: &str| {
            Failure::new(Stage::Plan, path.display().to_string(), "has an invalid file name")
                .found(found)
                .expected(expected)
                .hint("rename the file")
        };
        let file_name = path
            .to_str()
            .and(path.file_name())
            .and_then(|name| name.to_str())
            .ok_or_else(|| refused("a name that is not UTF-8".to_owned(), "a UTF-8 name"))?;
        if let Some(character) =
            file_name.chars().chain(folder.chars()).find(|&character| !is_printable(character))
        {
            let found = format!("the character U+{:04X}", u32::from(character));
            return Err(refused(found, "printable characters"));
        }
        let stem = stem(file_name, collection.extensions);
        let numbered = stem.rsplit_once('.').filter(|(_, number)| {
            collection.numbered_endings
                && number.len() == 1
                && number.bytes().all(|digit| digit.is_ascii_digit())
        });
        let stem = numbered.map(|(stem, _)| stem).filter(|stem| !stem.is_empty()).unwrap_or(stem);
        // ECHO10 allows a GranuleUR of 250 characters, and file systems allow names of 255 bytes; the longest name is
        // the stem with `.nc` and the metadata suffix.
        if stem.len() > MAX_STEM {
            return Err(refused(format!("{} bytes", stem.len()), "at most 225 bytes before the ending"));
        }
        Ok(Self {
            path: path.to_owned(),
            staged: None,
            file_name: file_name.to_owned(),
            stem: stem.to_owned(),
            part: None,
            folder: folder.to_owned(),
            output_folder: String::new(),
            expected: None,
        })
    }
}

impl Granule {
    /// Returns the sounding with this number, from 1, as a separate granule.
    #[must_use]
    pub fn part(&self, number: usize) -> Self {
        Self { stem: format!("{}-{number}", self.stem), part: Some(number), ..self.clone() }
    }

    /// Returns the granule of the whole file if this is one sounding of several.
    #[must_use]
    pub fn whole(&self) -> Option<Self> {
        let stem = self.stem.strip_suffix(&format!("-{}", self.part?))?;
        Some(Self { stem: stem.to_owned(), part: None, ..self.clone() })
    }

    /// Returns the path of the file to read.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.staged.as_deref().unwrap_or(&self.path)
    }

    /// Returns the path of the products inside OUTPUT without ending, which no two granules of a run may share.
    #[must_use]
    pub fn output_stem(&self) -> String {
        if self.output_folder.is_empty() {
            self.stem.clone()
        } else {
            format!("{}/{}", self.output_folder, self.stem)
        }
    }
}

/// Returns true for characters that a name or a text of the metadata may have: no control characters, neither U+FFFE
/// nor U+FFFF, which XML 1.0 excludes, and none that cannot be seen and reorder or hide the others.
#[must_use]
pub fn is_printable(character: char) -> bool {
    !character.is_control() && !is_unseen(character) && !matches!(character, '\u{FFFE}' | '\u{FFFF}')
}

/// Returns `file_name` without the first of `extensions` that it ends in, ignoring ASCII case.
#[must_use]
pub fn stem<'name>(file_name: &'name str, extensions: &[&str]) -> &'name str {
    extensions
        .iter()
        .find_map(|extension| {
            let cut = file_name.len().checked_sub(extension.len() + 1)?;
            let (stem, ending) = (file_name.get(..cut)?, file_name.get(cut..)?);
            let matches =
                ending.strip_prefix('.').is_some_and(|ending| ending.eq_ignore_ascii_case(extension));
            (matches && !stem.is_empty()).then_some(stem)
        })
        .unwrap_or(file_name)
}

/// Returns the program that converts files of this name, if the collection knows it to be another one.
#[must_use]
pub fn converted_by(collection: &Collection, file_name: &str) -> Option<&'static str> {
    let options = glob::MatchOptions { case_sensitive: false, ..glob::MatchOptions::new() };
    let matches = |pattern: &&str| {
        glob::Pattern::new(pattern).is_ok_and(|pattern| pattern.matches_with(file_name, options))
    };
    let mut programs = collection.converted_elsewhere.iter();
    programs.find(|(_, patterns)| patterns.iter().any(matches)).map(|&(program, _)| program)
}

/// A product and the information in the granule's file name.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The product.
    pub product: &'static Product,
    /// Named parts of the file name, such as `sortie`.
    pub fields: Vec<(String, String)>,
    /// The date in the file name.
    pub date: Option<Date>,
}

/// Returns the pattern that the stems of a product match.
fn pattern(product: &Product) -> Result<Regex, Failure> {
    Regex::new(&format!("^(?:{})$", product.file_stem)).map_err(|error| {
        Failure::new(Stage::Plan, product.name, "has a file-name pattern that is no regular expression")
            .class(Class::Internal)
            .cause(error)
    })
}

/// Returns the names of all parts that file names of this collection have, without the date.
///
/// # Errors
/// A pattern in the collection's table is not a regular expression.
pub fn fields(collection: &'static Collection) -> Result<Vec<String>, Failure> {
    let mut fields = Vec::new();
    for product in collection.products {
        let pattern = pattern(product)?;
        fields.extend(pattern.capture_names().flatten().filter(|&name| name != "date").map(str::to_owned));
    }
    Ok(fields)
}

/// Returns the product whose file-name pattern matches `stem`.
///
/// # Errors
/// A pattern in the collection's table is not a regular expression.
pub fn identify_by_name(collection: &'static Collection, stem: &str) -> Result<Option<Identity>, Failure> {
    for product in collection.products {
        let pattern = pattern(product)?;
        let Some(captures) = pattern.captures(stem) else { continue };
        let mut fields = Vec::new();
        let mut date = None;
        for name in pattern.capture_names().flatten() {
            let Some(part) = captures.name(name) else { continue };
            if name == "date" {
                date = parse_date(part.as_str());
            } else {
                fields.push((name.to_owned(), part.as_str().to_owned()));
            }
        }
        return Ok(Some(Identity { product, fields, date }));
    }
    Ok(None)
}

/// Identifies the product of an open granule by its name, or else by its content, with a warning.
///
/// # Errors
/// Neither the name nor the content matches a product.
pub fn identify(
    collection: &'static Collection,
    granule: &Granule,
    source: &dyn Source,
    warnings: &mut Vec<Warning>,
) -> Result<Identity, Failure> {
    if let Some(identity) = identify_by_name(collection, &granule.stem)? {
        return Ok(identity);
    }
    let description = source.description();
    let product = collection
        .products
        .iter()
        .find(|product| product.recognised_by.iter().all(|path| description.dataset(path).is_some()));
    if let Some(product) = product {
        let message = format!(
            "the file name matches no product of {}; by its content it is {}",
            collection.program, product.name
        );
        warnings.push(Warning::of_granule(Code::ProductByContent, message));
        return Ok(Identity { product, fields: Vec::new(), date: None });
    }
    let examples: Vec<&str> = collection.products.iter().map(|product| product.example_stem).collect();
    Err(Failure::new(Stage::Read, &granule.file_name, "is no granule of this collection")
        .found(format!(
            "{} datasets, none of which identifies a product of this collection",
            description.datasets.len()
        ))
        .expected(format!("a name like {}", examples.join(" or ")))
        .hint("move the file out of INPUT, or rename it to the producer's pattern"))
}

/// Identifies the product of a text with soundings by its name, or else as the first product that is a sounding.
///
/// # Errors
/// The collection has no product for soundings.
pub fn identify_text(collection: &'static Collection, granule: &Granule) -> Result<Identity, Failure> {
    if let Some(identity) = identify_by_name(collection, &granule.stem)? {
        return Ok(identity);
    }
    let mut products = collection.products.iter();
    let product = products.find(|product| matches!(product.arrangement, Arrangement::Sounding(_)));
    product.map(|product| Identity { product, fields: Vec::new(), date: None }).ok_or_else(|| {
        Failure::new(Stage::Read, &granule.file_name, "is no granule of this collection").found("a sounding")
    })
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn stems_lose_the_first_ending_that_fits() {
        let extensions = ["eol.cls", "eol", "hdf5", "h5"];
        assert_eq!(stem("a.b.hdf5", &extensions), "a.b");
        assert_eq!(stem("a.H5", &extensions), "a");
        assert_eq!(stem("a.eol.cls", &extensions), "a");
        assert_eq!(stem("a.txt", &extensions), "a.txt");
        assert_eq!(stem(".h5", &extensions), ".h5");
        assert_eq!(stem("é.h5", &extensions), "é");
    }
}
