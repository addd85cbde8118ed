//! Converts values of a sounding to the units of the product's table.

use crate::collection::{Units, VariableSpec};
use crate::map::units::{self, Conversion};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::warning::{Code, Warning};
use cumulus_sounding::Column;

/// Converts the values of a column to the unit of its row.
pub(super) fn converted(
    row: &VariableSpec,
    column: &Column,
    values: Vec<f64>,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<f64>, Failure> {
    if !matches!(row.units, Units::Fixed(_)) {
        return Ok(values);
    }
    let conversion = conversion(row, &column.name, &column.units, &values, warnings)?;
    Ok(values.into_iter().map(|value| conversion.of(value)).collect())
}

/// Returns the conversion from `units` to the unit of `row`; if `units` is empty, the unit is inferred from the
/// magnitude of `values`. `place` is the name of the values in warnings and failures.
pub(super) fn conversion(
    row: &VariableSpec,
    place: &str,
    units: &str,
    values: &[f64],
    warnings: &mut Vec<Warning>,
) -> Result<Conversion, Failure> {
    let Units::Fixed(wanted) = row.units else { return Ok(Conversion::NONE) };
    let stated = if units.trim().is_empty() { units::guessed(values, wanted) } else { units };
    let conversion = units::conversion(stated, wanted).ok_or_else(|| {
        Failure::new(Stage::Map, place, "has a unit that cannot be converted")
            .found(stated)
            .expected(wanted)
            .hint("ask the producer which unit is meant")
    })?;
    if !conversion.is_none() {
        let message = format!("converted from {stated} to {wanted}");
        warnings.push(Warning::at(Code::UnitsConverted, place, message));
    }
    Ok(conversion)
}
