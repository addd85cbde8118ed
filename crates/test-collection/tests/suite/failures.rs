//! Invalid input: the exit code, one clear line, nothing under a final name, and all other granules converted.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use hdf5::File;

use crate::granule::{ProductKind, Recipe};
use crate::operator::{Operator, Run, skip};

/// Converts a valid granule and one that `spoil` damages; checks the invariants and returns the run.
fn spoiled(recipe: &Recipe, spoil: impl FnOnce(&Path)) -> (Operator, Run) {
    let operator = Operator::new();
    operator.granule("12204a", &Recipe::default());
    let bad = operator.granule("12203a", recipe);
    spoil(&bad);
    let run = operator.convert();
    assert_eq!(
        operator.products(),
        ["TEST_PROFILES_12204a_20120906.nc", "TEST_PROFILES_12204a_20120906.nc.meta.xml"],
        "{}",
        run.stderr
    );
    (operator, run)
}

/// Asserts exit code 65 and a single error line that contains all of `parts`.
fn refused(run: &Run, parts: &[&str]) {
    refused_with(65, run, parts);
}

fn refused_with(code: i32, run: &Run, parts: &[&str]) {
    assert_eq!(run.code, Some(code), "{}", run.stderr);
    let errors = run.errors();
    assert_eq!(errors.len(), 1, "{}", run.stderr);
    for part in parts {
        assert!(errors[0].contains(part), "{part:?} is not in: {}", errors[0]);
    }
}

fn without(dataset: &'static str) -> impl FnOnce(&Path) {
    move |path| File::open_rw(path).unwrap().unlink(dataset).unwrap()
}

fn reshaped(dataset: &'static str, shape: &'static [usize]) -> impl FnOnce(&Path) {
    move |path| {
        let file = File::open_rw(path).unwrap();
        file.unlink(dataset).unwrap();
        file.new_dataset::<f64>().shape(shape).create(dataset).unwrap();
    }
}

#[test]
fn missing_datasets_are_named() {
    for dataset in ["latitude", "day_of_year", "signal"] {
        let (_, run) = spoiled(&Recipe::default(), without(dataset));
        let expected = format!("expected {dataset}(record");
        refused(&run, &["TEST_PROFILES_12203a", dataset, "is missing", "found 14", &expected, "hint"]);
    }
    let op = Recipe { product: ProductKind::Track, ..Recipe::default() };
    let (_, run) = spoiled(&op, without("latitude"));
    refused(&run, &["TEST_TRACK_12203a", "latitude: is missing"]);
}

#[test]
fn wrong_shapes_are_named() {
    let (_, run) = spoiled(&Recipe::default(), reshaped("signal", &[40 * 97]));
    refused(&run, &["signal", "found [3880]", "expected (record = 40, altitude = 97)", "hint"]);
    let (_, run) = spoiled(&Recipe::default(), reshaped("latitude", &[39]));
    refused(&run, &["latitude", "found [39]", "expected (record = 40)"]);
    let (_, run) = spoiled(&Recipe::default(), reshaped("aircraft_altitude", &[39]));
    refused(&run, &["aircraft_altitude", "found [39]"]);
}

#[test]
fn zero_records_are_named() {
    let (_, run) = spoiled(&Recipe::default(), reshaped("hour", &[0]));
    refused(&run, &["hour", "has no values", "zero records"]);
}

#[test]
fn a_broken_vertical_coordinate_is_named() {
    let (_, run) = spoiled(&Recipe::default(), reshaped("altitude", &[97]));
    refused(&run, &["altitude", "cannot be a coordinate", "not monotonic at index 0"]);
}

#[test]
fn an_integer_that_no_netcdf_type_holds_is_named() {
    let (_, run) = spoiled(&Recipe::default(), |path| {
        let file = File::open_rw(path).unwrap();
        file.unlink("layers").unwrap();
        let counts = ndarray::Array1::from_elem(40, i64::MAX);
        file.new_dataset_builder().with_data(&counts).create("layers").unwrap();
    });
    refused(&run, &["layers", "9223372036854775807", "2^53"]);
}

#[test]
fn files_that_are_no_hdf5_are_named() {
    let (_, run) = spoiled(&Recipe::default(), |path| fs::write(path, "not a granule").unwrap());
    refused(&run, &["12203a", "is not an HDF5 file", "hint"]);
    let (_, run) = spoiled(&Recipe::default(), |path| fs::write(path, "").unwrap());
    refused(&run, &["12203a", "is not an HDF5 file"]);
    let (_, run) = spoiled(&Recipe::default(), |path| {
        let whole = fs::read(path).unwrap();
        fs::write(path, &whole[..whole.len() / 2]).unwrap();
    });
    refused(&run, &["12203a", "cannot be opened as HDF5", "truncated", "fetch it again"]);
}

