//! Files that are not soundings: a clear error, nothing published, and all other files converted.

use std::fs;

use crate::operator::Operator;
use crate::recipe::anomaly::Anomaly;
use crate::recipe::{Format, Recipe};

/// Converts a valid sounding and the files that `spoil` adds to INPUT; returns the only error.
fn refused(spoil: impl FnOnce(&Operator)) -> String {
    let operator = Operator::new();
    operator.sounding("good.eol", &Recipe::default());
    spoil(&operator);
    let run = operator.convert();
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    assert_eq!(operator.products(), ["good.nc", "good.nc.meta.xml"]);
    let errors: Vec<&str> = run.errors();
    assert_eq!(errors.len(), 1, "{}", run.stderr);
    assert!(errors[0].contains("; hint: "), "{}", errors[0]);
    errors[0].to_owned()
}

fn with(format: Format, anomaly: Anomaly) -> Recipe {
    Recipe { format, anomalies: vec![anomaly], ..Recipe::default() }
}

#[test]
fn files_without_a_sounding_are_named() {
    for (name, format, anomaly, told) in [
        ("bad.eol", Format::Eol, Anomaly::Empty, "is empty"),
        ("bad.eol", Format::Eol, Anomaly::HeaderOnly, "has no row of data"),
        ("bad.nc", Format::Aspen, Anomaly::HeaderOnly, "must be one-dimensional and not empty"),
        ("bad.nc", Format::Aspen, Anomaly::Truncated, "cannot be opened as HDF5"),
        ("bad.2", Format::Raw, Anomaly::NeverLaunched, "holds no sounding"),
    ] {
        let error = refused(|operator| operator.sounding(name, &with(format, anomaly)));
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn a_file_of_something_else_is_named() {
    let error =
        refused(|operator| fs::write(operator.input().join("notes.eol"), "a shopping list\n").unwrap());
    assert!(error.contains("is not a sounding") && error.contains("shopping"), "{error}");
    let error = refused(|operator| {
        let file = hdf5::File::create(operator.input().join("image.h5")).unwrap();
        file.new_dataset::<f32>().shape((2, 2)).create("pixels").unwrap();
    });
    assert!(error.contains("is not a sounding") && error.contains("none called time"), "{error}");
}

#[test]
fn a_row_cut_short_is_left_out_and_counted() {
    let operator = Operator::new();
    operator.sounding("cut.eol", &with(Format::Eol, Anomaly::Truncated));
    let run = operator.convert();
    assert!(run.succeeded().stderr.contains("1 rows are damaged and left out"), "{}", run.stderr);
    assert!(operator.ncdump(&["-h"], "cut.nc").contains(":rows_dropped_malformed = 1"));
}

#[test]
fn files_that_are_no_soundings_by_name_and_content_are_passed_over() {
    let operator = Operator::new();
    operator.sounding("good.eol", &Recipe::default());
    fs::write(operator.input().join("A20200119_165514.1"), "launch detect: yes\n").unwrap();
    fs::write(operator.input().join("README"), "text\n").unwrap();
    operator.sounding("D20120907_124116_P.3", &Recipe { format: Format::Raw, ..Recipe::default() });
    let run = operator.convert();
    assert!(run.succeeded().stderr.contains("2 converted, 0 failed, 2 files ignored"), "{}", run.stderr);
    assert_eq!(operator.products().len(), 4);
    assert!(operator.output().join("D20120907_124116_P.nc").exists());
}
