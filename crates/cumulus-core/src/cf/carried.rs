//! Copies attributes from the source.
//!
//! A source may have any attribute under any name. Attributes for people are copied unchanged. Attributes that have a
//! meaning in CF or netCDF are copied only if they are well-formed and true of the product, because software acts on
//! them; otherwise they are kept as `source_<name>`, which no software acts on.

use super::variable::{MAGNITUDE, UNSTATED};
use crate::collection::Units;
use crate::map::MAX_SENTINEL;
use crate::map::bind::{BoundVariable, legal_name};
use crate::map::reading::{Reading, stated_units};
use cumulus_model::attributes::{Attribute, AttributeValue, Attributes};
use cumulus_model::source::{SourceAttribute, SourceValue};
use cumulus_model::values::ElementType;
use cumulus_model::warning::{Code, Warning};

/// Attributes that software acts on and that describe the layout of a file; the source's describe the source's layout.
const OF_THE_LAYOUT: [&str; 27] = [
    "Conventions",
    "add_offset",
    "ancillary_variables",
    "axis",
    "bounds",
    "calendar",
    "cell_measures",
    "cell_methods",
    "cf_role",
    "climatology",
    "compress",
    "coordinates",
    "external_variables",
    "featureType",
    "formula_terms",
    "geometry",
    "grid_mapping",
    "instance_dimension",
    "leap_month",
    "leap_year",
    "month_lengths",
    "number_of_missing_values",
    "positive",
    "sample_dimension",
    "scale_factor",
    "source_name",
    "standard_error_multiplier",
];

/// Attributes whose numbers must have the type of their variable (CF-1.6, 2.5.1, 3.5 and 8.1).
const IN_THE_VARIABLES_TYPE: [&str; 7] =
    ["actual_range", "flag_masks", "flag_values", "missing_value", "valid_max", "valid_min", "valid_range"];

/// Maximum length of a netCDF name (`NC_MAX_NAME`).
const MAX_NAME: usize = 256;

/// Adds the source's attributes of a variable; `fill` is its `_FillValue`, `reading` how its values were interpreted.
pub(super) fn of_variable(
    bound: &BoundVariable<'_>,
    reading: Option<&Reading>,
    attributes: &mut Attributes,
    target: ElementType,
    fill: Option<f64>,
    warnings: &mut Vec<Warning>,
) {
    if bound.name != bound.dataset.path {
        attributes.set(Attribute::text("source_name", bound.dataset.path.as_str()));
    }
    let units_are_open =
        bound.row.is_none_or(|row| matches!(row.units, Units::Unstated | Units::ByMagnitude { .. }))
            || reading.is_some_and(|reading| reading.units.is_some());
    let states_units = stated_units(bound.dataset).is_some_and(|(name, _)| name == "units");
    for attribute in &bound.dataset.attributes {
        if !is_legal(attribute, &bound.dataset.path, warnings) {
            continue;
        }
        let name = attribute.name.as_str();
        let aside =
            || classic(&attribute.value).map(|value| Attribute { name: format!("source_{name}"), value });
        let carried = match name {
            "_FillValue" | "missing_value" => missing_value(&attribute.value, target, fill),
            "units" if units_are_open && states_units => {
                attributes.withdraw(UNSTATED);
                attributes.withdraw(MAGNITUDE);
                classic(&attribute.value).map(|value| Attribute { name: name.to_owned(), value })
            }
            "units" => aside(),
            name if IN_THE_VARIABLES_TYPE.contains(&name) => exact(&attribute.value, target)
                .map(|value| Attribute { name: name.to_owned(), value })
                .or_else(aside),
            name if OF_THE_LAYOUT.contains(&name) => aside(),
            _ => classic(&attribute.value).map(|value| Attribute { name: name.to_owned(), value }),
        };
        let Some(carried) = carried else { continue };
        if reading.is_none()
            && carried.name == "source_units"
            && bound.row.is_some()
            && !agrees_with_units(attributes, &carried)
        {
            let message = format!("the source states other units than the table: {}", shown(&carried.value));
            warnings.push(Warning::at(Code::UnitsDisagree, bound.dataset.path.as_str(), message));
        }
        add(bound, attributes, carried);
    }
}

/// Adds the source's attributes of the whole file.
pub(super) fn of_file(attributes: &mut Attributes, source: &[SourceAttribute], warnings: &mut Vec<Warning>) {
    for attribute in source {
        if !is_legal(attribute, "/", warnings) {
            continue;
        }
        let Some(value) = classic(&attribute.value) else { continue };
        let taken = attributes.iter().any(|ours| ours.name == attribute.name)
            || attribute.name == "_FillValue"
            || OF_THE_LAYOUT.contains(&attribute.name.as_str());
        let name = if taken { format!("source_{}", attribute.name) } else { attribute.name.clone() };
        attributes.set(Attribute { name, value });
    }
}

/// A variable without a row is described by its source; otherwise the row's attribute is used, and the source's is kept
/// beside it where it differs.
fn add(bound: &BoundVariable<'_>, attributes: &mut Attributes, mut carried: Attribute) {
    let ours = attributes.value(&carried.name);
    if ours.is_some_and(|ours| *ours == carried.value) {
        return;
    }
    match &carried.value {
        AttributeValue::Text(theirs)
            if ours.is_some() && bound.row.is_none() && carried.name == "comment" =>
        {
            attributes.remark_first(theirs.as_str());
        }
        _ => {
            if ours.is_some() && bound.row.is_some() && carried.name != "units" {
                carried.name = format!("source_{}", carried.name);
            }
            attributes.set(carried);
        }
    }
}

