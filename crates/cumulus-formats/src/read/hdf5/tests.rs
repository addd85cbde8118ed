#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "numbers are small"
)]

use std::path::Path;

use ::hdf5::plist::dataset_create::FillTime;
use ::hdf5::types::{FixedAscii, VarLenUnicode};
use ::hdf5::{File, H5Type};
use ndarray::{Array1, Array2, Array3};

use super::Hdf5Source;
use cumulus_model::source::{Content, Source};
use cumulus_model::testing::source::violations;

const ROWS: usize = 205;

/// A dataset of every element type, stored in every way, and of everything else that a source may describe.
fn write(path: &Path) -> ::hdf5::Result<()> {
    let file = File::create(path)?;
    numbers(&file, "i8", |number| (number % 120) as i8)?;
    numbers(&file, "i16", |number| number as i16)?;
    numbers(&file, "i32", |number| number as i32)?;
    numbers(&file, "i64", |number| number as i64)?;
    numbers(&file, "u8", |number| (number % 250) as u8)?;
    numbers(&file, "u16", |number| number as u16)?;
    numbers(&file, "u32", |number| number as u32)?;
    numbers(&file, "u64", |number| number as u64)?;
    numbers(&file, "f32", |number| number as f32 / 7.0)?;
    numbers(&file, "f64", |number| number as f64 / 7.0)?;
    file.new_dataset::<f64>().create("scalar")?.write_scalar(&2.5)?;
    file.new_dataset::<f64>().shape([0, 3]).create("empty")?;
    file.new_dataset::<f32>().shape([4]).create("unwritten")?;
    file.new_dataset::<f32>()
        .shape([40, 3])
        .chunk([7, 3])
        .fill_time(FillTime::Never)
        .create("never_filled")?;
    let cube = Array3::from_shape_fn((9, 4, 5), |(x, y, z)| (x * 20 + y * 5 + z) as i16);
    file.new_dataset_builder().with_data(&cube).create("cube")?;
    let words = ["one", "two  ", ""].map(|word| FixedAscii::<8>::from_ascii(word).unwrap());
    file.new_dataset_builder().with_data(&Array1::from_vec(words.to_vec())).create("words")?;
    let variable = ["three", "four"].map(|word| word.parse::<VarLenUnicode>().unwrap());
    file.new_dataset_builder().with_data(&Array1::from_vec(variable.to_vec())).create("variable_words")?;
    file.create_group("group")?.new_dataset::<i32>().shape([3]).create("inside")?.write(&[1, 2, 3])?;
    file.close()
}

fn numbers<T: H5Type>(file: &File, name: &str, value: impl Fn(usize) -> T) -> ::hdf5::Result<()> {
    let values = Array2::from_shape_fn((ROWS, 3), |(row, column)| value(row * 3 + column));
    file.new_dataset_builder().with_data(&values).create(name)?;
    let chunked = format!("{name}_chunked");
    file.new_dataset_builder().with_data(&values).chunk([50, 2]).create(chunked.as_str())?;
    let compressed = format!("{name}_compressed");
    file.new_dataset_builder()
        .with_data(&values)
        .chunk([50, 3])
        .shuffle()
        .deflate(4)
        .create(compressed.as_str())?;
    Ok(())
}

#[test]
fn an_hdf5_file_keeps_the_contract_of_sources() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.hdf5");
    write(&path).unwrap();
    let source = Hdf5Source::open(&path).unwrap();
    let numeric =
        source.description().datasets.iter().filter(|one| matches!(one.content, Content::Numbers(_)));
    assert!(numeric.count() > 30);
    assert_eq!(violations(&source), Vec::<String>::new());
}
