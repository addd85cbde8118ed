//! Files written by netcdf-c and by hand, damaged files, and a genuine one.

use std::path::PathBuf;

use ::netcdf::Options;
use proptest::prelude::*;

use super::*;
use cumulus_model::source::{SourceAttribute, SourceValue};
use cumulus_model::testing::source::violations;
use cumulus_model::warning::Code;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(bytes: &[u8]) -> Result<Netcdf3Source, Failure> {
    let folder = folder();
    let path = folder.path().join("x.nc");
    std::fs::write(&path, bytes).expect("a file");
    Netcdf3Source::open(&path)
}

fn dataset<'source>(source: &'source Netcdf3Source, name: &str) -> &'source Dataset {
    source.description().dataset(name).unwrap_or_else(|| panic!("variable {name}"))
}

fn numbers(source: &Netcdf3Source, name: &str) -> Vec<f64> {
    let dataset = dataset(source, name);
    source.rows(dataset, 0..dataset.row_count()).expect("values").to_f64()
}

fn variable<'file>(file: &'file mut ::netcdf::FileMut, name: &str) -> ::netcdf::VariableMut<'file> {
    file.variable_mut(name).expect("a variable")
}

/// Writes a file by hand: a second implementation of the format, which also supports text.
struct ByHand {
    bytes: Vec<u8>,
    version: u8,
    begins: Vec<usize>,
    variables: usize,
}

impl ByHand {
    fn word(&mut self, value: usize) {
        self.bytes.extend(u32::try_from(value).expect("32 bits").to_be_bytes());
    }

    fn count(&mut self, value: usize) {
        if self.version == 5 {
            self.word(0);
        }
        self.word(value);
    }

    fn list(&mut self, tag: usize, count: usize) {
        self.word(if count == 0 { 0 } else { tag });
        self.count(count);
    }

