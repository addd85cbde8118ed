//! Writes products with edge cases, to be checked with other readers: `edge_products FOLDER`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use cumulus_formats::write::create;
use cumulus_formats::write::unit::Cutter;
use cumulus_model::attributes::{Attribute, Attributes};
use cumulus_model::buffer_pool::BufferPool;
use cumulus_model::error::Failure;
use cumulus_model::structure::{LateAttributes, Storage, Structure, Variable};
use cumulus_model::values::{ElementType, Values};
use ndarray::ArrayD;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        return ExitCode::from(2);
    };
    let files = [
        ("texts", texts()),
        ("long_attributes", long_attributes()),
        ("scalars", scalars()),
        ("many_axes", many_axes()),
    ];
    for (name, structure) in files {
        if let Err(failure) = write(&folder.join(format!("{name}.nc")), &structure) {
            tracing::error!("{failure}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

/// Text attributes with UTF-8 characters of one to four bytes, an empty one, and a variable of characters.
fn texts() -> Structure {
    let mut words = variable("words", Storage::Characters, &[("width", 12)]);
    let texts = [
        ("ascii", "plain"),
        ("latin", "Zürich, Ångström, 20 °C"),
        ("greek", "λ = 532 nm"),
        ("japanese", "雲"),
        ("emoji", "🛩"),
        ("empty", ""),
        ("lines", "one\ntwo"),
        ("names_é", "a name beyond ASCII"),
    ];
    words.attributes = texts.iter().map(|(name, text)| Attribute::text(*name, *text)).collect();
    let attributes = words.attributes.clone();
    structure(vec![words], attributes)
}

/// Attributes of about 250, 8,000 and 60,000 bytes, both of the file and of a variable; 60,000 bytes is the maximum
/// that is written directly.
fn long_attributes() -> Structure {
    let long =
        |length: usize| Attribute::text(format!("of_{length}_bytes"), "0123456789".repeat(length / 10));
    let mut whole = variable("whole", Storage::Numbers(ElementType::F32), &[("record", 20)]);
    whole.attributes = [250, 260, 8_000, 60_000].map(long).into_iter().collect();
    let many: Vec<f64> = (0..1000).map(f64::from).collect();
    whole.attributes.set(Attribute::numbers("numbers", ElementType::F64, &many));
    let attributes = whole.attributes.clone();
    structure(vec![whole], attributes)
}

/// A scalar of every type.
fn scalars() -> Structure {
    use ElementType::{F32, F64, I8, I16, I32};
    let names = [("i1", I8), ("i2", I16), ("i4", I32), ("f4", F32), ("f8", F64)];
    let variables = names.map(|(name, element_type)| {
        let mut scalar = variable(name, Storage::Numbers(element_type), &[]);
        scalar.fill = Some(-99.0);
        scalar.attributes = Attributes::from_iter([Attribute::numbers("valid_min", element_type, &[-9.0])]);
        scalar
    });
    structure(variables.into(), Attributes::default())
}

/// Dimensions shared by 3,000 axes, close to the maximum that is written directly (3,750).
fn many_axes() -> Structure {
    let axes = [("record", 3), ("bin", 2)];
    let variables = (0..1500)
        .map(|number| variable(&format!("v{number}"), Storage::Numbers(ElementType::I16), &axes))
        .collect();
    structure(variables, Attributes::default())
}

fn variable(name: &str, storage: Storage, axes: &[(&str, usize)]) -> Variable {
    Variable {
        name: name.to_owned(),
        storage,
        dimensions: axes.iter().map(|(name, _)| (*name).to_owned()).collect(),
        shape: axes.iter().map(|&(_, length)| length).collect(),
        fill: None,
        attributes: Attributes::default(),
    }
}

fn structure(variables: Vec<Variable>, attributes: Attributes) -> Structure {
    let mut dimensions: Vec<(String, usize)> = Vec::new();
    for variable in &variables {
        for (name, &length) in variable.dimensions.iter().zip(&variable.shape) {
            if !dimensions.iter().any(|(known, _)| known == name) {
                dimensions.push((name.clone(), length));
            }
        }
    }
    Structure { dimensions, variables, attributes }
}

fn write(path: &Path, structure: &Structure) -> Result<(), Failure> {
    let mut sink = create(path, structure, 4)?;
    for (number, variable) in structure.variables.iter().enumerate() {
        if variable.storage == Storage::Characters {
            sink.write_text(number, "cloud lidar\0".as_bytes())?;
            continue;
        }
        let packing = sink.packing(number)?;
        for unit in Cutter::units(packing.rows, values(variable, number)) {
            sink.write(number, &packing.pack(unit, &BufferPool::default()))?;
        }
    }
    sink.finish(&LateAttributes::default())
}

/// Returns numbers that differ between variables and between rows.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small whole numbers")]
fn values(variable: &Variable, seed: usize) -> Values {
    let shape = variable.shape.clone();
    let mut count = seed % 101;
    let mut next = move || {
        count = (count * 31 + 7) % 101;
        count as f64
    };
    match variable.storage {
        Storage::Numbers(ElementType::I8) => Values::I8(ArrayD::from_shape_simple_fn(shape, || next() as i8)),
        Storage::Numbers(ElementType::I16) => {
            Values::I16(ArrayD::from_shape_simple_fn(shape, || next() as i16))
        }
        Storage::Numbers(ElementType::I32) => {
            Values::I32(ArrayD::from_shape_simple_fn(shape, || next() as i32))
        }
        Storage::Numbers(ElementType::F32) => {
            Values::F32(ArrayD::from_shape_simple_fn(shape, || next() as f32))
        }
        _ => Values::F64(ArrayD::from_shape_simple_fn(shape, next)),
    }
}
