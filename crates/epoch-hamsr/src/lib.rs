//! The EPOCH HAMSR collection, as tables: brightness temperatures and retrievals of a microwave sounder that scans across
//! the track of the NASA Global Hawk.
//!
//! Shapes, names and packing are those of a granule of the archive; `docs/data-notes.md` states the source of each rule.

use cumulus_core::collection::{
    Collection, Constant, DimensionSpec, Fact, MissingPolicy, ObservedSpec, PositionSpec, Product, Statement,
    TimeOrigin, TimeSpec, Units, VariableSpec, variable,
};

/// The collection.
pub static COLLECTION: Collection = Collection {
    program: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    short_name: Fact::Stated(CAMPAIGN, &[("EPOCH", "epochhamsr"), ("CPEX", "cpexhamsr")]),
    version_id: "1",
    platform: Fact::Stated(CAMPAIGN, &[("EPOCH", "GLOBAL HAWK"), ("CPEX", "DC-8")]),
    instrument: "HAMSR",
    campaign: Fact::Stated(CAMPAIGN, &[("EPOCH", "EPOCH"), ("CPEX", "CPEX")]),
    extensions: &["nc"],
    numbered_endings: false,
    converted_elsewhere: &[],
    attributes: &[&[
        ("institution", "NASA Jet Propulsion Laboratory"),
        ("source", "High Altitude MMIC Sounding Radiometer"),
        ("license", "Freely available under NASA's Earth Science Data and Information Policy"),
        (
            "keywords",
            "EARTH SCIENCE > SPECTRAL/ENGINEERING > MICROWAVE > BRIGHTNESS TEMPERATURE, EARTH SCIENCE > ATMOSPHERE > ATMOSPHERIC TEMPERATURE, EARTH SCIENCE > ATMOSPHERE > ATMOSPHERIC WATER VAPOR",
        ),
        ("creator_institution", "NASA Jet Propulsion Laboratory"),
        ("publisher_name", "Global Hydrology Resource Center DAAC"),
        ("publisher_url", "https://ghrc.nsstc.nasa.gov"),
    ]],
    products: &[L2],
};

/// The instrument flew on another aircraft in each campaign, and no granule states its platform.
const CAMPAIGN: Statement = Statement::NamePart("campaign");

const L2: Product = Product {
    name: "L2",
    title: "HAMSR brightness temperatures and retrievals",
    summary: "Scans of brightness temperature in 25 channels below a NASA aircraft, with retrieved profiles of temperature, humidity and reflectivity.",
    file_stem: r"(?<campaign>EPOCH|CPEX)_HAMSR_L2_(?<processing>[a-z]+)_(?<date>\d{8})T\d{4}_\d{8}T\d{4}",
    example_stem: "EPOCH_HAMSR_L2_realtime_20170824T1400_20170824T1500",
    recognised_by: &["TB", "AClat", "ham_airT"],
    attributes: &[("processing_level", "2"), ("cdm_data_type", "Swath")],
    dimensions: &[
        DimensionSpec::sized_by("along_track", &[("AClat", 0), ("time", 0)]),
        DimensionSpec::sized_by("cross_track", &[("lat", 1)]),
        DimensionSpec::sized_by("channel", &[("TB", 2)]),
        DimensionSpec::sized_by("HAMSR_levels", &[("ham_pres_levels", 0)]),
        DimensionSpec::sized_by("HAMSR_dBz_levels", &[("ham_dBz_heights", 0)]),
    ],
    // The unit is "seconds" without an instant, which the comment has.
    time: TimeSpec::Since { dataset: "time", unit: None, origin: TimeOrigin::Attribute("comment") },
    position: PositionSpec::aircraft("AClat", "AClon"),
    observed: Some(ObservedSpec { latitude: "lat", longitude: "lon" }),
    variables: &[AIRCRAFT, PIXELS, RETRIEVALS],
    ..Product::DEFAULT
};

const SCAN: &[&[&str]] = &[&["along_track"]];
const PIXEL: &[&[&str]] = &[&["along_track", "cross_track"]];
const PROFILE: &[&[&str]] = &[&["along_track", "cross_track", "HAMSR_levels"]];

/// Missing values of retrievals, as stored; no attribute states them, histograms of the granule show them.
const RETRIEVED: MissingPolicy = MissingPolicy::Stored(&[-32_768.0, -30_037.0]);

/// A row that a granule of the archive has confirmed. All of them are packed integers.
const fn row(
    name: &'static str,
    long_name: &'static str,
    layouts: &'static [&'static [&'static str]],
) -> VariableSpec {
    variable(name, long_name, layouts).confirmed().packed()
}

/// A row of a retrieved quantity.
const fn retrieved(
    name: &'static str,
    long_name: &'static str,
    layouts: &'static [&'static [&'static str]],
) -> VariableSpec {
    row(name, long_name, layouts).missing(RETRIEVED)
}

const AIRCRAFT: &[VariableSpec] = &[
    row("AClat", "latitude of the aircraft", SCAN)
        .required()
        .units("degrees_north")
        .standard_name("latitude"),
    row("AClon", "longitude of the aircraft", SCAN)
        .required()
        .units("degrees_east")
        .standard_name("longitude"),
    row("altitude", "altitude of the aircraft by GPS", SCAN)
        .units("m")
        .standard_name("altitude")
        .attributes(&[("positive", Constant::Text("up"))]),
    row("ACheading", "aircraft heading", SCAN).units("degree").standard_name("platform_orientation"),
    row("ACpitch", "aircraft pitch", SCAN).units("degree").standard_name("platform_pitch_angle"),
    row("ACroll", "aircraft roll", SCAN).units("degree").standard_name("platform_roll_angle"),
];

const PIXELS: &[VariableSpec] = &[
    row("lat", "latitude of the pixel", PIXEL).required().units("degrees_north").standard_name("latitude"),
    row("lon", "longitude of the pixel", PIXEL).required().units("degrees_east").standard_name("longitude"),
    row("inc", "incidence angle at the pixel", PIXEL).units("degree"),
    row("TB", "brightness temperature", &[&["along_track", "cross_track", "channel"]])
        .required()
        .units("K")
        .standard_name("brightness_temperature"),
];

const RETRIEVALS: &[VariableSpec] = &[
    retrieved("PWV", "precipitable water vapor by regression", PIXEL)
        .units("cm")
        .standard_name("lwe_thickness_of_atmosphere_mass_content_of_water_vapor"),
    retrieved("CLW", "integrated cloud liquid water by regression", PIXEL).units("mm"),
    retrieved("rain_flag", "rain flag", PIXEL).units_by(Units::None).comment("0 means no rain"),
    retrieved("ham_airT", "air temperature", PROFILE).units("K").standard_name("air_temperature"),
    retrieved("ham_airQ", "absolute humidity", PROFILE)
        .units("g m-3")
        .standard_name("mass_concentration_of_water_vapor_in_air"),
    retrieved("ham_airRH", "relative humidity", PROFILE).units("%").standard_name("relative_humidity"),
    row("ham_pres_levels", "pressure of the levels of profiles", &[&["HAMSR_levels"]])
        .units("hPa")
        .standard_name("air_pressure"),
    retrieved(
        "ham_dBz",
        "radar reflectivity derived from brightness temperatures",
        &[&["along_track", "cross_track", "HAMSR_dBz_levels"]],
    )
    .units("dBZ")
    .standard_name("equivalent_reflectivity_factor"),
    row("ham_dBz_heights", "height of the levels of reflectivity", &[&["HAMSR_dBz_levels"]]).units("m"),
];
