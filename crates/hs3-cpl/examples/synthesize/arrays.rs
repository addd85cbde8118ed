//! Writes the file: the datasets of a CPL granule in their variants.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "every number here is made up to fit its type"
)]

use hdf5::H5Type;
use hdf5::types::{FixedAscii, VarLenAscii};
use ndarray::{ArrayD, IxDyn};

use crate::granule::{Floats, Integers, Scalars, Storage, Strings, Writer};
use crate::scene::Noise;

/// Rows per chunk in chunked storage; not a divisor of the usual numbers of records.
const CHUNK_ROWS: usize = 1000;
/// Rows written at a time.
const BLOCK_ROWS: usize = 512;

impl Writer<'_> {
    /// Values with noise around a mean.
    pub(crate) fn noisy(&self, name: &str, shape: &[usize], mean: f64, deviation: f64) -> hdf5::Result<()> {
        self.array(name, shape, |record, row| {
            let mut noise = Noise::new(self.recipe.seed, name, record);
            row.fill_with(|| mean + deviation * noise.normal());
        })
    }

    /// An array of measured values, made row by row.
    pub(crate) fn array(
        &self,
        name: &str,
        shape: &[usize],
        mut row: impl FnMut(usize, &mut [f64]),
    ) -> hdf5::Result<()> {
        let row_length: usize = shape.iter().skip(1).product();
        let create = |builder: hdf5::DatasetBuilder| self.dataset(builder, name, shape);
        let dataset = create(self.file.new_dataset_builder())?;
        let mut start = 0;
        while start < shape[0] {
            let end = (start + BLOCK_ROWS).min(shape[0]);
            let mut block = vec![0.0; (end - start) * row_length];
            for (index, values) in block.chunks_exact_mut(row_length).enumerate() {
                row(start + index, values);
            }
            let mut block_shape = shape.to_vec();
            block_shape[0] = end - start;
            let block =
                ArrayD::from_shape_vec(IxDyn(&block_shape), block).map_err(|error| error.to_string())?;
            let whole = shape.iter().skip(1).map(|&length| 0..length);
            let selection: Vec<hdf5::SliceOrIndex> = std::iter::once(start..end)
                .chain(whole)
                .map(|axis| hdf5::SliceOrIndex::SliceTo {
                    start: axis.start,
                    step: 1,
                    end: axis.end,
                    block: 1,
                })
                .collect();
            let selection = hdf5::Hyperslab::from(selection);
            match self.recipe.floats {
                Floats::F4 => dataset.write_slice(&block.mapv(|value| value as f32), selection)?,
                Floats::F8 => dataset.write_slice(&block, selection)?,
            }
            start = end;
        }
        Ok(())
    }

    pub(crate) fn dataset(
        &self,
        builder: hdf5::DatasetBuilder,
        name: &str,
        shape: &[usize],
    ) -> hdf5::Result<hdf5::Dataset> {
        let chunk: Vec<usize> =
            std::iter::once(shape[0].min(CHUNK_ROWS)).chain(shape.iter().skip(1).copied()).collect();
        let builder = match self.recipe.storage {
            Storage::Contiguous => builder.no_chunk(),
            Storage::Gzip => builder.chunk(chunk).shuffle().deflate(4),
        };
        match self.recipe.floats {
            Floats::F4 => builder.empty::<f32>().shape(shape).create(name),
            Floats::F8 => builder.empty::<f64>().shape(shape).create(name),
        }
    }

    pub(crate) fn integers(&self, name: &str, shape: &[usize], values: &[i64]) -> hdf5::Result<()> {
        match self.recipe.integers {
            Integers::I16 => self.write(name, shape, each(values, |&value| value as i16)),
            Integers::I32 => self.write(name, shape, each(values, |&value| value as i32)),
            Integers::I64 => self.write(name, shape, values.to_vec()),
            Integers::U8 => self.write(name, shape, each(values, |&value| value as u8)),
            Integers::U16 => self.write(name, shape, each(values, |&value| value as u16)),
            Integers::U32 => self.write(name, shape, each(values, |&value| value as u32)),
        }
    }

    pub(crate) fn write<T: H5Type>(&self, name: &str, shape: &[usize], values: Vec<T>) -> hdf5::Result<()> {
        let array = ArrayD::from_shape_vec(IxDyn(shape), values).map_err(|error| error.to_string())?;
        self.file.new_dataset_builder().no_chunk().with_data(&array).create(name)?;
        Ok(())
    }

    /// A single measured value.
    pub(crate) fn float(&self, name: &str, value: f64) -> hdf5::Result<()> {
        match self.recipe.floats {
            Floats::F4 => self.single(name, value as f32),
            Floats::F8 => self.single(name, value),
        }
    }

    pub(crate) fn double(&self, name: &str, value: f64) -> hdf5::Result<()> {
        self.single(name, value)
    }

    pub(crate) fn single<T: H5Type>(&self, name: &str, value: T) -> hdf5::Result<()> {
        match self.recipe.scalars {
            Scalars::Scalar => self.file.new_dataset::<T>().create(name)?.write_scalar(&value),
            Scalars::OneElement => self.write(name, &[1], vec![value]),
        }
    }

    pub(crate) fn text(&self, name: &str, text: &str) -> hdf5::Result<()> {
        let ascii = |error: hdf5::types::StringError| error.to_string();
        match self.recipe.strings {
            Strings::Fixed => {
                let text = FixedAscii::<20>::from_ascii(text).map_err(ascii)?;
                self.file.new_dataset::<FixedAscii<20>>().create(name)?.write_scalar(&text)
            }
            Strings::OneElement => {
                self.write(name, &[1], vec![FixedAscii::<20>::from_ascii(text).map_err(ascii)?])
            }
            Strings::Variable => {
                let text = VarLenAscii::from_ascii(text).map_err(ascii)?;
                self.file.new_dataset::<VarLenAscii>().create(name)?.write_scalar(&text)
            }
            Strings::Codes => self.write(name, &[text.len()], text.bytes().collect()),
        }
    }
}

/// Every value, converted.
pub(crate) fn each<T, U>(values: &[T], convert: impl Fn(&T) -> U) -> Vec<U> {
    values.iter().map(convert).collect()
}
