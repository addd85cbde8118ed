//! The tables that describe a collection: names and contents of its granules, and the meaning of each variable.
//!
//! All tables are constants, filled in by a collection crate; the core has no branches for particular collections.
//! What a table cannot express becomes a new variant of one of the enums below, usable by every collection. These are
//! structs and not a trait, so that a collection cannot override the engine, and the whole table can be printed
//! (`describe`) and checked ([`crate::testing`]).

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
    /// Default short name in the catalogue, such as `hs3cpl`.
    pub short_name: &'static str,
    /// Version of the collection in the catalogue.
    pub version_id: &'static str,
    /// GCMD keyword of the platform.
    pub platform: &'static str,
    /// GCMD keyword of the instrument.
    pub instrument: &'static str,
    /// GCMD keyword of the campaign.
    pub campaign: &'static str,
    /// File-name endings of granules, without the dot.
    pub extensions: &'static [&'static str],
    /// True if file names end in the number of a receiver's channel (`.3`), which is not part of the stem; such files,
    /// and others without one of `extensions`, are granules if their contents are soundings.
    pub numbered_endings: bool,
    /// Global attributes that are the same in every output.
    pub attributes: &'static [(&'static str, &'static str)],
    /// The products, in the order in which they are matched with a file.
    pub products: &'static [Product],
}

impl Collection {
    /// Returns true if any product is a sounding, which may be a text file.
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
    /// attributes of the output (`sortie`); the group `date` (yyyymmdd) is the date stated by the file name.
    pub file_stem: &'static str,
    /// Example of a matching stem, for messages.
    pub example_stem: &'static str,
    /// Datasets that identify this product if the file name matches none: all of them must be present.
    pub recognised_by: &'static [&'static str],
    /// Further global attributes of this product.
    pub attributes: &'static [(&'static str, &'static str)],
    /// How its contents are arranged as records.
    pub arrangement: Arrangement,
    /// Dimensions; the first one is the record dimension.
    pub dimensions: &'static [DimensionSpec],
    /// Source of the time of records.
    pub time: TimeSpec,
    /// Source of the positions of records.
    pub position: PositionSpec,
    /// Variable with the solar elevation in degrees above the horizon, for the day-night flag.
    pub solar_elevation: Option<&'static str>,
    /// Text dataset whose value becomes the global attribute `project`.
    pub project: Option<&'static str>,
    /// The geometry of profiles, if they are measured downwards from an aircraft.
    pub profile: Option<ProfileSpec>,
    /// Policy for missing values in the variables below, unless their rows have their own.
    pub missing: MissingPolicy,
    /// Policy for missing values in the floating-point numbers of any other dataset.
    pub missing_elsewhere: MissingPolicy,
    /// Known variables, in groups so that products can share them. Any other dataset is copied too.
    pub variables: &'static [&'static [VariableSpec]],
}

impl Product {
    /// Returns an iterator over all known variables of this product.
    pub fn rows(&self) -> impl Iterator<Item = &'static VariableSpec> {
        self.variables.iter().flat_map(|group| group.iter())
    }

    /// Returns the row of the dataset called `name`, by its own or an alternative name.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&'static VariableSpec> {
        self.rows().find(|row| row.name == name || row.alternatives.contains(&name))
    }

    /// Like [`Self::row`], but falls back to ignoring ASCII case, because formats for soundings disagree about it.
    #[must_use]
    pub fn row_in_any_case(&self, name: &str) -> Option<&'static VariableSpec> {
        let is = |known: &&str| known.eq_ignore_ascii_case(name);
        self.row(name).or_else(|| self.rows().find(|row| is(&row.name) || row.alternatives.iter().any(is)))
    }

    /// Returns the dimension called `name`.
    #[must_use]
    pub fn dimension(&self, name: &str) -> Option<&'static DimensionSpec> {
        self.dimensions.iter().find(|dimension| dimension.name == name)
    }

    /// Returns the name of the record dimension, which is the first one.
    #[must_use]
    pub fn record_dimension(&self) -> &'static str {
        self.dimensions.first().map_or("record", |dimension| dimension.name)
    }
}

/// How the contents of a granule are arranged as records.
#[derive(Debug)]
pub enum Arrangement {
    /// As stored: arrays whose first axis is the record.
    AsStored,
    /// The rows of one dropsonde, in any format for soundings; see [`crate::map::sounding`].
    Sounding(SoundingSpec),
}

