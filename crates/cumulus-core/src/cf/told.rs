//! Attributes that depend on the values and are added after all values were written.

use std::collections::BTreeMap;

use super::{Composition, Feed, variable};
use crate::collection::Units;
use crate::map::bind::BoundVariable;
use crate::map::decode::Statistics;
use crate::map::reading::Reading;
use cumulus_model::attributes::{Attribute, AttributeValue, Attributes};
use cumulus_model::digest::FileDigest;
use cumulus_model::structure::{LateAttributes, Structure, Variable};
use cumulus_model::warning::{Code, Warning};

/// Implausible magnitude for a quantity of a product table, in its unit.
const MAX_KNOWN: f64 = 1e15;

/// Implausible magnitude for any other quantity: larger numbers, such as 1e35, 9.97e36 and 1e38, are missing values in
/// some files.
const MAX_OF_ALL: f64 = 1e30;

/// Returns the magnitude at and above which values of a variable are implausible.
pub(super) fn largest(bound: &BoundVariable<'_>) -> f64 {
    if bound.row.is_some() { MAX_KNOWN } else { MAX_OF_ALL }
}

/// Returns true if the unit of a variable is determined by the granule and not by the table.
pub(super) fn is_unit_told(bound: &BoundVariable<'_>, reading: Option<&Reading>) -> bool {
    let is_open = |units| matches!(units, Units::Altitude(_) | Units::ByMagnitude { .. });
    bound.row.is_some_and(|row| is_open(row.units)) || reading.is_some_and(|reading| reading.units.is_some())
}

/// Returns the units that may differ between granules, by variable.
#[must_use]
pub fn units(composition: &Composition<'_>, late: &LateAttributes) -> BTreeMap<String, String> {
    let told = composition.structure.variables.iter().zip(&composition.feeds);
    told.filter(|(_, feed)| matches!(feed, Feed::Rows(rows) if rows.is_unit_told))
        .filter_map(|(variable, _)| Some((variable.name.clone(), unit(variable, late)?)))
        .collect()
}

fn unit(variable: &Variable, late: &LateAttributes) -> Option<String> {
    let late = late.variables.iter().filter(|(name, _)| *name == variable.name);
    let mut attributes = late.flat_map(|(_, attributes)| attributes).chain(&variable.attributes);
    match &attributes.find(|attribute| attribute.name == "units")?.value {
        AttributeValue::Text(unit) => Some(unit.clone()),
        AttributeValue::Numbers(..) => None,
    }
}

/// Returns a warning for each variable that has implausible values.
#[must_use]
pub fn implausible(composition: &Composition<'_>, statistics: &[Option<Statistics>]) -> Vec<Warning> {
    let Structure { variables, .. } = &composition.structure;
    let seen = variables.iter().zip(&composition.feeds).zip(statistics);
    seen.filter_map(|((variable, feed), statistics)| {
        let (Feed::Rows(rows), Some(Statistics { minimum, maximum, .. })) = (feed, statistics) else {
            return None;
        };
        let mut ends = minimum.iter().chain(maximum).copied();
        let extreme = ends.find(|value| value.abs() >= rows.largest)?;
        let message = format!(
            "holds {extreme:e}, which is too large for any quantity; if it marks missing values, the source should declare it as _FillValue"
        );
        Some(Warning::at(Code::ImplausibleValues, variable.name.as_str(), message))
    })
    .collect()
}

/// Returns the attributes that depend on the values (units by magnitude and the number of missing values), and the
/// source's checksum.
///
/// # Shape
/// `statistics` has one entry per variable of the composition, `None` if its values are not from the source.
#[must_use]
pub fn late_attributes(
    composition: &Composition<'_>,
    statistics: &[Option<Statistics>],
    source: &FileDigest,
) -> LateAttributes {
    let checksum = Attribute::text("source_sha256", source.sha256.as_str());
    let mut late = LateAttributes { file: Attributes::from_iter([checksum]), ..Default::default() };
    let variables = composition.structure.variables.iter().zip(&composition.feeds).zip(statistics);
    for ((variable, feed), statistics) in variables {
        let Some(statistics) = statistics else { continue };
        let mut attributes = Attributes::default();
        if let Feed::Rows(rows) = feed {
            attributes.extend(rows.units.and_then(|units| variable::told_units(units, statistics)));
        }
        if variable.fill.is_some() {
            attributes.set(variable::missing_count(statistics.missing()));
        }
        if !attributes.is_empty() {
            late.variables.push((variable.name.clone(), attributes));
        }
    }
    late
}
