//! The flag variable beside a profile, which marks the values that were measured.

use crate::map::interpreted::InterpretedSource;
use std::sync::Arc;

use crate::collection::{Product, Role, VariableSpec};
use crate::map::bind::{Binding, BoundVariable};
use crate::map::status::{Geometry, MEANINGS};
use cumulus_model::attributes::{Attribute, Attributes};
use cumulus_model::error::Failure;
use cumulus_model::values::ElementType;

/// How the flags are made, for people.
const COMMENT: &str = "above_aircraft: the bin is above the aircraft, or its value is one of the zeros that continue down from there; below_surface: the bin is below the surface; use only measured values in statistics";

/// Returns the geometry of profiles, if the product has one and some variable has flags.
pub(super) fn geometry(
    source: &dyn InterpretedSource,
    product: &Product,
    binding: &Binding<'_>,
) -> Result<Option<Arc<Geometry>>, Failure> {
    let Some(spec) = &product.profile else { return Ok(None) };
    if !binding.variables.iter().any(|bound| is_told(bound, binding)) {
        return Ok(None);
    }
    Ok(Geometry::of(source, spec, binding.records)?.map(Arc::new))
}

/// Returns true if a variable has status flags: its row requests them, and it has one value per record and bin.
pub(super) fn is_told(bound: &BoundVariable<'_>, binding: &Binding<'_>) -> bool {
    let is_vertical = |row: &VariableSpec| row.role == Role::VerticalCoordinate;
    let mut vertical = binding.variables.iter().filter(|other| other.row.is_some_and(is_vertical));
    bound.row.is_some_and(|row| row.has_status)
        && matches!(bound.dimensions.as_slice(), [record, bin]
            if record.name == binding.record_dimension && vertical.any(|other| other.name == bin.name))
}

/// Attributes of the flags beside `bound`, at the same `coordinates`.
pub(super) fn attributes(bound: &BoundVariable<'_>, coordinates: &str) -> Attributes {
    let long_name = bound.long_name();
    let codes = MEANINGS.map(|(code, _)| f64::from(code));
    let mut attributes = Attributes::from_iter([
        Attribute::text("long_name", format!("status of {long_name}")),
        Attribute::text("standard_name", "status_flag"),
        Attribute::numbers("flag_values", ElementType::I8, &codes),
        Attribute::text("flag_meanings", MEANINGS.map(|(_, meaning)| meaning).join(" ")),
        Attribute::text("coverage_content_type", "qualityInformation"),
        Attribute::text("comment", COMMENT),
    ]);
    if !coordinates.is_empty() {
        attributes.set(Attribute::text("coordinates", coordinates));
    }
    attributes
}
