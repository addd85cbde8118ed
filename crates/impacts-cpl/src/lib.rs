//! Tables of the IMPACTS Cloud Physics Lidar collection: attenuated backscatter (`ATB`) below the NASA ER-2.
//!
//! The rows are those of the lidar on any aircraft, from `cpl-tables`. Granules of 2020 are as those of HS3; later ones
//! have fewer bins, navigation and positions at record edges, and text as character codes.

use cpl_tables::{BACKSCATTER, BIN_ALTITUDE, CLOCK, LATITUDE, LAYERS, LONGITUDE, NAVIGATION, SCALAR, SIZES};
use cumulus_core::collection::{Collection, Fact, Midpoint, Product, Role, Units, VariableSpec, variable};

/// The collection.
pub static COLLECTION: Collection = Collection {
    program: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    short_name: Fact::Always("cplimpacts"),
    version_id: "1",
    platform: Fact::Always("NASA ER-2"),
    instrument: "CPL",
    campaign: Fact::Always("IMPACTS"),
    extensions: &["hdf5", "h5"],
    numbered_endings: false,
    converted_elsewhere: &[("hs3-cpl", &["HS3_CPL_*"]), ("impacts-hiwrap", &["IMPACTS_HIWRAP_*"])],
    attributes: &[
        cpl_tables::ATTRIBUTES,
        &[
            ("source", "Cloud Physics Lidar, NASA ER-2"),
            ("references", "https://doi.org/10.5067/IMPACTS/CPL/DATA101"),
            (
                "acknowledgement",
                "NASA Investigation of Microphysics and Precipitation for Atlantic Coast-Threatening Snowstorms (IMPACTS)",
            ),
        ],
    ],
    products: &[ATB],
};

const ATB: Product = Product {
    title: "IMPACTS Cloud Physics Lidar attenuated total backscatter",
    summary: "Profiles of total attenuated backscatter at 355, 532 and 1064 nm below the NASA ER-2 during the Investigation of Microphysics and Precipitation for Atlantic Coast-Threatening Snowstorms, with depolarization, layer boundaries and aircraft navigation.",
    file_stem: r"IMPACTS_CPL_ATB_L1B?_(?<date>\d{8})",
    example_stem: "IMPACTS_CPL_ATB_L1_20200115",
    variables: &[
        CLOCK,
        POSITION_OF_RECORDS,
        NAVIGATION,
        &[BIN_ALTITUDE.required()],
        SIZES,
        &[VERSION],
        LAYERS,
        BACKSCATTER,
    ],
    ..cpl_tables::ATB
};

/// Later granules have positions at record edges, as they have altitude and attitude.
const POSITION_OF_RECORDS: &[VariableSpec] = &[
    LATITUDE.role(Role::Navigation(Midpoint::Arithmetic)),
    LONGITUDE.role(Role::Navigation(Midpoint::Longitude)),
];

const VERSION: VariableSpec =
    variable("L1B_Version", "version of the L1B product as written by the source", SCALAR)
        .role(Role::Text)
        .units_by(Units::None);
