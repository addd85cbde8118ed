//! A summary as one page of HTML: no script, no network, light and dark.

use std::fmt::Write as _;

use super::{Overview, bytes, map};
use crate::exit_code::{self, EXIT_SUCCESS};
use crate::report::{Status, told_inputs};

/// Number of intervals of the timeline.
const INTERVALS: usize = 60;

/// Size of the timeline in SVG units.
const TIMELINE: (f64, f64) = (960.0, 120.0);

const STYLE: &str = include_str!("summary.css");

pub(super) fn render(overview: &Overview<'_>) -> String {
    let (header, totals) = (&overview.report.header, &overview.report.totals);
    let title = format!("{} run of {}", escaped(&header.program), header.started);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    // Writing to a String cannot fail.
    let _ = writeln!(page, "<h1>{} {}</h1>", escaped(&header.program), escaped(&header.version));
    let _ = writeln!(
        page,
        "<p class=\"where\">{}<br>{} &rarr; {}</p>",
        header.started,
        escaped(&told_inputs(header.inputs.iter().map(String::as_str))),
        escaped(&header.output)
    );
    outcome(&mut page, overview);
    page.push_str("<div class=\"figures\">\n");
    for (word, count) in overview.outcomes() {
        let class = if word == "failed" && count > 0 { " class=\"bad\"" } else { "" };
        figure(&mut page, &format!("<span{class}>{count}</span>"), word);
    }
    figure(&mut page, &format!("{:.1} s", totals.seconds), "duration");
    figure(&mut page, &size(overview.source_bytes), "read");
    figure(&mut page, &size(overview.product_bytes), "written");
    page.push_str("</div>\n");
    failures(&mut page, overview);
    products(&mut page, overview);
    timeline(&mut page, overview);
    if let Some((svg, granules)) = map::render(overview.report) {
        let _ =
            writeln!(page, "<section id=\"map\">\n<h2>Tracks of {granules} granules</h2>\n{svg}\n</section>");
    }
    slowest(&mut page, overview);
    warnings(&mut page, overview);
    ignored(&mut page, overview);
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn figure(page: &mut String, number: &str, word: &str) {
    let _ = writeln!(page, "<div><b>{number}</b><span>{word}</span></div>");
}

fn outcome(page: &mut String, overview: &Overview<'_>) {
    let totals = &overview.report.totals;
    let (class, mut text) = if totals.exit_code == EXIT_SUCCESS {
        ("good", "Every granule is converted or up to date.".to_owned())
    } else {
        ("bad", format!("Exit code {}.", totals.exit_code))
    };
    if let Some(stop) = &totals.stop {
        let _ = write!(text, " The run ended early: {}.", escaped(&stop.to_string()));
    }
    if let Some(failure) = &totals.failure {
        let _ = write!(text, " {}", escaped(&failure.to_string()));
    }
    if let Some(advice) = exit_code::advice(totals.exit_code) {
        let _ = write!(text, " What to do: {advice}.");
    }
    let _ = writeln!(page, "<p class=\"outcome {class}\">{text}</p>");
}

/// Adds a table, unless it has no rows.
fn table(page: &mut String, id: &str, heading: &str, columns: &[&str], rows: &[Vec<String>]) {
    if rows.is_empty() {
        return;
    }
    let _ =
        write!(page, "<section id=\"{id}\">\n<h2>{heading}</h2>\n<div class=\"wide\"><table>\n<thead><tr>");
    for column in columns {
        let _ = write!(page, "<th>{column}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        let _ = writeln!(page, "<tr><td>{}</td></tr>", row.join("</td><td>"));
    }
    page.push_str("</tbody>\n</table></div>\n</section>\n");
}

fn failures(page: &mut String, overview: &Overview<'_>) {
    let rows: Vec<Vec<String>> = overview
        .failures()
        .iter()
        .map(|group| {
            vec![
                group.count.to_string(),
                group.stage.to_string(),
                escaped(&group.problem),
                format!("{}<br><small>{}</small>", escaped(&group.example), escaped(&group.message)),
            ]
        })
        .collect();
    table(page, "failures", "Failures by cause", &["granules", "stage", "problem", "example"], &rows);
}

fn products(page: &mut String, overview: &Overview<'_>) {
    let rows: Vec<Vec<String>> = overview
        .products
        .iter()
        .map(|(name, counts)| {
            #[expect(clippy::cast_precision_loss, reason = "a mean is shown to a hundredth")]
            let mean = counts.seconds / counts.granules.max(1) as f64;
            vec![
                escaped(name),
                counts.granules.to_string(),
                counts.records.to_string(),
                size(counts.source_bytes),
                size(counts.product_bytes),
                format!("{mean:.2}&nbsp;s"),
            ]
        })
        .collect();
    let columns = ["product", "granules", "records", "read", "written", "mean time"];
    table(page, "products", "Products", &columns, &rows);
}

/// Granules that ended in each interval of the run: converted ones, and failed ones on top.
fn timeline(page: &mut String, overview: &Overview<'_>) {
    let duration = overview.report.totals.seconds;
    let mut counts = [[0_u32; 2]; INTERVALS];
    for granule in &overview.report.granules {
        let is_failed = match granule.status {
            Status::Converted => 0,
            Status::Failed => 1,
            Status::UpToDate | Status::Interrupted | Status::NotBegun => continue,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of the run"
        )]
        let interval = (granule.ended / duration.max(f64::MIN_POSITIVE) * INTERVALS as f64) as usize;
        if let Some(count) = counts.get_mut(interval.min(INTERVALS - 1)) {
            count[is_failed] += 1;
        }
    }
    let most = counts.iter().map(|[converted, failed]| converted + failed).max().unwrap_or(0);
    if most == 0 {
        return;
    }
    let (width, height) = TIMELINE;
    #[expect(clippy::cast_precision_loss, reason = "positions in a picture")]
    let step = width / INTERVALS as f64;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {width:.0} {:.0}\" role=\"img\" aria-label=\"Granules over time\" class=\"timeline\">",
        height + 20.0
    );
    for (index, [converted, failed]) in counts.iter().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "positions in a picture")]
        let x = index as f64 * step;
        let tall = |count: u32| height * f64::from(count) / f64::from(most);
        let (converted_height, failed_height) = (tall(*converted), tall(*failed));
        for (class, height_of, y) in [
            ("converted", converted_height, height - converted_height),
            ("failed", failed_height, height - converted_height - failed_height),
        ] {
            if height_of > 0.0 {
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{height_of:.1}\"/>",
                    x + 1.0,
                    step - 2.0
                );
            }
        }
    }
    let _ = write!(
        svg,
        "<path class=\"grid\" d=\"M0 {height}H{width}\"/><text x=\"0\" y=\"{0}\">0 s</text><text x=\"{width}\" y=\"{0}\" \
         text-anchor=\"end\">{duration:.1} s</text></svg>",
        height + 16.0
    );
    let _ = writeln!(
        page,
        "<section id=\"timeline\">\n<h2>Granules over time</h2>\n<p class=\"legend\"><i class=\"converted\"></i>converted \
         <i class=\"failed\"></i>failed; at most {most} in {:.2} s</p>\n{svg}\n</section>",
        duration / f64::from(u32::try_from(INTERVALS).unwrap_or(1))
    );
}

