//! The list of what is in OUTPUT, granule by granule, and of what should be there and is not.
//!
//! Everything is from the metadata files, which are the marks of complete products; reports of runs add what metadata have
//! no element for, and why granules failed; a manifest says what is expected.

mod csv;
mod entry;
mod geojson;
mod stac;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use rayon::prelude::*;

use self::entry::{Entry, State};
use crate::collection::Collection;
use crate::manifest::{MAX_LINES, Manifest};
use crate::output::Output;
use crate::remote::Copy;
use crate::report::{Product, file};
use crate::status::ManifestStatus;
use cumulus_model::error::{Failure, Stage};
use cumulus_store::Stores;

/// The form of an inventory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// A JSON object a line.
    Ndjson,
    /// Comma-separated values with a header.
    Csv,
    /// A STAC item (version 1.1.0) a line, of published granules.
    Stac,
    /// A GeoJSON feature collection of published granules.
    Geojson,
}

/// What an inventory is made of.
#[derive(Clone, Debug)]
pub struct Sources<'run> {
    /// OUTPUT.
    pub output: &'run Path,
    /// What the names of metadata have more than those of data, unless a manifest says it.
    pub metadata_suffix: &'run str,
    /// A manifest of what is expected.
    pub expected: Option<&'run Path>,
    /// Reports of runs.
    pub reports: &'run [PathBuf],
}

/// What reports tell of a product beyond its metadata.
type Products = BTreeMap<String, Product>;

/// A granule that a manifest expects.
#[derive(Clone, Debug)]
struct Expected {
    input: String,
    size: u64,
    sha256: Option<String>,
}

/// Writes the inventory of OUTPUT, sorted by name.
///
/// # Errors
/// OUTPUT, the manifest or a report cannot be read, or `writer` cannot be written.
pub fn write(
    collection: &'static Collection,
    sources: &Sources<'_>,
    form: Form,
    stores: &Stores,
    writer: &mut dyn Write,
) -> Result<(), Failure> {
    let output = Output::open(sources.output, stores)?;
    let mut suffix = sources.metadata_suffix.to_owned();
    let (mut expected, mut left) = (BTreeMap::new(), BTreeMap::new());
    let mut products = Products::new();
    if let Some(path) = sources.expected {
        expected = expected_granules(path, stores, &mut suffix)?;
        // Any number of shards will do, because only reasons are wanted.
        let status = ManifestStatus::of(path, Some(1), stores)?;
        left = status.left.into_iter().map(|left| (left.input, left.reason)).collect();
    }
    for path in sources.reports {
        let report = file::read_anywhere(path, stores)?;
        let converted = report.granules.into_iter().filter_map(|granule| granule.product);
        products.extend(converted.map(|product| (product.data.clone(), product)));
    }
    let names = output.names(&suffix)?;
    // A file of several soundings has a product for each, and no one knows how many before it is read.
    let absent = expected
        .keys()
        .filter(|stem| !names.contains(*stem) && !names.contains(&format!("{stem}-1")))
        .cloned()
        .collect::<Vec<_>>();
    let mut all: Vec<&String> = names.iter().chain(&absent).collect();
    all.sort();
    let entry = |stem: &&String| {
        if !names.contains(*stem) {
            let Some(expected) = expected.get(*stem) else { return Ok(Entry::of_name(collection, stem)) };
            let reason = left.get(&expected.input).cloned().flatten();
            return Ok(Entry::absent(collection, stem, expected, reason));
        }
        let metadata = format!("{stem}.nc{suffix}");
        let Some(document) = output.read(&metadata)? else {
            // A run is replacing it just now.
            return Ok(Entry::of_name(collection, stem));
        };
        let whole = stem.rsplit_once('-').map_or(stem.as_str(), |(whole, _)| whole);
        let expected = expected.get(*stem).or_else(|| expected.get(whole));
        let product = products.get(&format!("{stem}.nc"));
        Ok(Entry::published(collection, stem, &metadata, &document, expected, product))
    };
    let unwritable = |error| Failure::writing(Stage::Report, "standard output", error);
    let mut lines = Lines::begin(form, sources.output, writer).map_err(unwritable)?;
    for stems in all.chunks(MAX_LINES) {
        let entries: Vec<Entry> = stems.par_iter().map(entry).collect::<Result<_, Failure>>()?;
        entries.iter().try_for_each(|entry| lines.add(entry)).map_err(unwritable)?;
    }
    lines.end().map_err(unwritable)
}

/// Returns the granules of a manifest by the path of their products without ending, and sets the suffix of metadata.
fn expected_granules(
    path: &Path,
    stores: &Stores,
    suffix: &mut String,
) -> Result<BTreeMap<String, Expected>, Failure> {
    let copy = Copy::of(path, stores)?;
    let (mut manifest, _) = Manifest::open(copy.path(), &path.display().to_string())?;
    suffix.clone_from(&manifest.header.options.metadata_suffix);
    let mut granules = BTreeMap::new();
    let mut texts = Vec::new();
    while manifest.lines(MAX_LINES, &mut texts)? > 0 {
        for text in &texts {
            let entry = manifest.entry(granules.len(), text)?;
            let expected =
                Expected { input: entry.input, size: entry.expected.size, sha256: entry.expected.sha256 };
            granules.insert(entry.output, expected);
        }
    }
    Ok(granules)
}

/// An inventory being written.
struct Lines<'run> {
    form: Form,
    /// OUTPUT, for addresses of files.
    output: &'run Path,
    writer: &'run mut dyn Write,
    /// Number of features so far.
    features: usize,
    /// Number of products that are no STAC items.
    without_times: usize,
}

impl<'run> Lines<'run> {
    fn begin(form: Form, output: &'run Path, writer: &'run mut dyn Write) -> io::Result<Self> {
        match form {
            Form::Ndjson | Form::Stac => {}
            Form::Csv => csv::header(writer)?,
            Form::Geojson => writer.write_all(b"{\"type\":\"FeatureCollection\",\"features\":[")?,
        }
        Ok(Self { form, output, writer, features: 0, without_times: 0 })
    }

    fn add(&mut self, entry: &Entry) -> io::Result<()> {
        let is_published = entry.state == State::Published;
        match self.form {
            Form::Ndjson => serde_json::to_writer(&mut *self.writer, entry)?,
            Form::Csv => return csv::line(self.writer, entry),
            Form::Stac | Form::Geojson if !is_published => return Ok(()),
            // An item without times is none.
            Form::Stac if entry.time_start.is_none() || entry.time_end.is_none() => {
                self.without_times += 1;
                return Ok(());
            }
            Form::Stac => serde_json::to_writer(&mut *self.writer, &stac::item(entry, self.output))?,
            Form::Geojson => {
                self.writer.write_all(if self.features == 0 { b"\n" } else { b",\n" })?;
                self.features += 1;
                return Ok(serde_json::to_writer(&mut *self.writer, &geojson::feature(entry))?);
            }
        }
        self.writer.write_all(b"\n")
    }

    fn end(self) -> io::Result<()> {
        if self.form == Form::Geojson {
            self.writer.write_all(b"\n]}\n")?;
        }
        if self.without_times > 0 {
            let number = self.without_times;
            writeln!(
                io::stderr(),
                "{number} products are left out: their metadata cannot be read or state no time"
            )?;
        }
        self.writer.flush()
    }
}
