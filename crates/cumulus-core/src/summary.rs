//! What happened in a run, told from its report: for mail, as a page, for Prometheus, or as a list of failed files.

mod html;
mod map;
mod prometheus;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::report::{FailureGroup, GranuleReport, Report, Status};

/// The form of a summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text of at most 80 columns.
    Text,
    /// One page of HTML, without anything from the network.
    Html,
    /// Metrics for Prometheus' textfile collector.
    Prometheus,
    /// The paths of failed granules, one a line.
    Failed,
}

/// Number of entries in a list of the slowest granules.
const SLOWEST: usize = 10;

/// Returns the summary of a report.
#[must_use]
pub fn summary(report: &Report, form: Form) -> String {
    match form {
        Form::Text => text::render(&Overview::of(report)),
        Form::Html => html::render(&Overview::of(report)),
        Form::Prometheus => prometheus::render(&Overview::of(report)),
        Form::Failed => failed(report),
    }
}

/// The paths of failed granules.
fn failed(report: &Report) -> String {
    let failed = report.granules.iter().filter(|granule| granule.status == Status::Failed);
    // Soundings of one file have the same path.
    let mut seen = BTreeSet::new();
    let paths = failed
        .map(|granule| format!("{}\n", granule.path.display()))
        .filter(|path| seen.insert(path.clone()));
    paths.collect::<Vec<_>>().concat()
}

/// What all summaries tell, counted once.
struct Overview<'report> {
    report: &'report Report,
    /// Counts of each product, by its name.
    products: BTreeMap<&'report str, ProductCounts>,
    /// Number of warnings by code, the most frequent first.
    warnings: Vec<(&'static str, usize)>,
    /// Converted granules that took longest.
    slowest: Vec<&'report GranuleReport>,
    /// Bytes of sources and products of converted granules.
    source_bytes: u64,
    product_bytes: u64,
}

/// Counts of one product.
#[derive(Debug, Default)]
struct ProductCounts {
    granules: usize,
    source_bytes: u64,
    product_bytes: u64,
    records: u64,
    seconds: f64,
}

impl<'report> Overview<'report> {
    fn of(report: &'report Report) -> Self {
        let mut products: BTreeMap<&str, ProductCounts> = BTreeMap::new();
        let mut codes: BTreeMap<&'static str, usize> = BTreeMap::new();
        for granule in &report.granules {
            for warning in &granule.warnings {
                *codes.entry(warning.code.word()).or_default() += 1;
            }
            let Some(product) = &granule.product else { continue };
            let counts = products.entry(&product.product).or_default();
            counts.granules += 1;
            counts.source_bytes += product.source_size;
            counts.product_bytes += product.size;
            counts.records += product.records as u64;
            counts.seconds += granule.seconds;
        }
        let mut warnings: Vec<(&str, usize)> = codes.into_iter().collect();
        warnings.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        let mut slowest: Vec<&GranuleReport> =
            report.granules.iter().filter(|granule| granule.status == Status::Converted).collect();
        slowest.sort_by(|left, right| right.seconds.total_cmp(&left.seconds));
        slowest.truncate(SLOWEST);
        let total = |bytes: fn(&ProductCounts) -> u64| products.values().map(bytes).sum();
        let (source_bytes, product_bytes) =
            (total(|counts| counts.source_bytes), total(|counts| counts.product_bytes));
        Self { report, products, warnings, slowest, source_bytes, product_bytes }
    }

    /// Outcomes with their counts, in the order in which they are told; those that did not occur are left out, except
    /// for the first two.
    fn outcomes(&self) -> Vec<(&'static str, usize)> {
        let totals = &self.report.totals;
        let all = [
            ("converted", totals.converted),
            ("failed", totals.failed),
            ("up to date", totals.up_to_date),
            ("interrupted", totals.interrupted),
            ("not begun", totals.not_begun),
        ];
        all.into_iter()
            .enumerate()
            .filter(|&(index, (_, count))| index < 2 || count > 0)
            .map(|(_, outcome)| outcome)
            .collect()
    }

    fn failures(&self) -> &'report [FailureGroup] {
        &self.report.totals.failures
    }
}

/// Returns a number of bytes with a decimal unit.
fn bytes(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a size is shown to a tenth")]
    let number = number as f64;
    match number {
        n if n < 1e6 => format!("{:.1} kB", n / 1e3),
        n if n < 1e9 => format!("{:.1} MB", n / 1e6),
        n if n < 1e12 => format!("{:.1} GB", n / 1e9),
        n => format!("{:.1} TB", n / 1e12),
    }
}

#[cfg(test)]
mod tests;
