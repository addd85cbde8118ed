//! Warnings about attributes that cannot be stored in the product unchanged: one warning per granule and kind.

use cumulus_model::source::{SourceAttribute, SourceValue};
use cumulus_model::values::Values;
use cumulus_model::warning::{Code, Warning};

/// Largest integer up to which f64, the widest type of netCDF's classic model, represents all integers exactly.
const EXACT: u64 = 1 << 53;

/// Attributes that readers compare with values, so they must stay numeric.
const COMPARED_WITH_VALUES: [&str; 2] = ["_FillValue", "missing_value"];

/// Max number of attributes named in a warning.
const MAX_NAMED: usize = 4;

/// Collects notes about the attributes of one granule.
#[derive(Debug, Default)]
pub(crate) struct AttributeNotes {
    /// Warnings about single attributes.
    pub(crate) warnings: Vec<Warning>,
    empty: Vec<String>,
    as_text: Vec<String>,
    rounded: Vec<String>,
}

impl AttributeNotes {
    /// Records an attribute without a value.
    pub(crate) fn empty(&mut self, path: &str, name: &str) {
        self.empty.push(place(path, name));
    }

    /// Returns the attribute for the product: integers that the product cannot represent become text; `None` if it is
    /// empty.
    pub(crate) fn check(&mut self, path: &str, attribute: SourceAttribute) -> Option<SourceAttribute> {
        let SourceAttribute { name, value } = attribute;
        let is_empty = match &value {
            SourceValue::Text(text) => text.is_empty(),
            SourceValue::Numbers(values) => values.is_empty(),
        };
        if is_empty {
            self.empty(path, &name);
            return None;
        }
        let value = match &value {
            SourceValue::Numbers(values) => match digits(values) {
                Some(_) if COMPARED_WITH_VALUES.contains(&name.as_str()) => {
                    self.rounded.push(place(path, &name));
                    value
                }
                Some(text) => {
                    self.as_text.push(place(path, &name));
                    SourceValue::Text(text)
                }
                None => value,
            },
            SourceValue::Text(_) => value,
        };
        Some(SourceAttribute { name, value })
    }

    /// Returns all warnings.
    pub(crate) fn finish(self) -> Vec<Warning> {
        let Self { mut warnings, empty, as_text, rounded } = self;
        let mut say = |code, places: &[String], what: &str| {
            if places.is_empty() {
                return;
            }
            let named: Vec<&str> = places.iter().take(MAX_NAMED).map(String::as_str).collect();
            let more = places.len().saturating_sub(MAX_NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let message = format!("{} {what}: {}{more}", places.len(), named.join(", "));
            warnings.push(Warning::of_granule(code, message).count(places.len()));
        };
        say(Code::AttributesEmpty, &empty, "attributes without a value are left out");
        say(
            Code::AttributesAsText,
            &as_text,
            "attributes with integers beyond 2^53 are written as text; netCDF's classic model has no such integers",
        );
        say(
            Code::PrecisionReduced,
            &rounded,
            "fill values beyond 2^53 are rounded to f64, the widest number netCDF's classic model has",
        );
        warnings
    }
}

fn place(path: &str, name: &str) -> String {
    if path == "/" { name.to_owned() } else { format!("{path}:{name}") }
}

/// Integers as text, separated by blanks, if f64 cannot represent one of them exactly.
fn digits(values: &Values) -> Option<String> {
    fn joined<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
        values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" ")
    }
    match values {
        Values::I64(array) if array.iter().any(|value| value.unsigned_abs() > EXACT) => Some(joined(array)),
        Values::U64(array) if array.iter().any(|value| *value > EXACT) => Some(joined(array)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ndarray::arr1;

    use super::*;

    fn attribute(name: &str, values: Values) -> SourceAttribute {
        SourceAttribute { name: name.to_owned(), value: SourceValue::Numbers(values) }
    }

    #[test]
    fn integers_that_no_float_holds_keep_their_digits() {
        let mut notes = AttributeNotes::default();
        let mut value = |values| notes.check("x", attribute("serial", values)).unwrap().value;
        let text = |text: &str| SourceValue::Text(text.to_owned());
        let large = Values::U64(arr1(&[(1 << 63) + 5, 1]).into_dyn());
        assert_eq!(value(large), text("9223372036854775813 1"));
        let low = Values::I64(arr1(&[i64::MIN]).into_dyn());
        assert_eq!(value(low), text("-9223372036854775808"));
        let held = Values::I64(arr1(&[1 << 53, -(1 << 53)]).into_dyn());
        assert_eq!(value(held.clone()), SourceValue::Numbers(held));
        let warnings = notes.finish();
        assert_eq!(warnings.len(), 1);
        assert_eq!((warnings[0].code, warnings[0].count), (Code::AttributesAsText, Some(2)));
    }

    #[test]
    fn many_empty_attributes_are_one_warning() {
        let mut notes = AttributeNotes::default();
        for number in 0..20 {
            let value = SourceValue::Text(String::new());
            let attribute = SourceAttribute { name: format!("a{number}"), value };
            assert!(notes.check("/", attribute).is_none());
        }
        let warnings = notes.finish();
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].count, Some(20));
        assert!(warnings[0].message.ends_with(": a0, a1, a2, a3 and 16 more"), "{}", warnings[0].message);
    }

    #[test]
    fn fill_values_stay_numbers() {
        let mut notes = AttributeNotes::default();
        let fill = attribute("_FillValue", Values::U64(arr1(&[u64::MAX]).into_dyn()));
        assert_eq!(notes.check("x", fill.clone()), Some(fill));
        assert_eq!(notes.finish()[0].code, Code::PrecisionReduced);
    }
}
