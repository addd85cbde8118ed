//! Finds datasets that a producer may have renamed: a known dataset is absent, and an unknown one has a similar name.
//!
//! Only people can decide whether it is the same dataset, so it is only reported.

use crate::collection::{Product, VariableSpec};
use cumulus_model::source::{Dataset, Description};

/// Minimum Jaro-Winkler similarity of two names that may be the same dataset. `Bin_Alt` and `Bin_Altitude` have 0.92,
/// `Latitude` and `lat` 0.85, `Hour` and `Hori_Res` 0.58.
const SIMILAR: f64 = 0.84;

/// Returns every row that the granule lacks and that matches a dataset without a row, with the best match.
///
/// A dataset matches a row if it has as many axes as one of the row's layouts, and a similar name.
#[must_use]
pub fn candidates<'source>(
    product: &'static Product,
    description: &'source Description,
) -> Vec<(&'static VariableSpec, &'source Dataset)> {
    let strangers: Vec<&Dataset> = description
        .datasets
        .iter()
        .filter(|dataset| !dataset.is_empty() && product.row(&dataset.path).is_none())
        .collect();
    let is_absent = |row: &&VariableSpec| {
        !description
            .datasets
            .iter()
            .any(|dataset| product.row(&dataset.path).is_some_and(|known| known.name == row.name))
    };
    product
        .rows()
        .filter(is_absent)
        .filter_map(|row| {
            let likeness = |dataset: &&Dataset| {
                row.names().map(|name| similarity(last(name), dataset.name())).fold(0.0, f64::max)
            };
            let nearest = strangers
                .iter()
                .copied()
                .filter(|dataset| row.layouts.iter().any(|layout| layout.len() == dataset.shape.len()))
                .max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
            (likeness(&nearest) >= SIMILAR).then_some((row, nearest))
        })
        .collect()
}

/// Returns the last part of a path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the similarity of two names, from 0 to 1, ignoring case and punctuation.
fn similarity(one: &str, other: &str) -> f64 {
    let plain = |name: &str| -> String {
        name.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    strsim::jaro_winkler(&plain(one), &plain(other))
}

/// Formats a dataset with its shape, as in `Bin_Altitude(900)`.
#[must_use]
pub fn with_shape(dataset: &Dataset) -> String {
    let lengths: Vec<String> = dataset.shape.iter().map(ToString::to_string).collect();
    format!("{}({})", dataset.path, lengths.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_would_take_for_each_other_are_similar() {
        for (one, other) in [
            ("Bin_Alt", "Bin_Altitude"),
            ("Bin_Alt", "bin_alt"),
            ("Bin_Alt", "BinAlt"),
            ("Latitude", "lat"),
            ("Longitude", "Lon"),
            ("ATB_532", "ATB532"),
            ("Plane_Alt", "Plane_Altitude"),
            ("Dec_JDay", "Decimal_JDay"),
        ] {
            assert!(similarity(one, other) >= SIMILAR, "{one} {other} {}", similarity(one, other));
        }
        for (one, other) in [("Hour", "Hori_Res"), ("Bin_Alt", "Temperature"), ("RH", "Hour")] {
            assert!(similarity(one, other) < SIMILAR, "{one} {other} {}", similarity(one, other));
        }
    }
}
