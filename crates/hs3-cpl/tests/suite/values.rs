//! Checks every value of every variable, in every variant of a granule.
//!
//! These tests read with the same library that writes the product; `scripts/conformance` repeats them with
//! independent libraries.

use std::path::Path;

use hdf5::File;
use hdf5::types::{FixedAscii, TypeDescriptor};

use crate::anomaly::Anomaly;
use crate::granule::{Floats, Integers, Layout, ProductKind, Recipe, Scalars, Storage, Strings};
use crate::operator::Operator;

/// Records whose positions [`Anomaly::Positions`] makes invalid: zero, out of range, NaN with a valid longitude,
/// sentinel, spike.
const INVALID_POSITIONS: [usize; 5] = [7, 13, 19, 25, 31];

/// Converts one granule and compares each of its datasets with the product.
fn check(recipe: &Recipe) -> (Operator, File) {
    let operator = Operator::new();
    let source = operator.granule("12203a", recipe);
    operator.convert().succeeded();
    let stem = source.file_stem().unwrap().to_str().unwrap();
    let product = File::open(operator.output().join(format!("{stem}.nc"))).unwrap();
    compare(&source, &product, recipe);
    (operator, product)
}

fn compare(source: &Path, product: &File, recipe: &Recipe) {
    let source = File::open(source).unwrap();
    let positions = ["Latitude", "Longitude"];
    for name in source.member_names().unwrap() {
        let before = source.dataset(&name).unwrap();
        // A dataset is renamed if the product has a variable of its own with that name.
        let renamed = format!("source_{name}");
        let called = if product.link_exists(&renamed) { &renamed } else { &name };
        let after = product.dataset(called).unwrap_or_else(|_| panic!("{name} is lost"));
        if ["Date", "Project"].contains(&name.as_str()) {
            assert_eq!(characters(&after), text(&name, recipe), "{name}");
            continue;
        }
        let edges = name.starts_with("Plane_") && before.shape() == [recipe.records + 1];
        let after = if edges { product.dataset(&format!("{name}_edges")).unwrap() } else { after };
        assert_eq!(after.size(), before.size(), "{name}");
        let integer = matches!(
            before.dtype().unwrap().to_descriptor().unwrap(),
            TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_)
        );
        let states_radians = before.attr("units").and_then(|units| units.read_scalar::<FixedAscii<64>>());
        let states_radians = states_radians.is_ok_and(|units| units.as_str() == "rad");
        let before: Vec<f64> = before.read_raw().unwrap();
        let after: Vec<f64> = after.read_raw().unwrap();
        if states_radians {
            for (before, after) in before.iter().zip(&after) {
                assert!((before.to_degrees() - after).abs() <= 1e-9, "{name}: {before} became {after}");
            }
            continue;
        }
        for (index, (before, after)) in before.iter().zip(&after).enumerate() {
            let kept = before.is_finite() && *before > -900.0 || (integer && name != "Layer_Type");
            let invalid_position = positions.contains(&name.as_str())
                && recipe.anomalies.contains(&Anomaly::Positions)
                && INVALID_POSITIONS.contains(&index);
            let expected = if kept && !invalid_position { *before } else { -999.0 };
            assert!(after.to_bits() == expected.to_bits(), "{name}[{index}]: {before} became {after}");
        }
    }
}

fn text(name: &str, _recipe: &Recipe) -> &'static str {
    if name == "Date" { "06Sep12" } else { "HS3 SYNTHETIC" }
}

fn characters(dataset: &hdf5::Dataset) -> String {
    dataset
        .read_raw::<FixedAscii<1>>()
        .unwrap()
        .iter()
        .map(|character| character.as_str().to_owned())
        .collect()
}

#[test]
fn both_products_in_both_layouts() {
    for product in [ProductKind::Atb, ProductKind::Op] {
        for layout in [Layout::Compact, Layout::PerRecord] {
            check(&Recipe { product, layout, ..Recipe::default() });
        }
    }
}

#[test]
fn both_precisions_contiguous_and_compressed() {
    for floats in [Floats::F4, Floats::F8] {
        for storage in [Storage::Contiguous, Storage::Gzip] {
            let anomalies = vec![Anomaly::Missing, Anomaly::Sentinels];
            check(&Recipe { floats, storage, anomalies, ..Recipe::default() });
        }
    }
}

