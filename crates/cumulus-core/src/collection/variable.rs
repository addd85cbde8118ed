//! A row of a product's table: one variable, its shapes, unit, missing values and attributes.

use super::{Derivation, ElementType, Units};

/// Whether a granule without this dataset can be converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The granule is refused.
    Required,
    /// The output simply lacks it.
    Optional,
}

/// How sure the table is of a row's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Printed by a reader of real files: another shape is an error.
    Confirmed,
    /// Deduced: another shape is bound by size, with a warning.
    Inferred,
}

/// Which values of a source stand for "no value", beside NaN, infinities and what the source itself states in
/// `_FillValue` and `missing_value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MissingPolicy {
    /// All values at or below this: for quantities that are never so small.
    AtOrBelow(f64),
    /// Exactly these values: for unknown quantities, which may have any other value.
    Listed(&'static [f64]),
    /// These numbers as they are stored, before they are unpacked; in integers as in floats.
    Stored(&'static [f64]),
    /// None.
    StatedOnly,
}

/// Numbers that stand for missing values in files of many instruments, with and without decimals.
pub const USUAL_SENTINELS: &[f64] =
    &[-999.0, -999.9, -999.99, -9999.0, -9999.9, -9999.99, -99_999.0, -999_999.0];

/// What the engine does with a variable beyond copying it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Copied; missing values replaced.
    Data,
    /// Coordinate variable of its own dimension, on the vertical axis.
    VerticalCoordinate,
    /// Characters: fixed or variable-length strings, or an array of character codes.
    Text,
    /// Per-record navigation that some files store at record edges, one longer than the records: then the
    /// output holds midpoints under this name and the untouched edges beside it.
    Navigation(Midpoint),
}

/// How two neighbouring edges make a record's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Midpoint {
    /// Their mean.
    Arithmetic,
    /// The middle of the shorter arc between two angles in degrees, in 0 to 360.
    Circular,
}

/// Value of a netCDF attribute in a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant {
    /// Text.
    Text(&'static str),
    /// Numbers, stored in the variable's own type.
    Numbers(&'static [f64]),
}

/// One known variable. Build rows with [`variable`] and the methods below.
#[derive(Clone, Copy, Debug)]
pub struct VariableSpec {
    /// Dataset name in the source and variable name in the output.
    pub name: &'static str,
    /// Names of the same dataset in other campaigns; the output keeps the name it found.
    pub alternatives: &'static [&'static str],
    /// CF `long_name`.
    pub long_name: &'static str,
    /// Accepted dimensions, outermost first, the likeliest layout first. An empty layout is a scalar.
    pub layouts: &'static [&'static [&'static str]],
    /// How sure the layouts are.
    pub evidence: Evidence,
    /// Whether a granule can do without it.
    pub presence: Presence,
    /// What is done with it.
    pub role: Role,
    /// Its unit.
    pub units: Units,
    /// CF standard name.
    pub standard_name: Option<&'static str>,
    /// Integer sentinel: what stands for a missing value does so although the type is an integer.
    pub integer_sentinel: bool,
    /// What stands for a missing value, if it differs from the product's.
    pub missing: Option<MissingPolicy>,
    /// Name in the product, if it is not the dataset's.
    pub called: Option<&'static str>,
    /// Not in the product, although the granule has it.
    pub is_dropped: bool,
    /// A flag variable beside it states which values were measured; the product has a [`ProfileSpec`].
    pub has_status: bool,
    /// Wavelength of the measurement in nanometres, written as a scalar coordinate.
    pub wavelength_nm: Option<f64>,
    /// CF `comment`.
    pub comment: Option<&'static str>,
    /// What it is computed from where the source lacks it.
    pub derived: Option<Derivation>,
    /// Element type of values that are made from text; arrays keep their own.
    pub element_type: ElementType,
    /// Further attributes.
    pub attributes: &'static [(&'static str, Constant)],
    /// The row that describes the dataset instead if its values are not `flag_values`.
    pub unless_flags: Option<&'static VariableSpec>,
}

/// A row with its name, CF `long_name` and accepted layouts; everything else at its default: optional, inferred,
/// plain data, unit unstated.
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
    /// The layouts are confirmed.
    #[must_use]
    pub const fn confirmed(mut self) -> Self {
        self.evidence = Evidence::Confirmed;
        self
    }

    /// A granule without it is refused.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.presence = Presence::Required;
        self
    }

    /// A flag variable beside it states which values were measured.
    #[must_use]
    pub const fn with_status(mut self) -> Self {
        self.has_status = true;
        self
    }

    /// Other names of the same dataset.
    #[must_use]
    pub const fn or_named(mut self, alternatives: &'static [&'static str]) -> Self {
        self.alternatives = alternatives;
        self
    }

    /// What is done with it.
    #[must_use]
    pub const fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Its unit, fixed.
    #[must_use]
    pub const fn units(mut self, units: &'static str) -> Self {
        self.units = Units::Fixed(units);
        self
    }

    /// Its unit, by rule.
    #[must_use]
    pub const fn units_by(mut self, units: Units) -> Self {
        self.units = units;
        self
    }

    /// CF standard name.
    #[must_use]
    pub const fn standard_name(mut self, standard_name: &'static str) -> Self {
        self.standard_name = Some(standard_name);
        self
    }

    /// True where the policy for missing values holds although the type is an integer: declared so, or a physical
    /// quantity, which has the sentinel whatever its type.
    #[must_use]
    pub fn has_integer_sentinel(&self) -> bool {
        let physical = match self.units {
            Units::Fixed(units) => units != "1",
            Units::ByMagnitude { .. } | Units::Altitude(_) | Units::DayOfYear => true,
            Units::None | Units::Unstated => false,
        };
        self.integer_sentinel || physical
    }

    /// The policy for missing values holds for integers too.
    #[must_use]
    pub const fn integer_sentinel(mut self) -> Self {
        self.integer_sentinel = true;
        self
    }

    /// Name in the product. In a group it would be the whole path, joined by `_`.
    #[must_use]
    pub const fn called(mut self, name: &'static str) -> Self {
        self.called = Some(name);
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

    /// Wavelength in nanometres.
    #[must_use]
    pub const fn wavelength(mut self, nanometres: f64) -> Self {
        self.wavelength_nm = Some(nanometres);
        self
    }

    /// CF `comment`.
    #[must_use]
    pub const fn comment(mut self, comment: &'static str) -> Self {
        self.comment = Some(comment);
        self
    }

    /// What it is computed from where the source lacks it.
    #[must_use]
    pub const fn derived(mut self, derivation: Derivation) -> Self {
        self.derived = Some(derivation);
        self
    }

    /// The row that describes the dataset instead if its values are not `flag_values`: what one producer stores
    /// as a flag, another stores as a measurement under the same name.
    #[must_use]
    pub const fn unless_flags(mut self, other: &'static VariableSpec) -> Self {
        self.unless_flags = Some(other);
        self
    }

    /// Values of the attribute `flag_values`.
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

    /// Element type of values that are made from text.
    #[must_use]
    pub const fn stored_as(mut self, element_type: ElementType) -> Self {
        self.element_type = element_type;
        self
    }

    /// Further attributes.
    #[must_use]
    pub const fn attributes(mut self, attributes: &'static [(&'static str, Constant)]) -> Self {
        self.attributes = attributes;
        self
    }
}
