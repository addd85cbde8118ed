//! How the numbers of a dataset are interpreted: missing values, packing and unit, from its attributes and from the
//! product's table.
//!
//! The attributes of a source are trusted. Values equal to `_FillValue` or `missing_value` are missing; in packed
//! numbers this is tested before unpacking (CF-1.6, 8.1). `scale_factor` and `add_offset` are applied. Values in
//! another unit than the table's are converted, or written unconverted with their own unit if no conversion is known,
//! so that a value always has its correct unit.

use crate::collection::{MissingPolicy, Product, USUAL_SENTINELS, Units, VariableSpec};
use crate::map::FILL;
use crate::map::decode::Sentinels;
use cumulus_model::source::{Dataset, SourceValue};
use cumulus_model::values::ElementType;

/// netCDF's default fill value for floating-point variables (`NC_FILL_FLOAT`, `netcdf.h`), used as `_FillValue` if -999
/// may be data.
pub const NETCDF_FILL: f64 = 9.969_209_968_386_869e36;

/// How the values of one dataset, as returned by the source, are converted to those of the product.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The values that are missing.
    pub sentinels: Sentinels,
    /// `_FillValue` of the product.
    pub fill: Option<f64>,
    /// Unit, stated by the source or inferred, that is written instead of the table's.
    pub units: Option<String>,
    /// False if the unit contradicts the table's standard name.
    pub is_as_named: bool,
    /// True if values are packed in an unknown way, so that they have no unit.
    pub is_packed: bool,
    /// Comment that describes what was done to the values.
    pub note: Option<String>,
}

impl Reading {
    /// Returns true if `value`, as returned by the source, is missing.
    #[must_use]
    pub fn is_missing(&self, value: f64) -> bool {
        !value.is_finite() || self.sentinels.has(value)
    }

    /// Returns the reading according to the table alone; `element_type` is the type of the values that are decoded, and
    /// `masked` is true if values may be missing for other reasons.
    #[must_use]
    pub fn by_table(
        row: Option<&VariableSpec>,
        product: &Product,
        element_type: ElementType,
        masked: bool,
    ) -> Self {
        let policy = policy(row, product, element_type);
        let has_fill = policy.is_some() || masked;
        let policy = policy.unwrap_or(MissingPolicy::StatedOnly);
        let fill = match policy {
            _ if element_type.is_float() => fill_of(policy),
            MissingPolicy::Stored(listed) => listed.first().copied().unwrap_or(FILL),
            _ => FILL,
        };
        let mut sentinels = sentinels(policy);
        if sentinels == Sentinels::Nothing && element_type.is_float() {
            sentinels = Sentinels::Equal(vec![fill]);
        }
        let fill = has_fill.then_some(fill);
        Self { sentinels, fill, units: None, is_as_named: true, is_packed: false, note: None }
    }
}

/// Returns the policy for missing values of a dataset; `None` if only values stated by the source are missing.
pub(super) fn policy(
    row: Option<&VariableSpec>,
    product: &Product,
    element_type: ElementType,
) -> Option<MissingPolicy> {
    let of_row = |row: &VariableSpec| row.missing.unwrap_or(product.missing);
    let policy = row.map_or(product.missing_elsewhere, of_row);
    let holds = element_type.is_float()
        || row.is_some_and(VariableSpec::has_integer_sentinel)
        || matches!(policy, MissingPolicy::Stored(_));
    holds.then_some(policy)
}

fn sentinels(policy: MissingPolicy) -> Sentinels {
    match policy {
        MissingPolicy::AtOrBelow(limit) => Sentinels::AtOrBelow(limit),
        MissingPolicy::Listed(listed) | MissingPolicy::Stored(listed) => {
            Sentinels::Equal(listed.iter().flat_map(|&one| in_both(one)).collect())
        }
        MissingPolicy::StatedOnly => Sentinels::Nothing,
    }
}

/// Returns a number, and its value rounded to single precision if that is another number.
#[expect(clippy::cast_possible_truncation, reason = "the value of single precision is what is wanted")]
pub(super) fn in_both(number: f64) -> Vec<f64> {
    let mut both = vec![number];
    both.extend(Some(f64::from(number as f32)).filter(|single| single.to_bits() != number.to_bits()));
    both
}

/// Returns the `_FillValue` under a policy: -999 if it is a missing value by the policy, else [`NETCDF_FILL`].
pub(super) fn fill_of(policy: MissingPolicy) -> f64 {
    if sentinels(policy).has(FILL) { FILL } else { NETCDF_FILL }
}

/// Returns the sentinels for values in another unit than the table's: single numbers, because a threshold for missing
/// values depends on the unit.
pub(super) fn in_another_unit(policy: MissingPolicy) -> Vec<f64> {
    let named = sentinels(policy);
    let listed = match policy {
        MissingPolicy::Listed(listed) | MissingPolicy::Stored(listed) => listed,
        MissingPolicy::AtOrBelow(_) => USUAL_SENTINELS,
        MissingPolicy::StatedOnly => &[],
    };
    listed.iter().filter(|&&number| named.has(number)).flat_map(|&number| in_both(number)).collect()
}

/// Attribute names for a unit in sources, in order of precedence.
const UNIT_NAMES: [&str; 5] = ["units", "Units", "UNITS", "unit", "Unit"];

