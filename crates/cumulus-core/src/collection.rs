//! A collection as data: what its granules are called, what is in them, and what each variable means.
//!
//! Everything here is a constant table. A collection crate fills it in; the core never asks "which collection is
//! this?". What a table cannot express becomes a new variant of one of the enums below, usable by every collection.
//! Structs, not a trait: a collection cannot override the engine, and the whole table can be printed (`describe`) and
//! checked ([`crate::testing`]).

mod units;

pub use cumulus_model::values::ElementType;
pub use cumulus_sounding::meteorology::Derivation;

pub use units::{AltitudeOf, Statistic, Units};

/// One collection: an instrument on a campaign, converted by one program.
#[derive(Debug)]
pub struct Collection {
    /// Name of the program, which is also the name of its crate and image.
    pub program: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// Catalogue short name unless the operator sets another, such as `hs3cpl`.
    pub short_name: &'static str,
    /// Catalogue version of the collection.
    pub version_id: &'static str,
    /// Platform, by its GCMD keyword.
    pub platform: &'static str,
    /// Instrument, by its GCMD keyword.
    pub instrument: &'static str,
    /// Campaign, by its GCMD keyword.
    pub campaign: &'static str,
    /// File-name endings of granules, without the dot.
    pub extensions: &'static [&'static str],
    /// True where files end in the number of a receiver's channel (`.3`), which is no part of the stem; such files, and
    /// others without an ending of a granule, are granules if their contents are soundings.
    pub numbered_endings: bool,
    /// Global attributes that are the same in every output.
    pub attributes: &'static [(&'static str, &'static str)],
    /// The products, in the order in which an unnamed file is compared with them.
    pub products: &'static [Product],
}

impl Collection {
    /// True where some product is a sounding, which may come as text.
    #[must_use]
    pub fn has_soundings(&self) -> bool {
        self.products.iter().any(|product| matches!(product.arrangement, Arrangement::Sounding(_)))
    }
}

/// One kind of granule in a collection.
#[derive(Debug)]
pub struct Product {
    /// Short name, such as `ATB`.
    pub name: &'static str,
    /// ACDD title; the granule's stem is appended to it.
    pub title: &'static str,
    /// ACDD summary.
    pub summary: &'static str,
    /// Regular expression that the stem of a granule's file name must match in full. Named groups become global
    /// attributes of the output (`sortie`); the group `date` (yyyymmdd) is the day the file claims.
    pub file_stem: &'static str,
    /// A stem that matches, for messages.
    pub example_stem: &'static str,
    /// Datasets that, all present, make an oddly named file this product.
    pub recognised_by: &'static [&'static str],
    /// Further global attributes of this product.
    pub attributes: &'static [(&'static str, &'static str)],
    /// How its contents become records.
    pub arrangement: Arrangement,
    /// Dimensions by name.
    pub dimensions: &'static [DimensionSpec],
    /// Where time comes from.
    pub time: TimeSpec,
    /// Where positions come from.
    pub position: PositionSpec,
    /// Elevation of the sun in degrees above the horizon, for the day-night flag.
    pub solar_elevation: Option<&'static str>,
    /// Text dataset whose value becomes the global attribute `project`.
    pub project: Option<&'static str>,
    /// The geometry of profiles, where they are measured from an aircraft downwards.
    pub profile: Option<ProfileSpec>,
    /// What stands for a missing value in the variables below, unless their rows state otherwise.
    pub missing: MissingPolicy,
    /// What stands for a missing value in the floating-point numbers of any other dataset.
    pub missing_elsewhere: MissingPolicy,
    /// Known variables, in groups so that products can share them. Any other dataset is carried through.
    pub variables: &'static [&'static [VariableSpec]],
}

impl Product {
    /// Every known variable of this product.
    pub fn rows(&self) -> impl Iterator<Item = &'static VariableSpec> {
        self.variables.iter().flat_map(|group| group.iter())
    }

    /// The row of the dataset called `name`, by its own or an alternative name.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&'static VariableSpec> {
        self.rows().find(|row| row.name == name || row.alternatives.contains(&name))
    }

    /// The same, whatever the case of letters: formats for soundings disagree about it.
    #[must_use]
    pub fn row_in_any_case(&self, name: &str) -> Option<&'static VariableSpec> {
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        self.row(name).or_else(|| self.rows().find(|row| is(&row.name) || row.alternatives.iter().any(is)))
    }

    /// The dimension called `name`.
    #[must_use]
    pub fn dimension(&self, name: &str) -> Option<&'static DimensionSpec> {
        self.dimensions.iter().find(|dimension| dimension.name == name)
    }

    /// Name of the dimension along which records follow each other: the first one.
    #[must_use]
    pub fn record_dimension(&self) -> &'static str {
        self.dimensions.first().map_or("record", |dimension| dimension.name)
    }
}

