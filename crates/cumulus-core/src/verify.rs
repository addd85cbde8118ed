//! Compares two folders of products by meaning, on this machine or in stores.
//!
//! Folders are equal if they have the same files, each netCDF file has the same dimensions, variables, attributes and
//! values, bit for bit, and each metadata file has the same elements with the same text. Values that legitimately
//! differ between two runs or two builds of the libraries are not compared: time stamps, versions, `history`, and the
//! size and checksum of the data file, which are checked against that file instead.

mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use self::tree::Tree;
use crate::metadata::elements::elements;
use crate::publish;
use cumulus_model::digest;
use cumulus_model::error::Failure;
use cumulus_store::Stores;
use netcdf::types::{FloatType, IntType, NcVariableType};
use netcdf::{AttributeValue, Extent, Extents, Variable};

/// Global attributes that are not compared.
const PASSED_OVER_ATTRIBUTES: [&str; 7] = [
    "_NCProperties",
    "date_created",
    "date_issued",
    "date_metadata_modified",
    "date_modified",
    "history",
    "processing_software_version",
];

/// Metadata elements that are not compared.
const PASSED_OVER_ELEMENTS: [&str; 7] = [
    "DataGranuleSizeInBytes",
    "InsertTime",
    "LastUpdate",
    "PGEVersion",
    "ProductionDateTime",
    "SizeMBDataGranule",
    "Value",
];

/// Block size in bytes for the comparison of a variable.
const BLOCK_BYTES: usize = 8 << 20;

/// Maximum number of differences listed for one file; further ones are only counted.
const MAX_LINES: usize = 20;

/// Returns every difference between `produced` and `expected`, one line each; empty if they are equal.
///
/// # Errors
/// One of the two is not a folder or cannot be listed.
pub fn compare(produced: &Path, expected: &Path, stores: &Stores) -> Result<Vec<String>, Failure> {
    let (produced, expected) = (Tree::open(produced, stores)?, Tree::open(expected, stores)?);
    let (here, there) = (produced.names()?, expected.names()?);
    let unfinished = produced.folder().map(publish::unfinished).unwrap_or_default();
    let mut differences: Vec<String> = unfinished
        .into_iter()
        .map(|name| format!("{name}: a run was killed while it published this; the next one completes it"))
        .collect();
    for name in here.union(&there) {
        if !there.contains(name) {
            differences.push(format!("{name}: not expected"));
        } else if !here.contains(name) {
            differences.push(format!("{name}: not produced"));
        } else {
            let mut lines = match produced.file(name).and_then(|left| Ok((left, expected.file(name)?))) {
                Err(error) => vec![format!("cannot be read: {error}")],
                Ok((left, right)) if has_ending(name, "nc") => netcdf_files(&left, &right),
                Ok((left, right)) if has_ending(name, "xml") => metadata_files(&left, &right),
                Ok((left, right)) => plain_files(&left, &right),
            };
            let more = lines.len().saturating_sub(MAX_LINES);
            lines.truncate(MAX_LINES);
            if more > 0 {
                lines.push(format!("{more} more differences"));
            }
            differences.extend(lines.into_iter().map(|line| format!("{name}: {line}")));
        }
    }
    Ok(differences)
}

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case(ending))
}

fn plain_files(produced: &Path, expected: &Path) -> Vec<String> {
    match (fs::read(produced), fs::read(expected)) {
        (Ok(left), Ok(right)) if left == right => Vec::new(),
        (Ok(_), Ok(_)) => vec!["contents differ".to_owned()],
        (Err(error), _) | (_, Err(error)) => vec![format!("cannot be read: {error}")],
    }
}

