//! A collection for testing what all collections share: processes, publication, logs, limits, signals.
//!
//! It is also the smallest table that covers every part of a collection. It does not describe a real instrument:
//! tests of real collections are about their granules, and these tests are about the program.

use cumulus_core::collection::{
    AltitudeOf, Collection, Constant, DimensionSpec, Fact, MissingPolicy, PositionSpec, Product, Role,
    TimeSpec, USUAL_SENTINELS, Units, VariableSpec, variable,
};

/// The collection.
pub static COLLECTION: Collection = Collection {
    program: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    short_name: Fact::Always("testcollection"),
    version_id: "1",
    platform: Fact::Always("AIRCRAFT"),
    instrument: "LIDAR",
    campaign: Fact::Always("TEST"),
    extensions: &["hdf5", "h5"],
    numbered_endings: false,
    converted_elsewhere: &[],
    attributes: &[&[("institution", "None"), ("source", "Values made up for tests")]],
    products: &[PROFILES, TRACK],
};

const PROFILES: Product = Product {
    name: "PROFILES",
    title: "Profiles for tests",
    summary: "Profiles of a signal along a flight, made up for tests.",
    file_stem: r"TEST_PROFILES_(?<sortie>\d{5}[a-z])_(?<date>\d{8})",
    example_stem: "TEST_PROFILES_12203a_20120906",
    recognised_by: &["signal", "altitude"],
    attributes: &[("processing_level", "1B"), ("cdm_data_type", "Trajectory")],
    dimensions: &[
        RECORDS,
        DimensionSpec { name: "altitude", sized_by: &[("altitude", 0)], stated_by: Some("number_of_bins") },
    ],
    time: TIME,
    position: POSITION,
    missing: MissingPolicy::Listed(USUAL_SENTINELS),
    variables: &[CLOCK, PLACE, SIGNAL],
    ..Product::DEFAULT
};

const TRACK: Product = Product {
    name: "TRACK",
    title: "Flight tracks for tests",
    summary: "Positions along a flight, made up for tests.",
    file_stem: r"TEST_TRACK_(?<sortie>\d{5}[a-z])_(?<date>\d{8})",
    example_stem: "TEST_TRACK_12203a_20120906",
    recognised_by: &["hour", "latitude", "longitude"],
    attributes: &[("processing_level", "1B"), ("cdm_data_type", "Trajectory")],
    dimensions: &[RECORDS],
    time: TIME,
    position: POSITION,
    missing: MissingPolicy::Listed(USUAL_SENTINELS),
    variables: &[CLOCK, PLACE],
    ..Product::DEFAULT
};

const RECORDS: DimensionSpec = DimensionSpec {
    name: "record",
    sized_by: &[("hour", 0), ("latitude", 0)],
    stated_by: Some("number_of_records"),
};

const TIME: TimeSpec = TimeSpec::ClockAndDayOfYear {
    hour: "hour",
    minute: "minute",
    second: "second",
    day_of_year: "day_of_year",
    first_day: "first_day",
    last_day: "last_day",
    date: "date",
};

const POSITION: PositionSpec = PositionSpec::aircraft("latitude", "longitude");

const SCALAR: &[&[&str]] = &[&[]];
const RECORD: &[&[&str]] = &[&["record"]];
const PROFILE: &[&[&str]] = &[&["record", "altitude"]];

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
    variable("number_of_records", "number of records", SCALAR).units("1"),
];

const PLACE: &[VariableSpec] = &[
    variable("latitude", "latitude of the aircraft", RECORD)
        .confirmed()
        .required()
        .units("degrees_north")
        .standard_name("latitude"),
    variable("longitude", "longitude of the aircraft", RECORD)
        .confirmed()
        .required()
        .units("degrees_east")
        .standard_name("longitude"),
    variable("aircraft_altitude", "altitude of the aircraft above mean sea level", RECORD)
        .confirmed()
        .units("m")
        .standard_name("altitude")
        .attributes(&[("positive", Constant::Text("up"))]),
];

const SIGNAL: &[VariableSpec] = &[
    variable("altitude", "altitude of each bin above mean sea level", &[&["altitude"]])
        .required()
        .role(Role::VerticalCoordinate)
        .units_by(Units::Altitude(AltitudeOf::Frame))
        .standard_name("altitude"),
    variable("number_of_bins", "number of bins", SCALAR).units("1"),
    variable("layers", "number of layers found", RECORD).units("1"),
    variable("signal", "attenuated backscatter", PROFILE)
        .required()
        .confirmed()
        .units("km-1 sr-1")
        .standard_name("volume_attenuated_backwards_scattering_function_in_air"),
];
