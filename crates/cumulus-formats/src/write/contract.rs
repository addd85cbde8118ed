//! The contract of [`Sink`], kept by both ways of writing a product and by the comparison that reads one back.

use std::path::Path;

use ndarray::ArrayD;
use tempfile::TempDir;

use super::check::values::Comparison;
use super::direct::DirectSink;
use super::netcdf::NetcdfSink;
use super::unit::Cutter;
use super::{Sink, check};
use cumulus_model::attributes::{Attribute, Attributes};
use cumulus_model::buffer_pool::BufferPool;
use cumulus_model::structure::{LateAttributes, Storage, Structure, Variable};
use cumulus_model::values::{ElementType, Values};

const LEVEL: u8 = 4;
/// A variable of [`structure`] that is stored in chunks, two that are stored whole, and characters.
const GRID: usize = 0;
const SHORT: usize = 1;
const SCALAR: usize = 2;
const WORDS: usize = 3;
/// A number that no variable has.
const NONE: usize = 4;

type Open = fn(&Path) -> Box<dyn Sink>;

/// Every implementation: how it makes a file or, for the comparison, opens one that is there.
const WRITERS: [(&str, Open); 2] = [
    ("direct", |path| Box::new(DirectSink::create(path, &structure(), LEVEL).unwrap().unwrap())),
    ("netcdf", |path| Box::new(NetcdfSink::create(path, &structure(), LEVEL).unwrap())),
];

fn compare(path: &Path) -> Box<dyn Sink> {
    Box::new(Comparison::open(path, &structure(), LEVEL).unwrap())
}

fn structure() -> Structure {
    let variable = |name: &str, storage, axes: &[(&str, usize)]| Variable {
        name: name.to_owned(),
        storage,
        dimensions: axes.iter().map(|(name, _)| (*name).to_owned()).collect(),
        shape: axes.iter().map(|&(_, length)| length).collect(),
        fill: None,
        attributes: Attributes::from_iter([Attribute::text("long_name", name)]),
    };
    let [record, bin, width] = [("record", 1300), ("bin", 300), ("width", 12)];
    Structure {
        dimensions: [record, bin, width].map(|(name, length)| (name.to_owned(), length)).into(),
        variables: vec![
            variable("grid", Storage::Numbers(ElementType::F32), &[record, bin]),
            variable("short", Storage::Numbers(ElementType::I16), &[width]),
            variable("scalar", Storage::Numbers(ElementType::F64), &[]),
            variable("words", Storage::Characters, &[width]),
        ],
        attributes: Attributes::from_iter([Attribute::text("title", "a contract")]),
    }
}

/// Values of a numeric variable.
#[expect(clippy::cast_possible_truncation, reason = "numbers are small")]
fn values(variable: usize) -> Values {
    let shape = structure().variables[variable].shape.clone();
    let mut number = 0_u16;
    let mut next = || {
        number = number.wrapping_mul(31).wrapping_add(7);
        f64::from(number)
    };
    match variable {
        GRID => Values::F32(ArrayD::from_shape_simple_fn(shape, || next() as f32)),
        SHORT => Values::I16(ArrayD::from_shape_simple_fn(shape, || next() as i16)),
        _ => Values::F64(ArrayD::from_shape_simple_fn(shape, next)),
    }
}

fn write(sink: &mut dyn Sink, variable: usize, values: Values) -> bool {
    let packing = sink.packing(variable).unwrap();
    Cutter::units(packing.rows, values)
        .into_iter()
        .all(|unit| sink.write(variable, &packing.pack(unit, &BufferPool::default())).is_ok())
}

fn write_all_but(sink: &mut dyn Sink, absent: usize) {
    for variable in [GRID, SHORT, SCALAR].into_iter().filter(|variable| *variable != absent) {
        assert!(write(sink, variable, values(variable)));
    }
    if absent != WORDS {
        sink.write_text(WORDS, b"twelve bytes").unwrap();
    }
}

/// Runs a test on each implementation, with a folder whose `product.nc` exists for the comparison alone.
fn each(test: impl Fn(&str, &Path, Open)) {
    for (name, open) in WRITERS {
        let folder = TempDir::new().unwrap();
        test(name, &folder.path().join("product.nc"), open);
    }
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("product.nc");
    let mut sink = WRITERS[0].1(&path);
    write_all_but(&mut *sink, NONE);
    sink.finish(&LateAttributes::default()).unwrap();
    test("comparison", &path, compare);
}

#[test]
fn what_was_written_is_there() {
    each(|name, path, open| {
        let late = LateAttributes {
            variables: vec![("short".to_owned(), Attributes::from_iter([Attribute::text("late", "one")]))],
            file: Attributes::from_iter([Attribute::text("late", "two")]),
        };
        let mut sink = open(path);
        write_all_but(&mut *sink, NONE);
        sink.finish(&late).unwrap();
        if name != "comparison" {
            check::read_back(path, &structure(), &late).unwrap();
        }
        let mut comparison = compare(path);
        write_all_but(&mut *comparison, NONE);
        comparison.finish(&late).unwrap();
    });
}

#[test]
fn variables_that_lack_rows_are_not_finished() {
    for absent in [GRID, SHORT, SCALAR, WORDS] {
        each(|name, path, open| {
            let mut sink = open(path);
            write_all_but(&mut *sink, absent);
            let failure = sink.finish(&LateAttributes::default()).unwrap_err().to_string();
            assert!(failure.contains(&structure().variables[absent].name), "{name}: {failure}");
        });
    }
    each(|name, path, open| {
        let mut sink = open(path);
        write_all_but(&mut *sink, GRID);
        write(&mut *sink, GRID, values(GRID).rows(0..1299));
        assert!(sink.finish(&LateAttributes::default()).is_err(), "{name}");
    });
}

#[test]
fn rows_beyond_the_last_are_refused() {
    for variable in [GRID, SHORT, SCALAR] {
        each(|name, path, open| {
            let mut sink = open(path);
            write_all_but(&mut *sink, NONE);
            let is_written = write(&mut *sink, variable, values(variable));
            let is_finished = sink.finish(&LateAttributes::default()).is_ok();
            assert!(!(is_written && is_finished), "{name}: variable {variable}");
        });
    }
}

#[test]
fn a_variable_that_does_not_exist_is_refused() {
    each(|name, path, open| {
        let mut sink = open(path);
        assert!(sink.packing(NONE).is_err(), "{name}");
        let packing = sink.packing(SCALAR).unwrap();
        for unit in Cutter::units(packing.rows, values(SCALAR)) {
            assert!(sink.write(NONE, &packing.pack(unit, &BufferPool::default())).is_err(), "{name}");
        }
        assert!(sink.write_text(NONE, b"twelve bytes").is_err(), "{name}");
    });
}

#[test]
fn values_of_another_kind_are_refused() {
    each(|name, path, open| {
        let mut sink = open(path);
        assert!(sink.write_text(WORDS, b"short").is_err(), "{name}: too few characters");
        assert!(sink.write_text(SHORT, b"twelve bytes").is_err(), "{name}: characters for numbers");
        assert!(!write(&mut *sink, SHORT, values(SCALAR)), "{name}: another type");
        let longer = Values::I16(ArrayD::zeros(vec![12, 2]));
        assert!(!write(&mut *sink, SHORT, longer), "{name}: another shape");
    });
}

#[test]
fn a_file_that_exists_is_not_overwritten() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("product.nc");
    std::fs::write(&path, "precious").unwrap();
    assert!(DirectSink::create(&path, &structure(), LEVEL).is_err());
    assert!(NetcdfSink::create(&path, &structure(), LEVEL).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
}
