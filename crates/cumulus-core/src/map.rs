//! Maps the contents of a source to the contents of the product.
//!
//! [`siblings`] and [`axes`] complete the description of the source, [`bind`] assigns a dimension to every axis, [`time`] and [`position`] derive the track, and [`decode`] converts
//! blocks of values to their output type and replaces missing values. Nothing here depends on a file format or a
//! collection.

pub mod altitudes;
pub mod axes;
pub mod bind;
pub mod decode;
pub mod edges;
pub mod interpreted;
pub mod position;
pub mod reading;
pub mod renamed;
pub mod siblings;
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

/// `_FillValue` of every output: NASA CPL's own sentinel for a missing value.
pub const FILL: f64 = -999.0;

/// Maximum sentinel: values at or below it are missing. Files contain -999, later ones -9999.
pub const MAX_SENTINEL: f64 = -900.0;

/// Reads all values of a small numeric dataset.
///
/// # Errors
/// The dataset is text, or cannot be read.
pub fn whole(source: &dyn Source, dataset: &Dataset) -> Result<Values, Failure> {
    source.rows(dataset, 0..dataset.row_count())
}

/// Reads all numbers of a small dataset, with NaN for those that equal the `_FillValue` of its reading.
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

/// Returns the value of a one-element numeric dataset of any rank.
///
/// Returns `None` if there is no such dataset, and `None` with a warning if it is not a single number: what a file
/// states about itself is only compared with its arrays, so this is no error.
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
