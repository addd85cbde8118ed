//! The smallest collection that converts: a thermometer on an aircraft. `cargo run -p cumulus-core --example
//! minimal_collection -- INPUT OUTPUT` is its program.

use cumulus_core::collection::{
    Collection, DimensionSpec, Fact, PositionSpec, Product, TimeOrigin, TimeSpec, VariableSpec, variable,
};

static COLLECTION: Collection = Collection {
    program: "minimal-collection",
    version: "1.0.0",
    short_name: Fact::Always("minimal"), // in the catalogue
    version_id: "1",
    platform: Fact::Always("NASA P-3"), // GCMD keywords; Fact::Stated if granules state them
    instrument: "THERMOMETERS",
    campaign: Fact::Always("IMPACTS"),
    extensions: &["h5"],
    numbered_endings: false,
    converted_elsewhere: &[],
    attributes: &[&[("institution", "An institution"), ("source", "Thermometer, NASA P-3")]],
    products: &[TEMPERATURE],
};

const TEMPERATURE: Product = Product {
    name: "L1",
    title: "Air temperature",
    summary: "Air temperature along the track of an aircraft.",
    file_stem: r"THERMO_(?<date>\d{8})", // named groups become attributes; `date` is the day in the name
    example_stem: "THERMO_20200207",
    recognised_by: &["temperature"], // a file of another name that has these datasets is of this product
    dimensions: &[DimensionSpec::sized_by("record", &[("seconds", 0)])], // axis 0 of `seconds`
    time: TimeSpec::Since { dataset: "seconds", unit: Some("seconds"), origin: TimeOrigin::DateInName },
    position: PositionSpec::aircraft("latitude", "longitude"),
    variables: &[VARIABLES],
    ..Product::DEFAULT
};

const RECORD: &[&[&str]] = &[&["record"]];

const VARIABLES: &[VariableSpec] = &[
    variable("latitude", "latitude of the aircraft", RECORD).units("degrees_north").standard_name("latitude"),
    variable("longitude", "longitude of the aircraft", RECORD)
        .units("degrees_east")
        .standard_name("longitude"),
    variable("temperature", "air temperature", RECORD).required().units("K").standard_name("air_temperature"),
];

fn main() -> std::process::ExitCode {
    cumulus_core::cli::main(&COLLECTION)
}
