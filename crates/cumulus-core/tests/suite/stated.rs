//! Tests that missing values, packing and units are taken from the source's attributes.

use hdf5::types::{FixedAscii, VarLenUnicode};
use hdf5::{Dataset, File, H5Type};
use netcdf_reader::NcFile;

use crate::tiny;

/// Converts a granule after `fill` has added datasets to it.
fn product(fill: impl FnOnce(&File)) -> Product {
    let folder = tempfile::tempdir().unwrap();
    let granule = folder.path().join("TINY_20120906.h5");
    tiny::write(&granule, 5);
    let opened = File::append(&granule).unwrap();
    fill(&opened);
    opened.close().unwrap();
    let tiny::Converted { data, warnings, .. } = tiny::converted(&granule, folder.path()).unwrap();
    let warnings: Vec<String> = warnings.iter().map(|warning| warning.code.to_string()).collect();
    Product { file: NcFile::from_vec(data).unwrap(), warnings }
}

struct Product {
    file: NcFile,
    warnings: Vec<String>,
}

impl Product {
    fn values(&self, name: &str) -> Vec<f64> {
        self.file.read_variable_as_f64(name).unwrap().iter().copied().collect()
    }

    fn text(&self, variable: &str, name: &str) -> Option<String> {
        let variable = self.file.variable(variable).unwrap();
        variable.attribute(name).and_then(|attribute| attribute.value.as_string())
    }

    fn number(&self, variable: &str, name: &str) -> Option<f64> {
        let variable = self.file.variable(variable).unwrap();
        variable.attribute(name).and_then(|attribute| attribute.value.as_f64())
    }

    fn has(&self, name: &str) -> bool {
        self.file.variable(name).is_ok()
    }
}

fn dataset<T: H5Type>(file: &File, name: &str, values: &[T]) -> Dataset {
    let _ = file.unlink(name);
    file.new_dataset_builder().with_data(values).create(name).unwrap()
}

fn text(dataset: &Dataset, name: &str, value: &str) {
    let value = FixedAscii::<64>::from_ascii(value).unwrap();
    dataset.new_attr::<FixedAscii<64>>().create(name).unwrap().write_scalar(&value).unwrap();
}

fn number<T: H5Type + Copy>(dataset: &Dataset, name: &str, value: T) {
    dataset.new_attr::<T>().create(name).unwrap().write_scalar(&value).unwrap();
}

#[test]
fn packed_numbers_are_unpacked_and_their_fill_value_is_packed() {
    let product = product(|file| {
        let packed = dataset(file, "temperature", &[2801_i16, 2802, -32_768, 2804, 2805]);
        number(&packed, "scale_factor", 0.1_f64);
        number(&packed, "_FillValue", -32_768_i16);
        number(&packed, "valid_min", 2000_i16);
        text(&packed, "units", "K");
        let long = dataset(file, "long", &[10_132_i32, 10_133, 10_134, 10_135, 10_136]);
        number(&long, "scale_factor", 0.1_f64);
        number(&long, "add_offset", 5.0_f64);
        text(&long, "units", "hPa");
        let unsigned = dataset(file, "unsigned", &[-1_i8, 0, 1, 2, -2]);
        text(&unsigned, "_Unsigned", "true");
        number(&unsigned, "_FillValue", -1_i8);
    });
    let single = |number: f32| f64::from(number);
    assert_eq!(product.values("temperature"), [280.1, 280.2, -999.0, 280.4, 280.5].map(single));
    assert_eq!(product.number("temperature", "number_of_missing_values"), Some(1.0));
    assert_eq!(product.number("temperature", "valid_min"), Some(200.0));
    assert_eq!(product.values("long")[..1], [10_132.0 * 0.1 + 5.0]);
    assert_eq!(product.number("long", "scale_factor"), None);
    assert_eq!(product.text("long", "units").as_deref(), Some("hPa"));
    assert_eq!(product.values("unsigned"), [255.0, 0.0, 1.0, 2.0, 254.0]);
    assert_eq!(product.number("unsigned", "_FillValue"), Some(255.0));
}

#[test]
fn packing_that_cannot_be_read_leaves_no_unit() {
    let product = product(|file| {
        let packed = dataset(file, "temperature", &[2801_i16, 2802, 2803, 2804, 2805]);
        text(&packed, "scale_factor", "a tenth");
        text(&packed, "units", "K");
    });
    assert_eq!(product.text("temperature", "units"), None);
    assert_eq!(product.text("temperature", "standard_name"), None);
    assert_eq!(product.values("temperature")[..1], [2801.0]);
    assert!(product.warnings.iter().any(|code| code == "packing_unreadable"), "{:?}", product.warnings);
}

