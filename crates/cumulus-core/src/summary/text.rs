//! A summary as text of at most 80 columns, for a mail or a terminal.

use std::fmt::Write as _;

use super::{Overview, bytes};
use crate::exit_code;
use crate::report::told_inputs;
use cumulus_model::error::one_line;

/// Columns of the text; names and messages are longer if they must be.
const WIDTH: usize = 80;

/// Maximum number of causes of failure, warnings and slow granules in a list.
const MAX_LINES: usize = 10;

pub(super) fn render(overview: &Overview<'_>) -> String {
    let (header, totals) = (&overview.report.header, &overview.report.totals);
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{} {}, run of {}", header.program, header.version, header.started);
    let _ = writeln!(text, "{} -> {}", told_inputs(header.inputs.iter().map(String::as_str)), header.output);
    let outcomes: Vec<String> =
        overview.outcomes().iter().map(|(word, count)| format!("{count} {word}")).collect();
    let _ =
        writeln!(text, "{} in {:.1} s, exit code {}", outcomes.join(", "), totals.seconds, totals.exit_code);
    if let Some(stop) = &totals.stop {
        let _ = writeln!(text, "{stop}");
    }
    if let Some(failure) = &totals.failure {
        wrap(&mut text, "", &failure.to_string());
    }
    if let Some(advice) = exit_code::advice(totals.exit_code) {
        let _ = writeln!(text, "What to do: {advice}.");
    }
    if !overview.products.is_empty() {
        let _ = writeln!(
            text,
            "\n{:<16}{:>9}{:>12}{:>12}{:>12}",
            "product", "granules", "records", "read", "written"
        );
        for (name, counts) in &overview.products {
            let (read, written) = (bytes(counts.source_bytes), bytes(counts.product_bytes));
            let _ = writeln!(
                text,
                "{name:<16}{:>9}{:>12}{read:>12}{written:>12}",
                counts.granules, counts.records
            );
        }
    }
    if !overview.failures().is_empty() {
        text.push_str("\nFailures by cause\n");
        for group in overview.failures().iter().take(MAX_LINES) {
            let _ = writeln!(text, "{:>6}  {}: {}", group.count, group.stage, group.problem);
            wrap(&mut text, "        ", &format!("{}: {}", group.example, group.message));
        }
        more(&mut text, overview.failures().len());
    }
    if !overview.warnings.is_empty() {
        text.push_str("\nWarnings by code\n");
        for (code, count) in overview.warnings.iter().take(MAX_LINES) {
            let _ = writeln!(text, "{count:>6}  {code}");
        }
        more(&mut text, overview.warnings.len());
    }
    if !overview.slowest.is_empty() {
        text.push_str("\nSlowest granules\n");
        for granule in overview.slowest.iter().take(5) {
            let _ = writeln!(text, "{:>6.1} s  {}", granule.seconds, granule.granule);
        }
    }
    // Names and paths are whatever a file is called.
    text.lines().map(|line| one_line(line) + "\n").collect::<Vec<_>>().concat()
}

fn more(text: &mut String, count: usize) {
    if count > MAX_LINES {
        let _ = writeln!(text, "        and {} more", count - MAX_LINES);
    }
}

/// Adds `words` in lines of at most [`WIDTH`] columns that begin with `indent`.
fn wrap(text: &mut String, indent: &str, words: &str) {
    let mut line = indent.to_owned();
    for word in words.split(' ') {
        if line.len() > indent.len() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(text, "{line}");
            indent.clone_into(&mut line);
        }
        if line.len() > indent.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(text, "{line}");
}