#[test]
fn every_integer_type() {
    use Integers::{I16, I32, I64, U8, U16, U32};
    for integers in [I16, I32, I64, U8, U16, U32] {
        check(&Recipe { integers, ..Recipe::default() });
    }
    let anomalies = vec![Anomaly::Sentinels];
    for integers in [I16, I32, I64] {
        check(&Recipe { integers, anomalies: anomalies.clone(), ..Recipe::default() });
    }
}

#[test]
fn text_and_single_values_in_every_form() {
    for strings in [Strings::Fixed, Strings::OneElement, Strings::Variable, Strings::Codes] {
        check(&Recipe { strings, ..Recipe::default() });
    }
    check(&Recipe { scalars: Scalars::OneElement, ..Recipe::default() });
}

#[test]
fn any_number_of_bins_and_records() {
    for (records, bins) in [(1, 97), (2, 97), (97, 97), (40, 10), (10, 900), (3, 4), (600, 757), (40, 1)] {
        check(&Recipe { records, bins, ..Recipe::default() });
    }
}

#[test]
fn missing_values_are_counted_in_the_file() {
    let (_operator, product) =
        check(&Recipe { anomalies: vec![Anomaly::Missing, Anomaly::OldSentinels], ..Recipe::default() });
    let count = |name: &str| {
        let attribute = product.dataset(name).unwrap().attr("number_of_missing_values").unwrap();
        attribute.read_raw::<i32>().unwrap()
    };
    // Records 3, 14, 25 and 36 of 40 have one NaN and two infinities each.
    assert_eq!(count("ATB_532"), [12]);
    assert_eq!(count("Latitude"), [0]);
    // Records 4 and 23 of 40 have no altitude.
    assert_eq!(count("Plane_Alt"), [2]);
}

#[test]
fn invalid_positions_go_in_pairs() {
    let recipe = Recipe { anomalies: vec![Anomaly::Positions], ..Recipe::default() };
    let (_operator, product) = check(&recipe);
    let read = |name: &str| -> Vec<f64> { product.dataset(name).unwrap().read_raw().unwrap() };
    let invalid = |values: Vec<f64>| -> Vec<usize> {
        values.iter().enumerate().filter(|(_, value)| **value <= -900.0).map(|(record, _)| record).collect()
    };
    assert_eq!(invalid(read("Latitude")), INVALID_POSITIONS);
    assert_eq!(invalid(read("Longitude")), INVALID_POSITIONS);
}

#[test]
fn navigation_at_record_edges_is_kept_and_averaged() {
    let recipe = Recipe { anomalies: vec![Anomaly::Edges], ..Recipe::default() };
    let (_operator, product) = check(&recipe);
    let read = |name: &str| -> Vec<f64> { product.dataset(name).unwrap().read_raw().unwrap() };
    let (edges, middles) = (read("Plane_Heading_edges"), read("Plane_Heading"));
    assert_eq!((edges.len(), middles.len()), (41, 40));
    // The heading passes north between records 9 and 10, by half a degree per record.
    assert!((middles[9] - 359.75).abs() < 1e-9 && (middles[10] - 0.25).abs() < 1e-9, "{middles:?}");
    let (edges, middles) = (read("Plane_Alt_edges"), read("Plane_Alt"));
    assert!((middles[0] - f64::midpoint(edges[0], edges[1])).abs() < 1e-12);
}

#[test]
fn unknown_variables_are_copied() {
    // Names contain the current time, so that no table can have them.
    let nanoseconds = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let name = |number: u32| format!("Q{nanoseconds:x}_{number}");
    let recipe = Recipe {
        product: ProductKind::Op,
        extra: vec![
            (name(1), vec![40, 97]),
            (name(2), vec![40, 10]),
            (name(3), vec![40]),
            (name(4), vec![97]),
            (name(5), vec![40, 3]),
            (name(6), vec![17, 2]),
            (name(7), vec![40, 3, 97]),
        ],
        anomalies: vec![Anomaly::Attributes],
        ..Recipe::default()
    };
    let (operator, product) = check(&recipe);
    let expected = [
        ("record, Bin_Alt", 1),
        ("record, layer", 2),
        ("record", 3),
        ("Bin_Alt", 4),
        ("record, wavelength", 5),
        ("dim_17, dim_2", 6),
        ("record, wavelength, Bin_Alt", 7),
    ];
    let header = operator.ncdump(&["-h"], "HS3_CPL_OP_12203a_20120906.nc");
    for (dimensions, number) in expected {
        assert!(header.contains(&format!("double {}({dimensions}) ;", name(number))), "{header}");
    }
    let units = |number| -> String {
        let attribute = product.dataset(&name(number)).unwrap().attr("units").unwrap();
        attribute.read_raw::<FixedAscii<8>>().unwrap()[0].to_string()
    };
    assert_eq!((units(1).as_str(), units(2).as_str()), ("m s-1", "1"));
    assert!(header.contains(&format!("{}:comment = \"units not stated in the source\"", name(2))));
    assert!(!header.contains(&format!("{}:comment", name(1))));
    assert!(
        header.contains("Plane_Pitch:units = \"degree\"")
            && header.contains("Plane_Pitch:source_units = \"rad\"")
    );
    assert!(header.contains(":Contact = \"the CPL team\"") && header.contains(":Version = 1.25"));
}

