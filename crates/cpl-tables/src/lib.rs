//! Tables of the Cloud Physics Lidar, whichever aircraft and campaign it flew on: what its L1B granules and their
//! relatives have in common. A collection of the lidar is [`ATB`] with its own names and file-name pattern, and rows for
//! what its producer adds:
//!
//! ```
//! use cumulus_core::collection::Product;
//!
//! const ATB: Product = Product {
//!     title: "OLYMPEX Cloud Physics Lidar attenuated total backscatter",
//!     file_stem: r"olympex_\w+_CPL_ATB_\d{5}_(?<date>\d{8})",
//!     example_stem: "olympex_radex_CPL_ATB_16921_20151201",
//!     ..cpl_tables::ATB
//! };
//! assert_eq!(ATB.row("ATB_532").and_then(|row| row.standard_name), cpl_tables::ATB.row("ATB_532").unwrap().standard_name);
//! ```
//!
//! A layout is marked as confirmed if a reader of a real file of the lidar printed it or depends on it, and is inferred
//! otherwise; `docs/data-notes.md` lists the source of each.

use cumulus_core::collection::{
    AltitudeOf, Constant, DimensionSpec, Midpoint, MissingPolicy, PositionSpec, Product, ProfileSpec, Role,
    Statistic, TimeSpec, Units, VariableSpec, variable,
};

/// Global attributes that every collection of the lidar has: its team, the archive, and what is measured.
pub const ATTRIBUTES: &[(&str, &str)] = &[
    ("institution", "NASA Goddard Space Flight Center"),
    ("license", "Freely available under NASA's Earth Science Data and Information Policy"),
    ("naming_authority", "gov.nasa.nsstc.ghrc"),
    ("program", "NASA Earth Venture Suborbital"),
    (
        "keywords",
        "EARTH SCIENCE > SPECTRAL/ENGINEERING > LIDAR > LIDAR BACKSCATTER, EARTH SCIENCE > ATMOSPHERE > CLOUDS, EARTH SCIENCE > ATMOSPHERE > AEROSOLS",
    ),
    ("creator_name", "Cloud Physics Lidar team"),
    ("creator_type", "group"),
    ("creator_institution", "NASA Goddard Space Flight Center"),
    ("creator_url", "https://cpl.gsfc.nasa.gov"),
    ("publisher_name", "Global Hydrology Resource Center DAAC"),
    ("publisher_type", "institution"),
    ("publisher_institution", "NASA Marshall Space Flight Center"),
    ("publisher_url", "https://ghrc.nsstc.nasa.gov"),
    (
        "comment",
        "Variables keep the names, shapes and values of the source granule; values that are NaN, infinite or at most -900 in the source are -999 here.",
    ),
];

/// Total attenuated backscatter of a flight.
pub const ATB: Product = Product {
    name: "ATB",
    title: "Cloud Physics Lidar attenuated total backscatter",
    summary: "Profiles of total attenuated backscatter at 355, 532 and 1064 nm below the aircraft, with depolarization, layer boundaries and aircraft navigation.",
    file_stem: r"CPL_ATB_(?<date>\d{8})",
    example_stem: "CPL_ATB_20120906",
    recognised_by: &["ATB_532", "ATB_1064", "Bin_Alt"],
    attributes: &[("processing_level", "1B"), ("cdm_data_type", "Trajectory")],
    dimensions: DIMENSIONS,
    time: TIME,
    position: POSITION,
    solar_elevation: Some("Solar_Elevation_Angle"),
    project: Some("Project"),
    profile: Some(PROFILE_GEOMETRY),
    missing: AT_OR_BELOW_900,
    variables: &[
        CLOCK,
        &[LATITUDE, LONGITUDE],
        NAVIGATION,
        &[BIN_ALTITUDE.required()],
        SIZES,
        LAYERS,
        BACKSCATTER,
    ],
    ..Product::DEFAULT
};

/// Files contain -999, later ones -9999; no valid value of the rows below is that small in its unit.
pub const AT_OR_BELOW_900: MissingPolicy = MissingPolicy::AtOrBelow(-900.0);

