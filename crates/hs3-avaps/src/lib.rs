//! Tables of the HS3 AVAPS dropsonde collection: one product, a sounding, for all file formats.
//!
//! Names of variables are those of ASPEN, which most users are familiar with; the alternatives are the names of the
//! same quantity in EOL, AVAPS raw, ICARTT and ESC files. `docs/data-notes.md` lists the source of each.

use cumulus_core::collection::Derivation;
use cumulus_core::collection::{
    Arrangement, Collection, Constant, DimensionSpec, ElementType, Fact, MissingPolicy, PositionSpec,
    Product, Role, SoundingSpec, TimeSpec, Units, VariableSpec, variable,
};

/// The collection.
pub static COLLECTION: Collection = Collection {
    program: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    short_name: Fact::Always("hs3avaps"),
    version_id: "1",
    platform: Fact::Always("GLOBAL HAWK"),
    instrument: "AVAPS",
    campaign: Fact::Always("HS3"),
    extensions: &["eol.cls", "cls.qc", "eol", "cls", "hdf5", "h5", "nc", "ict", "dat"],
    numbered_endings: true,
    converted_elsewhere: &[("hs3-cpl", &["HS3_CPL_*"])],
    attributes: &[&[
        ("institution", "NASA Global Hydrology Resource Center; NCAR Earth Observing Laboratory"),
        ("source", "Advanced Vertical Atmospheric Profiling System dropsondes"),
        ("references", "https://doi.org/10.5067/HS3/AVAPS/DATA201"),
        ("acknowledgement", "NASA Hurricane and Severe Storm Sentinel (HS3) mission"),
        ("license", "Freely available under NASA's Earth Science Data and Information Policy"),
        ("naming_authority", "gov.nasa.nsstc.ghrc"),
        ("program", "NASA Earth Venture Suborbital"),
        (
            "keywords",
            "EARTH SCIENCE > ATMOSPHERE > ATMOSPHERIC PRESSURE, EARTH SCIENCE > ATMOSPHERE > ATMOSPHERIC TEMPERATURE, EARTH SCIENCE > ATMOSPHERE > ATMOSPHERIC WATER VAPOR, EARTH SCIENCE > ATMOSPHERE > ATMOSPHERIC WINDS",
        ),
        ("creator_name", "AVAPS dropsonde team"),
        ("creator_type", "group"),
        ("creator_institution", "NCAR Earth Observing Laboratory"),
        ("creator_url", "https://www.eol.ucar.edu"),
        ("publisher_name", "Global Hydrology Resource Center DAAC"),
        ("publisher_type", "institution"),
        ("publisher_institution", "NASA Marshall Space Flight Center"),
        ("publisher_url", "https://ghrc.nsstc.nasa.gov"),
    ]],
    products: &[SOUNDING],
};

const SOUNDING: Product = Product {
    name: "SOUNDING",
    title: "HS3 AVAPS dropsonde sounding",
    summary: "One dropsonde's fall from the aircraft to the surface: pressure, temperature, humidity and wind along its path.",
    file_stem: ".+",
    example_stem: "D20120907_124116_PQC",
    recognised_by: &["pres"],
    attributes: &[
        ("featureType", "trajectory"),
        ("cdm_data_type", "Trajectory"),
        ("processing_level", "2"),
        (
            "comment",
            "Rows are sorted by time since launch, without duplicate times. Measurements of the aircraft at launch are in reference_*. Positions between fixes are interpolated in time and marked in position_status and alt_status; lat_reported and lon_reported have the values of the source.",
        ),
    ],
    arrangement: Arrangement::Sounding(SoundingSpec {
        position: [("lat", "lat_reported"), ("lon", "lon_reported")],
        position_status: "position_status",
        altitude: ("alt", "gph"),
        altitude_status: "alt_status",
        longest_gap_s: 60.0,
        pressure: "pres",
        launch_time: "launch_time",
        trajectory: "trajectory",
        clocks: &["UTC hh", "UTC mm", "UTC ss", "Time_Start", "TimeFLStart"],
    }),
    dimensions: &[DimensionSpec { name: "time", sized_by: &[("position_status", 0)], stated_by: None }],
    time: TimeSpec::SinceLaunch,
    position: PositionSpec {
        latitude: "lat",
        longitude: "lon",
        altitude: Some("alt"),
        // The strongest winds in which sondes were dropped are about 110 m/s; GPS noise adds to that.
        fastest_m_per_s: 200.0,
    },
    missing: MissingPolicy::AtOrBelow(-900.0),
    missing_elsewhere: MissingPolicy::AtOrBelow(-900.0),
    variables: &[PLACE, STATE, WIND, QUALITY, LAUNCH],
    ..Product::DEFAULT
};

const ROW: &[&[&str]] = &[&["time"]];
const SINGLE: &[&[&str]] = &[&[]];

const STATUS_VALUES: (&str, Constant) = ("flag_values", Constant::Numbers(&[0.0, 1.0, 2.0, 3.0, 4.0]));
const STATUS_MEANINGS: (&str, Constant) =
    ("flag_meanings", Constant::Text("reported interpolated launch_position missing interpolated_long_gap"));