/// Changes a granule before it is converted, and returns the product.
fn changed(recipe: &Recipe, change: impl FnOnce(&File)) -> (Operator, File) {
    let operator = Operator::new();
    let path = operator.granule("12203a", recipe);
    let file = File::open_rw(&path).unwrap();
    change(&file);
    file.close().unwrap();
    operator.convert().succeeded();
    let stem = path.file_stem().unwrap().to_str().unwrap();
    let product = File::open(operator.output().join(format!("{stem}.nc"))).unwrap();
    (operator, product)
}

#[test]
fn invalid_positions_of_integers_have_a_fill_value_too() {
    for sentinel in [-999_i16, 95] {
        let (operator, product) = changed(&Recipe::default(), |file| {
            file.unlink("Latitude").unwrap();
            let mut latitude = vec![22_i16; 40];
            latitude[2] = sentinel;
            file.new_dataset_builder()
                .with_data(&ndarray::Array1::from(latitude))
                .create("Latitude")
                .unwrap();
        });
        let latitude: Vec<i16> = product.dataset("Latitude").unwrap().read_raw().unwrap();
        assert_eq!(latitude[1..4], [22, -999, 22]);
        let header = operator.ncdump(&["-h"], "HS3_CPL_ATB_12203a_20120906.nc");
        assert!(header.contains("Latitude:_FillValue = -999s"), "{header}");
    }
}

#[test]
fn names_that_the_product_makes_are_its_own() {
    let extra = ["time", "record", "wavelength_532", "layer"].map(|name| (name.to_owned(), vec![40]));
    let (operator, _) = check(&Recipe { extra: extra.to_vec(), ..Recipe::default() });
    let header = operator.ncdump(&["-h"], "HS3_CPL_ATB_12203a_20120906.nc");
    for name in ["time", "record", "wavelength_532", "layer"] {
        let declared = format!("double source_{name}(record)");
        assert!(header.contains(&declared), "{declared} is not in {header}");
    }
    assert!(header.contains("double time(record)"), "{header}");
    assert!(header.contains("ATB_532:coordinates = \"time Latitude Longitude wavelength_532\""), "{header}");
}

#[test]
fn attributes_that_readers_act_on_are_set_aside() {
    let (operator, _) = changed(&Recipe::default(), |file| {
        let text = |text: &str| FixedAscii::<32>::from_ascii(text).unwrap();
        let attribute = |dataset: &str, name: &str, value: &str| {
            let dataset = file.dataset(dataset).unwrap();
            dataset.new_attr::<FixedAscii<32>>().create(name).unwrap().write_scalar(&text(value)).unwrap();
        };
        attribute("ATB_532", "scale_factor", "0.1");
        attribute("ATB_532", "axis", "T");
        attribute("ATB_532", "#odd", "x");
        attribute("Cali_532", "units", "days since foo");
        attribute("Pressure", "units", "mbar");
        file.new_attr::<FixedAscii<32>>()
            .create("featureType")
            .unwrap()
            .write_scalar(&text("profile"))
            .unwrap();
    });
    let header = operator.ncdump(&["-h"], "HS3_CPL_ATB_12203a_20120906.nc");
    for line in [
        "ATB_532:source_scale_factor = \"0.1\"",
        "ATB_532:source_axis = \"T\"",
        "Cali_532:units = \"1\"",
        "Cali_532:source_units = \"days since foo\"",
        "Pressure:units = \"hPa\"",
        "Pressure:source_units = \"mbar\"",
        ":source_featureType = \"profile\"",
    ] {
        assert!(header.contains(line), "{line} is not in {header}");
    }
    assert!(!header.contains("#odd") && !header.contains("Pressure:comment"), "{header}");
}
