//! The tables that describe a collection: names and contents of its granules, and the meaning of each variable.
//!
//! All tables are constants, filled in by a collection crate; the core has no branches for particular collections.
//! What a table cannot express becomes a new variant of one of the enums below, usable by every collection. These are
//! structs and not a trait, so that a collection cannot override the engine, and the whole table can be printed
//! (`describe`) and checked ([`crate::testing`]).

use super::{Derivation, ElementType, Units};

/// Whether a granule without this dataset can be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// A granule without it is refused.
    Required,
    /// The output is written without it.
    Optional,
}

/// How certain the shape in a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The shape was read from real files; another shape is an error.
    Confirmed,
    /// The shape was deduced; another shape is bound by the lengths of its axes, with a warning.
    Inferred,
}

/// Which values of a source are missing values, in addition to NaN, infinities and the source's own `_FillValue` and
/// `missing_value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MissingPolicy {
    /// All values at or below this number, for quantities that are never that small.
    AtOrBelow(f64),
    /// Exactly these values, for unknown quantities, which may have any other value.
    Listed(&'static [f64]),
    /// These numbers as they are stored, before they are unpacked; in integers as in floats.
    Stored(&'static [f64]),
    /// No others.
    StatedOnly,
}

/// Common sentinels for missing values in files of many instruments, with and without decimals.
pub const USUAL_SENTINELS: &[f64] =
    &[-999.0, -999.9, -999.99, -9999.0, -9999.9, -9999.99, -99_999.0, -999_999.0];

/// How the engine processes a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Values are copied, and missing values replaced.
    Data,
    /// Coordinate variable of its own dimension, on the vertical axis.
    VerticalCoordinate,
    /// Coordinate variable of its own dimension, on no axis of the Earth, such as the range of a radar, or on one that its
    /// attributes state, such as pressure.
    Coordinate,
    /// Characters: fixed or variable-length strings, or an array of character codes.
    Text,
    /// Per-record navigation that some files store at record edges, as one value more than there are records. The
    /// output then contains midpoints under this name and the original edges in another variable.
    Navigation(Midpoint),
}

/// How a record's value is computed from its two edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Midpoint {
    /// The mean of the edges.
    Arithmetic,
    /// The middle of the shorter arc between two angles in degrees, in 0 to 360.
    Circular,
    /// The same for longitudes, in -180 to 180.
    Longitude,
}

/// Value of a netCDF attribute, as a constant in a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant {
    /// Text.
    Text(&'static str),
    /// Numbers, stored in the variable's own type.
    Numbers(&'static [f64]),
}

/// One known variable. Build rows with [`variable`] and the methods below.
#[expect(clippy::struct_excessive_bools, reason = "independent answers, each with a name of its own")]
#[derive(Clone, Copy, Debug)]
pub struct VariableSpec {
    /// Dataset name in the source and variable name in the output. A word in braces stands for any text
    /// without `/`, so that one row describes a dataset in each of several groups: `Products/{band}/Data/dBZe`. The same
    /// braces in the name in the product, the `long_name` and the comment stand for the text that was found.
    pub name: &'static str,
    /// Names of the same dataset in other campaigns; the output keeps the name in the source.
    pub alternatives: &'static [&'static str],
    /// CF `long_name`.
    pub long_name: &'static str,
    /// Accepted layouts, the most likely first, each as dimension names, outermost first. An empty layout is a scalar.
    pub layouts: &'static [&'static [&'static str]],
    /// How certain the layouts are.
    pub evidence: Evidence,
    /// Whether a granule must contain it.
    pub presence: Presence,
    /// How the engine processes it.
    pub role: Role,
    /// Its unit.
    pub units: Units,
    /// CF standard name.
    pub standard_name: Option<&'static str>,
    /// Whether the policy for missing values applies to integer types too.
    pub integer_sentinel: bool,
    /// Policy for missing values, if it differs from the product's.
    pub missing: Option<MissingPolicy>,
    /// Name in the product, if it is not the dataset's.
    pub called: Option<&'static str>,
    /// Whether stored numbers are packed: without a `scale_factor` or `add_offset` they would be read as values.
    pub is_packed: bool,
    /// Not in the product, although the granule has it.
    pub is_dropped: bool,
    /// Whether a flag variable beside it marks which values were measured; requires the product to have a
    /// [`ProfileSpec`](super::ProfileSpec).
    pub has_status: bool,
    /// Wavelength of the measurement in nanometres, written as a scalar coordinate.
    pub wavelength_nm: Option<f64>,
    /// CF `comment`.
    pub comment: Option<&'static str>,
    /// What it is computed from if the source lacks it.
    pub derived: Option<Derivation>,
    /// Element type of values that are parsed from text; arrays keep their own.
    pub element_type: ElementType,
    /// Further attributes.
    pub attributes: &'static [(&'static str, Constant)],
    /// The row that describes the dataset instead if its values are not in `flag_values`.
    pub unless_flags: Option<&'static VariableSpec>,
}

