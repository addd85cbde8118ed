//! Tests of granules with contents that the product cannot represent, or with missing values.

use cumulus_formats::read::hdf5::Hdf5Source;
use cumulus_model::source::{Source, SourceValue};
use cumulus_model::values::Values;
use cumulus_model::warning::{Code, Warning};
use hdf5::plist::dataset_create::FillTime;
use hdf5::types::{TypeDescriptor, VarLenArray};
use hdf5::{File, H5Type};
use netcdf_reader::NcFile;
use tempfile::TempDir;

use crate::tiny;

/// Number of records of every granule here.
const RECORDS: u8 = 6;

#[derive(Clone, Copy, H5Type)]
#[repr(C)]
struct Pair {
    first: f32,
    second: i32,
}

#[derive(Clone, Copy, H5Type)]
#[repr(i16)]
enum Phase {
    Liquid = 0,
    Frozen = 7,
    Unknown = -1,
}

/// The product of a changed tiny granule, with the warnings.
struct Made {
    folder: TempDir,
    result: Result<NcFile, String>,
    warnings: Vec<Warning>,
}

impl Made {
    fn of(change: impl FnOnce(&File)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let granule = folder.path().join("TINY_20120906.h5");
        tiny::write(&granule, RECORDS);
        let file = File::append(&granule).unwrap();
        change(&file);
        file.close().unwrap();
        let (result, warnings) = match tiny::converted(&granule, folder.path()) {
            Ok(converted) => (Ok(converted.product()), converted.warnings),
            Err(failure) => (Err(failure.to_string()), Vec::new()),
        };
        Self { folder, result, warnings }
    }

    fn product(&self) -> &NcFile {
        self.result.as_ref().unwrap()
    }

    /// Returns all warnings except those about renamed datasets in groups.
    fn codes(&self) -> Vec<(Code, &str, Option<u64>)> {
        self.warnings
            .iter()
            .filter(|warning| warning.code != Code::DatasetRenamed || !warning.place.contains('/'))
            .map(|warning| (warning.code, warning.place.as_str(), warning.count))
            .collect()
    }

    fn text(&self, variable: &str, attribute: &str) -> Option<String> {
        let variable = self.product().variable(variable).unwrap();
        variable.attribute(attribute).and_then(|attribute| attribute.value.as_string())
    }

    /// Reads all values of a variable of the product with libhdf5.
    fn values(&self, name: &str) -> Vec<f64> {
        let source =
            Hdf5Source::open(&self.folder.path().join(cumulus_core::product_name::STAGED[0])).unwrap();
        let dataset = source.description().dataset(name).unwrap();
        source.rows(dataset, 0..dataset.row_count()).unwrap().to_f64()
    }

    fn dimensions(&self, variable: &str) -> Vec<String> {
        let variable = self.product().variable(variable).unwrap();
        variable.dimensions().iter().map(|dimension| dimension.name.clone()).collect()
    }
}

/// Creates a dataset of shape (6, 4) in chunks of (2, 2), and writes only one chunk, with the value `$one`.
macro_rules! torn {
    ($file:expr, $name:literal, $type:ty, $one:expr, $($build:tt)*) => {{
        let builder = $file.new_dataset_builder().chunk((2, 2)).deflate(1);
        let dataset = builder $($build)* .empty::<$type>().shape((6, 4)).create($name).unwrap();
        dataset.write_slice(&ndarray::arr2(&[[$one; 2]; 2]), (2..4, 2..4)).unwrap();
    }};
}

