//! Checks of a file, for tests, that share no code with libhdf5.

use std::path::Path;

use netcdf_reader::{NcAttrValue, NcAttribute, NcFile};

use crate::write::chunking::stored_name;
use cumulus_model::attributes::{Attribute, AttributeValue};
use cumulus_model::structure::{LateAttributes, Storage, Structure};
use cumulus_model::values::Values;

/// Walks every byte of the file at `path` by the published specification, and checks the shapes of its datasets.
pub(super) fn every_byte_is_accounted_for(path: &Path, structure: &Structure) {
    let bytes = std::fs::read(path).unwrap();
    let summary = hdf5_walk::walk(&bytes).unwrap_or_else(|faults| panic!("{faults:#?}"));
    for variable in &structure.variables {
        let path = format!("/{}", stored_name(variable, structure));
        let found = summary.dataset(&path).unwrap_or_else(|| panic!("{path} is not in the file"));
        let shape: Vec<u64> = variable.shape.iter().map(|&length| length as u64).collect();
        assert_eq!(found.shape, shape, "{path}");
    }
    let bytes_of = summary.metadata_bytes + summary.value_bytes + summary.padding_bytes;
    assert_eq!(bytes_of, bytes.len() as u64);
}

/// Compares the file at `path` with its structure, attributes and values, all read by a pure Rust reader. `values`
/// returns the numbers of the variable at an index.
pub(super) fn pure_reader_agrees(
    path: &Path,
    structure: &Structure,
    late: &LateAttributes,
    values: impl Fn(usize) -> Values,
) {
    let file = NcFile::open(path).unwrap();
    let mut dimensions: Vec<(String, u64)> =
        file.dimensions().unwrap().iter().map(|dimension| (dimension.name.clone(), dimension.size)).collect();
    let mut expected: Vec<(String, u64)> =
        structure.dimensions.iter().map(|(name, length)| (name.clone(), *length as u64)).collect();
    dimensions.sort();
    expected.sort();
    assert_eq!(dimensions, expected);
    same_attributes(file.global_attributes().unwrap(), structure.attributes.iter().chain(&late.file));
    for (index, variable) in structure.variables.iter().enumerate() {
        let name = stored_name(variable, structure);
        let found = file.variable(&name).unwrap();
        let names: Vec<&str> = found.dimensions().iter().map(|dimension| dimension.name.as_str()).collect();
        assert_eq!(names, variable.dimensions, "{name}");
        assert_eq!(found.shape(), variable.shape.iter().map(|&length| length as u64).collect::<Vec<_>>());
        let late = late.variables.iter().filter(|(late, _)| *late == variable.name);
        let missing = match variable.storage {
            Storage::Numbers(element_type) => {
                variable.fill.map(|fill| Attribute::numbers("_FillValue", element_type, &[fill]))
            }
            Storage::Characters => None,
        };
        let attributes =
            missing.iter().chain(&variable.attributes).chain(late.flat_map(|(_, attributes)| attributes));
        same_attributes(found.attributes(), attributes);
        if variable.storage == Storage::Characters {
            continue;
        }
        let numbers: Vec<f64> = file.read_variable_as_f64(&name).unwrap().iter().copied().collect();
        assert!(numbers == values(index).to_f64(), "{name}: other values");
    }
}

/// Compares the attributes of an object, in order, without those that are internal to netCDF-4.
fn same_attributes<'attribute>(found: &[NcAttribute], expected: impl Iterator<Item = &'attribute Attribute>) {
    const HIDDEN: [&str; 7] = [
        "CLASS",
        "NAME",
        "DIMENSION_LIST",
        "REFERENCE_LIST",
        "_Netcdf4Dimid",
        "_Netcdf4Coordinates",
        "_NCProperties",
    ];
    let found: Vec<_> = found.iter().filter(|found| !HIDDEN.contains(&found.name.as_str())).collect();
    let expected: Vec<_> = expected.collect();
    assert_eq!(
        found.iter().map(|found| &found.name).collect::<Vec<_>>(),
        expected.iter().map(|expected| &expected.name).collect::<Vec<_>>()
    );
    for (found, expected) in found.iter().zip(expected) {
        let same = match &expected.value {
            // netcdf-c stores an empty text without a value, and so do we.
            AttributeValue::Text(text) if text.is_empty() => {
                matches!(&found.value, NcAttrValue::Strings(texts) if texts.is_empty())
            }
            AttributeValue::Text(text) => found.value.as_string().as_ref() == Some(text),
            AttributeValue::Numbers(_, numbers) => numbers_of(&found.value).as_ref() == Some(numbers),
        };
        assert!(same, "{}: {:?}, expected {:?}", found.name, found.value, expected.value);
    }
}

fn numbers_of(value: &NcAttrValue) -> Option<Vec<f64>> {
    Some(match value {
        NcAttrValue::Bytes(numbers) => numbers.iter().copied().map(f64::from).collect(),
        NcAttrValue::Shorts(numbers) => numbers.iter().copied().map(f64::from).collect(),
        NcAttrValue::Ints(numbers) => numbers.iter().copied().map(f64::from).collect(),
        NcAttrValue::Floats(numbers) => numbers.iter().copied().map(f64::from).collect(),
        NcAttrValue::Doubles(numbers) => numbers.clone(),
        _ => return None,
    })
}
