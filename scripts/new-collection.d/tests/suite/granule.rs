//! A granule as its producer writes it, defined from real files and not from the tables, so that a test can disagree
//! with them.

use std::path::Path;

/// Number of records: one per minute from 12:00 UTC on 6 September 2012, flying north.
pub(crate) const RECORDS: u8 = 20;

/// Altitudes of the bins in km, the highest first.
pub(crate) const ALTITUDES: [f64; 4] = [15.0, 10.0, 5.0, 0.5];

/// Missing value.
pub(crate) const SENTINEL: f64 = -9999.0;

/// Backscatter of a bin of a record. It is missing in record 3, and NaN in the second bin of record 5.
pub(crate) fn backscatter(record: u8, bin: u8) -> f64 {
    match (record, bin) {
        (3, _) => SENTINEL,
        (5, 1) => f64::NAN,
        _ => f64::from(record) * 1e-3 + f64::from(bin) * 1e-5,
    }
}

/// Writes the granule.
pub(crate) fn write(path: &Path) -> hdf5::Result<()> {
    let file = hdf5::File::create(path)?;
    let along = |name: &str, value: fn(f64) -> f64| -> hdf5::Result<()> {
        let values: Vec<f64> = (0..RECORDS).map(|record| value(f64::from(record))).collect();
        file.new_dataset_builder().with_data(&values).create(name).map(drop)
    };
    along("hour", |_| 12.0)?;
    along("minute", |record| record)?;
    along("second", |_| 0.0)?;
    along("day_of_year", |record| 250.5 + record / 1440.0)?;
    along("latitude", |record| 20.0 + record / 100.0)?;
    along("longitude", |_| -60.0)?;
    file.new_dataset_builder().with_data(&ALTITUDES).create("altitude")?;
    let profiles: Vec<[f64; 4]> =
        (0..RECORDS).map(|record| [0, 1, 2, 3].map(|bin| backscatter(record, bin))).collect();
    let dataset = file.new_dataset::<f64>().shape([profiles.len(), ALTITUDES.len()]).create("backscatter")?;
    dataset.write_raw(profiles.as_flattened())?;
    file.close()
}