/// Returns the unit that a source states for a dataset, with the name of the attribute: (name, unit).
///
/// Texts that cannot be a unit are ignored, and so are units of time since an instant, which would make readers convert
/// the values to dates.
pub(crate) fn stated_units(dataset: &Dataset) -> Option<(&str, &str)> {
    UNIT_NAMES.iter().find_map(|name| {
        let attribute = dataset.attributes.iter().find(|attribute| attribute.name == *name)?;
        match &attribute.value {
            SourceValue::Text(text) if is_unit(text) => Some((attribute.name.as_str(), text.as_str())),
            _ => None,
        }
    })
}

fn is_unit(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains('\n') && !text.contains(" since ")
}

/// An attribute that contains something other than numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NoNumbers;

/// Returns the numbers in an attribute, stored as numbers or as text; `None` if it is absent.
pub(super) fn numbers(dataset: &Dataset, name: &str) -> Option<Result<Vec<f64>, NoNumbers>> {
    let attribute = dataset.attributes.iter().find(|attribute| attribute.name == name)?;
    Some(match &attribute.value {
        SourceValue::Numbers(values) => Ok(values.to_f64()),
        SourceValue::Text(text) => text
            .split([' ', ',', '\n'])
            .filter(|word| !word.is_empty())
            .map(|word| {
                word.trim_end_matches(['f', 'F', 'd', 'D', 's', 'b', 'L']).parse().map_err(|_| NoNumbers)
            })
            .collect(),
    })
}

/// How packed values are unpacked (CF-1.6, 8.1): `packed * scale + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scaling {
    pub(super) scale: f64,
    pub(super) offset: f64,
}

/// Returns the packing that a dataset states, `None` if values are not packed.
///
/// # Errors
/// The name of an attribute that is not a single finite number, or a factor of zero.
pub(super) fn scaling(dataset: &Dataset) -> Result<Option<Scaling>, &'static str> {
    let one = |name: &'static str, default: f64| match numbers(dataset, name) {
        None => Ok(default),
        Some(Ok(numbers)) => match numbers.as_slice() {
            [number] if number.is_finite() => Ok(*number),
            _ => Err(name),
        },
        Some(Err(NoNumbers)) => Err(name),
    };
    let scaling = Scaling { scale: one("scale_factor", 1.0)?, offset: one("add_offset", 0.0)? };
    if scaling.scale == 0.0 {
        return Err("scale_factor");
    }
    Ok(Some(scaling).filter(|scaling| *scaling != Scaling { scale: 1.0, offset: 0.0 }))
}

/// The result of comparing a dataset's unit with the table's.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unit {
    /// The table's unit, or the one that the values determine.
    OfTable,
    /// The table's unit, after a conversion.
    Converted(super::units::Conversion),
    /// The stated unit, in a spelling that UDUNITS accepts.
    Stated(String),
    /// The stated unit, which is unknown.
    Unknown(String),
    /// The stated unit, which is unknown or has another physical dimension than the table's.
    Contradicts(String),
}

/// Compares the unit that a source states with the table's.
pub(super) fn unit(stated: &str, row: Option<&VariableSpec>) -> Unit {
    let known = super::units::parse(stated);
    // `none` also means dimensionless.
    let says_nothing = super::units::says_nothing(stated);
    let spelled = || super::units::standard(stated).unwrap_or_else(|| stated.trim().to_owned());
    match row.map(|row| row.units) {
        Some(units @ (Units::Fixed(_) | Units::Altitude(_))) => {
            let table = units.of_table().unwrap_or_default();
            let table_unit = super::units::parse(table);
            if table == stated.trim() || (says_nothing && known != table_unit) {
                return Unit::OfTable;
            }
            match known.zip(table_unit).and_then(|(known, table)| known.conversion_to(&table)) {
                Some(conversion) if conversion.is_none() => Unit::OfTable,
                Some(conversion) => Unit::Converted(conversion),
                None => Unit::Contradicts(spelled()),
            }
        }
        Some(Units::ByMagnitude { above, .. }) => match known.zip(super::units::parse(above)) {
            Some((known, wanted)) if known.is_compatible(&wanted) => Unit::Stated(spelled()),
            _ if says_nothing => Unit::OfTable,
            _ => Unit::Contradicts(spelled()),
        },
        Some(Units::DayOfYear) => match known.zip(super::units::parse("d")) {
            Some((known, day)) if known != day => Unit::Contradicts(spelled()),
            _ => Unit::OfTable,
        },
        Some(Units::None) => Unit::OfTable,
        Some(Units::Unstated) | None => match known {
            Some(_) => Unit::Stated(spelled()),
            None if says_nothing => Unit::OfTable,
            None => Unit::Unknown(spelled()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_single_units_of_no_instant_are_units() {
        assert!(is_unit("m s-1"));
        for text in ["", " ", "km\nm", "days since foo"] {
            assert!(!is_unit(text), "{text:?}");
        }
    }

    #[test]
    fn a_fill_value_is_none_of_the_data() {
        assert_eq!(fill_of(MissingPolicy::AtOrBelow(-900.0)).to_bits(), FILL.to_bits());
        assert_eq!(fill_of(MissingPolicy::Listed(USUAL_SENTINELS)).to_bits(), FILL.to_bits());
        assert_eq!(fill_of(MissingPolicy::StatedOnly).to_bits(), NETCDF_FILL.to_bits());
        assert_eq!(fill_of(MissingPolicy::AtOrBelow(-5000.0)).to_bits(), NETCDF_FILL.to_bits());
    }
}