/// Record, bin, layer, wavelength and channel.
pub const DIMENSIONS: &[DimensionSpec] = &[
    DimensionSpec { name: "record", sized_by: &[("Hour", 0), ("Latitude", 0)], stated_by: Some("NumRecs") },
    DimensionSpec {
        name: "Bin_Alt",
        sized_by: &[("Bin_Alt", 0), ("ATB_532", 1)],
        stated_by: Some("NumBins"),
    },
    DimensionSpec {
        name: "layer",
        sized_by: &[("Layer_Type", 1), ("Layer_Top_Alt", 1), ("Layer_Bot_Alt", 1)],
        stated_by: Some("MaxLayers"),
    },
    DimensionSpec { name: "wavelength", sized_by: &[], stated_by: Some("NumWave") },
    DimensionSpec { name: "channel", sized_by: &[], stated_by: Some("NumChans") },
];

/// The wall clock of a record and its decimal day of year.
pub const TIME: TimeSpec = TimeSpec::ClockAndDayOfYear {
    hour: "Hour",
    minute: "Minute",
    second: "Second",
    day_of_year: "Dec_JDay",
    first_day: "Start_JDay",
    last_day: "End_JDay",
    date: "Date",
};

/// The Global Hawk flies at 170 m/s and the ER-2 at 210 m/s; 400 m/s allows for the jet stream and for clock jitter.
pub const POSITION: PositionSpec = PositionSpec::aircraft("Latitude", "Longitude");

/// Bins below the aircraft and above the surface.
pub const PROFILE_GEOMETRY: ProfileSpec =
    ProfileSpec { altitude: "Bin_Alt", platform: "Plane_Alt", surface: "Gnd_Hgt" };

/// One value per granule.
pub const SCALAR: &[&[&str]] = &[&[]];
/// One value per record.
pub const RECORD: &[&[&str]] = &[&["record"]];
const RECORD_OR_SCALAR: &[&[&str]] = &[&[], &["record"]];
const PROFILE: &[&[&str]] = &[&["record", "Bin_Alt"]];
const PROFILE_OR_BIN: &[&[&str]] = &[&["record", "Bin_Alt"], &["Bin_Alt"]];
const LAYER: &[&[&str]] = &[&["record", "layer"]];

const UP: (&str, Constant) = ("positive", Constant::Text("up"));
const ALTITUDE: &[(&str, Constant)] = &[UP];

/// The clocks of L1B granules; all of them are required.
pub const CLOCK: &[VariableSpec] = &[
    variable("Hour", "UTC hour of day", RECORD).confirmed().required().units("1"),
    variable("Minute", "UTC minute of hour", RECORD).confirmed().required().units("1"),
    variable("Second", "UTC second of minute", RECORD).confirmed().required().units("1"),
    variable("Dec_JDay", "decimal day of year, January 1 00:00 UTC is 1.0", RECORD)
        .confirmed()
        .required()
        .units_by(Units::DayOfYear),
];

/// Latitude of the aircraft at each record.
pub const LATITUDE: VariableSpec = variable("Latitude", "latitude of the aircraft", RECORD)
    .confirmed()
    .required()
    .units("degrees_north")
    .standard_name("latitude")
    .comment(INVALID_POSITIONS)
    .attributes(&[("valid_range", Constant::Numbers(&[-90.0, 90.0]))]);

/// Longitude of the aircraft at each record.
pub const LONGITUDE: VariableSpec = variable("Longitude", "longitude of the aircraft", RECORD)
    .confirmed()
    .required()
    .units("degrees_east")
    .standard_name("longitude")
    .comment(INVALID_POSITIONS)
    .attributes(&[("valid_range", Constant::Numbers(&[-180.0, 180.0]))]);

const INVALID_POSITIONS: &str =
    "positions that are missing, out of range, exactly zero or too far from their neighbours are _FillValue";

