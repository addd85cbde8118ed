//! Checks that a file's structure is consistent: every name that it refers to exists and fits.
//!
//! Readers use `coordinates`, `ancillary_variables` and `bounds` without checking them; some fail on a name that does
//! not exist, others ignore it silently. So every structure is checked before it is written.

use std::collections::HashSet;
use std::path::Path;

use netcdf4_writer::{RESERVED, is_legal};

use super::chunking::internal;
use cumulus_model::attributes::{Attribute, AttributeValue, Attributes};
use cumulus_model::error::Failure;
use cumulus_model::structure::{Storage, Structure, Variable};
use cumulus_model::values::ElementType;

/// Attributes whose numbers must have the type of their variable (CF-1.6, 2.5.1, 3.5 and 8.1).
const IN_THE_VARIABLES_TYPE: [&str; 7] =
    ["actual_range", "flag_masks", "flag_values", "missing_value", "valid_max", "valid_min", "valid_range"];

/// Rejects an inconsistent structure; `path` is the file that it is for.
///
/// # Errors
/// Returns an internal failure that lists every contradiction: no granule should be able to cause one.
pub(super) fn check(path: &Path, structure: &Structure) -> Result<(), Failure> {
    let contradictions = contradictions(structure);
    if contradictions.is_empty() {
        return Ok(());
    }
    Err(internal(path, "would be inconsistent, and is not written")
        .found(contradictions.join("; "))
        .expected("names that exist, dimensions that fit, attributes that netCDF allows"))
}

/// Returns every contradiction in the structure, one sentence each.
fn contradictions(structure: &Structure) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = HashSet::new();
    for (name, length) in &structure.dimensions {
        if !is_legal(name) {
            found.push(format!("dimension {name:?} has a name that netCDF does not allow"));
        }
        if !names.insert(name) {
            found.push(format!("dimension {name} is defined twice"));
        }
        if *length == 0 {
            found.push(format!("dimension {name} has length 0"));
        }
    }
    attributes("the file", &structure.attributes, None, &mut found);
    let mut names = HashSet::new();
    for variable in &structure.variables {
        if !is_legal(&variable.name) {
            found.push(format!("variable {:?} has a name that netCDF does not allow", variable.name));
        }
        if !names.insert(&variable.name) {
            found.push(format!("variable {} is defined twice", variable.name));
        }
        dimensions(variable, structure, &mut found);
        let element_type = match variable.storage {
            Storage::Numbers(element_type) => Some(element_type),
            Storage::Characters => None,
        };
        attributes(&variable.name, &variable.attributes, element_type, &mut found);
        references(variable, structure, &mut found);
    }
    found
}

/// Checks that the dimensions of a variable exist, have its lengths, and differ from each other (CF-1.6, 2.4). A
/// variable with the name of a dimension is its coordinate and must have that dimension only: netCDF-4 hides any
/// other, and xarray rejects the file.
fn dimensions(variable: &Variable, structure: &Structure, found: &mut Vec<String>) {
    let Variable { name, dimensions, shape, .. } = variable;
    if dimensions.len() != shape.len() {
        found.push(format!("{name} has {} dimensions for {} axes", dimensions.len(), shape.len()));
    }
    for (number, (dimension, length)) in dimensions.iter().zip(shape).enumerate() {
        match structure.dimensions.iter().find(|(known, _)| known == dimension) {
            None => found.push(format!("{name} has the dimension {dimension}, which does not exist")),
            Some((_, known)) if known != length => {
                found.push(format!("{name} has {length} values along {dimension}, whose length is {known}"));
            }
            Some(_) => {}
        }
        if dimensions.iter().take(number).any(|earlier| earlier == dimension) {
            found.push(format!("{name} has the dimension {dimension} twice"));
        }
    }
    let is_dimension = structure.dimensions.iter().any(|(dimension, _)| dimension == name);
    if is_dimension && (dimensions.len() != 1 || dimensions.first() != Some(name)) {
        found.push(format!("{name} has the name of a dimension but is not its coordinate"));
    }
}

/// Checks that attributes have legal names, each used once, and values that netCDF can store. Attributes to which CF
/// gives the type of their variable must have that type.
fn attributes(
    holder: &str,
    attributes: &Attributes,
    element_type: Option<ElementType>,
    found: &mut Vec<String>,
) {
    for Attribute { name, value } in attributes {
        if !is_legal(name) || RESERVED.contains(&name.as_str()) {
            found.push(format!("{holder} has an attribute {name:?}, a name that netCDF does not allow"));
        }
        match value {
            AttributeValue::Text(text) if text.contains('\0') => {
                found.push(format!("{holder}:{name} has a NUL in its text"));
            }
            AttributeValue::Numbers(_, numbers) if numbers.is_empty() => {
                found.push(format!("{holder}:{name} has no numbers"));
            }
            AttributeValue::Numbers(own, _)
                if IN_THE_VARIABLES_TYPE.contains(&name.as_str())
                    && element_type.is_some_and(|expected| expected != *own) =>
            {
                found.push(format!("{holder}:{name} has another type than its variable"));
            }
            _ => {}
        }
    }
}

