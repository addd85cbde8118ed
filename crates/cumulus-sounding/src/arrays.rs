//! Soundings stored as arrays: netCDF and HDF5 files in which every quantity has one value per time, such as those of
//! ASPEN and of programs that follow its conventions.
//!
//! Input: any [`Source`]. Output: the same neutral [`Sounding`] as from text files. Scalars with the prefix
//! `reference_` were measured by the aircraft.

mod clock;
mod packing;

use self::packing::Packing;
use super::time_unit::{self, Origin};
use super::{Column, Sounding, TextColumn};
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Content, Dataset, Source, SourceAttribute, SourceValue};
use cumulus_model::warning::{Code, Warning};

/// Names of the dataset that holds the time of rows.
const TIME: [&str; 2] = ["time", "time_offset"];

/// Prefix of datasets that were measured by the aircraft.
const REFERENCE: &str = "reference_";

/// Attributes that are copied to columns: descriptions of the values, and meanings of codes. All others are about how
/// the file stores the values.
const DESCRIBING: [&str; 7] =
    ["comment", "description", "flag_masks", "flag_meanings", "flag_values", "long_name", "standard_name"];

/// Reads the sounding in `source`; `place` is its name in failures.
///
/// # Errors
/// Returns an error if there is no time dataset or no row, or the origin of the times cannot be read.
pub fn sounding(source: &dyn Source, place: &str) -> Result<Sounding, Failure> {
    let description = source.description();
    let time = TIME.iter().find_map(|name| description.dataset(name)).ok_or_else(|| {
        Failure::new(Stage::Read, place, "is not a sounding")
            .found(format!("{} datasets, none called {}", description.datasets.len(), TIME.join(" or ")))
            .expected("a dropsonde file: one value per time in every dataset")
            .hint("move the file out of INPUT, or fetch it again")
    })?;
    if long_axes(time).len() > 1 || time.shape.is_empty() || time.is_empty() {
        return Err(Failure::new(Stage::Read, &time.path, "must be one-dimensional and not empty")
            .found(format!("{:?}", time.shape))
            .expected("one dimension with at least one row")
            .hint("the file holds no sounding; ask the producer"));
    }
    let mut notes = Vec::new();
    let clock = clock::read(source, time, &mut notes)?;
    let mut sounding = Sounding {
        format: format(&description.attributes),
        header: header(&description.attributes),
        sonde_id: fact(&description.attributes, &["SondeId", "sonde_id", "sonde_serial_ID"]),
        sonde_type: fact(&description.attributes, &["SondeModel", "SondeType"]),
        project: fact(&description.attributes, &["Project"]),
        flight: fact(&description.attributes, &["Flight"]),
        platform: fact(&description.attributes, &["PlatformType", "PlatformId"]),
        time_column: time.path.clone(),
        time_origin: Some(clock.origin),
        launch: Some(clock.launch),
        notes,
        ..Sounding::default()
    };
    let launch_variable = clock::launch_variable(description).map(|dataset| dataset.path.clone());
    for dataset in &description.datasets {
        if launch_variable.as_ref() == Some(&dataset.path) {
            continue;
        }
        if dataset.path == time.path {
            let values = clock.seconds.clone();
            sounding.columns.push(Column {
                name: time.path.clone(),
                units: "s".to_owned(),
                values,
                ..Column::default()
            });
        } else {
            take(source, dataset, time, &mut sounding)?;
        }
    }
    Ok(sounding)
}