/// Altitude and attitude of the aircraft, which later granules store at record edges, and the place of the sun.
pub const NAVIGATION: &[VariableSpec] = &[
    variable("Plane_Alt", "aircraft altitude above mean sea level", RECORD)
        .confirmed()
        .role(Role::Navigation(Midpoint::Arithmetic))
        .units_by(Units::Altitude(AltitudeOf::Platform))
        .standard_name("altitude")
        .attributes(ALTITUDE),
    variable("Plane_Heading", "aircraft heading, clockwise from north", RECORD)
        .confirmed()
        .role(Role::Navigation(Midpoint::Circular))
        .units("degree")
        .standard_name("platform_orientation"),
    variable("Plane_Pitch", "aircraft pitch", RECORD)
        .confirmed()
        .role(Role::Navigation(Midpoint::Arithmetic))
        .units("degree")
        .standard_name("platform_pitch_angle")
        .comment("nose-up is assumed to be positive; not stated in the source"),
    variable("Plane_Roll", "aircraft roll", RECORD)
        .confirmed()
        .role(Role::Navigation(Midpoint::Arithmetic))
        .units("degree")
        .standard_name("platform_roll_angle")
        .comment("right turn is positive in later files of the same instrument"),
    variable("Solar_Azimuth_Angle", "azimuth of the sun at the aircraft", RECORD)
        .units("degree")
        .standard_name("solar_azimuth_angle"),
    variable("Solar_Elevation_Angle", "elevation of the sun above the horizon at the aircraft", RECORD)
        .units("degree")
        .standard_name("solar_elevation_angle"),
];

/// Without it, profiles have no altitude; OP granules describe layers, which have their own altitudes.
pub const BIN_ALTITUDE: VariableSpec =
    variable("Bin_Alt", "altitude of each range bin above mean sea level", &[&["Bin_Alt"]])
        .confirmed()
        .role(Role::VerticalCoordinate)
        .units_by(Units::Altitude(AltitudeOf::Frame))
        .standard_name("altitude");

/// Sizes of the grid, as the file states them, and bookkeeping.
pub const SIZES: &[VariableSpec] = &[
    variable("Bin_Width", "vertical size of a range bin", RECORD_OR_SCALAR).units("m"),
    variable("Frame_Top", "altitude of the top of the data frame", RECORD_OR_SCALAR)
        .units_by(Units::Altitude(AltitudeOf::Frame))
        .standard_name("altitude")
        .attributes(ALTITUDE),
    variable("Hori_Res", "horizontal resolution of a record", RECORD_OR_SCALAR).units("m"),
    variable("NumBins", "number of range bins", SCALAR).units("1"),
    variable("NumChans", "number of detector channels", SCALAR).units("1"),
    variable("NumRecs", "number of records", SCALAR).units("1"),
    variable("NumWave", "number of wavelengths", SCALAR).units("1"),
    variable("MaxLayers", "maximum number of layers of a record", SCALAR).units("1"),
    variable("Start_JDay", "decimal day of year of the first record", SCALAR).units_by(Units::DayOfYear),
    variable("End_JDay", "decimal day of year of the last record", SCALAR).units_by(Units::DayOfYear),
    variable("Date", "flight date as written by the source", SCALAR).role(Role::Text).units_by(Units::None),
    variable("Project", "campaign name as written by the source", SCALAR)
        .role(Role::Text)
        .units_by(Units::None),
];

/// The surface, and boundaries and types of layers.
pub const LAYERS: &[VariableSpec] = &[
    variable("Gnd_Hgt", "altitude of the surface below the aircraft", RECORD)
        .confirmed()
        .units_by(Units::Altitude(AltitudeOf::Surface))
        .standard_name("surface_altitude")
        .attributes(ALTITUDE),
    variable("NumLayers", "number of layers found", RECORD).units("1"),
    variable("Layer_Type", "class of each layer, uppermost first", LAYER)
        .confirmed()
        .units_by(Units::None)
        .integer_sentinel()
        .comment("code 3 is confirmed by published readers of CPL files; the other codes are those usual for CPL and unconfirmed")
        .attributes(&[
            ("flag_values", Constant::Numbers(&[0.0, 1.0, 2.0, 3.0, 4.0])),
            ("flag_meanings", Constant::Text("none boundary_layer elevated_aerosol cloud undetermined")),
        ]),
    variable("Layer_Top_Alt", "altitude of the top of each layer, uppermost first", LAYER)
        .units_by(Units::Altitude(AltitudeOf::LayerTop))
        .standard_name("altitude")
        .comment("0 or missing where there is no layer")
        .attributes(ALTITUDE),
    variable("Layer_Bot_Alt", "altitude of the bottom of each layer, uppermost first", LAYER)
        .units_by(Units::Altitude(AltitudeOf::LayerBottom))
        .standard_name("altitude")
        .comment("0 or missing where there is no layer")
        .attributes(ALTITUDE),
];

