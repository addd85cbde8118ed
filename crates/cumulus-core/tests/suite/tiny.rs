//! A minimal collection with one product, whose positions are in a group.

use std::fs;
use std::path::Path;

use cumulus_core::collection::{
    Collection, Constant, DimensionSpec, Fact, Midpoint, MissingPolicy, PositionSpec, Product, Role,
    TimeSpec, Units, VariableSpec, variable,
};
use cumulus_core::context::Context;
use cumulus_core::convert::{Outcome, convert};
use cumulus_core::granule::Granule;
use cumulus_core::options::{Check, ContentOptions, Reuse};
use cumulus_core::product_name::STAGED;
use cumulus_model::digest::of_file;
use cumulus_model::error::Failure;
use cumulus_model::warning::{Code, Warning};
use netcdf_reader::NcFile;

const RECORD: &[&[&str]] = &[&["record"]];

pub(crate) static COLLECTION: Collection = Collection {
    program: "tiny",
    version: "1.2.3",
    short_name: Fact::Always("tiny"),
    version_id: "1",
    platform: Fact::Always("AIRCRAFT"),
    instrument: "THERMOMETER",
    campaign: Fact::Always("TEST"),
    extensions: &["h5"],
    numbered_endings: false,
    converted_elsewhere: &[],
    attributes: &[],
    products: &[Product {
        name: "TINY",
        title: "Temperature along a flight",
        summary: "A product for tests.",
        file_stem: r"TINY_(?<date>\d{8})",
        example_stem: "TINY_20120906",
        recognised_by: &["temperature"],
        attributes: &[],
        dimensions: &[DimensionSpec { name: "record", sized_by: &[("clock/hour", 0)], stated_by: None }],
        time: TimeSpec::ClockAndDayOfYear {
            hour: "clock/hour",
            minute: "clock/minute",
            second: "clock/second",
            day_of_year: "clock/day",
            first_day: "clock/first",
            last_day: "clock/last",
            date: "clock/date",
        },
        position: PositionSpec {
            latitude: "nav/latitude",
            longitude: "nav/longitude",
            altitude: None,
            fastest_m_per_s: 400.0,
        },
        missing: MissingPolicy::AtOrBelow(-900.0),
        variables: &[&[
            variable("clock/hour", "hour", RECORD).required().units("1"),
            variable("clock/minute", "minute", RECORD).required().units("1"),
            variable("clock/day", "day of year", RECORD).units_by(Units::DayOfYear),
            variable("nav/latitude", "latitude", RECORD)
                .required()
                .role(Role::Navigation(Midpoint::Arithmetic))
                .units("degrees_north")
                .standard_name("latitude"),
            variable("nav/longitude", "longitude", RECORD)
                .required()
                .role(Role::Navigation(Midpoint::Longitude))
                .units("degrees_east")
                .standard_name("longitude"),
            variable("phase", "phase of water", RECORD).units_by(Units::None).attributes(&[
                ("flag_values", Constant::Numbers(&[0.0, 1.0])),
                ("flag_meanings", Constant::Text("liquid ice")),
            ]),
            variable("temperature", "air temperature", RECORD).units("K").standard_name("air_temperature"),
            MODE,
        ]],
        ..Product::DEFAULT
    }],
};

const MODE: VariableSpec = variable("mode", "mode of the instrument", RECORD)
    .units_by(Units::None)
    .unless_flags(&MODE_IN_KELVIN)
    .attributes(&[
        ("flag_values", Constant::Numbers(&[0.0, 1.0])),
        ("flag_meanings", Constant::Text("off on")),
    ]);

const MODE_IN_KELVIN: VariableSpec =
    variable("mode", "temperature at which the mode changed", RECORD).units("K");

/// Writes a granule of `records` records at `path`: one per minute from 12:00, flying north.
pub(crate) fn write(path: &Path, records: u8) {
    let file = hdf5::File::create(path).unwrap();
    for group in ["clock", "nav"] {
        file.create_group(group).unwrap();
    }
    let numbers = |name: &str, value: fn(f64) -> f64| {
        let values: Vec<f64> = (0..records).map(|record| value(f64::from(record))).collect();
        file.new_dataset_builder().with_data(&values).create(name).unwrap();
    };
    numbers("clock/hour", |_| 12.0);
    numbers("clock/minute", |record| record);
    numbers("clock/day", |record| 250.5 + record / 1440.0);
    numbers("nav/latitude", |record| 20.0 + record / 100.0);
    numbers("nav/longitude", |_| -60.0);
    numbers("temperature", |record| 280.0 - record);
    file.close().unwrap();
}

/// A converted granule.
pub(crate) struct Converted {
    /// The data file.
    pub(crate) data: Vec<u8>,
    /// The metadata file.
    pub(crate) metadata: String,
    /// The warnings of the conversion.
    pub(crate) warnings: Vec<Warning>,
}

impl Converted {
    /// Returns the warnings in order, except those about renamed datasets.
    pub(crate) fn told(&self) -> impl Iterator<Item = &Warning> {
        self.warnings.iter().filter(|warning| warning.code != Code::DatasetRenamed)
    }

    /// Returns the codes of these warnings.
    pub(crate) fn codes(&self) -> Vec<Code> {
        self.told().map(|warning| warning.code).collect()
    }

    /// Opens the product with an independent reader.
    pub(crate) fn product(&self) -> NcFile {
        NcFile::from_bytes(&self.data).unwrap()
    }
}

/// Converts the granule at `path` into `folder`.
pub(crate) fn converted(path: &Path, folder: &Path) -> Result<Converted, Failure> {
    let options = ContentOptions {
        level: 4,
        short_name: None,
        url_base: None,
        metadata_suffix: ".meta.xml".to_owned(),
    };
    let context = Context {
        collection: &COLLECTION,
        options: &options,
        now: "2020-09-13T12:26:40Z".parse().unwrap(),
        folder,
        output: folder,
        reuse: Reuse::Never,
        check: Check::Full,
        block_bytes: 1 << 20,
        digest: of_file,
    };
    let granule = Granule::at(path, "", &COLLECTION)?;
    let mut warnings = Vec::new();
    let Outcome::Converted(_) = convert(&granule, &context, &mut warnings)? else {
        panic!("nothing was converted");
    };
    let [data, metadata] = STAGED.map(|name| folder.join(name));
    let (data, metadata) = (fs::read(data).unwrap(), fs::read_to_string(metadata).unwrap());
    Ok(Converted { data, metadata, warnings })
}