/// Adds one dataset to the sounding: as a column, a scalar, a text or a reference value.
fn take(
    source: &dyn Source,
    dataset: &Dataset,
    time: &Dataset,
    sounding: &mut Sounding,
) -> Result<(), Failure> {
    let reference = dataset.name().strip_prefix(REFERENCE);
    let is_column = !dataset.shape.is_empty()
        && long_axes(dataset) == long_axes(time)
        && (time.len() > 1 || (dataset.shape == time.shape && reference.is_none()));
    let is_single = dataset.len() == 1;
    match &dataset.content {
        Content::Text if is_column || is_single => {
            sounding.texts.push(TextColumn {
                name: dataset.path.clone(),
                values: source.strings(dataset)?,
                is_column,
                attributes: describing(dataset),
            });
        }
        Content::Numbers(_) if is_column => {
            let column = column(source, dataset, &mut sounding.notes)?;
            sounding.columns.push(column);
        }
        Content::Numbers(_) if is_single => {
            let single = single(source, dataset, sounding)?;
            match reference.filter(|name| !TIME.contains(name)) {
                Some(name) => {
                    let value = single.values.first().copied().filter(|value| !value.is_nan());
                    sounding.reference.extend(value.map(|value| (name.to_owned(), value)));
                    sounding.reference_units.push((name.to_owned(), single.units));
                }
                None => sounding.scalars.push(single),
            }
        }
        _ if dataset.is_empty() => {}
        Content::Text | Content::Numbers(_) => {
            let message =
                format!("is left out, because it does not have one value per row ({:?})", dataset.shape);
            sounding.notes.push(Warning::at(Code::ColumnLeftOut, dataset.path.as_str(), message));
        }
        Content::Unsupported(what) => {
            let message = format!("is left out, because netCDF cannot store its type: {what}");
            sounding.notes.push(Warning::at(Code::ColumnLeftOut, dataset.path.as_str(), message));
        }
    }
    Ok(())
}

/// Lengths of a dataset's axes, without those of length one, such as an axis of soundings.
fn long_axes(dataset: &Dataset) -> Vec<usize> {
    dataset.shape.iter().copied().filter(|&length| length != 1).collect()
}

/// Reads a dataset of one value. An instant is converted to seconds since the launch, because readers of the product
/// would take its unit for that of a coordinate.
fn single(source: &dyn Source, dataset: &Dataset, sounding: &mut Sounding) -> Result<Column, Failure> {
    let is_instant = text(&dataset.attributes, "units")
        .and_then(time_unit::parse)
        .is_some_and(|unit| matches!(unit.origin, Origin::At(..)));
    let launch = sounding.launch.as_ref().map(|launch| launch.instant);
    if let (true, Some((instant, _)), Some(launch)) = (is_instant, clock::instant_of(source, dataset), launch)
    {
        let mut attributes = describing(dataset);
        attributes.retain(|attribute| attribute.name != "standard_name");
        let comment = format!("since the launch; {instant}");
        attributes.push(SourceAttribute { name: "comment".to_owned(), value: SourceValue::Text(comment) });
        let values = vec![instant.duration_since(launch).as_secs_f64()];
        let (name, units) = (dataset.path.clone(), "s".to_owned());
        return Ok(Column { name, units, values, attributes, ..Column::default() });
    }
    column(source, dataset, &mut sounding.notes)
}

/// Reads all values of a dataset, NaN where missing.
fn column(source: &dyn Source, dataset: &Dataset, notes: &mut Vec<Warning>) -> Result<Column, Failure> {
    let packing = Packing::of(dataset)?;
    let numbers = source.rows(dataset, 0..dataset.row_count())?.to_f64();
    let (values, invalid) = packing.values(numbers);
    if invalid > 0 {
        let message =
            format!("{invalid} values are outside the valid range that the file states and are missing");
        notes.push(Warning::at(Code::ValuesOutOfRange, dataset.path.as_str(), message).count(invalid));
    }
    Ok(Column {
        name: dataset.path.clone(),
        units: text(&dataset.attributes, "units").unwrap_or_default().to_owned(),
        values,
        decimals: 0,
        attributes: describing(dataset),
    })
}

fn describing(dataset: &Dataset) -> Vec<SourceAttribute> {
    let known = |attribute: &&SourceAttribute| DESCRIBING.contains(&attribute.name.as_str());
    dataset.attributes.iter().filter(known).cloned().collect()
}

fn text<'source>(attributes: &'source [SourceAttribute], name: &str) -> Option<&'source str> {
    match &attributes.iter().find(|attribute| attribute.name == name)?.value {
        SourceValue::Text(text) => Some(text),
        SourceValue::Numbers(_) => None,
    }
}

/// The first of these attributes that contains a letter or a digit.
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

#[cfg(test)]
mod tests;