fn metadata_files(produced: &Path, expected: &Path) -> Vec<String> {
    let read = |path: &Path| {
        let document = fs::read_to_string(path).map_err(|error| error.to_string())?;
        elements(&document)
    };
    let (left, right) = match (read(produced), read(expected)) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(error), _) | (_, Err(error)) => return vec![format!("cannot be read as XML: {error}")],
    };
    let mut differences = own_facts(produced, &left);
    let compared = |elements: &[(String, String)]| -> Vec<(String, String)> {
        elements
            .iter()
            .filter(|(path, _)| {
                !PASSED_OVER_ELEMENTS.iter().any(|name| path.ends_with(&format!("/{name}")))
                    || path.contains("/Vertical")
            })
            .cloned()
            .collect()
    };
    let (left, right) = (compared(&left), compared(&right));
    for pair in 0..left.len().max(right.len()) {
        match (left.get(pair), right.get(pair)) {
            (Some(left), Some(right)) if left == right => {}
            (Some((path, text)), Some((other, expected))) if path == other => {
                differences.push(format!("{path}: {text:?}, expected {expected:?}"));
            }
            (left, right) => {
                let path = |element: Option<&(String, String)>| {
                    element.map_or("nothing", |(path, _)| path).to_owned()
                };
                differences.push(format!("{} stands where {} is expected", path(left), path(right)));
                break;
            }
        }
    }
    differences
}

/// Checks size and checksum in a metadata file against the data file beside it, and returns the differences.
fn own_facts(metadata: &Path, elements: &[(String, String)]) -> Vec<String> {
    let text = |name: &str| {
        elements
            .iter()
            .find(|(path, _)| path.ends_with(name) && !path.contains("/Vertical"))
            .map(|(_, text)| text.as_str())
    };
    let Some(data) = text("/GranuleUR").and_then(|name| Some(metadata.parent()?.join(name))) else {
        return vec!["names no data file".to_owned()];
    };
    match digest::of_file(&data) {
        Err(error) => vec![format!("its data file cannot be read: {error}")],
        Ok(digest) => {
            let mut differences = Vec::new();
            if text("/DataGranuleSizeInBytes") != Some(&digest.size.to_string()) {
                differences.push(format!("states another size than its data file, {} bytes", digest.size));
            }
            if text("/Checksum/Value") != Some(&digest.sha256) {
                differences.push(format!("states another checksum than its data file, {}", digest.sha256));
            }
            differences
        }
    }
}

fn netcdf_files(produced: &Path, expected: &Path) -> Vec<String> {
    #[expect(clippy::disallowed_methods, reason = "products, never sources")]
    let (left, right) = match (netcdf::open(produced), netcdf::open(expected)) {
        (Ok(left), Ok(right)) => (left, right),
        (Err(error), _) | (_, Err(error)) => return vec![format!("cannot be opened as netCDF: {error}")],
    };
    let mut differences = Vec::new();
    let dimensions = |file: &netcdf::File| -> BTreeMap<String, String> {
        file.dimensions().map(|dimension| (dimension.name(), dimension.len().to_string())).collect()
    };
    maps("dimension", &dimensions(&left), &dimensions(&right), &mut differences);
    let mut of_files = [attributes(left.attributes()), attributes(right.attributes())];
    for attributes in &mut of_files {
        attributes.retain(|name, _| !PASSED_OVER_ATTRIBUTES.contains(&name.as_str()));
    }
    let [here, there] = of_files;
    maps("attribute", &here, &there, &mut differences);
    let describe = |file: &netcdf::File| -> BTreeMap<String, String> {
        file.variables().map(|variable| (variable.name(), declaration(&variable))).collect()
    };
    let (here, there) = (describe(&left), describe(&right));
    maps("variable", &here, &there, &mut differences);
    for (name, declared) in &here {
        if there.get(name) != Some(declared) {
            continue;
        }
        let (Some(left), Some(right)) = (left.variable(name), right.variable(name)) else { continue };
        let mut of_variable = Vec::new();
        maps("attribute", &attributes(left.attributes()), &attributes(right.attributes()), &mut of_variable);
        match values(&left, &right) {
            Ok(difference) => of_variable.extend(difference),
            Err(error) => of_variable.push(format!("values cannot be read: {error}")),
        }
        differences.extend(of_variable.into_iter().map(|line| format!("{name}: {line}")));
    }
    differences
}

