//! Tables of the HS3 Cloud Physics Lidar collection: attenuated backscatter (`ATB`) and optical properties (`OP`).
//!
//! The rows are those of the lidar on any aircraft, from `cpl-tables`.

use cpl_tables::{BIN_ALTITUDE, LATITUDE, LAYERS, LONGITUDE, NAVIGATION, RECORD, SIZES};
use cumulus_core::collection::{Collection, Fact, Product, Units, VariableSpec, variable};

/// The collection.
pub static COLLECTION: Collection = Collection {
    program: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    short_name: Fact::Always("hs3cpl"),
    version_id: "1",
    platform: Fact::Always("GLOBAL HAWK"),
    instrument: "CPL",
    campaign: Fact::Always("HS3"),
    extensions: &["hdf5", "h5"],
    numbered_endings: false,
    converted_elsewhere: &[
        ("hs3-avaps", &["*.eol", "*.cls", "*.frd", "D[0-9]*_P*.[0-9]"]),
        ("impacts-cpl", &["IMPACTS_CPL_*"]),
    ],
    attributes: &[
        cpl_tables::ATTRIBUTES,
        &[
            ("source", "Cloud Physics Lidar, NASA Global Hawk"),
            ("references", "https://doi.org/10.5067/HS3/CPL/DATA201"),
            ("acknowledgement", "NASA Hurricane and Severe Storm Sentinel (HS3) mission"),
        ],
    ],
    products: &[ATB, OP],
};

const ATB: Product = Product {
    title: "HS3 Cloud Physics Lidar attenuated total backscatter",
    summary: "Profiles of total attenuated backscatter at 355, 532 and 1064 nm below the NASA Global Hawk during the Hurricane and Severe Storm Sentinel mission, with depolarization, layer boundaries and aircraft navigation.",
    file_stem: r"HS3_CPL_ATB_(?<sortie>\d{5}[a-z])_(?<date>\d{8})",
    example_stem: "HS3_CPL_ATB_12203a_20120906",
    ..cpl_tables::ATB
};

const OP: Product = Product {
    name: "OP",
    title: "HS3 Cloud Physics Lidar optical properties",
    summary: "Layer boundaries, layer types and optical properties of clouds and aerosols below the NASA Global Hawk during the Hurricane and Severe Storm Sentinel mission.",
    file_stem: r"HS3_CPL_OP_(?<sortie>\d{5}[a-z])_(?<date>\d{8})",
    example_stem: "HS3_CPL_OP_12203a_20120906",
    recognised_by: &["Layer_Type", "Hour", "Minute"],
    attributes: &[("processing_level", "2"), ("cdm_data_type", "Trajectory")],
    variables: &[CLOCK_OF_OP, &[LATITUDE, LONGITUDE], NAVIGATION, &[BIN_ALTITUDE], SIZES, LAYERS],
    ..cpl_tables::ATB
};

/// Only hour and minute are confirmed in OP granules; the time is computed without the others if they are absent.
pub const CLOCK_OF_OP: &[VariableSpec] = &[
    variable("Hour", "UTC hour of day", RECORD).confirmed().required().units("1"),
    variable("Minute", "UTC minute of hour", RECORD).confirmed().required().units("1"),
    variable("Second", "UTC second of minute", RECORD).confirmed().units("1"),
    variable("Dec_JDay", "decimal day of year, January 1 00:00 UTC is 1.0", RECORD)
        .confirmed()
        .units_by(Units::DayOfYear),
];