    fn text(&mut self, text: &[u8]) {
        self.count(text.len());
        self.bytes.extend(text);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn variable(&mut self, name: &str, dimensions: &[usize], code: usize) {
        self.text(name.as_bytes());
        self.count(dimensions.len());
        for dimension in dimensions {
            self.count(*dimension);
        }
        self.list(12, 1);
        self.text(b"units");
        self.word(2);
        self.text(b"\xb0C");
        self.word(code);
        self.count(0);
        if self.version != 1 {
            self.word(0);
        }
        self.word(self.begins.get(self.variables).copied().unwrap_or_default());
        self.variables += 1;
    }

    /// Dimensions time = 2, strlen = 5, record; three records of a short, a byte and a text.
    fn header(version: u8, begins: &[usize], records: u32) -> Vec<u8> {
        let mut file = Self { bytes: b"CDF".to_vec(), version, begins: begins.to_vec(), variables: 0 };
        file.bytes.push(version);
        if version == 5 {
            file.bytes.extend(if records == u32::MAX { [255; 4] } else { [0; 4] });
        }
        file.bytes.extend(records.to_be_bytes());
        file.list(10, 3);
        for (name, length) in [("time", 2), ("strlen", 5), ("record", 0)] {
            file.text(name.as_bytes());
            file.count(length);
        }
        file.list(12, 2);
        file.text(b"title");
        file.word(2);
        file.text(b"synthetic");
        file.text(b"empty");
        file.word(2);
        file.text(b"");
        file.list(11, 6);
        file.variable("pressure", &[0], 5);
        file.variable("label", &[0, 1], 2);
        file.variable("trajectory", &[], 2);
        file.variable("count", &[2], 3);
        file.variable("flag", &[2], 1);
        file.variable("note", &[2, 1], 2);
        file.bytes
    }

    fn file(version: u8, records: u32) -> Vec<u8> {
        let start = Self::header(version, &[], 0).len();
        // 8 bytes of pressure, 10 of label and 2 of padding, 1 of trajectory and 3 of padding, then records of
        // 2 + 2, 1 + 3 and 5 + 3 bytes.
        let begins = [0, 8, 20, 24, 28, 32].map(|offset| start + offset);
        let mut bytes = Self::header(version, &begins, records);
        bytes.extend(900.5_f32.to_be_bytes());
        bytes.extend((-1.25_f32).to_be_bytes());
        bytes.extend(b"ab\0\0\0a\xb0c  \0\0");
        bytes.extend(b"\0\0\0\0");
        for record in 1..=3_u8 {
            bytes.extend([1, record, 0, 0, 255, 0, 0, 0]);
            bytes.extend([b'n', b'0' + record, 0, 0, 0, 0, 0, 0]);
        }
        bytes
    }
}

#[test]
fn all_versions_with_text_and_records_are_read() {
    for version in [1, 2, 5] {
        for records in [3, u32::MAX] {
            let folder = folder();
            let path = folder.path().join("x.nc");
            std::fs::write(&path, ByHand::file(version, records)).expect("a file");
            let source = Netcdf3Source::open(&path).expect("a valid file");
            let names: Vec<&str> = source.description().datasets.iter().map(Dataset::name).collect();
            assert_eq!(names, ["count", "flag", "label", "note", "pressure", "trajectory"]);
            assert_eq!(numbers(&source, "pressure"), [900.5, -1.25]);
            assert_eq!(numbers(&source, "count"), [257.0, 258.0, 259.0]);
            assert_eq!(numbers(&source, "flag"), [-1.0, -1.0, -1.0]);
            let count = dataset(&source, "count");
            assert_eq!(source.rows(count, 1..2).expect("a row").to_f64(), [258.0]);
            assert_eq!(source.rows(count, 1..1).expect("no row").shape(), [0]);
            assert!(source.rows(count, 2..4).is_err());
            let texts = |name: &str| {
                (dataset(&source, name).shape.clone(), source.strings(dataset(&source, name)).expect("text"))
            };
            assert_eq!(texts("label"), (vec![2], vec!["ab".to_owned(), "a°c".to_owned()]));
            assert_eq!(texts("note"), (vec![3], ["n1", "n2", "n3"].map(str::to_owned).to_vec()));
            assert_eq!(texts("trajectory"), (vec![], vec![String::new()]));
            assert!(source.rows(dataset(&source, "label"), 0..2).is_err());
            assert!(source.strings(count).is_err());
            let units =
                SourceAttribute { name: "units".to_owned(), value: SourceValue::Text("°C".to_owned()) };
            assert_eq!(count.attributes, [units]);
            assert_eq!(source.description().attributes.len(), 1);
            let codes: Vec<Code> = source.description().notes.iter().map(|note| note.code).collect();
            assert_eq!(codes, [Code::AttributesEmpty]);
        }
    }
}

#[test]
fn files_of_netcdf_c_are_read_as_they_were_written() {
    for (options, version) in [(Options::empty(), 1), (Options::_64BIT_OFFSET, 2), (Options::_64BIT_DATA, 5)]
    {
        let folder = folder();
        let path = folder.path().join("c.nc");
        let grid: Vec<f64> = (0..6_i32).map(|index| f64::from(index) / 7.0).collect();
        {
            let mut file = ::netcdf::create_with(&path, options).expect("a file");
            file.add_unlimited_dimension("record").expect("a dimension");
            file.add_dimension("x", 2).expect("a dimension");
            file.add_dimension("y", 3).expect("a dimension");
            file.add_attribute("numbers", vec![1.5_f64, -2.5]).expect("an attribute");
            file.add_variable::<f64>("grid", &["x", "y"]).expect("a variable");
            file.add_variable::<i16>("short", &["record", "y"]).expect("a variable");
            file.add_variable::<i8>("byte", &["record"]).expect("a variable");
            file.add_variable::<i32>("scalar", &[]).expect("a variable");
            if version == 5 {
                file.add_variable::<u64>("wide", &["x"]).expect("a variable");
            }
            file.enddef().expect("a header");
            variable(&mut file, "grid").put_values(&grid, ..).expect("values");
            variable(&mut file, "short").put_values(&[1_i16, 2, 3, -4, -5, -6], (0..2, ..)).expect("values");
            variable(&mut file, "byte").put_values(&[7_i8, -8], 0..2).expect("values");
            variable(&mut file, "scalar").put_values(&[123_456_789_i32], ()).expect("a value");
            if version == 5 {
                variable(&mut file, "wide").put_values(&[u64::MAX, 1], ..).expect("values");
            }
        }
        assert_eq!(std::fs::read(&path).expect("a file")[3], version);
        let source = Netcdf3Source::open(&path).expect("a valid file");
        assert_eq!(violations(&source), Vec::<String>::new());
        assert_eq!(numbers(&source, "grid"), grid);
        assert_eq!(dataset(&source, "grid").shape, [2, 3]);
        assert_eq!(numbers(&source, "short"), [1.0, 2.0, 3.0, -4.0, -5.0, -6.0]);
        assert_eq!(source.rows(dataset(&source, "short"), 1..2).expect("a row").shape(), [1, 3]);
        assert_eq!(numbers(&source, "byte"), [7.0, -8.0]);
        assert_eq!(numbers(&source, "scalar"), [123_456_789.0]);
        let expected = SourceValue::Numbers(Values::F64(ndarray::arr1(&[1.5, -2.5]).into_dyn()));
        assert_eq!(source.description().attributes[0].value, expected);
        if version == 5 {
            let wide = source.rows(dataset(&source, "wide"), 0..2).expect("values");
            assert_eq!(wide, Values::U64(ndarray::arr1(&[u64::MAX, 1]).into_dyn()));
        }
    }
}

/// A single record variable is not padded: three records of one short are six bytes.
#[test]
fn a_single_record_variable_is_packed() {
    let folder = folder();
    let path = folder.path().join("packed.nc");
    {
        let mut file = ::netcdf::create_with(&path, Options::empty()).expect("a file");
        file.add_unlimited_dimension("record").expect("a dimension");
        file.add_variable::<i16>("short", &["record"]).expect("a variable");
        file.enddef().expect("a header");
        let mut short = file.variable_mut("short").expect("a variable");
        short.put_values(&[1_i16, 2, 3], 0..3).expect("values");
    }
    let source = Netcdf3Source::open(&path).expect("a valid file");
    assert_eq!(numbers(&source, "short"), [1.0, 2.0, 3.0]);
}

#[test]
fn what_is_not_netcdf_classic_is_refused_by_name() {
    for (bytes, found) in [
        (&b""[..], "no netCDF signature"),
        (b"\x89HDF\r\n\x1a\n", "no netCDF signature"),
        (b"CDF\x03\0\0\0\0", "an unknown version"),
    ] {
        let failure = open(bytes).expect_err("no netCDF");
        assert_eq!(failure.found.as_deref(), Some(found));
    }
    assert!(open(b"CDF\x01").is_err());
}

#[test]
fn every_truncation_is_refused() {
    for version in [1, 2, 5] {
        let whole = ByHand::file(version, 3);
        // The last three bytes of the file are padding of the last record's text.
        for length in 0..whole.len() - 3 {
            let failure = open(&whole[..length]).expect_err("a truncated file");
            assert_eq!(failure.stage, Stage::Read, "{length}");
        }
        assert!(open(&whole[..whole.len() - 3]).is_ok());
    }
}

#[test]
fn absurd_counts_allocate_nothing() {
    for count in [0x7fff_ffff_u32, 0xffff_ffff] {
        let mut bytes = b"CDF\x01\0\0\0\0\0\0\0\x0a".to_vec();
        bytes.extend(count.to_be_bytes());
        bytes.extend([0; 64]);
        assert!(open(&bytes).is_err());
    }
    let mut bytes = b"CDF\x05".to_vec();
    bytes.extend([0; 8]);
    bytes.extend([0, 0, 0, 12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    bytes.extend([0xff; 32]);
    assert!(open(&bytes).is_err());
}

/// Reads all values and checks that they are not larger than the file.
fn read_everything(bytes: &[u8]) {
    let folder = folder();
    let path: PathBuf = folder.path().join("x.nc");
    std::fs::write(&path, bytes).expect("a file");
    let Ok(source) = Netcdf3Source::open(&path) else { return };
    for dataset in &source.description().datasets {
        if let Content::Numbers(element_type) = dataset.content {
            let values = source.rows(dataset, 0..dataset.row_count()).expect("values inside the file");
            assert!(values.len() * element_type.size() <= bytes.len());
        } else {
            let texts = source.strings(dataset).expect("text inside the file");
            assert!(texts.len() <= bytes.len());
        }
    }
}

proptest! {
    #[test]
    fn damaged_files_never_panic(
        version in prop_oneof![Just(1_u8), Just(2), Just(5)],
        damages in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = ByHand::file(version, 3);
        for (place, byte) in damages {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        read_everything(&bytes);
    }
}

/// Sets every byte in turn to the values that cause the most damage.
#[test]
fn every_single_damage_of_the_header_is_survived() {
    let folder = folder();
    let path = folder.path().join("x.nc");
    for version in [1, 2, 5] {
        let whole = ByHand::file(version, 3);
        for place in 4..whole.len() {
            for byte in [0, 1, 0x7f, 0xff] {
                let mut bytes = whole.clone();
                bytes[place] = byte;
                std::fs::write(&path, &bytes).expect("a file");
                let Ok(source) = Netcdf3Source::open(&path) else { continue };
                for dataset in &source.description().datasets {
                    let read = match dataset.content {
                        Content::Numbers(_) => {
                            source.rows(dataset, 0..dataset.row_count()).map(|values| values.len())
                        }
                        _ => source.strings(dataset).map(|texts| texts.len()),
                    };
                    assert!(read.expect("values inside the file") <= bytes.len());
                }
            }
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "tests find genuine files by the environment")]
fn a_genuine_file_is_described() {
    let Some(shared) = std::env::var_os("CUMULUS_SHARED") else {
        cumulus_model::testing::skip(
            "CUMULUS_SHARED is not set, so no genuine netCDF classic file is at hand",
        );
        return;
    };
    let name = "samples/avaps/IMPACTS_AVAPS_PQC_20220208_142943.nc";
    let source = Netcdf3Source::open(&PathBuf::from(shared).join(name)).expect("a genuine file");
    assert_eq!(source.description().datasets.len(), 31);
    let text = |name: &str| {
        let attribute = source.description().attributes.iter().find(|attribute| attribute.name == name);
        match attribute.map(|attribute| &attribute.value) {
            Some(SourceValue::Text(text)) => text.clone(),
            other => panic!("{name}: {other:?}"),
        }
    };
    assert_eq!((text("Conventions").as_str(), text("SondeId").as_str()), ("CF-1.6", "190550187"));
    let time = numbers(&source, "time");
    assert_eq!(time.len(), 1127);
    assert!(time.windows(2).all(|pair| pair[1] < pair[0]));
    assert_eq!(source.strings(dataset(&source, "trajectory")).expect("text"), [""]);
    assert_eq!(dataset(&source, "reference_pres").shape, [1]);
}