#[test]
fn links_out_of_the_file_are_refused() {
    let (_, run) = spoiled(&Recipe::default(), |path| {
        File::open_rw(path).unwrap().link_external("other.h5", "/x", "Elsewhere").unwrap();
    });
    refused(&run, &["Elsewhere", "a link into another file"]);
}

#[test]
fn unsupported_filters_and_cycles_are_refused() {
    let (_, run) = spoiled(&Recipe::default(), |path| {
        let file = File::open_rw(path).unwrap();
        let group = file.create_group("loop").unwrap();
        group.link_hard("/loop", "again").unwrap();
    });
    refused(&run, &["loop/again", "a group that contains itself"]);
}

/// Runs the command as a user with restricted permissions: the current one, or user 65534 if that is root. Returns
/// `None` and skips the test if that is not possible.
fn as_somebody(operator: &Operator, arguments: &[&str], is_root: bool) -> Option<Run> {
    let mut command = operator.command();
    command.args(arguments);
    if is_root {
        fs::create_dir(operator.output()).unwrap();
        for folder in [operator.folder(), &operator.output()] {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
        }
        std::os::unix::process::CommandExt::uid(&mut command, 65534);
    }
    let output = command.output();
    if let Err(error) = &output {
        skip(&format!("this user cannot run the command as another one: {error}"));
    }
    output.ok().map(Run::from)
}

#[test]
fn an_unreadable_granule_is_named() {
    let operator = Operator::new();
    operator.granule("12204a", &Recipe::default());
    let bad = operator.granule("12203a", &Recipe::default());
    fs::set_permissions(&bad, fs::Permissions::from_mode(0o000)).unwrap();
    let Some(run) = as_somebody(&operator, &["input", "output"], fs::read(&bad).is_ok()) else { return };
    refused_with(75, &run, &["12203a", "cannot be read", "permission"]);
    assert_eq!(operator.products().len(), 2);
}

#[test]
fn a_name_and_content_of_no_product_are_refused() {
    let operator = Operator::new();
    operator.granule("12204a", &Recipe::default());
    let file = File::create(operator.input().join("stranger.h5")).unwrap();
    file.new_dataset::<f64>().shape([3]).create("x").unwrap();
    file.close().unwrap();
    let run = operator.convert();
    refused(&run, &["stranger", "is no granule of this collection", "TEST_PROFILES_"]);
    assert_eq!(operator.products().len(), 2);
}

#[test]
fn a_strange_name_with_known_content_is_converted_with_a_warning() {
    let operator = Operator::new();
    let path = operator.granule("12204a", &Recipe::default());
    fs::rename(path, operator.input().join("flight seven.h5")).unwrap();
    let run = operator.convert();
    run.succeeded();
    assert_eq!(run.lines_with("by its content it is PROFILES").len(), 1, "{}", run.stderr);
    assert_eq!(operator.products(), ["flight seven.nc", "flight seven.nc.meta.xml"]);
}

#[test]
fn two_granules_of_one_stem_are_both_refused() {
    let operator = Operator::new();
    operator.granule("12204a", &Recipe::default());
    let first = operator.granule("12203a", &Recipe::default());
    fs::copy(&first, first.with_extension("h5")).unwrap();
    let run = operator.convert();
    assert_eq!(run.code, Some(65));
    let errors = run.errors();
    assert_eq!(errors.len(), 2, "{}", run.stderr);
    assert!(
        errors.iter().all(|line| line.contains(".h5 and ") && line.contains("shares its stem")),
        "{errors:?}"
    );
    assert_eq!(operator.products().len(), 2);
}

#[test]
fn an_output_that_is_an_input_is_refused_before_anything_is_done() {
    let operator = Operator::new();
    let path = operator.granule("12204a", &Recipe::default());
    fs::create_dir(operator.output()).unwrap();
    symlink(&path, operator.output().join("TEST_PROFILES_12204a_20120906.nc")).unwrap();
    let before = fs::read(&path).unwrap();
    let run = operator.convert();
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("is both an input and an output"), "{}", run.stderr);
    assert_eq!(fs::read(&path).unwrap(), before);
    let input = path.to_str().unwrap();
    assert_eq!(operator.run(&[input, input]).code, Some(2));
}

#[test]
fn an_output_that_cannot_be_written_is_73() {
    let operator = Operator::new();
    operator.granule("12204a", &Recipe::default());
    fs::write(operator.output(), "a file in the way").unwrap();
    let run = operator.convert();
    assert_eq!(run.code, Some(73), "{}", run.stderr);
    assert!(run.stderr.contains("output: cannot be written"), "{}", run.stderr);
}