/// Returns a row with its name, CF `long_name` and accepted layouts. Everything else has its default: optional,
/// inferred, plain data, unit unstated.
#[must_use]
pub const fn variable(
    name: &'static str,
    long_name: &'static str,
    layouts: &'static [&'static [&'static str]],
) -> VariableSpec {
    VariableSpec {
        name,
        alternatives: &[],
        long_name,
        layouts,
        evidence: Evidence::Inferred,
        presence: Presence::Optional,
        role: Role::Data,
        units: Units::Unstated,
        standard_name: None,
        integer_sentinel: false,
        missing: None,
        called: None,
        is_packed: false,
        is_dropped: false,
        has_status: false,
        wavelength_nm: None,
        comment: None,
        derived: None,
        element_type: ElementType::F32,
        attributes: &[],
        unless_flags: None,
    }
}

impl VariableSpec {
    /// Marks the layouts as confirmed.
    #[must_use]
    pub const fn confirmed(mut self) -> Self {
        self.evidence = Evidence::Confirmed;
        self
    }

    /// Marks the variable as required: a granule without it is refused.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
    }

    /// Adds a flag variable beside it that marks which values were measured.
    #[must_use]
    pub const fn with_status(mut self) -> Self {
        self.has_status = true;
        self
    }

    /// Sets other names of the same dataset.
    #[must_use]
    pub const fn or_named(mut self, alternatives: &'static [&'static str]) -> Self {
        self.alternatives = alternatives;
        self
    }

    /// Sets how the engine processes it.
    #[must_use]
    pub const fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Sets a fixed unit.
    #[must_use]
    pub const fn units(mut self, units: &'static str) -> Self {
        self.units = Units::Fixed(units);
        self
    }

    /// Sets the unit by rule.
    #[must_use]
    pub const fn units_by(mut self, units: Units) -> Self {
        self.units = units;
        self
    }

    /// Sets the CF standard name.
    #[must_use]
    pub const fn standard_name(mut self, standard_name: &'static str) -> Self {
        self.standard_name = Some(standard_name);
        self
    }

    /// Returns true if the policy for missing values applies to integer types: for rows that declare it, and for
    /// physical quantities, which use the sentinel whatever their type.
    #[must_use]
    pub fn has_integer_sentinel(&self) -> bool {
        let physical = match self.units {
            Units::Fixed(units) => units != "1",
            Units::ByMagnitude { .. } | Units::Altitude(_) | Units::DayOfYear => true,
            Units::None | Units::Unstated => false,
        };
        self.integer_sentinel || physical
    }

    /// Applies the policy for missing values to integer types too.
    #[must_use]
    pub const fn integer_sentinel(mut self) -> Self {
        self.integer_sentinel = true;
        self
    }

    /// Sets the name in the product. Without it, a dataset in a group has its whole path, joined by `_`.
    #[must_use]
    pub const fn called(mut self, name: &'static str) -> Self {
        self.called = Some(name);
        self
    }

    /// The numbers are packed (CF-1.6, 8.1). Those of a granule without `scale_factor` and `add_offset` have an unknown
    /// meaning: it is refused if the row is required or a place, else they are written without a unit, with a warning.
    #[must_use]
    pub const fn packed(mut self) -> Self {
        self.is_packed = true;
        self
    }

    /// The dataset is not in the product. What is read from it, such as a clock, is read all the same.
    #[must_use]
    pub const fn dropped(mut self) -> Self {
        self.is_dropped = true;
        self
    }

    /// What stands for a missing value.
    #[must_use]
    pub const fn missing(mut self, policy: MissingPolicy) -> Self {
        self.missing = Some(policy);
        self
    }

    /// Sets the wavelength in nanometres.
    #[must_use]
    pub const fn wavelength(mut self, nanometres: f64) -> Self {
        self.wavelength_nm = Some(nanometres);
        self
    }

    /// Sets the CF `comment`.
    #[must_use]
    pub const fn comment(mut self, comment: &'static str) -> Self {
        self.comment = Some(comment);
        self
    }

    /// Sets what it is computed from if the source lacks it.
    #[must_use]
    pub const fn derived(mut self, derivation: Derivation) -> Self {
        self.derived = Some(derivation);
        self
    }

    /// Sets the row that describes the dataset instead if its values are not in `flag_values`: what one producer
    /// stores as a flag, another stores as a measurement under the same name.
    #[must_use]
    pub const fn unless_flags(mut self, other: &'static VariableSpec) -> Self {
        self.unless_flags = Some(other);
        self
    }

    /// Returns true if the row describes the dataset at `path`, by its own or an alternative name.
    #[must_use]
    pub fn describes(&self, path: &str) -> bool {
        self.names().any(|name| placeholder(name, path).is_some())
    }

    /// Returns the row's name and the alternative ones.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.alternatives.iter().copied())
    }

    /// Returns `text` with the name in braces replaced by what it stands for in `path`.
    ///
    /// ```
    /// use cumulus_core::collection::variable;
    ///
    /// let row = variable("Products/{band}/Data/dBZe", "reflectivity at {band} band", &[]).called("dBZe_{band}");
    /// assert!(row.describes("Products/Ku/Data/dBZe") && !row.describes("Products/Data/dBZe"));
    /// assert_eq!(row.filled(row.long_name, "Products/Ku/Data/dBZe"), "reflectivity at Ku band");
    /// ```
    #[must_use]
    pub fn filled(&self, text: &str, path: &str) -> String {
        match self.names().find_map(|name| placeholder(name, path)) {
            Some((braces, found)) if !braces.is_empty() => text.replace(braces, found),
            _ => text.to_owned(),
        }
    }

    /// Returns true for coordinate variables, which have values in order and none missing.
    #[must_use]
    pub const fn is_coordinate(&self) -> bool {
        matches!(self.role, Role::VerticalCoordinate | Role::Coordinate)
    }

    /// Returns the values of the attribute `flag_values`, empty if there is none.
    #[must_use]
    pub fn flag_values(&self) -> &'static [f64] {
        self.attributes
            .iter()
            .find_map(|(name, value)| match value {
                Constant::Numbers(numbers) if *name == "flag_values" => Some(*numbers),
                _ => None,
            })
            .unwrap_or_default()
    }

    /// Sets the element type of values that are parsed from text.
    #[must_use]
    pub const fn stored_as(mut self, element_type: ElementType) -> Self {
        self.element_type = element_type;
        self
    }

    /// Sets further attributes.
    #[must_use]
    pub const fn attributes(mut self, attributes: &'static [(&'static str, Constant)]) -> Self {
        self.attributes = attributes;
        self
    }
}