#[test]
fn what_the_source_states_to_be_missing_is_missing() {
    let product = product(|file| {
        let own = dataset(file, "temperature", &[280.0_f32, 1e20, 7.0, f32::NAN, -999.0]);
        number(&own, "_FillValue", 1e20_f32);
        let several = own.new_attr::<f64>().shape(2).create("missing_value").unwrap();
        several.write(&[7.0, 8.0]).unwrap();
        let bytes = dataset(file, "bytes", &[255_u8, 0, 1, 254, 2]);
        let several = bytes.new_attr::<u8>().shape(2).create("missing_value").unwrap();
        several.write(&[255, 254]).unwrap();
        let wide = dataset(file, "wide", &[u64::MAX - 1, 0, 1, 2, 3]);
        number(&wide, "_FillValue", u64::MAX - 1);
        // In unknown datasets, only the usual sentinels and stated values are missing.
        dataset(file, "counts", &[-100.0, -952.5, -5000.0, -9999.0, 3.0]);
    });
    assert_eq!(product.values("temperature"), [280.0, -999.0, -999.0, -999.0, -999.0]);
    assert_eq!(product.number("temperature", "number_of_missing_values"), Some(4.0));
    assert_eq!(product.values("bytes"), [255.0, 0.0, 1.0, 255.0, 2.0]);
    assert_eq!(product.number("bytes", "_FillValue"), Some(255.0));
    assert_eq!(product.number("bytes", "number_of_missing_values"), Some(2.0));
    assert_eq!(product.values("wide")[1..], [0.0, 1.0, 2.0, 3.0]);
    assert_eq!(product.number("wide", "_FillValue"), Some(18_446_744_073_709_551_616.0));
    assert_eq!(product.values("counts"), [-100.0, -952.5, -5000.0, -999.0, 3.0]);
}

#[test]
fn limits_are_carried_unless_they_contradict_themselves() {
    let product = product(|file| {
        let sound = dataset(file, "sound", &[1.0_f32, 2.0, 3.0, 4.0, 5.0]);
        number(&sound, "valid_min", 2.0_f32);
        let odd = dataset(file, "odd", &[1.0_f32, 2.0, 3.0, 4.0, 5.0]);
        number(&odd, "valid_min", 5.0_f32);
        number(&odd, "valid_max", 2.0_f32);
    });
    assert_eq!(product.number("sound", "valid_min"), Some(2.0));
    assert_eq!(product.values("sound")[..1], [1.0]);
    assert_eq!(product.number("odd", "valid_min"), None);
    assert_eq!(product.number("odd", "source_valid_min"), Some(5.0));
}

#[test]
fn a_stated_unit_is_converted_or_written_beside_its_values() {
    let product = product(|file| {
        let celsius = dataset(file, "temperature", &[-60.0_f64, -999.0, 10.0, 20.0, f64::NAN]);
        text(&celsius, "Units", "deg C");
        let latitude = dataset(file, "nav/latitude", &[0.35_f64, 0.36, 0.37, 0.38, 0.39]);
        text(&latitude, "units", "radians");
        for (name, unit) in
            [("pressure", "mb"), ("ratio", "unitless"), ("rate", "photons"), ("nothing", "n/a")]
        {
            text(&dataset(file, name, &[1.0_f32, 2.0, 3.0, 4.0, 5.0]), "unit", unit);
        }
    });
    assert_eq!(product.values("temperature"), [-60.0 + 273.15, -999.0, 283.15, 293.15, -999.0]);
    assert_eq!(product.text("temperature", "units").as_deref(), Some("K"));
    assert_eq!(product.text("temperature", "source_units").as_deref(), Some("deg C"));
    assert!((product.values("nav_latitude")[0] - 0.35_f64.to_degrees()).abs() < 1e-12);
    for (name, unit) in [("pressure", "hPa"), ("ratio", "1"), ("rate", "photons")] {
        assert_eq!(product.text(name, "units").as_deref(), Some(unit), "{name}");
    }
    assert!(product.has("nothing"));
    for code in ["units_converted", "units_unknown"] {
        assert!(product.warnings.iter().any(|found| found == code), "{code}: {:?}", product.warnings);
    }
}

#[test]
fn a_unit_of_something_else_stays_with_its_values() {
    let product = product(|file| {
        let odd = dataset(file, "temperature", &[1.0_f64, 2.0, 3.0, 4.0, 5.0]);
        let value: VarLenUnicode = "m s-1".parse().unwrap();
        odd.new_attr::<VarLenUnicode>().create("units").unwrap().write_scalar(&value).unwrap();
    });
    assert_eq!(product.values("temperature"), [1.0, 2.0, 3.0, 4.0, 5.0]);
    assert_eq!(product.text("temperature", "units").as_deref(), Some("m s-1"));
    assert_eq!(product.text("temperature", "standard_name"), None);
    assert!(product.warnings.iter().any(|code| code == "units_disagree"), "{:?}", product.warnings);
}
