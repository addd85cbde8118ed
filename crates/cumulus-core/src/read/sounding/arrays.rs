//! Soundings stored as arrays: netCDF and HDF5 files in which every quantity has one value a time (ASPEN's, and
//! whatever is made after its model).
//!
//! In: any [`Source`]. Out: the same neutral [`Sounding`] that texts become. Scalars whose name begins with
//! `reference_` are what the aircraft measured.

use jiff::Timestamp;

use super::{Column, Launch, Sounding, launch};
use crate::error::{Failure, Stage};
use crate::map::LARGEST_SENTINEL;
use crate::read::{Content, Dataset, Source, SourceAttribute, SourceValue};
use crate::warning::{Code, Warning};

/// Names under which the time of rows is known.
const TIME: [&str; 2] = ["time", "time_offset"];

/// Prefix of what the aircraft measured.
const REFERENCE: &str = "reference_";

/// Largest magnitude that is a measurement: fill values of netCDF are about 1e37.
const LARGEST_VALUE: f64 = 1e30;

/// The sounding in `source`, which `place` names in failures.
///
/// # Errors
/// There is no time, no row, or the time counts from nothing that can be read.
pub fn sounding(source: &dyn Source, place: &str) -> Result<Sounding, Failure> {
    let description = source.description();
    let time = TIME.iter().find_map(|name| description.dataset(name)).ok_or_else(|| {
        Failure::new(Stage::Read, place, "is no sounding")
            .found(format!("{} datasets, none called {}", description.datasets.len(), TIME.join(" or ")))
            .expected("a dropsonde file: one value a time in every dataset")
            .hint("move the file out of INPUT, or fetch it again")
    })?;
    if time.shape.len() != 1 || time.is_empty() {
        return Err(Failure::new(Stage::Read, &time.path, "is no time of rows")
            .found(format!("{:?}", time.shape))
            .expected("one dimension with at least one row")
            .hint("the file holds no sounding; ask the producer"));
    }
    let units = text(&time.attributes, "units").unwrap_or_default();
    let origin = units.split_once(" since ").and_then(|(_, origin)| launch::date_and_time(origin));
    let mut sounding = Sounding {
        format: format(&description.attributes),
        header: header(&description.attributes),
        sonde_id: fact(&description.attributes, &["SondeId", "sonde_id", "sonde_serial_ID"]),
        sonde_type: fact(&description.attributes, &["SondeModel", "SondeType"]),
        project: fact(&description.attributes, &["Project"]),
        flight: fact(&description.attributes, &["Flight"]),
        platform: fact(&description.attributes, &["PlatformType", "PlatformId"]),
        time_column: time.path.clone(),
        time_origin: origin.map(|(instant, _)| instant),
        launch: origin.map(|(instant, has_fraction)| launch_at(instant, has_fraction)),
        ..Sounding::default()
    };
    for dataset in &description.datasets {
        if !matches!(dataset.content, Content::Numbers(_)) {
            continue;
        }
        if dataset.shape == time.shape {
            sounding.columns.push(column(source, dataset)?);
        } else if dataset.len() == 1 && dataset.name().starts_with(REFERENCE) {
            let value = column(source, dataset)?.values.first().copied().filter(|value| !value.is_nan());
            let name = dataset.name().trim_start_matches(REFERENCE).to_owned();
            sounding.reference.extend(value.map(|value| (name, value)));
        } else if dataset.len() > 1 {
            let message = format!("is left out, because it has not one value a row ({:?})", dataset.shape);
            sounding.notes.push(Warning::at(Code::ColumnLeftOut, dataset.path.as_str(), message));
        }
    }
    Ok(sounding)
}

fn launch_at(instant: Timestamp, has_fraction: bool) -> Launch {
    Launch { instant, source: "units of time", has_fraction, detected: true }
}

/// All values of a dataset, NaN where missing.
fn column(source: &dyn Source, dataset: &Dataset) -> Result<Column, Failure> {
    let fill: Vec<f64> = ["_FillValue", "missing_value"]
        .iter()
        .filter_map(|name| {
            match &dataset.attributes.iter().find(|attribute| attribute.name == *name)?.value {
                SourceValue::Numbers(values) => values.to_f64().first().copied(),
                SourceValue::Text(_) => None,
            }
        })
        .collect();
    let is_missing = |value: f64| {
        !value.is_finite()
            || value <= LARGEST_SENTINEL
            || value.abs() >= LARGEST_VALUE
            || fill.iter().any(|fill| fill.to_bits() == value.to_bits())
    };
    let values = source.rows(dataset, 0..dataset.row_count())?.to_f64();
    Ok(Column {
        name: dataset.path.clone(),
        units: text(&dataset.attributes, "units").unwrap_or_default().to_owned(),
        values: values.into_iter().map(|value| if is_missing(value) { f64::NAN } else { value }).collect(),
        decimals: 0,
    })
}

fn text<'source>(attributes: &'source [SourceAttribute], name: &str) -> Option<&'source str> {
    match &attributes.iter().find(|attribute| attribute.name == name)?.value {
        SourceValue::Text(text) => Some(text),
        SourceValue::Numbers(_) => None,
    }
}

/// The first of these attributes that says something.
fn fact(attributes: &[SourceAttribute], names: &[&str]) -> Option<String> {
    let mut texts = names.iter().filter_map(|name| text(attributes, name)).map(str::trim);
    texts.find(|text| !text.is_empty() && text.chars().any(char::is_alphanumeric)).map(str::to_owned)
}

fn format(attributes: &[SourceAttribute]) -> String {
    match fact(attributes, &["AspenVersion"]) {
        Some(version) => format!("ASPEN {version} netCDF"),
        None => "netCDF".to_owned(),
    }
}

/// Every attribute of the file, under its own name.
fn header(attributes: &[SourceAttribute]) -> Vec<(String, String)> {
    attributes
        .iter()
        .map(|attribute| {
            let text = match &attribute.value {
                SourceValue::Text(text) => text.clone(),
                SourceValue::Numbers(values) => {
                    values.to_f64().iter().map(f64::to_string).collect::<Vec<_>>().join(" ")
                }
            };
            (attribute.name.clone(), text)
        })
        .collect()
}
