//! Tables of the IMPACTS HIWRAP collection: reflectivity, Doppler velocity and depolarization of a radar with two bands below
//! the NASA ER-2.
//!
//! Time and positions are as in a granule of the archive. The radar's planes, the other navigation and the texts are as
//! public readers of such files use them; `docs/data-notes.md` lists the source of each.

use cumulus_core::collection::{
    Collection, Constant, DimensionSpec, Fact, PositionSpec, Product, Role, SiblingSpec, TimeOrigin,
    TimeSpec, Units, VariableSpec, variable,
};

/// The collection.
pub static COLLECTION: Collection = Collection {
    program: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    short_name: Fact::Always("hiwrapimpacts"),
    version_id: "1",
    platform: Fact::Always("NASA ER-2"),
    instrument: "HIWRAP",
    campaign: Fact::Always("IMPACTS"),
    extensions: &["h5", "hdf5"],
    numbered_endings: false,
    converted_elsewhere: &[("impacts-cpl", &["IMPACTS_CPL_*"])],
    attributes: &[&[
        ("institution", "NASA Goddard Space Flight Center"),
        ("source", "High Altitude Imaging Wind and Rain Airborne Profiler, NASA ER-2"),
        ("license", "Freely available under NASA's Earth Science Data and Information Policy"),
        (
            "keywords",
            "EARTH SCIENCE > SPECTRAL/ENGINEERING > RADAR > RADAR REFLECTIVITY, EARTH SCIENCE > SPECTRAL/ENGINEERING > RADAR > DOPPLER VELOCITY, EARTH SCIENCE > ATMOSPHERE > PRECIPITATION",
        ),
        ("creator_institution", "NASA Goddard Space Flight Center"),
        ("publisher_name", "Global Hydrology Resource Center DAAC"),
        ("publisher_url", "https://ghrc.nsstc.nasa.gov"),
    ]],
    products: &[L1B],
};

const L1B: Product = Product {
    name: "L1B",
    title: "IMPACTS HIWRAP radar reflectivity and Doppler velocity",
    summary: "Profiles of reflectivity, Doppler velocity, spectrum width and linear depolarization ratio at Ku and Ka band below the NASA ER-2 during the Investigation of Microphysics and Precipitation for Atlantic Coast-Threatening Snowstorms.",
    file_stem: r"IMPACTS(?:2020)?_HIWRAP_L1B_Rev(?<revision>[A-Z])_(?<date>\d{8})(?:T\d{6}_to_\d{8}T\d{6})?(?:_subset)?",
    example_stem: "IMPACTS_HIWRAP_L1B_RevA_20200207T122221_to_20200207T180045",
    recognised_by: &["Products/Ku/Combined/Data/dBZe", "Products/Ka/Combined/Data/dBZe"],
    attributes: &[("processing_level", "1B"), ("cdm_data_type", "Trajectory")],
    dimensions: &[
        DimensionSpec::sized_by("record", &[(TIME, 0)]),
        DimensionSpec::sized_by("range", &[("Products/Information/Range", 0)]),
        DimensionSpec::sized_by("beam", &[]),
    ],
    time: TimeSpec::Since { dataset: TIME, unit: Some("seconds"), origin: TimeOrigin::Fixed("1970-01-01") },
    position: PositionSpec::aircraft("Navigation/Data/Latitude", "Navigation/Data/Longitude"),
    siblings: Some(SiblingSpec {
        data: "Data",
        information: "Information",
        units: &["_units"],
        // As it is spelled in granules of 2020.
        descriptions: &["_description", "_desciption"],
    }),
    variables: &[NAVIGATION, GEOMETRY, PLANES],
    ..Product::DEFAULT
};

const TIME: &str = "Time/Data/TimeUTC";
const RECORD: &[&[&str]] = &[&["record"]];
/// Some granules of 2020 have two axes.
const MOTION: &[&[&str]] = &[&["record"], &["record", "beam"]];
const PLANE: &[&[&str]] = &[&["record", "range"]];

/// The row of a quantity of the aircraft.
const fn navigation(
    path: &'static str,
    name: &'static str,
    long_name: &'static str,
    units: &'static str,
) -> VariableSpec {
    variable(path, long_name, RECORD).called(name).units(units)
}

const NAVIGATION: &[VariableSpec] = &[
    navigation("Navigation/Data/Latitude", "latitude", "latitude of the aircraft", "degrees_north")
        .confirmed()
        .required()
        .standard_name("latitude"),
    navigation("Navigation/Data/Longitude", "longitude", "longitude of the aircraft", "degrees_east")
        .confirmed()
        .required()
        .standard_name("longitude"),
    navigation("Navigation/Data/Height", "altitude", "altitude of the aircraft", "m")
        .standard_name("altitude")
        .attributes(&[("positive", Constant::Text("up"))]),
    navigation("Navigation/Data/Heading", "heading", "aircraft heading, clockwise from north", "degree")
        .standard_name("platform_orientation"),
    navigation("Navigation/Data/Pitch", "pitch", "aircraft pitch", "degree")
        .standard_name("platform_pitch_angle"),
    navigation("Navigation/Data/Roll", "roll", "aircraft roll", "degree")
        .standard_name("platform_roll_angle"),
    navigation("Navigation/Data/Drift", "drift", "drift angle of the aircraft", "degree"),
    navigation("Navigation/Data/Track", "track", "course of the aircraft", "degree")
        .standard_name("platform_course"),
    variable("Navigation/Data/{way}Velocity", "velocity of the aircraft, {way}", RECORD)
        .called("velocity_{way}")
        .units("m s-1"),
    navigation("Navigation/Data/NominalDistance", "distance", "nominal distance flown", "m"),
];

const GEOMETRY: &[VariableSpec] = &[
    variable("Products/Information/Range", "distance of the range gate from the aircraft", &[&["range"]])
        .called("range")
        .role(Role::Coordinate)
        .units("m"),
    variable("Products/Information/AircraftMotion", "aircraft motion along the beam", MOTION)
        .called("aircraft_motion")
        .units("m s-1"),
];

/// The row of a quantity of each range gate in each band, which is part of the names in the product.
const fn plane(path: &'static str, name: &'static str, long_name: &'static str) -> VariableSpec {
    variable(path, long_name, PLANE).called(name)
}

const PLANES: &[VariableSpec] = &[
    plane("Products/{band}/Combined/Data/dBZe", "dBZe_{band}", "equivalent reflectivity at {band} band")
        .units("dBZ")
        .standard_name("equivalent_reflectivity_factor"),
    plane("Products/{band}/Combined/Data/Velocity", "velocity_{band}", "Doppler velocity at {band} band")
        .units("m s-1"),
    plane(
        "Products/{band}/Combined/Data/Velocity_corrected",
        "velocity_corrected_{band}",
        "corrected Doppler velocity at {band} band",
    )
    .units("m s-1"),
    plane(
        "Products/{band}/Combined/Data/SpectrumWidth",
        "spectrum_width_{band}",
        "width of the Doppler spectrum at {band} band",
    )
    .units("m s-1"),
    plane("Products/{band}/Combined/Data/LDR", "LDR_{band}", "linear depolarization ratio at {band} band")
        .units("0.1 lg(re 1)")
        .comment("in decibels, for which UDUNITS has no name"),
    plane(
        "Products/{band}/Combined/Information/ChannelMask",
        "channel_mask_{band}",
        "channel of each value at {band} band",
    )
    .units_by(Units::None),
];
