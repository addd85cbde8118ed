//! A granule of the test collection, as its producer would write it.

#![expect(clippy::cast_precision_loss, reason = "records are few")]

use std::path::Path;

use hdf5::types::FixedAscii;
use hdf5::{File, H5Type};
use ndarray::Array2;

/// Decimal day of year of 6 September 2012, 12:00 UTC, the start of every flight.
const FIRST_DAY: f64 = 250.5;
const SECONDS_PER_DAY: f64 = 86_400.0;
/// Rows per chunk in chunked storage; not a divisor of the usual numbers of records.
const CHUNK_ROWS: usize = 1000;
/// Rows written at a time.
const BLOCK_ROWS: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProductKind {
    /// A signal by record and altitude.
    Profiles,
    /// The flight track only.
    Track,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    Contiguous,
    Gzip,
}

/// A granule to write.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) product: ProductKind,
    pub(crate) records: usize,
    pub(crate) bins: usize,
    pub(crate) storage: Storage,
    /// True if the signal is zero everywhere, for tests in which only the size of a granule matters.
    pub(crate) is_zero: bool,
    pub(crate) seed: u64,
    /// True if the signal has four NaN and eight infinite values, and two positions are wrong: one is zero, and one
    /// is far from its neighbours.
    pub(crate) has_faults: bool,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            product: ProductKind::Profiles,
            records: 40,
            bins: 97,
            storage: Storage::Contiguous,
            is_zero: false,
            seed: 12_203,
            has_faults: false,
        }
    }
}

impl Recipe {
    /// Writes the granule: one record per second, flying north along 60 degrees west.
    pub(crate) fn write(&self, path: &Path) -> hdf5::Result<()> {
        let file = File::create(path)?;
        let day = |record: usize| FIRST_DAY + record as f64 / SECONDS_PER_DAY;
        self.along(&file, "hour", |record| 12.0 + (record / 3600) as f64)?;
        self.along(&file, "minute", |record| (record / 60 % 60) as f64)?;
        self.along(&file, "second", |record| (record % 60) as f64)?;
        self.along(&file, "day_of_year", day)?;
        scalar(&file, "first_day", &day(0))?;
        scalar(&file, "last_day", &day(self.records.saturating_sub(1)))?;
        scalar(&file, "number_of_records", &i64::try_from(self.records).unwrap())?;
        let date = FixedAscii::<10>::from_ascii("2012-09-06").unwrap();
        scalar(&file, "date", &date)?;
        let latitude = |record: usize| 20.0 + record as f64 * 1e-3;
        self.along(&file, "latitude", |record| match record {
            7 if self.has_faults => 0.0,
            20 if self.has_faults => latitude(record) + 5.0,
            _ => latitude(record),
        })?;
        self.along(&file, "longitude", |record| if self.has_faults && record == 7 { 0.0 } else { -60.0 })?;
        self.along(&file, "aircraft_altitude", |_| 18_500.0)?;
        if self.product == ProductKind::Profiles {
            scalar(&file, "number_of_bins", &i64::try_from(self.bins).unwrap())?;
            let altitudes: Vec<f64> =
                (0..self.bins).map(|bin| 20.0 - 20.0 * (bin as f64 + 0.5) / self.bins as f64).collect();
            file.new_dataset_builder().with_data(&altitudes).create("altitude")?;
            let layers: Vec<i16> = (0..self.records).map(|record| i16::from(record % 3 == 0)).collect();
            file.new_dataset_builder().with_data(&layers).create("layers")?;
            self.signal(&file)?;
        }
        file.close()
    }

    fn along(&self, file: &File, name: &str, value: impl Fn(usize) -> f64) -> hdf5::Result<()> {
        let values: Vec<f64> = (0..self.records).map(value).collect();
        file.new_dataset_builder().with_data(&values).create(name).map(drop)
    }

    fn signal(&self, file: &File) -> hdf5::Result<()> {
        let new = file.new_dataset::<f32>().shape([self.records, self.bins]);
        let new = match self.storage {
            Storage::Contiguous => new,
            Storage::Gzip => new.chunk([CHUNK_ROWS.min(self.records), self.bins]).deflate(4),
        };
        let dataset = new.create("signal")?;
        let mut random = fastrand::Rng::with_seed(self.seed);
        for first in (0..self.records).step_by(BLOCK_ROWS) {
            let rows = BLOCK_ROWS.min(self.records - first);
            let mut block = Array2::<f32>::zeros((rows, self.bins));
            if !self.is_zero {
                block.mapv_inplace(|_| (random.f32() - 0.3) * 1e-3);
            }
            if self.has_faults && first == 0 {
                block.row_mut(3).iter_mut().take(4).for_each(|value| *value = f32::NAN);
                block.row_mut(5).iter_mut().take(8).for_each(|value| *value = f32::INFINITY);
            }
            dataset.write_slice(&block, (first..first + rows, ..))?;
        }
        Ok(())
    }
}

fn scalar<T: H5Type>(file: &File, name: &str, value: &T) -> hdf5::Result<()> {
    file.new_dataset::<T>().create(name)?.write_scalar(value)
}