const UP: (&str, Constant) = ("positive", Constant::Text("up"));

/// A quantity measured in every row.
const fn measured(name: &'static str, long_name: &'static str, units: &'static str) -> VariableSpec {
    variable(name, long_name, ROW).units(units)
}

/// A quantity measured by the aircraft at launch.
const fn reference(name: &'static str, long_name: &'static str, units: &'static str) -> VariableSpec {
    variable(name, long_name, SINGLE).units(units)
}

const PLACE: &[VariableSpec] = &[
    measured("lat", "latitude of the sonde, filled between fixes", "degrees_north")
        .standard_name("latitude")
        .or_named(&["latitude", "GPS Latitude"])
        .stored_as(ElementType::F64)
        .attributes(&[
            ("axis", Constant::Text("Y")),
            ("ancillary_variables", Constant::Text("position_status")),
        ]),
    measured("lon", "longitude of the sonde, filled between fixes", "degrees_east")
        .standard_name("longitude")
        .or_named(&["longitude", "long", "GPS Longitude"])
        .stored_as(ElementType::F64)
        .attributes(&[
            ("axis", Constant::Text("X")),
            ("ancillary_variables", Constant::Text("position_status")),
        ]),
    measured("alt", "altitude of the sonde, filled between measurements", "m")
        .standard_name("altitude")
        .comment("geopotential altitude used as altitude; the difference is below 60 m at 19 km")
        .attributes(&[
            UP,
            ("axis", Constant::Text("Z")),
            ("ancillary_variables", Constant::Text("alt_status")),
        ]),
    measured("lat_reported", "latitude of the sonde as reported", "degrees_north")
        .stored_as(ElementType::F64),
    measured("lon_reported", "longitude of the sonde as reported", "degrees_east")
        .stored_as(ElementType::F64),
    variable("position_status", "origin of latitude and longitude", ROW)
        .units_by(Units::None)
        .stored_as(ElementType::I8)
        .attributes(&[STATUS_VALUES, STATUS_MEANINGS]),
    variable("alt_status", "origin of the altitude", ROW)
        .units_by(Units::None)
        .stored_as(ElementType::I8)
        .attributes(&[STATUS_VALUES, STATUS_MEANINGS]),
    measured("gph", "geopotential altitude from hydrostatic integration", "m")
        .standard_name("geopotential_height")
        .or_named(&["GeoPoAlt", "geopot_alt", "Geopoten Altitude", "Altitude", "height"]),
    measured("gpsalt", "altitude of the sonde by GPS", "m")
        .standard_name("altitude")
        .or_named(&["GPSAlt", "GPSA", "gps_alt", "GPS Altitude"])
        .comment("datum not stated by the source: mean sea level or the WGS84 ellipsoid")
        .attributes(&[UP]),
];

const STATE: &[VariableSpec] = &[
    measured("pres", "air pressure", "hPa").standard_name("air_pressure").or_named(&[
        "Press",
        "p",
        "pressure",
        "Air Press",
    ]),
    measured("tdry", "air temperature", "degC").standard_name("air_temperature").or_named(&[
        "Temp",
        "ta",
        "temperature",
        "T",
        "Air Temp",
    ]),
    measured("dp", "dew point temperature", "degC")
        .standard_name("dew_point_temperature")
        .or_named(&["Dewpt", "dewpoint", "td"])
        .derived(Derivation::DewPoint("tdry", "rh")),
    measured("rh", "relative humidity", "%")
        .standard_name("relative_humidity")
        .or_named(&["RH", "relative_humidity", "relative humidity", "Rel Humid"])
        .comment("with respect to liquid water"),
    measured("mr", "humidity mixing ratio", "g kg-1").standard_name("humidity_mixing_ratio"),
    measured("vt", "virtual temperature", "K").standard_name("virtual_temperature"),
    measured("theta", "potential temperature", "K").standard_name("air_potential_temperature"),
    measured("theta_e", "equivalent potential temperature", "K")
        .standard_name("air_equivalent_potential_temperature"),
    measured("theta_v", "virtual potential temperature", "K"),
];

const WIND: &[VariableSpec] = &[
    measured("u_wind", "eastward wind", "m s-1")
        .standard_name("eastward_wind")
        .or_named(&["Uwind", "uwnd", "u", "Ucmp"])
        .derived(Derivation::EastwardWind("wspd", "wdir")),
    measured("v_wind", "northward wind", "m s-1")
        .standard_name("northward_wind")
        .or_named(&["Vwind", "vwnd", "v", "Vcmp"])
        .derived(Derivation::NorthwardWind("wspd", "wdir")),
    measured("wspd", "wind speed", "m s-1")
        .standard_name("wind_speed")
        .or_named(&["Wind Spd", "Speed", "wind_speed", "ws", "spd"])
        .derived(Derivation::WindSpeed("u_wind", "v_wind")),
    measured("wdir", "direction the wind comes from", "degree")
        .standard_name("wind_from_direction")
        .or_named(&["Dir", "Wind Dir", "Direction", "wind_dir", "wd"])
        .derived(Derivation::WindDirection("u_wind", "v_wind")),
    measured("w_wind", "upward air velocity", "m s-1")
        .standard_name("upward_air_velocity")
        .or_named(&["Wwind", "w", "Ascent"]),
    measured("dz", "rate of change of the altitude of the sonde, negative when falling", "m s-1")
        .or_named(&["asc", "fall_rate", "Vert Veloc", "Wcmp"]),
];

