//! Flags that the source itself describes, by an enumeration or by attributes.
//!
//! The flag meanings in a table come from other files, so those that a source states take precedence. Meanings that
//! differ only in case are equal.

use crate::map::bind::BoundVariable;
use cumulus_model::attributes::{Attribute, AttributeValue, Attributes};
use cumulus_model::source::{SourceAttribute, SourceValue};
use cumulus_model::values::ElementType;
use cumulus_model::warning::{Code, Warning};

/// Replaces the table's flags by the source's, with a warning, if they differ.
pub(super) fn believe(
    bound: &BoundVariable<'_>,
    attributes: &mut Attributes,
    target: ElementType,
    warnings: &mut Vec<Warning>,
) {
    let (Some(row), Some((values, meanings))) = (bound.row, of_source(&bound.dataset.attributes)) else {
        return;
    };
    let (Some(AttributeValue::Numbers(_, known)), Some(words)) =
        (attributes.value("flag_values"), attributes.text("flag_meanings"))
    else {
        return;
    };
    let known: Vec<(&f64, &str)> = known.iter().zip(words.split_whitespace()).collect();
    let agree = values.iter().zip(meanings.split_whitespace()).all(|(value, word)| {
        known
            .iter()
            .any(|(known, ours)| known.to_bits() == value.to_bits() && ours.eq_ignore_ascii_case(word))
    });
    if agree {
        return;
    }
    let message = format!("the source explains its codes otherwise than the table: {meanings}");
    warnings.push(Warning::at(Code::FlagsDisagree, bound.dataset.path.as_str(), message));
    // The table's remark is on its own codes.
    attributes.remove("flag_values");
    attributes.remove("flag_meanings");
    if let Some(comment) = row.comment {
        attributes.withdraw(comment);
    }
    attributes.set(Attribute::numbers("flag_values", target, &values));
    attributes.set(Attribute::text("flag_meanings", meanings));
}

/// Returns values and meanings of a source's flags, if there is one word for each value.
fn of_source(attributes: &[SourceAttribute]) -> Option<(Vec<f64>, String)> {
    let value =
        |name: &str| attributes.iter().find(|attribute| attribute.name == name).map(|found| &found.value);
    let (SourceValue::Numbers(values), SourceValue::Text(meanings)) =
        (value("flag_values")?, value("flag_meanings")?)
    else {
        return None;
    };
    let values = values.to_f64();
    (!values.is_empty() && values.len() == meanings.split_whitespace().count())
        .then(|| (values, meanings.clone()))
}
