//! A naive converter, for comparison in `scripts/bench`: every numeric dataset is read as a whole by libhdf5 and
//! written as a whole by netcdf-c, which shuffles and deflates it. It does no mapping, writes no attributes and checks
//! nothing.
//!
//! `cargo run --release -p cumulus-core --example naive_copy -- SOURCE PRODUCT`
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "an example that does without the product's own reader and writer, and stops where it fails"
)]

use std::path::PathBuf;

use hdf5::types::{FloatSize, IntSize, TypeDescriptor};
use ndarray::ArrayD;

/// Rows per chunk, about as many as in the product for rows of 900 four-byte values.
const CHUNK_ROWS: usize = 1000;
/// Deflate level.
const LEVEL: i32 = 4;

fn main() {
    let [source, product]: [PathBuf; 2] = std::env::args_os()
        .skip(1)
        .map(PathBuf::from)
        .collect::<Vec<_>>()
        .try_into()
        .expect("SOURCE PRODUCT");
    let source = hdf5::File::open(source).expect("a source");
    let mut product = netcdf::create(product).expect("a product");
    for dataset in source.datasets().expect("datasets") {
        match dataset.dtype().expect("a type").to_descriptor() {
            Ok(TypeDescriptor::Integer(IntSize::U1)) => copy::<i8>(&dataset, &mut product),
            Ok(TypeDescriptor::Integer(IntSize::U2)) => copy::<i16>(&dataset, &mut product),
            Ok(TypeDescriptor::Integer(_)) => copy::<i32>(&dataset, &mut product),
            Ok(TypeDescriptor::Float(FloatSize::U4)) => copy::<f32>(&dataset, &mut product),
            Ok(TypeDescriptor::Float(FloatSize::U8)) => copy::<f64>(&dataset, &mut product),
            // Text is only a few bytes of a granule.
            _ => {}
        }
    }
    product.close().expect("a whole product");
}

fn copy<T: hdf5::H5Type + netcdf::NcTypeDescriptor + Copy>(
    dataset: &hdf5::Dataset,
    product: &mut netcdf::FileMut,
) {
    let values: ArrayD<T> = dataset.read_dyn().expect("values");
    let names: Vec<String> = values.shape().iter().map(|length| format!("length_{length}")).collect();
    for (name, length) in names.iter().zip(values.shape()) {
        if product.dimension(name).is_none() {
            product.add_dimension(name, *length).expect("a dimension");
        }
    }
    let name = dataset.name();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut variable = product.add_variable::<T>(name.trim_start_matches('/'), &names).expect("a variable");
    if values.ndim() > 0 {
        let mut chunk = values.shape().to_vec();
        if let Some(rows) = chunk.first_mut() {
            *rows = (*rows).clamp(1, CHUNK_ROWS);
        }
        variable.set_chunking(&chunk).expect("chunks");
        variable.set_compression(LEVEL, true).expect("deflate");
    }
    variable.put(values.view(), ..).expect("room");
}