/// Returns the attribute for the source's missing value, if one is needed. CF requires a single missing value (CF-1.6,
/// 2.5.1): if `_FillValue` is written, other missing values of the source are named `source_missing_value`.
fn missing_value(value: &SourceValue, target: ElementType, fill: Option<f64>) -> Option<Attribute> {
    let SourceValue::Numbers(numbers) = value else {
        return classic(value).map(|value| Attribute { name: "source_missing_value".to_owned(), value });
    };
    #[expect(clippy::float_cmp, reason = "the very same number")]
    let said_by = |fill: f64| {
        let is_said = |number: &f64| !number.is_finite() || *number <= MAX_SENTINEL || *number == fill;
        numbers.to_f64().iter().all(is_said)
    };
    if fill.is_some_and(said_by) {
        return None;
    }
    let value_in_type = exact(value, target).filter(|_| fill.is_none() && numbers.len() == 1);
    match value_in_type {
        Some(value) => Some(Attribute { name: "missing_value".to_owned(), value }),
        None => classic(value).map(|value| Attribute { name: "source_missing_value".to_owned(), value }),
    }
}

fn agrees_with_units(attributes: &Attributes, stated: &Attribute) -> bool {
    attributes.value("units") == Some(&stated.value)
}

/// Returns true if netCDF accepts the attribute's name; otherwise adds a warning.
fn is_legal(attribute: &SourceAttribute, path: &str, warnings: &mut Vec<Warning>) -> bool {
    let name = attribute.name.as_str();
    // Names with a leading underscore are reserved by netCDF, the others by HDF5's dimension scales.
    let reserved = name.starts_with('_') && name != "_FillValue"
        || ["CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST"].contains(&name);
    let legal = legal_name(name) == name && name.len() <= MAX_NAME && !reserved;
    if !legal {
        let message = format!("attribute {name:?} left out: its name is not allowed in netCDF");
        warnings.push(Warning::at(Code::AttributeLeftOut, path, message));
    }
    legal
}

/// Converts a value to the netCDF classic model; `None` for an empty text.
fn classic(value: &SourceValue) -> Option<AttributeValue> {
    match value {
        SourceValue::Text(text) if text.is_empty() => None,
        SourceValue::Text(text) => Some(AttributeValue::Text(text.clone())),
        SourceValue::Numbers(values) => {
            Some(AttributeValue::Numbers(values.element_type().classic(), values.to_f64()))
        }
    }
}

/// Converts numbers to the variable's type if every one of them fits exactly; `None` otherwise, and for text.
#[expect(clippy::cast_possible_truncation, reason = "the point is to see whether anything is lost")]
fn exact(value: &SourceValue, target: ElementType) -> Option<AttributeValue> {
    let SourceValue::Numbers(values) = value else { return None };
    let numbers = values.to_f64();
    let within =
        |number: f64, least: f64, most: f64| number.fract() == 0.0 && (least..=most).contains(&number);
    let fits = |number: &f64| match target {
        ElementType::I8 => within(*number, -128.0, 127.0),
        ElementType::I16 => within(*number, -32_768.0, 32_767.0),
        ElementType::I32 => within(*number, -2_147_483_648.0, 2_147_483_647.0),
        ElementType::F32 => f64::from(*number as f32).to_bits() == number.to_bits() || number.is_nan(),
        _ => true,
    };
    numbers.iter().all(fits).then_some(AttributeValue::Numbers(target, numbers))
}

fn shown(value: &AttributeValue) -> String {
    match value {
        AttributeValue::Text(text) => format!("{text:?}"),
        AttributeValue::Numbers(_, numbers) => format!("{numbers:?}"),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr1;

    use super::*;
    use cumulus_model::values::Values;

    fn numbers(values: &[f64]) -> SourceValue {
        SourceValue::Numbers(Values::F64(arr1(values).into_dyn()))
    }

    #[test]
    fn a_missing_value_is_told_where_ours_does_not_say_it() {
        let name = |value: &SourceValue, target, has_fill: bool| {
            missing_value(value, target, has_fill.then_some(-999.0)).map(|attribute| attribute.name)
        };
        assert_eq!(name(&numbers(&[-999.0]), ElementType::F32, true), None);
        assert_eq!(name(&numbers(&[7.5]), ElementType::F32, true).as_deref(), Some("source_missing_value"));
        assert_eq!(name(&numbers(&[-999.0]), ElementType::I16, false).as_deref(), Some("missing_value"));
        // 1e20 would become 32767 in an i16 and mask good data.
        assert_eq!(name(&numbers(&[1e20]), ElementType::I16, false).as_deref(), Some("source_missing_value"));
        let text = SourceValue::Text("none".to_owned());
        assert_eq!(name(&text, ElementType::I16, false).as_deref(), Some("source_missing_value"));
    }

    #[test]
    fn numbers_keep_their_values_or_their_own_type() {
        assert!(exact(&numbers(&[1.0, -128.0]), ElementType::I8).is_some());
        assert!(exact(&numbers(&[0.5]), ElementType::I8).is_none());
        assert!(exact(&numbers(&[0.1]), ElementType::F32).is_none());
        assert!(exact(&numbers(&[0.1]), ElementType::F64).is_some());
    }

    #[test]
    fn names_that_netcdf_refuses_are_left_out_with_a_warning() {
        let mut warnings = Vec::new();
        for name in ["a/b", "#a", " x", "_Format", "_IsNetcdf4", "CLASS", &"x".repeat(257)] {
            let attribute = SourceAttribute { name: (*name).to_owned(), value: numbers(&[1.0]) };
            assert!(!is_legal(&attribute, "path", &mut warnings), "{name}");
        }
        assert_eq!(warnings.len(), 7);
    }
}
