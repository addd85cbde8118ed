//! What of a manifest is published, what failed and what is missing.
//!
//! The metadata file of a granule is the mark that its product is complete, so a look at the names in OUTPUT tells. Why
//! a granule is not there, the reports of the shards tell, which each run leaves in [`REPORTS`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Serialize;

use crate::manifest::{MAX_LINES, Manifest};
use crate::report::{self, Status, file};
use crate::shard::{Shard, array_expression};
use cumulus_model::digest;
use cumulus_model::error::{Class, Failure, Stage};

/// Folder inside OUTPUT for the reports of runs of a manifest.
pub const REPORTS: &str = "_reports";

/// Number of characters of a manifest's checksum in the names of its reports.
const PREFIX: usize = 12;

/// Maximum number of failures and of missing granules in the text; `--json` has all of them.
const MAX_LISTED: usize = 20;

/// Returns the path of the report of a shard, inside OUTPUT.
#[must_use]
pub fn report_path(output: &Path, manifest_sha256: &str, shard: Shard) -> PathBuf {
    let prefix: String = manifest_sha256.chars().take(PREFIX).collect();
    output.join(REPORTS).join(format!("{prefix}-{}-of-{}.json", shard.index, shard.count))
}

/// The state of a manifest.
#[derive(Debug, Default, Serialize)]
pub struct ManifestStatus {
    /// Number of granules.
    pub granules: usize,
    /// Number of granules with a complete product.
    pub complete: usize,
    /// Number of granules that a run could not convert.
    pub failed: usize,
    /// Number of granules without product and without a failure: they were not begun, or their run was killed.
    pub missing: usize,
    /// Number of shards, if it is known.
    pub shards: Option<usize>,
    /// Shards that another run can bring further, as an array expression.
    pub array: String,
    /// Shards with granules that are permanently invalid, as an array expression.
    pub array_invalid: String,
    /// The granules that are not complete.
    pub left: Vec<Left>,
}

/// A granule without a complete product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Left {
    /// Number of its line among the granules of the manifest, from 0.
    pub line: usize,
    /// Path of the granule.
    pub input: String,
    /// What the failure means, if it failed.
    pub class: Option<Class>,
    /// Why it failed, if it did.
    pub reason: Option<String>,
}

impl ManifestStatus {
    /// Looks at the products and reports of the manifest at `path`. `shards` is the number of shards where no report
    /// states it.
    ///
    /// # Errors
    /// The manifest cannot be read, or shards of different numbers were run and `shards` does not decide.
    pub fn of(path: &Path, shards: Option<usize>) -> Result<Self, Failure> {
        let checksum = digest::of_file(path)
            .map_err(|error| Failure::argument(Stage::Plan, path.display().to_string(), error))?;
        let mut manifest = Manifest::open(path)?;
        let output = PathBuf::from(&manifest.header.output);
        let told = Reports::of(&output, &checksum.sha256)?;
        let shards = match shards {
            Some(count) => Some(count),
            None => told.shards()?,
        };
        let suffix = manifest.header.options.metadata_suffix.clone();
        let mut status = Self { shards, ..Self::default() };
        let (mut again, mut invalid) = (BTreeSet::new(), BTreeSet::new());
        let mut texts = Vec::new();
        loop {
            let count = manifest.lines(MAX_LINES, &mut texts)?;
            if count == 0 {
                break;
            }
            let first = status.granules;
            let left: Vec<Option<Left>> = texts
                .par_iter()
                .enumerate()
                .map(|(offset, text)| {
                    let line = first + offset;
                    let entry = manifest.entry(line, text)?;
                    let is_complete = is_published(&output, &entry.output, &suffix);
                    let failure = told.failures.get(&entry.input);
                    Ok((!is_complete || failure.is_some()).then(|| Left {
                        line,
                        class: failure.map(|(class, _)| *class),
                        reason: failure.map(|(_, reason)| reason.clone()),
                        input: entry.input,
                    }))
                })
                .collect::<Result<_, Failure>>()?;
            status.granules += count;
            for left in left.into_iter().flatten() {
                if let Some(count) = shards {
                    let list = if left.class == Some(Class::BadGranule) { &mut invalid } else { &mut again };
                    list.insert(left.line % count);
                }
                let number = if left.reason.is_some() { &mut status.failed } else { &mut status.missing };
                *number += 1;
                status.left.push(left);
            }
        }
        status.complete = status.granules - status.failed - status.missing;
        [status.array, status.array_invalid] =
            [again, invalid].map(|shards| array_expression(&shards.into_iter().collect::<Vec<_>>()));
        Ok(status)
    }