fn maps(
    what: &str,
    here: &BTreeMap<String, String>,
    there: &BTreeMap<String, String>,
    differences: &mut Vec<String>,
) {
    let names: BTreeSet<&String> = here.keys().chain(there.keys()).collect();
    for name in names {
        match (here.get(name), there.get(name)) {
            (Some(left), Some(right)) if left == right => {}
            (Some(left), Some(right)) => differences.push(format!("{what} {name}: {left}, expected {right}")),
            (Some(_), None) => differences.push(format!("{what} {name}: not expected")),
            _ => differences.push(format!("{what} {name}: missing")),
        }
    }
}

fn attributes<'file>(attributes: impl Iterator<Item = netcdf::Attribute<'file>>) -> BTreeMap<String, String> {
    attributes
        .map(|attribute| {
            let value = match attribute.value() {
                Ok(AttributeValue::Str(text)) => format!("{text:?}"),
                Ok(other) => format!("{other:?}"),
                Err(error) => format!("unreadable ({error})"),
            };
            (attribute.name().to_owned(), value)
        })
        .collect()
}

fn declaration(variable: &Variable<'_>) -> String {
    let dimensions: Vec<String> = variable.dimensions().iter().map(netcdf::Dimension::name).collect();
    format!("{:?}({})", variable.vartype(), dimensions.join(", "))
}

/// Describes the first value that differs and the number of differences; `None` if all values are equal.
fn values(left: &Variable<'_>, right: &Variable<'_>) -> netcdf::Result<Option<String>> {
    let shape: Vec<usize> = left.dimensions().iter().map(netcdf::Dimension::len).collect();
    let kind = left.vartype();
    let width = kind.size();
    let row_bytes = shape.iter().skip(1).product::<usize>().max(1) * width;
    let rows = shape.first().copied().unwrap_or(1);
    let block = (BLOCK_BYTES / row_bytes).max(1);
    let (mut count, mut first) = (0_usize, None);
    let mut start = 0;
    while start < rows {
        let taken = block.min(rows - start);
        let extents = block_of(&shape, start, taken);
        let (here, there) = (left.get_raw_values(extents.clone())?, right.get_raw_values(extents)?);
        for (index, (here, there)) in here.chunks_exact(width).zip(there.chunks_exact(width)).enumerate() {
            if here != there {
                count += 1;
                first.get_or_insert_with(|| {
                    let position = start * (row_bytes / width) + index;
                    format!("value {position} is {}, expected {}", shown(&kind, here), shown(&kind, there))
                });
            }
        }
        start += taken;
    }
    Ok(first.map(|first| format!("{count} values differ; {first}")))
}

fn block_of(shape: &[usize], start: usize, count: usize) -> Extents {
    let whole = shape.iter().skip(1).map(|&count| Extent::SliceCount { start: 0, count, stride: 1 });
    let first = shape.first().map(|_| Extent::SliceCount { start, count, stride: 1 });
    first.into_iter().chain(whole).collect::<Vec<Extent>>().into()
}

fn shown(kind: &NcVariableType, bytes: &[u8]) -> String {
    macro_rules! number {
        ($kind:ty) => {
            bytes.try_into().map(<$kind>::from_ne_bytes).map(|value| value.to_string())
        };
    }
    let text = match kind {
        NcVariableType::Int(IntType::I8) => number!(i8),
        NcVariableType::Int(IntType::I16) => number!(i16),
        NcVariableType::Int(IntType::I32) => number!(i32),
        NcVariableType::Float(FloatType::F32) => number!(f32),
        NcVariableType::Float(FloatType::F64) => number!(f64),
        _ => Ok(String::from_utf8_lossy(bytes).into_owned()),
    };
    text.unwrap_or_else(|_| format!("{bytes:?}"))
}
