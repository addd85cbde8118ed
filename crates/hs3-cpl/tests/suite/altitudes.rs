//! Altitudes without a unit: km or m is decided once per granule, from all altitudes.

use hdf5::File;
use hdf5::types::FixedAscii;

use crate::granule::Recipe;
use crate::operator::{Operator, Run};

/// Result of a granule whose datasets are changed by `change(name, value)`, and which states some units.
struct Case {
    operator: Operator,
    run: Run,
    product: Option<File>,
    source: File,
}

const ALTITUDES: [&str; 6] =
    ["Bin_Alt", "Plane_Alt", "Frame_Top", "Gnd_Hgt", "Layer_Top_Alt", "Layer_Bot_Alt"];

impl Case {
    fn of(stated: &[(&str, &str)], change: impl Fn(&str, f64) -> f64) -> Self {
        let operator = Operator::new();
        let path = operator.granule("12203a", &Recipe::default());
        let file = File::open_rw(&path).unwrap();
        for name in ALTITUDES {
            let dataset = file.dataset(name).unwrap();
            let values: Vec<f64> = dataset.read_raw().unwrap();
            let changed: Vec<f64> = values
                .iter()
                .map(|&value| if value > -900.0 { change(name, value) } else { value })
                .collect();
            dataset.write_raw(&changed).unwrap();
        }
        for (name, unit) in stated {
            let unit = FixedAscii::<16>::from_ascii(unit).unwrap();
            let dataset = file.dataset(name).unwrap();
            dataset.new_attr::<FixedAscii<16>>().create("units").unwrap().write_scalar(&unit).unwrap();
        }
        file.close().unwrap();
        let run = operator.convert();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let product = File::open(operator.output().join(format!("{stem}.nc"))).ok();
        Self { operator, run, product, source: File::open(&path).unwrap() }
    }

    fn units(&self, name: &str) -> String {
        let header = self.operator.ncdump(&["-h"], &self.operator.products()[0]);
        let marker = format!("{name}:units = \"");
        let (_, rest) = header.split_once(&marker).unwrap_or_else(|| panic!("{name} has no unit\n{header}"));
        rest.split('"').next().unwrap().to_owned()
    }

    /// Checks that all six altitudes have this unit and exactly the values of the source.
    fn is_all_in(&self, unit: &str) {
        self.run.succeeded();
        for name in ALTITUDES {
            assert_eq!(self.units(name), unit, "{name}");
            self.keeps(name);
        }
    }

    fn keeps(&self, name: &str) {
        let numbers = |file: &File| file.dataset(name).unwrap().read_raw::<f64>().unwrap();
        assert_eq!(numbers(self.product.as_ref().unwrap()), numbers(&self.source), "{name}");
    }

    fn warns(&self) -> bool {
        self.run.stderr.contains("metres by their magnitude")
    }
}

fn is_layer(name: &str) -> bool {
    name.starts_with("Layer_")
}

#[test]
fn kilometres_are_the_usual_unit() {
    let case = Case::of(&[], |_, value| value);
    case.is_all_in("km");
    assert!(!case.warns());
}

#[test]
fn all_in_metres() {
    let case = Case::of(&[], |_, value| value * 1000.0);
    case.is_all_in("m");
    assert!(case.warns());
}

#[test]
fn a_frame_deep_below_the_surface_has_no_missing_bins() {
    let case =
        Case::of(&[], |name, value| if name == "Bin_Alt" { value * 1000.0 - 4000.0 } else { value * 1000.0 });
    case.is_all_in("m");
}

#[test]
fn a_surface_that_tells_nothing_goes_with_the_aircraft() {
    let case = Case::of(&[], |name, value| if name == "Bin_Alt" { value * 1000.0 } else { value });
    assert_eq!([case.units("Bin_Alt"), case.units("Plane_Alt"), case.units("Gnd_Hgt")], ["m", "km", "km"]);
    assert!(case.warns());
}

#[test]
fn layers_alone_in_metres_have_one_unit_even_where_bottoms_are_small() {
    let case = Case::of(&[], |name, value| match name {
        "Layer_Top_Alt" => value * 1000.0,
        "Layer_Bot_Alt" => value.min(0.09) * 1000.0,
        _ => value,
    });
    assert_eq!([case.units("Layer_Top_Alt"), case.units("Layer_Bot_Alt")], ["m", "m"]);
    assert_eq!([case.units("Bin_Alt"), case.units("Gnd_Hgt")], ["km", "km"]);
    assert!(case.warns());
}

#[test]
fn fog_below_a_hundred_metres_claims_no_kilometres() {
    let fog = |name: &str, value: f64| match name {
        "Layer_Top_Alt" if value > 0.0 => 90.0,
        "Layer_Bot_Alt" if value > 0.0 => 30.0,
        _ => value,
    };
    let case = Case::of(&[], fog);
    assert_eq!([case.units("Layer_Top_Alt"), case.units("Layer_Bot_Alt")], ["m", "m"]);
    let metres = Case::of(&[], |name, value| if is_layer(name) { fog(name, value) } else { value * 1000.0 });
    metres.is_all_in("m");
}

#[test]
fn layers_in_kilometres_stay_so_beside_a_frame_in_metres() {
    let case = Case::of(&[], |name, value| if is_layer(name) { value } else { value * 1000.0 });
    assert_eq!([case.units("Layer_Top_Alt"), case.units("Layer_Bot_Alt")], ["km", "km"]);
    assert_eq!([case.units("Bin_Alt"), case.units("Plane_Alt")], ["m", "m"]);
    assert!(case.warns());
}

#[test]
fn a_stated_unit_is_evidence_for_its_sibling() {
    let low = |name: &str, value: f64| if is_layer(name) { value.min(0.04) * 1000.0 } else { value };
    let case = Case::of(&[("Layer_Top_Alt", "m")], low);
    // Stated units are converted, inferred ones are only written.
    assert_eq!([case.units("Layer_Top_Alt"), case.units("Layer_Bot_Alt")], ["km", "m"]);
}

#[test]
fn a_unit_that_no_aircraft_can_be_in_is_refused() {
    for (name, unit, factor) in
        [("Bin_Alt", "km", 1000.0), ("Plane_Alt", "km", 1000.0), ("Bin_Alt", "m", 1.0)]
    {
        let case =
            Case::of(&[(name, unit)], |changed, value| if changed == name { value * factor } else { value });
        assert!(case.product.is_none(), "{name} in {unit}");
        assert!(case.run.stderr.contains("contradicts its own unit"), "{}", case.run.stderr);
    }
}
