//! From what a source holds to what the output will hold.
//!
//! [`bind`] gives every axis a dimension, [`time`] and [`position`] derive the track, [`decode`] takes blocks of
//! values to their output type and replaces what is missing. Nothing here knows a file format or a collection.

pub mod bind;
pub mod decode;
pub mod edges;
pub mod position;
pub mod text;
pub mod time;
pub mod track;

use crate::error::{Failure, Stage};
use crate::read::{Content, Dataset, Source};
use crate::values::Values;

/// The value that stands for "no value" in every output (NASA CPL's own sentinel).
pub const FILL: f64 = -999.0;

/// Values at or below this are sentinels: files hold -999, later ones -9999.
pub const LARGEST_SENTINEL: f64 = -900.0;

/// All values of a small numeric dataset.
///
/// # Errors
/// The dataset is text, or cannot be read.
pub fn whole(source: &dyn Source, dataset: &Dataset) -> Result<Values, Failure> {
    source.rows(dataset, 0..dataset.row_count())
}

/// The value of a one-element numeric dataset, whatever its rank; `None` where there is no such dataset.
///
/// # Errors
/// The dataset has more than one element, is not numeric, or cannot be read.
pub fn single(source: &dyn Source, path: &str) -> Result<Option<f64>, Failure> {
    let Some(dataset) = source.description().dataset(path) else { return Ok(None) };
    if dataset.len() != 1 || !matches!(dataset.content, Content::Numbers(_)) {
        return Err(Failure::new(Stage::Map, path, "is not a single number")
            .found(format!("shape {:?}", dataset.shape))
            .expected("one value, stored as a scalar or a one-element array"));
    }
    Ok(whole(source, dataset)?.to_f64().first().copied())
}