/// Checks that the variables that a variable refers to exist and have no other dimensions.
fn references(variable: &Variable, structure: &Structure, found: &mut Vec<String>) {
    for Attribute { name: attribute, value } in &variable.attributes {
        let AttributeValue::Text(text) = value else { continue };
        if !["coordinates", "ancillary_variables", "bounds"].contains(&attribute.as_str()) {
            continue;
        }
        for named in text.split(' ') {
            let place = format!("{}:{attribute} names {named:?}", variable.name);
            let Some(other) = structure.variables.iter().find(|other| other.name == named) else {
                found.push(format!("{place}, which does not exist"));
                continue;
            };
            if attribute == "bounds" {
                // The bounds of n cells have one more dimension, the vertices (CF-1.6, 7.1).
                if other.dimensions.split_last().map(|(_, cells)| cells) != Some(own_dimensions(variable)) {
                    found.push(format!("{place}, whose dimensions are not its own and one for the vertices"));
                }
                continue;
            }
            if other.name == variable.name {
                found.push(format!("{place}, itself"));
            }
            // CF-1.6, 5 and 3.4.
            if !own_dimensions(other).iter().all(|dimension| variable.dimensions.contains(dimension)) {
                found.push(format!("{place}, which has dimensions that it lacks"));
            }
        }
    }
}

/// The dimensions of a variable without the string length of characters.
fn own_dimensions(variable: &Variable) -> &[String] {
    match (variable.storage, variable.dimensions.split_last()) {
        (Storage::Characters, Some((_, own))) => own,
        _ => &variable.dimensions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(name: &str, dimensions: &[(&str, usize)]) -> Variable {
        Variable {
            name: name.to_owned(),
            storage: Storage::Numbers(ElementType::F32),
            dimensions: dimensions.iter().map(|(name, _)| (*name).to_owned()).collect(),
            shape: dimensions.iter().map(|&(_, length)| length).collect(),
            fill: None,
            attributes: Attributes::default(),
        }
    }

    /// Temperature of three records at two levels, with coordinates, a flag, and bounds of the levels.
    fn whole() -> Structure {
        let record = ("record", 3);
        let level = ("level", 2);
        let mut temperature = variable("temperature", &[record, level]);
        temperature.attributes = Attributes::from_iter([
            Attribute::text("coordinates", "time station"),
            Attribute::text("ancillary_variables", "temperature_flag"),
            Attribute::numbers("valid_min", ElementType::F32, &[0.0]),
        ]);
        let mut levels = variable("level", &[level]);
        levels.attributes.set(Attribute::text("bounds", "level_bounds"));
        let mut station = variable("station", &[("name_strlen", 9)]);
        station.storage = Storage::Characters;
        let dimensions = [record, level, ("vertex", 2), ("name_strlen", 9)];
        Structure {
            dimensions: dimensions.iter().map(|&(name, length)| (name.to_owned(), length)).collect(),
            variables: vec![
                temperature,
                levels,
                station,
                variable("time", &[record]),
                variable("temperature_flag", &[record, level]),
                variable("level_bounds", &[level, ("vertex", 2)]),
            ],
            attributes: Attributes::from_iter([Attribute::text("title", "a test")]),
        }
    }

    type Change = fn(&mut Structure);

    #[test]
    fn each_contradiction_is_named() {
        assert_eq!(contradictions(&whole()), Vec::<String>::new());
        let cases: [(Change, &str); 16] = [
            (
                |s| s.variables[0].attributes.set(Attribute::text("coordinates", "time nav/Latitude")),
                "temperature:coordinates names \"nav/Latitude\", which does not exist",
            ),
            (
                |s| s.variables[0].attributes.set(Attribute::text("coordinates", "time  station")),
                "names \"\", which does not exist",
            ),
            (
                |s| s.variables[0].attributes.set(Attribute::text("coordinates", "level_bounds")),
                "names \"level_bounds\", which has dimensions that it lacks",
            ),
            (
                |s| s.variables[0].attributes.set(Attribute::text("ancillary_variables", "temperature")),
                "names \"temperature\", itself",
            ),
            (
                |s| s.variables[1].attributes.set(Attribute::text("bounds", "time")),
                "level:bounds names \"time\", whose dimensions are not",
            ),
            (
                |s| s.variables[0].dimensions[1] = "bin".to_owned(),
                "temperature has the dimension bin, which does not exist",
            ),
            (|s| s.variables[0].shape[0] = 4, "temperature has 4 values along record, whose length is 3"),
            (
                |s| s.variables[0].dimensions[1] = "record".to_owned(),
                "temperature has the dimension record twice",
            ),
            (|s| s.variables[0].shape.push(1), "temperature has 2 dimensions for 3 axes"),
            (
                |s| s.variables[0].name = "record".to_owned(),
                "record has the name of a dimension but is not its coordinate",
            ),
            (
                |s| s.variables[3].name = "temperature_flag".to_owned(),
                "variable temperature_flag is defined twice",
            ),
            (|s| s.dimensions[2].1 = 0, "dimension vertex has length 0"),
            (|s| s.dimensions[2].0 = "level".to_owned(), "dimension level is defined twice"),
            (
                |s| s.attributes.set(Attribute::text("_FillValue", "x")),
                "the file has an attribute \"_FillValue\"",
            ),
            (
                |s| s.variables[0].attributes.set(Attribute::numbers("valid_min", ElementType::F64, &[0.0])),
                "temperature:valid_min has another type",
            ),
            (|s| s.attributes.set(Attribute::text("note", "a\0b")), "the file:note has a NUL"),
        ];
        for (change, expected) in cases {
            let mut structure = whole();
            change(&mut structure);
            let found = contradictions(&structure).join("; ");
            assert!(found.contains(expected), "{expected:?} is not in {found:?}");
        }
        let mut structure = whole();
        structure.attributes.set(Attribute::numbers("n", ElementType::F32, &[]));
        let failure = check(Path::new("x.nc"), &structure).unwrap_err();
        assert!(failure.to_string().contains("the file:n has no numbers"), "{failure}");
    }
}