/// How the contents of a granule become records.
#[derive(Debug)]
pub enum Arrangement {
    /// They are records already: arrays whose first axis is the record.
    AsStored,
    /// The rows of one falling sonde, in any format for soundings; see [`crate::map::sounding`].
    Sounding(SoundingSpec),
}

/// How the rows of a sounding become records. All names are of variables of the product.
#[derive(Debug)]
pub struct SoundingSpec {
    /// Degrees north and east, filled for every row, each with the name under which it is kept as reported.
    pub position: [(&'static str, &'static str); 2],
    /// Flag for the origin of the position of a row.
    pub position_status: &'static str,
    /// Altitude filled for every row, and the variable it is made from.
    pub altitude: (&'static str, &'static str),
    /// Flag for the origin of the altitude of a row.
    pub altitude_status: &'static str,
    /// Seconds without a fix after which interpolated positions are flagged separately.
    pub longest_gap_s: f64,
    /// Air pressure, by which a sonde that never left the aircraft is known.
    pub pressure: &'static str,
    /// Instant of the launch.
    pub launch_time: &'static str,
    /// Text that identifies the trajectory (CF-1.6, 9.5).
    pub trajectory: &'static str,
    /// Columns of sources that hold nothing but the time once more.
    pub clocks: &'static [&'static str],
}

impl SoundingSpec {
    /// True for variables that are made from others, so that no column of a source is taken for them.
    #[must_use]
    pub fn makes(&self, name: &str) -> bool {
        let [(_, north_reported), (_, east_reported)] = self.position;
        let made =
            [north_reported, east_reported, self.position_status, self.altitude.0, self.altitude_status];
        made.contains(&name) || [self.launch_time, self.trajectory].contains(&name)
    }

    /// Names of all variables it speaks of.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let [(north, north_reported), (east, east_reported)] = self.position;
        vec![
            north,
            north_reported,
            east,
            east_reported,
            self.position_status,
            self.altitude.0,
            self.altitude.1,
            self.altitude_status,
            self.pressure,
            self.launch_time,
            self.trajectory,
        ]
    }
}

/// A dimension and where its length is from.
#[derive(Debug)]
pub struct DimensionSpec {
    /// Name in the output.
    pub name: &'static str,
    /// Datasets and their axes that have this length; the first one present decides.
    pub sized_by: &'static [(&'static str, usize)],
    /// One-element dataset that states the length. Used where no array decides, compared where one does.
    pub stated_by: Option<&'static str>,
}

/// Where the time of a record comes from.
#[derive(Debug)]
pub enum TimeSpec {
    /// Seconds since the launch of a sonde, strictly increasing: a coordinate variable.
    SinceLaunch,
    /// Wall-clock hour, minute and second (UTC) beside a decimal day of year in which January 1, 00:00, is 1.0.
    ClockAndDayOfYear {
        /// Hour of day.
        hour: &'static str,
        /// Minute of hour.
        minute: &'static str,
        /// Second of minute.
        second: &'static str,
        /// Decimal day of year of each record.
        day_of_year: &'static str,
        /// Decimal day of year of the first record, one value.
        first_day: &'static str,
        /// Decimal day of year of the last record, one value.
        last_day: &'static str,
        /// Flight date as text: `06Sep12` or `15 Jan 2020`.
        date: &'static str,
    },
}

impl TimeSpec {
    /// Variables from which the time of a record is made.
    #[must_use]
    pub fn clocks(&self) -> Vec<&'static str> {
        match *self {
            Self::SinceLaunch => Vec::new(),
            Self::ClockAndDayOfYear { hour, minute, second, day_of_year, .. } => {
                vec![hour, minute, second, day_of_year]
            }
        }
    }
}

/// Where the position of a record comes from.
#[derive(Debug)]
pub struct PositionSpec {
    /// Degrees north.
    pub latitude: &'static str,
    /// Degrees east, -180 to 180.
    pub longitude: &'static str,
    /// Altitude of each record, where it is a coordinate of the data.
    pub altitude: Option<&'static str>,
    /// Ground speed in m/s beyond which two positions cannot be neighbours.
    pub fastest_m_per_s: f64,
}

impl PositionSpec {
    /// Names of all coordinates that make a position.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.latitude, self.longitude].into_iter().chain(self.altitude)
    }
}

/// Where the bins of a profile lie beside the aircraft and the surface; see [`crate::map::status`].
#[derive(Clone, Copy, Debug)]
pub struct ProfileSpec {
    /// Altitude of each bin.
    pub altitude: &'static str,
    /// Altitude of the aircraft at each record.
    pub platform: &'static str,
    /// Altitude of the surface below it.
    pub surface: &'static str,
}

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