const QUALITY: &[VariableSpec] = &[
    code("pres_qc", "quality of the air pressure", &["Qp"]).standard_name("air_pressure status_flag"),
    code("tdry_qc", "quality of the air temperature", &["Qt"]).standard_name("air_temperature status_flag"),
    code("rh_qc", "quality of the relative humidity", &["Qrh", "Qh"])
        .standard_name("relative_humidity status_flag"),
    code("u_wind_qc", "quality of the eastward wind", &["Qu"]).standard_name("eastward_wind status_flag"),
    code("v_wind_qc", "quality of the northward wind", &["Qv"]).standard_name("northward_wind status_flag"),
    code("wind_qc", "quality of the wind", &["Quv"]),
    code("dz_qc", "quality of the rate of fall", &["QdZ"]),
    measured("rh1", "relative humidity by sensor 1", "%").or_named(&["Sonde RH1"]),
    measured("rh2", "relative humidity by sensor 2", "%").or_named(&["Sonde RH2"]),
    measured("wind_satellites", "satellites used for the wind", "1").or_named(&["GPS Wnd Sat"]),
    measured("satellites", "satellites seen by the sonde", "1").or_named(&["GPS Snd Sat"]),
    measured("wind_error", "error of the wind as estimated by the receiver", "m s-1")
        .or_named(&["GPS Wind Error"]),
    variable("ptu_crc", "check of the frame of pressure, temperature and humidity", ROW)
        .or_named(&["PTU bad"])
        .units_by(Units::None)
        .stored_as(ElementType::I8)
        .attributes(CRC),
    variable("gps_crc", "check of the frame of position and wind", ROW)
        .or_named(&["GPS bad"])
        .units_by(Units::None)
        .stored_as(ElementType::I8)
        .attributes(CRC),
];

/// EOL's quality codes of measurements.
const CODES: &[(&str, Constant)] = &[
    ("flag_values", Constant::Numbers(&[1.0, 2.0, 3.0, 4.0, 9.0, 99.0])),
    ("flag_meanings", Constant::Text("good questionable bad estimated missing unchecked")),
];

/// A column of EOL's quality codes.
const fn code(name: &'static str, long_name: &'static str, sources: &'static [&'static str]) -> VariableSpec {
    variable(name, long_name, ROW)
        .or_named(sources)
        .units_by(Units::None)
        .stored_as(ElementType::I8)
        .attributes(CODES)
}

const CRC: &[(&str, Constant)] = &[
    ("flag_values", Constant::Numbers(&[0.0, 1.0])),
    ("flag_meanings", Constant::Text("good absent_or_damaged")),
];

const LAUNCH: &[VariableSpec] = &[
    variable("trajectory", "launch time and serial number of the sonde", SINGLE)
        .role(Role::Text)
        .units_by(Units::None)
        .attributes(&[("cf_role", Constant::Text("trajectory_id"))]),
    reference("launch_time", "time of the launch", "seconds since 1970-01-01 00:00:00 UTC")
        .standard_name("time")
        .stored_as(ElementType::F64)
        .attributes(&[("calendar", Constant::Text("standard"))]),
    reference("reference_pres", "air pressure at the aircraft at launch", "hPa")
        .standard_name("air_pressure"),
    reference("reference_tdry", "air temperature at the aircraft at launch", "degC")
        .standard_name("air_temperature"),
    reference("reference_dp", "dew point at the aircraft at launch", "degC")
        .standard_name("dew_point_temperature"),
    reference("reference_rh", "relative humidity at the aircraft at launch", "%")
        .standard_name("relative_humidity"),
    reference("reference_u_wind", "eastward wind at the aircraft at launch", "m s-1")
        .standard_name("eastward_wind"),
    reference("reference_v_wind", "northward wind at the aircraft at launch", "m s-1")
        .standard_name("northward_wind"),
    reference("reference_wspd", "wind speed at the aircraft at launch", "m s-1").standard_name("wind_speed"),
    reference("reference_wdir", "wind direction at the aircraft at launch", "degree")
        .standard_name("wind_from_direction"),
    reference("reference_lat", "latitude of the aircraft at launch", "degrees_north")
        .stored_as(ElementType::F64),
    reference("reference_lon", "longitude of the aircraft at launch", "degrees_east")
        .stored_as(ElementType::F64),
    reference("reference_alt", "altitude of the aircraft at launch", "m").attributes(&[UP]),
    reference("reference_gpsalt", "altitude of the aircraft at launch by GPS", "m").attributes(&[UP]),
];
