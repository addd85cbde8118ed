use std::fs;
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use tempfile::TempDir;

use super::values::Comparison;
use crate::write::Sink;
use crate::write::direct::DirectSink;
use crate::write::netcdf::NetcdfSink;
use crate::write::unit::Cutter;
use cumulus_model::attributes::Attributes;
use cumulus_model::buffer_pool::BufferPool;
use cumulus_model::error::Failure;
use cumulus_model::structure::{LateAttributes, Storage, Structure, Variable};
use cumulus_model::values::{ElementType, Values};

fn variable(name: &str, element_type: ElementType, axes: &[(&str, usize)]) -> Variable {
    Variable {
        name: name.to_owned(),
        storage: Storage::Numbers(element_type),
        dimensions: axes.iter().map(|(name, _)| (*name).to_owned()).collect(),
        shape: axes.iter().map(|&(_, length)| length).collect(),
        fill: None,
        attributes: Attributes::default(),
    }
}

/// Both sinks.
const WAYS: [Make; 2] = [
    |path, structure, level| Ok(Box::new(NetcdfSink::create(path, structure, level)?)),
    |path, structure, level| {
        Ok(Box::new(DirectSink::create(path, structure, level)?.expect("a structure that needs no netcdf-c")))
    },
];

type Make = fn(&Path, &Structure, u8) -> Result<Box<dyn Sink>, Failure>;

/// A contiguous variable, one of several chunks with an edge, and one whose single rows are split.
fn structure() -> Structure {
    let mut text = variable("text", ElementType::I8, &[("width", 7)]);
    text.storage = Storage::Characters;
    Structure {
        dimensions: [("record", 1500), ("bin", 900), ("few", 3), ("wide", 700_000), ("width", 7)]
            .map(|(name, length)| (name.to_owned(), length))
            .to_vec(),
        variables: vec![
            variable("single", ElementType::F64, &[]),
            variable("whole", ElementType::I16, &[("record", 1500)]),
            variable("chunked", ElementType::F32, &[("record", 1500), ("bin", 900)]),
            variable("split", ElementType::F64, &[("few", 3), ("wide", 700_000)]),
            text,
        ],
        attributes: Attributes::default(),
    }
}

fn blocks() -> Vec<(usize, Values)> {
    let float = |index: usize| f64::from(u32::try_from(index * 7919 % 65_521).unwrap());
    #[expect(clippy::cast_possible_truncation, reason = "small whole numbers")]
    let chunked = Values::F32(ArrayD::from_shape_fn(vec![1500, 900], |at| float(at[0] * 900 + at[1]) as f32));
    vec![
        (0, Values::F64(ArrayD::from_elem(vec![], 4.5))),
        (1, Values::I16(ArrayD::from_shape_fn(vec![1500], |at| i16::try_from(at[0]).unwrap()))),
        (2, chunked),
        (3, Values::F64(ArrayD::from_shape_fn(vec![3, 700_000], |at| float(at[0] + at[1])))),
    ]
}

fn fill(mut sink: Box<dyn Sink>, blocks: Vec<(usize, Values)>) -> Result<(), Failure> {
    for (variable, block) in blocks {
        let packing = sink.packing(variable)?.suited_to(&[block.clone().into()]);
        for unit in Cutter::units(packing.rows, block) {
            sink.write(variable, &packing.pack(unit, &BufferPool::default()))?;
        }
    }
    sink.write_text(4, b"granule")?;
    sink.finish(&LateAttributes::default())
}

fn written(make: Make, level: u8) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("product.nc");
    fill(make(&path, &structure(), level).unwrap(), blocks()).unwrap();
    (folder, path)
}

fn compare(path: &Path, level: u8, blocks: Vec<(usize, Values)>) -> Result<(), Failure> {
    fill(Box::new(Comparison::open(path, &structure(), level)?), blocks)
}

#[test]
fn a_file_equals_what_it_was_made_from_and_nothing_else() {
    for (way, level) in WAYS.into_iter().flat_map(|way| [(way, 0), (way, 4)]) {
        let (_folder, path) = written(way, level);
        super::read_back(&path, &structure(), &LateAttributes::default()).unwrap();
        compare(&path, level, blocks()).unwrap();
        for changed in 0..blocks().len() {
            let mut blocks = blocks();
            match &mut blocks[changed].1 {
                Values::F64(array) => *array.last_mut().unwrap() += 1.0,
                Values::F32(array) => *array.last_mut().unwrap() += 1.0,
                Values::I16(array) => *array.last_mut().unwrap() += 1,
                _ => panic!("no such block"),
            }
            let failure = compare(&path, level, blocks).unwrap_err();
            assert!(failure.to_string().contains("is not as it was written"), "{failure}");
        }
    }
}

#[test]
fn a_flipped_bit_among_the_values_is_found() {
    for (way, level) in WAYS.into_iter().flat_map(|way| [(way, 0), (way, 4)]) {
        let known = &blocks().remove(2).1;
        let values = &known.bytes()[360_000..360_064];
        let (_folder, path) = written(way, level);
        let mut bytes = fs::read(&path).unwrap();
        // Uncompressed chunks are padded where they extend beyond the edge; a changed bit there has no effect.
        let place = match level {
            0 => bytes.windows(64).position(|window| window == values).unwrap(),
            _ => bytes.len() / 2,
        };
        bytes[place] ^= 0x10;
        fs::write(&path, bytes).unwrap();
        super::read_back(&path, &structure(), &LateAttributes::default()).unwrap();
        assert!(compare(&path, level, blocks()).is_err());
    }
}

#[test]
fn missing_rows_are_found() {
    for way in WAYS {
        let (_folder, path) = written(way, 4);
        let mut short = blocks();
        short[2].1 = short[2].1.rows(0..1164);
        assert!(compare(&path, 4, short).unwrap_err().to_string().contains("1164 rows compared"));
    }
}

/// Opens a product for modification, to damage it.
fn spoil(path: &Path, change: impl Fn(&::hdf5::File)) {
    #[expect(clippy::disallowed_methods, reason = "a test spoils what it has written")]
    let file = ::hdf5::File::open_rw(path).unwrap();
    change(&file);
    file.close().unwrap();
}

#[test]
fn what_is_too_much_or_absent_is_named() {
    type Change = fn(&::hdf5::File);
    let cases: [(Change, &str); 5] = [
        (|file| drop(file.new_dataset::<i32>().create("extra").unwrap()), "too much: [\"extra\"]"),
        (|file| file.unlink("whole").unwrap(), "what is absent: [\"whole\"]"),
        (|file| drop(file.new_attr::<i32>().create("note").unwrap()), "too much: [\"note\"]"),
        (
            |file| drop(file.dataset("chunked").unwrap().new_attr::<i32>().create("note").unwrap()),
            "chunked: is not as it was written; found too much: [\"note\"]",
        ),
        (
            |file| {
                file.unlink("few").unwrap();
                drop(file.new_dataset::<f32>().shape(3).create("few").unwrap());
            },
            "few: is not as it was written",
        ),
    ];
    for (way, (change, expected)) in WAYS.into_iter().flat_map(|way| cases.map(|case| (way, case))) {
        let (_folder, path) = written(way, 4);
        spoil(&path, change);
        let failure = super::read_back(&path, &structure(), &LateAttributes::default()).unwrap_err();
        assert!(failure.to_string().contains(expected), "{failure}");
    }
}