    /// Returns the exit code: success if everything is complete, else as a run with these failures has it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let missing = (self.missing > 0).then_some(Class::Retryable);
        crate::exit_code::exit_code(self.left.iter().filter_map(|left| left.class).chain(missing))
    }

    /// Returns the state as text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} of {} complete, {} failed, {} missing\n",
            self.complete, self.granules, self.failed, self.missing
        );
        let mut causes: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for left in &self.left {
            causes.entry(left.reason.as_deref().unwrap_or("missing")).or_default().push(&left.input);
        }
        // Writing to a String cannot fail.
        for (cause, inputs) in causes.iter().take(MAX_LISTED) {
            let _ =
                writeln!(text, "{:>8}  {cause}; for example {}", inputs.len(), inputs.first().unwrap_or(&""));
        }
        if causes.len() > MAX_LISTED {
            let _ = writeln!(
                text,
                "          and {} more causes; --json lists every granule",
                causes.len() - MAX_LISTED
            );
        }
        let Some(count) = self.shards else {
            if !self.left.is_empty() {
                text.push_str("no report tells the number of shards; --shards N names those to run\n");
            }
            return text;
        };
        for (what, array) in
            [("shards to run again", &self.array), ("shards with invalid granules", &self.array_invalid)]
        {
            if !array.is_empty() {
                let _ = writeln!(text, "{what}, of {count}: {array}");
            }
        }
        text
    }
}

/// Returns true if a product, or that of its first sounding, is complete.
fn is_published(output: &Path, stem: &str, suffix: &str) -> bool {
    ["", "-1"].iter().any(|part| output.join(format!("{stem}{part}.nc{suffix}")).exists())
}

/// What the reports of a manifest tell.
#[derive(Debug, Default)]
struct Reports {
    /// Numbers of shards that were run.
    counts: BTreeSet<usize>,
    /// The failure of each granule in the last run that had it, by its path.
    failures: BTreeMap<String, (Class, String)>,
}

impl Reports {
    fn of(output: &Path, manifest_sha256: &str) -> Result<Self, Failure> {
        let mut reports = Vec::new();
        for entry in fs::read_dir(output.join(REPORTS)).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_ours = manifest_sha256.starts_with(name.split('-').next().unwrap_or_default());
            if is_ours && !name.starts_with('.') {
                let written = entry.metadata().and_then(|file| file.modified()).ok();
                reports.push((written, file::read(&entry.path())?));
            }
        }
        // The last word counts.
        reports.sort_by_key(|(written, _)| *written);
        let mut told = Self::default();
        for (_, report) in reports {
            let of_manifest = report.header.manifest.filter(|manifest| manifest.sha256 == manifest_sha256);
            let Some(of_manifest) = of_manifest else { continue };
            told.counts.insert(of_manifest.shard.count);
            for granule in report.granules {
                told.take(granule);
            }
        }
        Ok(told)
    }

    fn take(&mut self, granule: report::GranuleReport) {
        let input = granule.path.to_string_lossy().into_owned();
        match (granule.status, granule.failure) {
            (Status::Failed, Some(failure)) => {
                let reason = format!("{}: {}", failure.stage, failure.problem);
                self.failures.insert(input, (failure.class, reason));
            }
            (Status::Converted | Status::UpToDate, _) => {
                self.failures.remove(&input);
            }
            _ => {}
        }
    }

    fn shards(&self) -> Result<Option<usize>, Failure> {
        match self.counts.iter().collect::<Vec<_>>()[..] {
            [] => Ok(None),
            [count] => Ok(Some(*count)),
            _ => Err(Failure::new(Stage::Plan, REPORTS, "has reports of different numbers of shards")
                .class(Class::Usage)
                .found(self.counts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "))
                .hint("name the number with --shards N")),
        }
    }
}