#[test]
fn no_granule_is_66_and_says_how_to_mount_one() {
    let operator = Operator::new();
    fs::write(operator.input().join("notes.met"), "").unwrap();
    for input in ["input", "nowhere", "input/*.hdf5"] {
        let run = operator.run(&[input, "output"]);
        assert_eq!(run.code, Some(66), "{}", run.stderr);
        let mounts = r#"-v "$PWD/granules:/work/input:ro" -v "$PWD/products:/work/output" test-collection"#;
        assert!(run.stderr.contains(mounts), "{}", run.stderr);
    }
    assert!(!operator.output().exists());
}

#[test]
fn a_failed_run_leaves_the_old_product_as_it_was() {
    let operator = Operator::new();
    let path = operator.granule("12203a", &Recipe::default());
    operator.convert().succeeded();
    let product = operator.output().join("TEST_PROFILES_12203a_20120906.nc");
    let before = fs::read(&product).unwrap();
    fs::write(path, "damaged in transfer").unwrap();
    assert_eq!(operator.convert().code, Some(65));
    assert_eq!(fs::read(&product).unwrap(), before);
    assert_eq!(operator.products().len(), 2);
}

#[test]
fn text_in_the_place_of_numbers_is_named() {
    let recipe = Recipe::default();
    for dataset in ["signal", "altitude", "aircraft_altitude"] {
        let (_, run) = spoiled(&recipe, |path| {
            let file = File::open_rw(path).unwrap();
            file.unlink(dataset).unwrap();
            let text = hdf5::types::FixedAscii::<8>::from_ascii("garbage").unwrap();
            file.new_dataset::<hdf5::types::FixedAscii<8>>()
                .create(dataset)
                .unwrap()
                .write_scalar(&text)
                .unwrap();
        });
        refused(&run, &[dataset, "holds text", "expected ("]);
    }
}

/// An unconfirmed row does not guarantee that its dataset has numbers.
#[test]
fn text_in_the_place_of_unconfirmed_numbers_is_carried_with_a_warning() {
    let operator = Operator::new();
    let path = operator.granule("12203a", &Recipe::default());
    let file = File::open_rw(path).unwrap();
    file.unlink("layers").unwrap();
    let text = hdf5::types::FixedAscii::<8>::from_ascii("garbage").unwrap();
    file.new_dataset::<hdf5::types::FixedAscii<8>>().create("layers").unwrap().write_scalar(&text).unwrap();
    file.close().unwrap();
    let run = operator.convert();
    let warnings = run.succeeded().lines_with("layers: holds text where numbers were expected");
    assert_eq!(warnings.len(), 1, "{}", run.stderr);
    let header = operator.ncdump(&["-v", "layers"], "TEST_PROFILES_12203a_20120906.nc");
    assert!(header.contains("layers = \"garbage\""), "{header}");
    assert!(!header.contains("layers:units"), "{header}");
}

#[test]
fn what_a_granule_states_about_itself_may_be_wrong() {
    let operator = Operator::new();
    let path = operator.granule("12203a", &Recipe::default());
    let file = File::open_rw(&path).unwrap();
    for name in ["first_day", "number_of_records", "date"] {
        file.unlink(name).unwrap();
        file.new_dataset::<f64>().shape([2]).create(name).unwrap();
    }
    file.close().unwrap();
    let run = operator.convert();
    run.succeeded();
    for name in ["first_day", "number_of_records", "date"] {
        assert!(run.lines_with(" WARN ").iter().any(|line| line.contains(name)), "{name}: {}", run.stderr);
    }
}

#[test]
fn an_unlistable_folder_is_named() {
    let operator = Operator::new();
    operator.granule("12204a", &Recipe::default());
    let inner = operator.input().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o000)).unwrap();
    let is_root = fs::read_dir(&inner).is_ok();
    let Some(run) = as_somebody(&operator, &["input", "output", "--recursive"], is_root) else { return };
    refused_with(75, &run, &["inner", "cannot be read", "permission"]);
    assert_eq!(operator.products().len(), 2);
}

#[test]
fn outputs_that_netcdf_would_misread_are_refused() {
    let operator = Operator::new();
    operator.granule("12204a", &Recipe::default());
    for output in ["back\\slash", "file://host/x"] {
        let run = operator.run(&["input", output]);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
    }
    // The name of a granule may contain one.
    fs::rename(
        operator.input().join("TEST_PROFILES_12204a_20120906.hdf5"),
        operator.input().join("back\\slash.hdf5"),
    )
    .unwrap();
    operator.convert().succeeded();
    assert_eq!(operator.products(), ["back\\slash.nc", "back\\slash.nc.meta.xml"]);
}
