//! One report, told in every form.

use serde_json::json;

use super::{Form, summary};
use crate::report::Report;

/// A report as a run writes it, with names that are hostile to HTML and to terminals.
fn report() -> Report {
    let product = |number: u32| {
        json!({
            "product": "ATB", "data": format!("g{number}.nc"), "metadata": format!("g{number}.nc.meta.xml"),
            "size": 2_000_000, "sha256": "", "source_size": 4_000_000, "source_sha256": "", "records": 100,
            "begin": "2012-09-06T00:00:00Z", "end": "2012-09-06T01:00:00Z", "repeated_seconds": 0,
            "backward_steps": 0, "longest_gap_s": 1.0, "extent": null, "track": [[20.0, -60.0], [25.5, -70.0]],
            "invalid_positions": {"missing": 0, "out_of_range": 0, "zero": 0, "spike": 0},
            "day_night": "day", "variables": []
        })
    };
    let warning = json!({"code": "positions_invalid", "place": "", "message": "3 positions"});
    let failure = json!({
        "stage": "read", "class": "bad_granule", "place": "in/<b>.h5", "problem": "is not HDF5", "found": null,
        "expected": null, "hint": "fetch it again"
    });
    let granule = |number: u32| {
        json!({
            "granule": format!("g{number}"), "path": format!("in/g{number}.h5"), "status": "converted",
            "ended": f64::from(number), "seconds": 0.5 * f64::from(number), "warnings": [warning], "product": product(number),
            "failure": null
        })
    };
    let failed = json!({
        "granule": "<b>", "path": "in/<b>.h5", "status": "failed", "ended": 2.0, "seconds": 0.1, "warnings": [],
        "product": null, "failure": failure
    });
    serde_json::from_value(json!({
        "layout": 2, "program": "hs3-cpl", "version": "0.2.0", "inputs": ["in"], "output": "out",
        "directory": "/work", "layout_of_products": "{folder}",
        "options": {"level": 4, "short_name": null, "url_base": null, "metadata_suffix": ".meta.xml"},
        "started": "2026-11-30T03:00:00Z", "granules": [granule(1), granule(3), failed],
        "ignored": [{"path": "in/readme.txt", "reason": "not a granule by its ending"}],
        "seconds": 4.0, "exit_code": 75, "converted": 2, "up_to_date": 0, "failed": 1, "interrupted": 0,
        "not_begun": 285,
        "failures": [{
            "stage": "read", "class": "bad_granule", "problem": "is not HDF5", "count": 1, "example": "<b>.h5",
            "message": "read: in/<b>.h5: is not HDF5; hint: fetch it again"
        }],
        "stop": {"reason": "signal"}, "failure": null
    }))
    .unwrap()
}

#[test]
fn text_fits_a_mail() {
    let text = summary(&report(), Form::Text);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for told in [
        "2 converted, 1 failed, 285 not begun in 4.0 s, exit code 75",
        "stopped by a signal",
        "What to do: run again",
        "ATB                     2         200      8.0 MB      4.0 MB",
        "     1  read: is not HDF5",
        "     2  positions_invalid",
        "   1.5 s  g3",
    ] {
        assert!(text.contains(told), "{told} is not in:\n{text}");
    }
}

#[test]
fn a_page_needs_nothing_else_and_escapes_names() {
    let page = summary(&report(), Form::Html);
    for outside in ["http://", "https://", "<script", "<link", "url(", "@import", "<b>.h5"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for told in
        ["&lt;b&gt;.h5", "<polyline", "id=\"timeline\"", "id=\"slowest\"", "positions_invalid", "readme.txt"]
    {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn metrics_are_lines_of_name_labels_and_number() {
    let text = summary(&report(), Form::Prometheus);
    assert!(text.contains("cumulus_granules{program=\"hs3-cpl\",outcome=\"not_begun\"} 285\n"), "{text}");
    assert!(text.contains("cumulus_failures{program=\"hs3-cpl\",class=\"bad_granule\"} 1\n"), "{text}");
    assert!(text.contains("cumulus_run_exit_code{program=\"hs3-cpl\"} 75\n"), "{text}");
    for line in text.lines().filter(|line| !line.starts_with("# ")) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            name.starts_with("cumulus_") && name.ends_with('}') && value.parse::<f64>().is_ok(),
            "{line}"
        );
    }
}

#[test]
fn failed_files_are_a_list_for_another_run() {
    assert_eq!(summary(&report(), Form::Failed), "in/<b>.h5\n");
}