#[test]
fn floats_that_were_never_written_are_missing() {
    let convert = || {
        Made::of(|file| {
            torn!(file, "echo", f32, 1.5_f32, .fill_value(-99.0_f32).fill_time(FillTime::Never));
            let never = file.new_dataset_builder().fill_time(FillTime::Never);
            never.empty::<f64>().shape(6).create("pressure").unwrap();
        })
    };
    let made = convert();
    let expected: Vec<f64> =
        (0..24).map(|index| if [10, 11, 14, 15].contains(&index) { 1.5 } else { -999.0 }).collect();
    assert_eq!(made.values("echo"), expected);
    assert_eq!(made.values("pressure"), [-999.0; 6]);
    let never = Code::ChunksNeverWritten;
    assert_eq!(made.codes(), [(never, "echo", Some(20)), (never, "pressure", Some(6))]);
    let bytes =
        |made: &Made| std::fs::read(made.folder.path().join(cumulus_core::product_name::STAGED[0])).unwrap();
    assert!(bytes(&made) == bytes(&convert()), "the same granule gives other bytes");
}

#[test]
fn what_has_a_fill_value_is_it() {
    let made = Made::of(|file| {
        torn!(file, "echo", f32, 1.5_f32, .fill_value(-99.0_f32));
        torn!(file, "counts", i32, 1_i32, .fill_value(-7_i32).fill_time(FillTime::Never));
        torn!(file, "zero", i16, 1_i16, .fill_time(FillTime::Alloc));
    });
    assert_eq!(made.values("echo")[..2], [-99.0; 2]);
    assert_eq!(made.values("counts")[..2], [-7.0; 2]);
    assert_eq!(made.values("counts")[10..12], [1.0; 2]);
    assert_eq!(made.values("zero")[..2], [0.0; 2]);
    let never = Code::ChunksNeverWritten;
    let expected = ["counts", "echo", "zero"].map(|name| (never, name, Some(20)));
    assert_eq!(made.codes(), expected);
}

#[test]
fn unwritten_integers_without_a_fill_value_are_left_out() {
    let made = Made::of(|file| torn!(file, "counts", u16, 1_u16, .fill_time(FillTime::Never)));
    assert!(made.product().variable("counts").is_err());
    assert_eq!(made.codes(), [(Code::DatasetLeftOut, "counts", None)]);
    let made = Made::of(|file| {
        file.unlink("clock/hour").unwrap();
        let never = file.new_dataset_builder().fill_time(FillTime::Never);
        never.empty::<i32>().shape(6).create("clock/hour").unwrap();
    });
    let failure = made.result.err().unwrap();
    assert!(
        failure.contains("clock/hour: has values that were never written; found its values never written"),
        "{failure}"
    );
}

#[test]
fn what_netcdf_cannot_store_costs_only_itself() {
    let made = Made::of(|file| {
        let pairs = [Pair { first: 1.0, second: 2 }; 6];
        file.new_dataset_builder().with_data(&pairs).create("pairs").unwrap();
        let lists = [VarLenArray::from_slice(&[1_i32, 2])];
        file.new_dataset_builder().with_data(&lists).create("lists").unwrap();
        let array =
            TypeDescriptor::FixedArray(Box::new(TypeDescriptor::Float(hdf5::types::FloatSize::U4)), 3);
        file.new_dataset_builder().empty_as(&array).shape(6).create("triples").unwrap();
        let outside = file.new_dataset_builder().external("elsewhere.bin", 0, 24);
        outside.empty::<f32>().shape(6).create("elsewhere").unwrap();
    });
    let left_out = ["elsewhere", "lists", "pairs", "triples"].map(|name| (Code::DatasetLeftOut, name, None));
    assert_eq!(made.codes(), left_out);
    for (_, name, _) in left_out {
        assert!(made.product().variable(name).is_err(), "{name}");
    }
    let made = Made::of(|file| {
        file.unlink("nav/latitude").unwrap();
        let pairs = [Pair { first: 1.0, second: 2 }; 6];
        file.new_dataset_builder().with_data(&pairs).create("nav/latitude").unwrap();
    });
    let failure = made.result.err().unwrap();
    assert!(
        failure.contains("nav/latitude: has a type that netCDF cannot store; found HDF5 type compound"),
        "{failure}"
    );
}