/// Compares a path with a name in a table: `None` if they differ, else the part in braces and what it stands for, both
/// empty for a name without braces.
fn placeholder<'path>(name: &'static str, path: &'path str) -> Option<(&'static str, &'path str)> {
    let braces = name.find('{').zip(name.find('}')).filter(|(open, close)| open < close);
    let Some((open, close)) = braces else { return (name == path).then_some(("", "")) };
    let (before, braces, after) = (name.get(..open)?, name.get(open..=close)?, name.get(close + 1..)?);
    let group = path.strip_prefix(before)?.strip_suffix(after)?;
    (!group.is_empty() && !group.contains('/')).then_some((braces, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_stand_for_one_name_or_a_part_of_it() {
        let name = "Products/{band}/Data/dBZe";
        assert_eq!(placeholder(name, "Products/Ku/Data/dBZe"), Some(("{band}", "Ku")));
        for other in [
            "Products/Data/dBZe",
            "Products//Data/dBZe",
            "Products/Ku/X/Data/dBZe",
            name.trim_end_matches('e'),
        ] {
            assert_eq!(placeholder(name, other), None, "{other}");
        }
        assert_eq!(placeholder("{way}Velocity", "EastVelocity"), Some(("{way}", "East")));
        assert_eq!(placeholder("dBZe", "dBZe"), Some(("", "")));
        assert_eq!(placeholder("dBZe", "LDR"), None);
    }
}