fn slowest(page: &mut String, overview: &Overview<'_>) {
    let rows: Vec<Vec<String>> = overview
        .slowest
        .iter()
        .map(|granule| {
            let sizes = granule.product.as_ref().map(|product| (product.source_size, product.size));
            let (read, written) = sizes.unwrap_or_default();
            vec![
                escaped(&granule.granule),
                format!("{:.2}&nbsp;s", granule.seconds),
                size(read),
                size(written),
            ]
        })
        .collect();
    table(page, "slowest", "Slowest granules", &["granule", "time", "read", "written"], &rows);
}

fn warnings(page: &mut String, overview: &Overview<'_>) {
    let meaning = |word: &str| {
        let codes = cumulus_model::warning::Code::ALL.iter();
        codes.copied().find(|code| code.word() == word).map_or("", cumulus_model::warning::Code::meaning)
    };
    let rows: Vec<Vec<String>> = overview
        .warnings
        .iter()
        .map(|(code, count)| vec![count.to_string(), format!("<code>{code}</code>"), escaped(meaning(code))])
        .collect();
    table(page, "warnings", "Warnings by code", &["warnings", "code", "meaning"], &rows);
}

fn ignored(page: &mut String, overview: &Overview<'_>) {
    /// Maximum number of ignored files in the page; the report has all of them.
    const MAX_ROWS: usize = 50;
    let ignored = &overview.report.ignored;
    let rows: Vec<Vec<String>> = ignored
        .iter()
        .take(MAX_ROWS)
        .map(|ignored| vec![escaped(&ignored.path.display().to_string()), escaped(&ignored.reason)])
        .collect();
    let heading = format!("Ignored files ({})", ignored.len());
    table(page, "ignored", &heading, &["file", "reason"], &rows);
}

/// Returns a size that is not broken between number and unit.
fn size(number: u64) -> String {
    bytes(number).replace(' ', "&nbsp;")
}

/// Escapes text for HTML, and characters that show nothing or reorder the text around them.
pub(super) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in cumulus_model::error::one_line(text).chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}
