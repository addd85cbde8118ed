//! A summary as metrics for the textfile collector of Prometheus' node exporter.
//!
//! Format: "Text-based format" of the Prometheus documentation, "Exposition formats". All metrics are gauges of the
//! last run, because a textfile is replaced by the next one; when that was, the collector itself tells by the file's time.

use std::fmt::Write as _;

use super::Overview;

pub(super) fn render(overview: &Overview<'_>) -> String {
    let (header, totals) = (&overview.report.header, &overview.report.totals);
    let program = label(&header.program);
    let mut text = String::new();
    let mut metric = |name: &str, help: &str, values: Vec<(String, f64)>| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP cumulus_{name} {help}\n# TYPE cumulus_{name} gauge");
        for (labels, value) in values {
            let separator = if labels.is_empty() { "" } else { "," };
            let _ = writeln!(text, "cumulus_{name}{{program=\"{program}\"{separator}{labels}}} {value}");
        }
    };
    let one = |value: f64| vec![(String::new(), value)];
    #[expect(clippy::cast_precision_loss, reason = "Prometheus has floating-point numbers only")]
    let number = |count: u64| count as f64;
    let count = |count: usize| number(count as u64);

    metric("run_duration_seconds", "Duration of the last run.", one(totals.seconds));
    metric("run_exit_code", "Exit code of the last run.", one(f64::from(totals.exit_code)));
    let granules = [
        ("converted", totals.converted),
        ("up_to_date", totals.up_to_date),
        ("failed", totals.failed),
        ("interrupted", totals.interrupted),
        ("not_begun", totals.not_begun),
    ];
    let granules = granules.map(|(outcome, granules)| (format!("outcome=\"{outcome}\""), count(granules)));
    metric("granules", "Granules of the last run by outcome.", granules.to_vec());
    let by_class =
        overview.failures().iter().fold(std::collections::BTreeMap::new(), |mut classes, group| {
            let class =
                serde_json::to_value(group.class).ok().and_then(|class| class.as_str().map(str::to_owned));
            *classes.entry(class.unwrap_or_default()).or_insert(0) += group.count;
            classes
        });
    let failures =
        by_class.into_iter().map(|(class, failed)| (format!("class=\"{}\"", label(&class)), count(failed)));
    metric("failures", "Failed granules of the last run by class.", failures.collect());
    let warnings =
        overview.warnings.iter().map(|(code, warnings)| (format!("code=\"{code}\""), count(*warnings)));
    metric("warnings", "Warnings of the last run by code.", warnings.collect());
    let of_products = |value: &dyn Fn(&super::ProductCounts) -> f64| {
        let products = overview.products.iter();
        products.map(|(name, counts)| (format!("product=\"{}\"", label(name)), value(counts))).collect()
    };
    metric(
        "source_bytes",
        "Bytes read of converted granules.",
        of_products(&|counts| number(counts.source_bytes)),
    );
    metric(
        "product_bytes",
        "Bytes of products written.",
        of_products(&|counts| number(counts.product_bytes)),
    );
    metric("records", "Records of products written.", of_products(&|counts| number(counts.records)));
    text
}

/// Escapes the value of a label.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
