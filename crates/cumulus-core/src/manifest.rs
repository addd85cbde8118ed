//! The manifest of a campaign: everything that decides about its products, and a line for each granule.
//!
//! It is made once and never edited. Any number of processes convert their [shards](crate::shard) of it, at once or
//! again: the time stamp of everything made is the manifest's, so the bytes of a product do not depend on who made it.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::collection::Collection;
use crate::granule::Expected;
use crate::options::ContentOptions;
use cumulus_model::digest;
use cumulus_model::error::{Class, Failure, Stage};

/// Version of the manifest's layout; incremented when a field changes its meaning or is removed.
pub const LAYOUT: u32 = 1;

/// The first line: the request that all granules share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of this layout, [`LAYOUT`].
    pub manifest: u32,
    /// Name of the program.
    pub program: String,
    /// Its version; another one may make other products.
    pub version: String,
    /// OUTPUT.
    pub output: String,
    /// Time stamp of all products.
    pub produced: Timestamp,
    /// Folders of products inside OUTPUT, as `--layout` states them.
    pub layout: String,
    /// Options that affect the bytes of products.
    pub options: ContentOptions,
}

/// A line after the first: one granule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Path of the granule.
    pub input: String,
    /// Its folder inside INPUT, if it is not INPUT itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub folder: String,
    /// Path of its products inside OUTPUT, without ending.
    pub output: String,
    /// What the granule's file must be.
    #[serde(flatten)]
    pub expected: Expected,
}

impl Header {
    /// Checks that this program can convert the manifest.
    ///
    /// # Errors
    /// It was made by another program or version, whose products would differ.
    pub fn check(&self, collection: &Collection, place: &Path) -> Result<(), Failure> {
        if (self.program.as_str(), self.version.as_str()) == (collection.program, collection.version) {
            return Ok(());
        }
        Err(Failure::new(Stage::Plan, place.display().to_string(), "was made by another program")
            .class(Class::Usage)
            .found(format!("{} {}", self.program, self.version))
            .expected(format!("{} {}", collection.program, collection.version))
            .hint("run the version that made the manifest, or make a new manifest and convert everything with it"))
    }
}

/// Writes a line of a manifest.
///
/// # Errors
/// `writer` cannot be written.
pub fn write_line(writer: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *writer, value)?;
    writer.write_all(b"\n")
}

/// A manifest being read.
#[derive(Debug)]
pub struct Manifest {
    /// Its first line.
    pub header: Header,
    place: String,
    lines: BufReader<File>,
    line: usize,
}

impl Manifest {
    /// Opens the manifest at `path`, which an operator knows as `place`, and returns it with its SHA-256.
    ///
    /// # Errors
    /// The file cannot be read, or its first line is not that of a manifest.
    pub fn open(path: &Path, place: &str) -> Result<(Self, String), Failure> {
        let place = place.to_owned();
        let unreadable = |error| Failure::argument(Stage::Plan, &place, error);
        let sha256 = digest::of_file(path).map_err(unreadable)?.sha256;
        let mut lines = BufReader::with_capacity(1 << 20, File::open(path).map_err(unreadable)?);
        let mut first = String::new();
        lines.read_line(&mut first).map_err(unreadable)?;
        let header: Header = serde_json::from_str(&first).map_err(|error| refused(&place, 1, &error))?;
        if header.manifest != LAYOUT {
            return Err(refused(
                &place,
                1,
                &format!("layout {}, and this program reads {LAYOUT}", header.manifest),
            ));
        }
        Ok((Self { header, place, lines, line: 1 }, sha256))
    }

    /// Reads up to `most` lines as text into `texts`, which is emptied first, and returns how many there are.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn lines(&mut self, most: usize, texts: &mut Vec<String>) -> Result<usize, Failure> {
        texts.clear();
        while texts.len() < most {
            let mut text = String::new();
            let length = self
                .lines
                .read_line(&mut text)
                .map_err(|error| Failure::reading(Stage::Plan, &self.place, error))?;
            if length == 0 {
                break;
            }
            self.line += 1;
            texts.push(text);
        }
        Ok(texts.len())
    }

    /// Reads the granules of a shard.
    ///
    /// # Errors
    /// The file cannot be read, or a line of the shard is not that of a granule.
    pub fn shard(mut self, shard: crate::shard::Shard) -> Result<Vec<Entry>, Failure> {
        let mut entries = Vec::new();
        let mut texts = Vec::new();
        let mut first = 0;
        loop {
            let count = self.lines(MAX_LINES, &mut texts)?;
            if count == 0 {
                return Ok(entries);
            }
            for (line, text) in (first..).zip(&texts).filter(|&(line, _)| shard.has(line)) {
                entries.push(self.entry(line, text)?);
            }
            first += count;
        }
    }

    /// Parses the text of a line, counted from 0 after the first.
    ///
    /// # Errors
    /// It is not that of a granule.
    pub fn entry(&self, line: usize, text: &str) -> Result<Entry, Failure> {
        serde_json::from_str(text).map_err(|error| refused(&self.place, line + 2, &error))
    }
}

/// Number of lines that are read at once.
pub const MAX_LINES: usize = 1 << 15;

fn refused(place: &str, line: usize, found: &impl std::fmt::Display) -> Failure {
    Failure::new(Stage::Plan, format!("{place}, line {line}"), "is not that of a manifest")
        .class(Class::Usage)
        .found(found)
        .expected("a file as `manifest` prints it, unchanged")
}
