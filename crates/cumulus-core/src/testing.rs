//! Code shared by the tests of collection crates and the fuzz targets, and the contract of every collection's tables.
//!
//! The contract checks only the tables. What a published product really contains must come from outside: a fixture made
//! from the table under test would prove nothing.

pub mod fuzz;
pub mod operator;

use std::path::Path;

use cumulus_model::error::{Failure, Stage};
use regex::Regex;

use crate::collection::{Arrangement, Collection, Constant, Presence, Product, Role, TimeSpec, VariableSpec};
use crate::convert;
use crate::granule::Granule;
use crate::map::bind::{TIME, legal_name};

/// Checks the tables of `collection` and returns every violation, one line each.
///
/// `published` lists, by product name, the dataset names known from real files.
#[must_use]
pub fn contract(collection: &Collection, published: &[(&str, &[&str])]) -> Vec<String> {
    let mut breaches = Vec::new();
    for product in collection.products {
        let mut say = |breach: String| breaches.push(format!("{}: {breach}", product.name));
        match Regex::new(&format!("^(?:{})$", product.file_stem)) {
            Err(error) => say(format!("file_stem is no regular expression: {error}")),
            Ok(pattern) if !pattern.is_match(product.example_stem) => {
                say(format!("{} does not match file_stem", product.example_stem));
            }
            Ok(_) => {}
        }
        names(product, &mut say);
        for row in product.rows() {
            layouts(product, row, &mut say);
            attributes(row, &mut say);
        }
        let known = published.iter().find(|(name, _)| *name == product.name).map(|(_, names)| *names);
        let Some(known) = known else {
            say("no published list of its datasets is given".to_owned());
            continue;
        };
        for row in product.rows().filter(|row| row.presence == Presence::Required) {
            if !known.iter().any(|name| row.describes(name)) {
                say(format!("{} is required but not published", row.name));
            }
        }
        for name in known {
            if product.row(name).is_none() && !product.time.is_replaced(name) {
                say(format!("{name} is published but has no row"));
            }
        }
    }
    breaches
}

/// Checks the source that a granule is read through against the contract of sources (`cumulus_model::testing::source`):
/// the file, and what the table makes of it. Returns the violations, one line each.
///
/// # Errors
/// The granule cannot be converted, or is a file of several.
pub fn source(collection: &'static Collection, path: &Path) -> Result<Vec<String>, Failure> {
    let granule = Granule::at(path, "", collection)?;
    let contents = convert::contents(&granule, collection, &mut Vec::new())?;
    let contents = contents.map_err(|count| {
        Failure::new(Stage::Read, path.display().to_string(), format!("holds {count} soundings"))
    })?;
    Ok(cumulus_model::testing::source::violations(&*contents.source))
}

fn names(product: &Product, say: &mut impl FnMut(String)) {
    let mut seen: Vec<&str> = Vec::new();
    for name in product.rows().flat_map(VariableSpec::names) {
        if seen.contains(&name) {
            say(format!("{name} has two rows"));
        }
        seen.push(name);
    }
    let clock = match product.time {
        TimeSpec::ClockAndDayOfYear { hour, minute, second, day_of_year, first_day, last_day, date } => {
            vec![hour, minute, second, day_of_year, first_day, last_day, date]
        }
        TimeSpec::Parts { .. } => product.time.clocks(),
        TimeSpec::SinceLaunch | TimeSpec::Since { .. } => Vec::new(),
    };
    let arranged = match &product.arrangement {
        Arrangement::AsStored => Vec::new(),
        Arrangement::Sounding(spec) => spec.names(),
    };
    let observed = product.observed.iter().flat_map(|observed| [observed.latitude, observed.longitude]);
    let used: Vec<&str> =
        clock.into_iter().chain(arranged).chain(product.position.names()).chain(observed).collect();
    for name in used.iter().chain(&product.solar_elevation).chain(&product.project) {
        if product.row(name).is_none() {
            say(format!("{name} is used for time, position or project but has no row"));
        }
    }
    let mut outputs: Vec<String> = Vec::new();
    for row in product.rows().filter(|row| !row.is_dropped) {
        let output = row.called.map_or_else(|| legal_name(row.name), str::to_owned);
        if legal_name(&output) != output {
            say(format!("{}: {output} is not a name that netCDF allows", row.name));
        }
        if outputs.contains(&output) || output == TIME {
            say(format!("{}: {output} is the name of another variable", row.name));
        }
        outputs.push(output);
    }
    if product.recognised_by.is_empty() {
        say("nothing tells it by its content".to_owned());
    }
}

fn layouts(product: &Product, row: &VariableSpec, say: &mut impl FnMut(String)) {
    if row.layouts.is_empty() {
        say(format!("{} has no layout", row.name));
    }
    for name in row.layouts.iter().flat_map(|layout| layout.iter()) {
        if product.dimension(name).is_none() {
            say(format!("{}: dimension {name} is not declared", row.name));
        }
    }
    let output = row.called.map_or_else(|| legal_name(row.name), str::to_owned);
    if row.is_coordinate() && row.layouts != [[output.as_str()]] {
        say(format!("{}: a coordinate has its own name as its dimension", row.name));
    }
}

fn attributes(row: &VariableSpec, say: &mut impl FnMut(String)) {
    if row.long_name.is_empty() {
        say(format!("{} has no long_name", row.name));
    }
    let text = |wanted: &str| {
        row.attributes.iter().find_map(|(name, value)| match value {
            Constant::Text(text) if *name == wanted => Some(*text),
            _ => None,
        })
    };
    let numbers = |wanted: &str| {
        row.attributes.iter().find_map(|(name, value)| match value {
            Constant::Numbers(numbers) if *name == wanted => Some(*numbers),
            _ => None,
        })
    };
    match (numbers("flag_values"), text("flag_meanings")) {
        (None, None) => {}
        (Some(values), Some(meanings)) if values.len() == meanings.split(' ').count() => {}
        _ => say(format!("{}: flag_values and flag_meanings do not match", row.name)),
    }
    let is_altitude = row.standard_name.is_some_and(|name| name.ends_with("altitude"));
    if is_altitude && row.role != Role::VerticalCoordinate && text("positive") != Some("up") {
        say(format!("{}: an altitude needs positive = up", row.name));
    }
}