const ABOVE_THE_AIRCRAFT: &str = "exactly 0.0 above the aircraft means no measurement: exclude it from statistics; negative values are noise and are kept";

/// A table row for total attenuated backscatter.
const fn backscatter(name: &'static str, long_name: &'static str, nanometres: f64) -> VariableSpec {
    variable(name, long_name, PROFILE)
        .confirmed()
        .required()
        .units("km-1 sr-1")
        .standard_name("volume_attenuated_backwards_scattering_function_in_air")
        .wavelength(nanometres)
        .with_status()
        .comment(ABOVE_THE_AIRCRAFT)
}

const SATURATION: &[&[&str]] = &[&["record", "channel"], &["record", "channel", "Bin_Alt"]];

/// The instrument team describes it for a sibling campaign under the name `Saturate`.
const SATURATION_ALTITUDE: VariableSpec =
    variable("Saturate", "altitude at which the detector of each channel saturated", SATURATION)
        .units("m")
        .standard_name("altitude")
        .comment("values other than 0 and 1 are treated as altitudes above mean sea level in metres, as the instrument team documents them for another campaign")
        .attributes(ALTITUDE);

/// Backscatter, depolarization, and what calibrates them.
pub const BACKSCATTER: &[VariableSpec] = &[
    backscatter("ATB_355", "total attenuated backscatter at 355 nm", 355.0),
    backscatter("ATB_532", "total attenuated backscatter at 532 nm", 532.0),
    backscatter("ATB_1064", "total attenuated backscatter at 1064 nm", 1064.0),
    variable("Depol_Ratio", "volume linear depolarization ratio at 1064 nm", PROFILE)
        .or_named(&["Depol_Ratio_1sec"])
        .with_status()
        .units("1")
        .wavelength(1064.0)
        .comment("large and meaningless where the parallel signal is near zero; kept as it is"),
    variable(
        "Mole_Back",
        "molecular backscatter",
        &[
            &["record", "wavelength", "Bin_Alt"],
            &["wavelength", "Bin_Alt"],
            &["Bin_Alt", "wavelength"],
            &["record", "Bin_Alt", "wavelength"],
        ],
    )
    .units("km-1 sr-1")
    .comment("the order of the wavelengths is not stated by the source"),
    variable("Pressure", "air pressure used for the molecular calculation", PROFILE_OR_BIN)
        .units_by(Units::ByMagnitude {
            statistic: Statistic::Maximum,
            threshold: 2000.0,
            above: "Pa",
            otherwise: "hPa",
        })
        .standard_name("air_pressure"),
    variable("Temperature", "air temperature used for the molecular calculation", PROFILE_OR_BIN)
        .units_by(Units::ByMagnitude {
            statistic: Statistic::Median,
            threshold: 150.0,
            above: "K",
            otherwise: "degree_Celsius",
        })
        .standard_name("air_temperature"),
    variable("RH", "relative humidity used for the molecular calculation", PROFILE_OR_BIN)
        .units_by(Units::ByMagnitude {
            statistic: Statistic::Maximum,
            threshold: 2.0,
            above: "percent",
            otherwise: "1",
        })
        .standard_name("relative_humidity"),
    variable("Saturate", "detector saturation of each channel", SATURATION)
        .unless_flags(&SATURATION_ALTITUDE)
        .units_by(Units::None)
        .comment("the meaning of the codes is inferred")
        .attributes(&[
            ("flag_values", Constant::Numbers(&[0.0, 1.0])),
            ("flag_meanings", Constant::Text("not_saturated saturated")),
        ]),
    variable("Cali_355", "calibration constant at 355 nm", RECORD_OR_SCALAR).wavelength(355.0),
    variable("Cali_532", "calibration constant at 532 nm", RECORD_OR_SCALAR).wavelength(532.0),
    variable("Cali_1064", "calibration constant at 1064 nm", RECORD_OR_SCALAR).wavelength(1064.0),
];
