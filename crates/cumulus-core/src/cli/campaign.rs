//! Runs in shards: `manifest`, `run` and `status`.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::arguments::{Content, Work};
use super::inputs::Places;
use super::{clock_of, content_options, environment, print};
use crate::collection::Collection;
use crate::discover::{self, Input};
use crate::granule::{Expected, Granule};
use crate::manifest::{self, Entry, Header, Manifest};
use crate::plan::{self, Plan};
use crate::remote::{self, Copy};
use crate::report::OfManifest;
use crate::report::file::ReportFile;
use crate::run::Request;
use crate::run::prepare;
use crate::shard::{self, Shard};
use crate::status::{self, ManifestStatus};
use cumulus_model::digest;
use cumulus_model::error::{Class, Failure, Stage};

/// Prints the manifest of all granules, and returns the exit code.
///
/// # Errors
/// INPUT has no granule, a granule cannot be read or is refused, or standard output cannot be written.
pub(super) fn manifest(
    collection: &'static Collection,
    places: &Places,
    recursive: bool,
    content: &Content,
    no_checksums: bool,
) -> Result<(), Failure> {
    content.layout.check(collection)?;
    prepare::check_output(&places.output)?;
    let discovered = discover::discover(collection, &places.inputs, recursive, &environment::stores(None))?;
    let Plan { granules, refused, .. } = plan::plan(collection, discovered.candidates, &content.layout);
    // A manifest is the list of what must be there at the end, so it is whole or not made.
    let refused: Vec<Failure> =
        refused.into_iter().chain(discovered.unreadable).map(|refused| refused.failure).collect();
    if let Some(first) = refused.first() {
        for failure in &refused {
            let _ = writeln!(io::stderr(), "{failure}");
        }
        return Err(Failure::new(Stage::Plan, "manifest", "is not made, because granules are refused")
            .class(first.class)
            .found(format!("{} of them, named above", refused.len()))
            .hint("mend or remove them, or list the others with --files-from"));
    }
    let unwritable = |error| Failure::writing(Stage::Plan, "standard output", error);
    let mut writer = BufWriter::new(io::stdout().lock());
    let header = Header {
        manifest: manifest::LAYOUT,
        program: collection.program.to_owned(),
        version: collection.version.to_owned(),
        output: absolute(&places.output),
        produced: clock_of(content),
        layout: content.layout.to_string(),
        options: content_options(content),
    };
    manifest::write_line(&mut writer, &header).map_err(unwritable)?;
    // In parts, so that checksums are computed on all cores and lines come as they are known.
    for granules in granules.chunks(manifest::MAX_LINES) {
        let entries: Vec<Entry> = granules
            .par_iter()
            .map(|granule| entry(granule, no_checksums))
            .collect::<Result<_, Failure>>()?;
        for entry in entries {
            manifest::write_line(&mut writer, &entry).map_err(unwritable)?;
        }
    }
    writer.flush().map_err(unwritable)
}

/// Returns a path that means the same in every folder in which a scheduler may start a process.
fn absolute(path: &Path) -> String {
    if remote::is_address(path) {
        return path.to_string_lossy().into_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

fn entry(granule: &Granule, no_checksums: bool) -> Result<Entry, Failure> {
    let entry = |expected: Expected| Entry {
        input: absolute(&granule.path),
        folder: granule.folder.clone(),
        output: granule.output_stem(),
        expected,
    };
    // A store tells by a tag which object it is, so that it need not be read.
    if let Some(listed) = &granule.expected {
        return Ok(entry((**listed).clone()));
    }
    let unreadable = |error| Failure::reading(Stage::Plan, granule.path.display().to_string(), error);
    let found = if no_checksums { digest::size_alone(&granule.path) } else { digest::of_file(&granule.path) };
    let found = found.map_err(unreadable)?;
    let sha256 = (!no_checksums).then_some(found.sha256);
    Ok(entry(Expected { size: found.size, sha256, etag: None, is_listed: false }))
}

/// Returns the request to convert a shard of the manifest at `path`.
///
/// # Errors
/// The manifest cannot be read or was made by another program or version, or the shard is not certain.
pub(super) fn request(
    collection: &'static Collection,
    path: &Path,
    shard: Option<Shard>,
    work: &Work,
) -> Result<Request, Failure> {
    let (shard, rule) = shard::resolve(shard, environment::variable)?;
    let request = super::request_of(work);
    let copy = Copy::of(path, &request.stores)?;
    let (manifest, sha256) = Manifest::open(copy.path(), &path.display().to_string())?;
    manifest.header.check(collection, path)?;
    let Header { output, produced, layout, options, .. } = manifest.header.clone();
    let inputs: Vec<Input> = manifest
        .shard(shard)?
        .into_iter()
        .map(|Entry { input, folder, expected, .. }| Input {
            text: input,
            folder,
            expected: Some(Box::new(expected)),
        })
        .collect();
    let layout = layout.parse().map_err(|error: String| {
        Failure::new(Stage::Plan, path.display().to_string(), "has an invalid layout")
            .class(Class::Usage)
            .found(error)
    })?;
    let report = match &work.report {
        Some(report) => report.clone(),
        None => own_report(Path::new(&output), &sha256, shard)?,
    };
    Ok(Request {
        inputs,
        output: output.into(),
        recursive: false,
        layout,
        content: options,
        now: produced,
        report: Some(report),
        manifest: Some(OfManifest {
            path: path.display().to_string(),
            sha256,
            shard,
            rule: rule.to_string(),
        }),
        ..request
    })
}

/// Returns the path of the report of a shard, in a folder that exists.
fn own_report(output: &Path, sha256: &str, shard: Shard) -> Result<PathBuf, Failure> {
    let path = status::report_path(output, sha256, shard);
    if remote::is_address(output) {
        return Ok(path);
    }
    let folder = path.parent().unwrap_or(output);
    fs::create_dir_all(folder)
        .map_err(|error| Failure::writing(Stage::Report, folder.display().to_string(), error))?;
    ReportFile::sweep(folder);
    Ok(path)
}

/// Prints what of a manifest is complete, and returns the exit code.
///
/// # Errors
/// The manifest or a report cannot be read.
pub(super) fn status(path: &Path, shards: Option<u32>, json: bool) -> Result<u8, Failure> {
    let status = ManifestStatus::of(path, shards.map(|shards| shards as usize), &environment::stores(None))?;
    if json {
        // A million granules may be left, so the text is never whole in memory. Standard output may be closed.
        let mut writer = BufWriter::new(io::stdout().lock());
        let _ = serde_json::to_writer_pretty(&mut writer, &status).map_err(io::Error::from).and_then(|()| {
            writer.write_all(b"\n")?;
            writer.flush()
        });
    } else {
        print(status.text().as_bytes());
    }
    Ok(status.exit_code())
}