/// How the rows of a sounding become records. All names are names of variables of the product.
#[derive(Debug)]
pub struct SoundingSpec {
    /// Latitude and longitude in degrees, filled for every row, each with the variable that keeps the reported values.
    pub position: [(&'static str, &'static str); 2],
    /// Flag for the source of a row's position.
    pub position_status: &'static str,
    /// Altitude filled for every row, and the variable it is computed from.
    pub altitude: (&'static str, &'static str),
    /// Flag for the source of a row's altitude.
    pub altitude_status: &'static str,
    /// Duration in seconds without a fix beyond which interpolated positions have a flag of their own.
    pub longest_gap_s: f64,
    /// Air pressure, which shows whether a sonde ever left the aircraft.
    pub pressure: &'static str,
    /// Time of the launch.
    pub launch_time: &'static str,
    /// Text that identifies the trajectory (CF-1.6, 9.5).
    pub trajectory: &'static str,
    /// Columns of sources that only repeat the time.
    pub clocks: &'static [&'static str],
}

impl SoundingSpec {
    /// Returns true for variables that are computed here, so that no column of a source is used for them.
    #[must_use]
    pub fn makes(&self, name: &str) -> bool {
        let [(_, north_reported), (_, east_reported)] = self.position;
        let made =
            [north_reported, east_reported, self.position_status, self.altitude.0, self.altitude_status];
        made.contains(&name) || [self.launch_time, self.trajectory].contains(&name)
    }

    /// Returns the names of all variables it uses.
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

/// A dimension, and the datasets that determine its length.
#[derive(Debug)]
pub struct DimensionSpec {
    /// Name in the output.
    pub name: &'static str,
    /// Datasets, each with the number of the axis that has this length; the first one present determines it.
    pub sized_by: &'static [(&'static str, usize)],
    /// One-element dataset that states the length; used if no array determines it, else compared with it.
    pub stated_by: Option<&'static str>,
}

/// Source of the time of a record.
#[derive(Debug)]
pub enum TimeSpec {
    /// Seconds since the launch of a sonde, strictly increasing, so time is a coordinate variable.
    SinceLaunch,
    /// Wall-clock hour, minute and second (UTC), and a decimal day of year, where January 1, 00:00, is 1.0.
    ClockAndDayOfYear {
        /// Hour of day.
        hour: &'static str,
        /// Minute of hour.
        minute: &'static str,
        /// Second of minute.
        second: &'static str,
        /// Decimal day of year of each record.
        day_of_year: &'static str,
        /// Decimal day of year of the first record, a single value.
        first_day: &'static str,
        /// Decimal day of year of the last record, a single value.
        last_day: &'static str,
        /// Flight date as text: `06Sep12` or `15 Jan 2020`.
        date: &'static str,
    },
}

impl TimeSpec {
    /// Returns the variables from which the time of a record is computed.
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

/// Source of the position of a record.
#[derive(Debug)]
pub struct PositionSpec {
    /// Degrees north.
    pub latitude: &'static str,
    /// Degrees east, -180 to 180.
    pub longitude: &'static str,
    /// Altitude of each record, if it is a coordinate of the data.
    pub altitude: Option<&'static str>,
    /// Maximum ground speed in m/s between consecutive positions.
    pub fastest_m_per_s: f64,
}

impl PositionSpec {
    /// Returns the names of all coordinates of a position.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.latitude, self.longitude].into_iter().chain(self.altitude)
    }
}

/// Variables that locate the bins of a profile relative to the aircraft and the surface; see [`crate::map::status`].
#[derive(Clone, Copy, Debug)]
pub struct ProfileSpec {
    /// Altitude of each bin.
    pub altitude: &'static str,
    /// Altitude of the aircraft at each record.
    pub platform: &'static str,
    /// Altitude of the surface below the aircraft.
    pub surface: &'static str,
}

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
#[derive(Clone, Copy, Debug)]
pub struct VariableSpec {
    /// Dataset name in the source and variable name in the output.
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
    /// Whether a flag variable beside it marks which values were measured; requires the product to have a
    /// [`ProfileSpec`].
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

    /// Sets the policy for missing values.
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
