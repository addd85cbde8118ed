//! The meaning of a granule: from what a source holds to what the product will hold.
//!
//! [`bind`] gives every axis a dimension, [`time`] and [`position`] derive the track, [`decode`] takes blocks of
//! values to their output type and replaces what is missing. Nothing here depends on a file format or a collection.

pub mod altitudes;
pub mod axes;
pub mod bind;
pub mod decode;
pub mod edges;
pub mod interpreted;
pub mod position;
pub mod reading;
pub mod renamed;
pub mod sounding;
pub mod status;
pub mod text;
pub mod time;
pub mod track;
pub mod units;

use crate::map::interpreted::InterpretedSource;
use cumulus_model::error::Failure;
use cumulus_model::source::{Content, Dataset, Source};
use cumulus_model::values::Values;
use cumulus_model::warning::{Code, Warning};

/// The value that stands for "no value" in every output (NASA CPL's own sentinel).
pub const FILL: f64 = -999.0;

/// Values at or below this are sentinels: files hold -999, later ones -9999.
pub const MAX_SENTINEL: f64 = -900.0;

/// All values of a small numeric dataset.
///
/// # Errors
/// The dataset is text, or cannot be read.
pub fn whole(source: &dyn Source, dataset: &Dataset) -> Result<Values, Failure> {
    source.rows(dataset, 0..dataset.row_count())
}

/// All numbers of a small dataset, NaN for those that the source states to be missing.
///
/// # Errors
/// As [`whole`].
pub fn numbers(source: &dyn InterpretedSource, dataset: &Dataset) -> Result<Vec<f64>, Failure> {
    let numbers = whole(source, dataset)?.to_f64();
    let Some(fill) = source.reading(dataset).and_then(|reading| reading.fill) else { return Ok(numbers) };
    #[expect(clippy::float_cmp, reason = "only the very same number stands for a missing value")]
    let known = |number: f64| if number == fill { f64::NAN } else { number };
    Ok(numbers.into_iter().map(known).collect())
}

/// The value of a one-element numeric dataset, whatever its rank; `None`, with a warning, where it is anything else:
/// what a file states about itself is only compared with its arrays.
pub fn single(source: &dyn InterpretedSource, path: &str, warnings: &mut Vec<Warning>) -> Option<f64> {
    let dataset = source.description().dataset(path)?;
    if dataset.len() == 1
        && matches!(dataset.content, Content::Numbers(_))
        && let Ok(numbers) = numbers(source, dataset)
    {
        return numbers.first().copied();
    }
    let message = format!("is not a single number (shape {:?}); not used", dataset.shape);
    warnings.push(Warning::at(Code::ValueUnreadable, path, message));
    None
}
