//! A collection as data: what its granules are called, what is in them, and what each variable means.
//!
//! Everything here is a constant table. A collection crate fills it in; the core never asks "which collection is
//! this?". What a table cannot express becomes a new variant of one of the enums below, usable by every collection.
//! Structs, not a trait: a collection cannot override the engine, and the whole table can be printed (`describe`) and
//! checked ([`crate::testing`]).

mod units;
mod variable;

pub use cumulus_model::values::ElementType;
pub use cumulus_sounding::meteorology::Derivation;

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
    /// Where the instrument measured, if that is not where the platform was.
    pub observed: Option<ObservedSpec>,
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
    /// Counts since an instant, such as `seconds since 1970-01-01`, one per record. The dataset becomes the variable
    /// `time` and is not carried through beside it; it needs no row.
    Since {
        /// The dataset of counts. Its `units` state the unit of a count.
        dataset: &'static str,
        /// The instant that the counts are from.
        origin: TimeOrigin,
    },
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

/// The instant that times are counted from. A granule that states none is refused, as is one that states another.
#[derive(Debug)]
pub enum TimeOrigin {
    /// As stated in `units`: `seconds since 1970-01-01`.
    Units,
    /// This instant, UTC, in the form of `units`: `2000-01-01`. For sources whose `units` have none.
    Fixed(&'static str),
    /// Midnight UTC of the date in the name of the granule, for seconds or hours of the day.
    DateInName,
}

impl TimeSpec {
    /// True for the dataset that becomes the variable `time`.
    #[must_use]
    pub fn is_replaced(&self, path: &str) -> bool {
        matches!(self, Self::Since { dataset, .. } if *dataset == path)
    }

    /// Variables from which the time of a record is made.
    #[must_use]
    pub fn clocks(&self) -> Vec<&'static str> {
        match *self {
            Self::SinceLaunch => Vec::new(),
            Self::Since { dataset, .. } => vec![dataset],
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
