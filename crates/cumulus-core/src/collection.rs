//! The tables that describe a collection: names and contents of its granules, and the meaning of each variable.
//!
//! All tables are constants, filled in by a collection crate; the core has no branches for particular collections.
//! What a table cannot express becomes a new variant of one of the enums below, usable by every collection. These are
//! structs and not a trait, so that a collection cannot override the engine, and the whole table can be printed
//! (`describe`) and checked ([`crate::testing`]).

mod facts;
mod time;
mod units;
mod variable;

pub use cumulus_model::values::ElementType;
pub use cumulus_sounding::meteorology::Derivation;

pub use facts::{Fact, Statement};
pub use time::{Part, TimeOrigin, TimeSpec};
pub use units::{AltitudeOf, Statistic, Units};
pub use variable::{
    Constant, Evidence, Midpoint, MissingPolicy, Presence, Role, USUAL_SENTINELS, VariableSpec, variable,
};

/// One collection: an instrument on a campaign, converted by one program.
#[derive(Debug)]
pub struct Collection {
    /// Name of the program, which is also the name of its crate and image.
    pub program: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// Default short name in the catalogue, such as `hs3cpl`.
    pub short_name: Fact,
    /// Version of the collection in the catalogue.
    pub version_id: &'static str,
    /// GCMD keyword of the platform.
    pub platform: Fact,
    /// GCMD keyword of the instrument.
    pub instrument: &'static str,
    /// GCMD keyword of the campaign.
    pub campaign: Fact,
    /// File-name endings of granules, without the dot.
    pub extensions: &'static [&'static str],
    /// True if file names end in the number of a receiver's channel (`.3`), which is not part of the stem; such files,
    /// and others without one of `extensions`, are granules if their contents are soundings.
    pub numbered_endings: bool,
    /// Patterns of file names, such as `*.eol`, of granules that another program converts, by the name of that program;
    /// for messages to an operator who started the wrong one.
    pub converted_elsewhere: &'static [(&'static str, &'static [&'static str])],
    /// Global attributes that are the same in every output, in groups so that collections can share them. The names of
    /// the vocabularies of keywords and standard names are always written, and need not be listed.
    pub attributes: &'static [&'static [(&'static str, &'static str)]],
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
    /// Where the instrument measured, if that is not where the platform was.
    pub observed: Option<ObservedSpec>,
    /// Variable with the solar elevation in degrees above the horizon, for the day-night flag.
    pub solar_elevation: Option<&'static str>,
    /// Text dataset whose value becomes the global attribute `project`.
    pub project: Option<&'static str>,
    /// The geometry of profiles, if they are measured downwards from an aircraft.
    pub profile: Option<ProfileSpec>,
    /// Where units and descriptions of datasets are, if they are datasets too.
    pub siblings: Option<SiblingSpec>,
    /// Policy for missing values in the variables below, unless their rows have their own.
    pub missing: MissingPolicy,
    /// Policy for missing values in the floating-point numbers of any other dataset.
    pub missing_elsewhere: MissingPolicy,
    /// Known variables, in groups so that products can share them. Any other dataset is copied too.
    pub variables: &'static [&'static [VariableSpec]],
}

impl Product {
    /// A product with the most common answer to every question that has one, to build others from:
    /// `Product { name: "L2", …, ..Product::DEFAULT }`. Names and texts are empty, and there is no time and no position.
    pub const DEFAULT: Self = Self {
        name: "",
        title: "",
        summary: "",
        file_stem: "",
        example_stem: "",
        recognised_by: &[],
        attributes: &[],
        arrangement: Arrangement::AsStored,
        dimensions: &[],
        time: TimeSpec::Since { dataset: "", unit: None, origin: TimeOrigin::Units },
        position: PositionSpec::aircraft("", ""),
        observed: None,
        solar_elevation: None,
        project: None,
        profile: None,
        siblings: None,
        missing: MissingPolicy::StatedOnly,
        missing_elsewhere: MissingPolicy::Listed(USUAL_SENTINELS),
        variables: &[],
    };

    /// Returns an iterator over all known variables of this product.
    pub fn rows(&self) -> impl Iterator<Item = &'static VariableSpec> {
        self.variables.iter().flat_map(|group| group.iter())
    }

    /// Returns the row of the dataset called `name`, by its own or an alternative name.
    #[must_use]
    pub fn row(&self, name: &str) -> Option<&'static VariableSpec> {
        self.rows().find(|row| row.describes(name))
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

impl DimensionSpec {
    /// A dimension whose length no dataset states.
    #[must_use]
    pub const fn sized_by(name: &'static str, sized_by: &'static [(&'static str, usize)]) -> Self {
        Self { name, sized_by, stated_by: None }
    }
}

/// Where the instrument measured, if that is not where the platform was: the places of pixels beside the track.
///
/// Variables that have all dimensions of these places have them as coordinates, and the granule's extent is theirs.
#[derive(Debug)]
pub struct ObservedSpec {
    /// Degrees north of each pixel.
    pub latitude: &'static str,
    /// Degrees east of each pixel.
    pub longitude: &'static str,
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
    /// Positions of an aircraft, without an altitude: 400 m/s is faster than any, with the jet stream and jitter of clocks.
    #[must_use]
    pub const fn aircraft(latitude: &'static str, longitude: &'static str) -> Self {
        Self { latitude, longitude, altitude: None, fastest_m_per_s: 400.0 }
    }

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

/// Datasets that hold the unit or the description of another one, as text. They become attributes of that dataset and are
/// not variables of the product.
///
/// With `data: "Data"`, `information: "Information"` and the ending `_units`, the unit of `Products/Data/dBZe` is in
/// `Products/Information/dBZe_units`. A dataset in no group called `data` has them in its own group.
#[derive(Clone, Copy, Debug)]
pub struct SiblingSpec {
    /// Name of the groups with data.
    pub data: &'static str,
    /// Name of the groups beside them, with units and descriptions.
    pub information: &'static str,
    /// Endings of the names of datasets that hold a unit.
    pub units: &'static [&'static str],
    /// Endings of the names of datasets that hold a description.
    pub descriptions: &'static [&'static str],
}