#[test]
fn enumerations_are_integers_with_flags() {
    let phases = [Phase::Liquid, Phase::Frozen, Phase::Unknown, Phase::Liquid, Phase::Frozen, Phase::Liquid];
    let made = Made::of(|file| {
        file.new_dataset_builder().with_data(&phases).create("phase").unwrap();
        file.new_dataset_builder().with_data(&phases).create("cloud").unwrap();
        file.new_dataset_builder().with_data(&[true, false, true, true, true, true]).create("valid").unwrap();
    });
    for name in ["phase", "cloud"] {
        assert_eq!(made.values(name), [0.0, 7.0, -1.0, 0.0, 7.0, 0.0]);
        assert_eq!(made.text(name, "flag_meanings").as_deref(), Some("Unknown Liquid Frozen"));
    }
    assert_eq!(made.values("valid"), [1.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
    // The table has only liquid and ice.
    assert_eq!(made.codes(), [(Code::FlagsDisagree, "phase", None)]);
    let source = Hdf5Source::open(&made.folder.path().join(cumulus_core::product_name::STAGED[0])).unwrap();
    let phase = source.description().dataset("phase").unwrap();
    let values = phase.attributes.iter().find(|attribute| attribute.name == "flag_values").unwrap();
    let expected = Values::I16(ndarray::arr1(&[-1, 0, 7]).into_dyn());
    assert_eq!(values.value, SourceValue::Numbers(expected));
}

#[test]
fn the_time_of_the_product_is_time() {
    let made = Made::of(|file| {
        file.new_dataset_builder().with_data(&[1_i32; 6]).create("time").unwrap();
        file.new_dataset_builder().with_data(&[2_i32; 6]).create("record").unwrap();
    });
    assert_eq!(made.text("time", "standard_name").as_deref(), Some("time"));
    assert_eq!(made.values("time")[..2], [43_200.0, 43_260.0]);
    assert_eq!(made.values("source_time"), [1.0; 6]);
    assert_eq!(made.values("source_record"), [2.0; 6]);
    assert_eq!(made.text("source_time", "source_name").as_deref(), Some("time"));
    for name in ["time", "source_time", "source_record", "temperature"] {
        assert_eq!(made.dimensions(name), ["record"], "{name}");
    }
    let renamed = ["record", "time"].map(|name| (Code::DatasetRenamed, name, None));
    assert_eq!(made.codes(), renamed);
}

#[test]
fn axes_of_length_one_make_no_difference() {
    let plain = Made::of(|_| {});
    for shape in [[6, 1], [1, 6]] {
        let made = Made::of(|file| {
            for name in ["clock/hour", "clock/minute", "nav/latitude", "temperature"] {
                let values = file.dataset(name).unwrap().read_raw::<f64>().unwrap();
                file.unlink(name).unwrap();
                let values = ndarray::Array2::from_shape_vec(shape, values).unwrap();
                let builder = file.new_dataset_builder().chunk((1, 1));
                builder.with_data(&values).create(name).unwrap();
            }
        });
        for name in ["clock_hour", "clock_minute", "nav_latitude", "temperature", "time"] {
            assert_eq!(made.values(name), plain.values(name), "{name} {shape:?}");
            assert_eq!(made.dimensions(name), ["record"], "{name} {shape:?}");
        }
        assert_eq!(made.codes(), plain.codes());
    }
}

#[test]
fn attributes_that_say_nothing_or_too_much_are_told_once() {
    let made = Made::of(|file| {
        let temperature = file.dataset("temperature").unwrap();
        let attribute = temperature.new_attr::<u64>().create("serial").unwrap();
        attribute.write_scalar(&((1_u64 << 63) + 5)).unwrap();
        temperature.new_attr::<f32>().shape(0).create("none").unwrap();
        file.new_attr::<f32>().shape(0).create("nothing").unwrap();
    });
    assert_eq!(made.text("temperature", "serial").as_deref(), Some("9223372036854775813"));
    let codes = made.codes();
    assert!(codes.contains(&(Code::AttributesAsText, "", Some(1))), "{codes:?}");
    assert!(codes.contains(&(Code::AttributesEmpty, "", Some(2))), "{codes:?}");
}
