//! Tables of the collection `new-collection`: one product of profiles along a flight.
//!
//! These tables compile but are only a start: replace the example names, units and texts by those of real granules,
//! and document the source of every claim in `docs/data-notes.md`.

use cumulus_core::collection::{
    AltitudeOf, Collection, Fact, DimensionSpec, MissingPolicy, PositionSpec, Product, Role, TimeSpec,
    USUAL_SENTINELS, Units, VariableSpec, variable,
};

/// The collection.
pub static COLLECTION: Collection = Collection {
    program: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    // Short name in the catalogue.
    short_name: Fact::Always("newcollection"),
    version_id: "1",
    // GCMD keywords.
    platform: Fact::Always("AIRCRAFT"),
    instrument: "LIDAR",
    campaign: Fact::Always("CAMPAIGN"),
    // File-name endings of granules.
    extensions: &["h5", "hdf5"],
    numbered_endings: false,
    converted_elsewhere: &[],
    // Global attributes of every product, by ACDD.
    attributes: &[&[
        ("institution", "Institution of the instrument team"),
        ("source", "Instrument, aircraft"),
        ("references", "https://doi.org/"),
        ("license", "Freely available under NASA's Earth Science Data and Information Policy"),
        ("keywords", "EARTH SCIENCE > ATMOSPHERE"),
    ]],
    products: &[PROFILES],
};

const PROFILES: Product = Product {
    name: "PROFILES",
    title: "Profiles of new-collection",
    summary: "Profiles of attenuated backscatter along a flight.",
    // The name of a granule without its extension, as a regular expression. Named groups become global attributes;
    // `date` is the day in the name.
    file_stem: r"NEW_COLLECTION_(?<date>\d{8})",
    example_stem: "NEW_COLLECTION_20120906",
    // Datasets that identify a granule with another name: it must have all of them.
    recognised_by: &["backscatter", "altitude"],
    attributes: &[("processing_level", "1B"), ("cdm_data_type", "Trajectory")],
    // The first axis of arrays is the record.
    // The first one is that of the records. The length is that of an axis of the first of these datasets that exists.
    dimensions: &[
        DimensionSpec::sized_by("record", &[("hour", 0), ("latitude", 0)]),
        DimensionSpec::sized_by("altitude", &[("altitude", 0)]),
    ],
    // UTC clock and decimal day of year of each record. The days of the first and the last record, and the date, are
    // used if they exist.
    time: TimeSpec::ClockAndDayOfYear {
        hour: "hour",
        minute: "minute",
        second: "second",
        day_of_year: "day_of_year",
        first_day: "first_day",
        last_day: "last_day",
        date: "date",
    },
    // Positions that require a higher speed between neighbours are spikes.
    position: PositionSpec::aircraft("latitude", "longitude"),
    // Missing values in the variables below, and in datasets without a row.
    missing: MissingPolicy::Listed(USUAL_SENTINELS),
    variables: &[CLOCK, POSITION, MEASUREMENTS],
..Product::DEFAULT
};

// Layouts: the dimensions of a dataset, outermost first; several if files differ.
const SCALAR: &[&[&str]] = &[&[]];
const RECORD: &[&[&str]] = &[&["record"]];
const PROFILE: &[&[&str]] = &[&["record", "altitude"]];

// A row: name, meaning, layouts. `required()`: a granule without it is rejected. `confirmed()`, once it was found in
// a real file: another shape is an error; otherwise it is bound by length, with a warning. Datasets without a row are
// copied.
const CLOCK: &[VariableSpec] = &[
    variable("hour", "UTC hour of day", RECORD).required().units("1"),
    variable("minute", "UTC minute of hour", RECORD).required().units("1"),
    variable("second", "UTC second of minute", RECORD).required().units("1"),
    variable("day_of_year", "decimal day of year, January 1 00:00 UTC is 1.0", RECORD)
        .required()
        .units_by(Units::DayOfYear),
    variable("first_day", "decimal day of year of the first record", SCALAR).units_by(Units::DayOfYear),
    variable("last_day", "decimal day of year of the last record", SCALAR).units_by(Units::DayOfYear),
    variable("date", "flight date", SCALAR).role(Role::Text).units_by(Units::None),
];

const POSITION: &[VariableSpec] = &[
    variable("latitude", "latitude of the aircraft", RECORD)
        .required()
        .units("degrees_north")
        .standard_name("latitude"),
    variable("longitude", "longitude of the aircraft", RECORD)
        .required()
        .units("degrees_east")
        .standard_name("longitude"),
];

const MEASUREMENTS: &[VariableSpec] = &[
    // The coordinate of its own dimension. If the source states no unit, km or m is inferred from the values.
    variable("altitude", "altitude of each bin above mean sea level", &[&["altitude"]])
        .required()
        .role(Role::VerticalCoordinate)
        .units_by(Units::Altitude(AltitudeOf::Frame))
        .standard_name("altitude"),
    variable("backscatter", "attenuated backscatter", PROFILE)
        .required()
        .units("km-1 sr-1")
        .standard_name("volume_attenuated_backwards_scattering_function_in_air"),
];
