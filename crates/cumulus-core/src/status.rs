//! What of a manifest is published, what failed and what is missing.
//!
//! The metadata file of a granule is the mark that its product is complete, so a look at the names in OUTPUT tells. Why
//! a granule is not there, the reports of the shards tell, which each run leaves in [`REPORTS`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::exit_code::{EXIT_BAD_GRANULE, EXIT_RETRYABLE, EXIT_SUCCESS};
use crate::manifest::{MAX_LINES, Manifest};
use crate::output::{Output, REPORTS};
use crate::remote::Copy;
use crate::report::{LAYOUT, OfManifest, Status};
use crate::shard::{Shard, array_expression};
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_store::Stores;

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
    pub fn of(path: &Path, shards: Option<usize>, stores: &Stores) -> Result<Self, Failure> {
        let copy = Copy::of(path, stores)?;
        let (mut manifest, sha256) = Manifest::open(copy.path(), &path.display().to_string())?;
        let output = Output::open(Path::new(&manifest.header.output), stores)?;
        let reports = Reports::of(&output, &sha256)?;
        let shards = match shards {
            Some(count) => Some(count),
            None => reports.shards()?,
        };
        let suffix = manifest.header.options.metadata_suffix.clone();
        let published = output.published(&suffix)?;
        let mut status = Self { shards, ..Self::default() };
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
                    let is_complete = published.has(&entry.output);
                    Ok((!is_complete).then_some(Left { line, input: entry.input, class: None, reason: None }))
                })
                .collect::<Result<_, Failure>>()?;
            status.granules += count;
            status.left.extend(left.into_iter().flatten());
        }
        status.explain(&reports.failures(&output, &status.left)?);
        Ok(status)
    }

    /// Adds why granules are left, and counts them.
    fn explain(&mut self, failures: &BTreeMap<String, (Class, String)>) {
        let (mut again, mut invalid) = (BTreeSet::new(), BTreeSet::new());
        for left in &mut self.left {
            if let Some((class, reason)) = failures.get(&left.input) {
                (left.class, left.reason) = (Some(*class), Some(reason.clone()));
            }
            if let Some(count) = self.shards {
                let list = if left.class == Some(Class::BadGranule) { &mut invalid } else { &mut again };
                list.insert(left.line % count);
            }
            let number = if left.reason.is_some() { &mut self.failed } else { &mut self.missing };
            *number += 1;
        }
        self.complete = self.granules - self.failed - self.missing;
        [self.array, self.array_invalid] =
            [again, invalid].map(|shards| array_expression(&shards.into_iter().collect::<Vec<_>>()));
    }

    /// Returns the exit code: success if everything is complete, the one of invalid granules if only these are left, else
    /// that of a run that another one can complete.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.left.iter().find(|left| left.class != Some(Class::BadGranule)) {
            Some(_) => EXIT_RETRYABLE,
            None if self.left.is_empty() => EXIT_SUCCESS,
            None => EXIT_BAD_GRANULE,
        }
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

/// The reports of a manifest, by their names; one is read only if a granule of its shard is left.
#[derive(Debug, Default)]
struct Reports {
    names: Vec<(Option<SystemTime>, String, Shard)>,
    manifest_sha256: String,
}

impl Reports {
    fn of(output: &Output, manifest_sha256: &str) -> Result<Self, Failure> {
        let mut names: Vec<_> = output
            .reports()?
            .into_iter()
            .filter_map(|(written, name)| {
                let shard = shard_of(&name, manifest_sha256)?;
                Some((written, name, shard))
            })
            .collect();
        // The last word counts.
        names.sort_by_key(|(written, ..)| *written);
        Ok(Self { names, manifest_sha256: manifest_sha256.to_owned() })
    }

    /// Returns the failure of each granule in the last run that had it, by its path, for the shards of what is left.
    fn failures(&self, output: &Output, left: &[Left]) -> Result<BTreeMap<String, (Class, String)>, Failure> {
        let counts: BTreeSet<usize> = self.names.iter().map(|(.., shard)| shard.count).collect();
        let concerned: BTreeSet<(usize, usize)> = counts
            .iter()
            .flat_map(|&count| left.iter().map(move |left| (left.line % count, count)))
            .collect();
        let mut failures = BTreeMap::new();
        for (_, name, shard) in &self.names {
            if !concerned.contains(&(shard.index, shard.count)) {
                continue;
            }
            let report = ShortReport::read(output.report(name)?.path(), name)?;
            if report.manifest.is_none_or(|manifest| manifest.sha256 != self.manifest_sha256) {
                continue;
            }
            for ShortGranule { path, status, failure } in report.granules {
                match (status, failure) {
                    (Status::Failed, Some(ShortFailure { stage, class, problem })) => {
                        failures.insert(path, (class, format!("{stage}: {problem}")));
                    }
                    (Status::Converted | Status::UpToDate, _) => {
                        failures.remove(&path);
                    }
                    _ => {}
                }
            }
        }
        Ok(failures)
    }

    fn shards(&self) -> Result<Option<usize>, Failure> {
        let counts: BTreeSet<usize> = self.names.iter().map(|(.., shard)| shard.count).collect();
        match counts.iter().collect::<Vec<_>>()[..] {
            [] => Ok(None),
            [count] => Ok(Some(*count)),
            _ => Err(Failure::new(Stage::Plan, REPORTS, "has reports of different numbers of shards")
                .class(Class::Usage)
                .found(counts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and "))
                .hint("name the number with --shards N")),
        }
    }
}

/// Returns the shard that a report of the manifest with this checksum is about, by the name that [`report_path`] gives it.
fn shard_of(name: &str, manifest_sha256: &str) -> Option<Shard> {
    let (prefix, numbers) = name.strip_suffix(".json")?.split_once('-')?;
    let (index, count) = numbers.split_once("-of-")?;
    let shard = Shard { index: index.parse().ok()?, count: count.parse().ok()? };
    (prefix.len() == PREFIX && manifest_sha256.starts_with(prefix) && shard.index < shard.count)
        .then_some(shard)
}

/// What is needed of a report. The reports of a million granules have gigabytes, of which this is little.
#[derive(Deserialize)]
struct ShortReport {
    layout: u32,
    manifest: Option<OfManifest>,
    granules: Vec<ShortGranule>,
}

#[derive(Deserialize)]
struct ShortGranule {
    path: String,
    status: Status,
    failure: Option<ShortFailure>,
}

#[derive(Deserialize)]
struct ShortFailure {
    stage: Stage,
    class: Class,
    problem: String,
}

impl ShortReport {
    fn read(path: &Path, name: &str) -> Result<Self, Failure> {
        let place = format!("{REPORTS}/{name}");
        let text = fs::read(path).map_err(|error| Failure::argument(Stage::Report, &place, error))?;
        let refused = |found: String| {
            Failure::new(Stage::Report, &place, "is not a run report that can be read")
                .class(Class::Usage)
                .found(found)
                .hint("remove it; the next run of its shard leaves another")
        };
        let report: Self = serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))?;
        if report.layout != LAYOUT {
            return Err(refused(format!("layout {}", report.layout)));
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_known_by_its_name() {
        let sha256 = "0123456789abcdef";
        let path = report_path(Path::new("out"), sha256, Shard { index: 3, count: 12 });
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(shard_of(name, sha256), Some(Shard { index: 3, count: 12 }));
        for name in
            ["0123456789ab-3-of-3.json", "-0-of-1.json", "0123456789ac-0-of-1.json", ".report-x", "a.json"]
        {
            assert_eq!(shard_of(name, sha256), None, "{name}");
        }
    }
}
