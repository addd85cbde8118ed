//! Reads a finished file back before it is published, to check what is on disk.

pub mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::Path;

use ::hdf5::types::{FixedAscii, TypeDescriptor};

use super::chunking::{chunk_shape, is_coordinate, stored_name};
use cumulus_model::attributes::Attribute;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_model::structure::{LateAttributes, Structure};

/// Attributes that are internal to netCDF-4, or are not listed as attributes.
const HIDDEN: [&str; 8] = [
    "CLASS",
    "NAME",
    "DIMENSION_LIST",
    "REFERENCE_LIST",
    "_FillValue",
    "_Netcdf4Dimid",
    "_Netcdf4Coordinates",
    "_NCProperties",
];

/// Start of the title of a dimension without a variable. Without this title, readers take the dimension for data.
const NO_VARIABLE: &[u8] = b"This is a netCDF dimension but not a netCDF variable.";

/// Max bytes of the title of a dimension scale: netCDF's own sentence and a number, or a name.
const TITLE_BYTES: usize = 512;

/// Compares the file at `path` with its structure: its members are the variables and the dimensions without a
/// variable, every variable has its shape, dimensions and attributes, and every chunk has been stored.
///
/// # Errors
/// Returns an error if the file cannot be opened, or something is missing or superfluous.
pub fn read_back(path: &Path, structure: &Structure, late: &LateAttributes) -> Result<(), Failure> {
    let _span = tracing::info_span!("check").entered();
    #[expect(clippy::disallowed_methods, reason = "the product, not a source")]
    let file = ::hdf5::File::open(path).map_err(|error| unreadable(path, "/", &error))?;
    let names: Vec<String> =
        structure.variables.iter().map(|variable| stored_name(variable, structure)).collect();
    let bare = bare_dimensions(structure);
    let members = file.member_names().map_err(|error| unreadable(path, "/", &error))?;
    same_names(
        path,
        "/",
        members,
        names.iter().map(String::as_str).chain(bare.iter().map(|(name, _)| *name)),
    )?;
    let attributes = file.attr_names().map_err(|error| unreadable(path, "/", &error))?;
    same_names(path, "/", attributes, names_of(&structure.attributes, &late.file))?;
    for (name, length) in bare {
        let dataset = file.dataset(name).map_err(|error| unreadable(path, name, &error))?;
        let title = title(&dataset).map_err(|error| unreadable(path, name, &error))?;
        if dataset.shape() != [length] || !title.starts_with(NO_VARIABLE) {
            let found = format!("{:?}, {}", dataset.shape(), String::from_utf8_lossy(&title));
            return Err(broken(path, name, found, format!("a dimension of length {length}")));
        }
    }
    for (variable, name) in structure.variables.iter().zip(names) {
        let dataset = file.dataset(&name).map_err(|error| unreadable(path, &name, &error))?;
        if dataset.shape() != variable.shape {
            let [found, expected] =
                [dataset.shape(), variable.shape.clone()].map(|shape| format!("{shape:?}"));
            return Err(broken(path, &name, found, expected));
        }
        let found = dataset.attr_names().map_err(|error| unreadable(path, &name, &error))?;
        let link = if is_coordinate(variable) { "CLASS" } else { "DIMENSION_LIST" };
        if !variable.dimensions.is_empty() && !found.iter().any(|found| found == link) {
            return Err(broken(path, &name, "no dimensions", variable.dimensions.join(", ")));
        }
        let late = late.variables.iter().find(|(late, _)| *late == variable.name);
        let late = late.map_or(&[][..], |(_, attributes)| attributes);
        same_names(path, &name, found, names_of(&variable.attributes, late))?;
        if let Some(chunk) = chunk_shape(variable) {
            let wanted: usize =
                variable.shape.iter().zip(&chunk).map(|(&length, &part)| length.div_ceil(part)).product();
            if dataset.num_chunks() != Some(wanted) {
                return Err(broken(path, &name, format!("{:?} chunks", dataset.num_chunks()), wanted));
            }
        }
    }
    Ok(())
}

/// Dimensions without a coordinate variable, with their lengths.
fn bare_dimensions(structure: &Structure) -> Vec<(&str, usize)> {
    let has_variable = |name: &str| {
        structure.variables.iter().any(|variable| variable.name == name && is_coordinate(variable))
    };
    let dimensions = structure.dimensions.iter().map(|(name, length)| (name.as_str(), *length));
    dimensions.filter(|(name, _)| !has_variable(name)).collect()
}

fn names_of<'name>(early: &'name [Attribute], late: &'name [Attribute]) -> impl Iterator<Item = &'name str> {
    early.iter().chain(late).map(|attribute| attribute.name.as_str())
}

/// The title of a dimension scale, including trailing NULs.
fn title(dataset: &::hdf5::Dataset) -> ::hdf5::Result<Vec<u8>> {
    let attribute = dataset.attr("NAME")?;
    let descriptor = attribute.dtype()?.to_descriptor()?;
    let bytes = match descriptor {
        TypeDescriptor::FixedAscii(length) if length <= TITLE_BYTES => {
            attribute.read_scalar::<FixedAscii<TITLE_BYTES>>()?.as_bytes().to_vec()
        }
        _ => Vec::new(),
    };
    Ok(bytes)
}

/// Returns an error unless the names found in the object `name` are the expected ones, in any order.
fn same_names<'name>(
    path: &Path,
    name: &str,
    found: Vec<String>,
    expected: impl Iterator<Item = &'name str>,
) -> Result<(), Failure> {
    let found: BTreeSet<String> =
        found.into_iter().filter(|found| !HIDDEN.contains(&found.as_str())).collect();
    let expected: BTreeSet<String> = expected.map(str::to_owned).collect();
    if found == expected {
        return Ok(());
    }
    let beyond = |more: &BTreeSet<String>, less: &BTreeSet<String>| {
        more.difference(less).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
    };
    let [more, fewer] = [beyond(&found, &expected), beyond(&expected, &found)];
    Err(broken(path, name, format!("too much: [{more}]"), format!("what is absent: [{fewer}]")))
}

/// The failure that the data on the device differ from what was written.
fn broken(path: &Path, name: &str, found: impl Display, expected: impl Display) -> Failure {
    Failure::new(Stage::Write, format!("{} {name}", path.display()), "is not as it was written")
        .class(Class::Retryable)
        .found(found)
        .expected(expected)
        .hint("check the device behind OUTPUT, then run again")
}

fn unreadable(path: &Path, name: &str, error: &dyn Display) -> Failure {
    broken(path, name, error, "something readable")
}
