//! Reads attributes of a file or dataset.

use ::hdf5::{Attribute, Location};
use bytemuck::Zeroable;
use ndarray::{ArrayD, IxDyn};

use super::datatype::{Encoding, encoding, members};
use super::{library_message, text};
use crate::hdf5_raw;
use crate::read::AttributeNotes;
use cumulus_model::source::{SourceAttribute, SourceValue};
use cumulus_model::values::{ElementType, Values};
use cumulus_model::warning::{Code, Warning};

/// Max elements of an attribute; larger attributes are left out.
const LARGEST: usize = 4096;

/// Internal attributes of HDF5 and netCDF-4, which are meaningless in another file.
const BOOKKEEPING: [&str; 10] = [
    "CLASS",
    "NAME",
    "DIMENSION_LIST",
    "REFERENCE_LIST",
    "DIMENSION_LABELS",
    "_Netcdf4Dimid",
    "_Netcdf4Coordinates",
    "_NCProperties",
    "_nc3_strict",
    "PALETTE",
];

/// Reads the attributes of a file or dataset, sorted by name. Attributes that cannot be stored are noted as warnings.
pub(super) fn attributes(
    location: &Location,
    path: &str,
    notes: &mut AttributeNotes,
) -> Vec<SourceAttribute> {
    let mut found = Vec::new();
    let names = match location.attr_names() {
        Ok(names) => names,
        Err(error) => {
            let message = format!("attributes cannot be listed: {}", library_message(&error));
            notes.warnings.push(Warning::at(Code::AttributeLeftOut, path, message));
            return found;
        }
    };
    for name in names {
        if BOOKKEEPING.contains(&name.as_str()) {
            continue;
        }
        let attribute = location.attr(&name).map_err(|error| library_message(&error));
        // An empty attribute has no information: ASPEN writes all its attributes, with or without a value.
        if attribute.as_ref().is_ok_and(|attribute| attribute.space().is_ok_and(|space| space.size() == 0)) {
            notes.empty(path, &name);
            continue;
        }
        match attribute.and_then(|attribute| value(&attribute)) {
            Ok(value) => found.extend(notes.check(path, SourceAttribute { name, value })),
            Err(why) => notes.warnings.push(Warning::at(
                Code::AttributeLeftOut,
                path,
                format!("attribute {name} left out: {why}"),
            )),
        }
    }
    found.sort_by(|left, right| left.name.cmp(&right.name));
    found
}

/// True for a netCDF-4 dimension without a variable: a dataset that was never written and whose title states this
/// (NetCDF Users Guide, "NetCDF-4 File Format"). Its length is that of the axes of the variables that use it.
pub(super) fn is_bare_dimension(dataset: &::hdf5::Dataset) -> bool {
    const TITLE: &str = "This is a netCDF dimension but not a netCDF variable";
    let Ok(title) = dataset.attr("NAME") else { return false };
    matches!(value(&title), Ok(SourceValue::Text(text)) if text.starts_with(TITLE))
}

fn value(attribute: &Attribute) -> Result<SourceValue, String> {
    let said = |error: ::hdf5::Error| library_message(&error);
    let space = attribute.space().map_err(said)?;
    if space.ndim() > 1 || space.size() > LARGEST {
        return Err(format!("its shape is {:?}", space.shape()));
    }
    let datatype = attribute.dtype().map_err(said)?;
    let (encoding, content) = encoding(&datatype);
    macro_rules! numbers {
        ($element_type:expr, $($variant:ident $type:ty),*) => {
            match $element_type {
                $(ElementType::$variant => {
                    let mut values = vec![<$type>::zeroed(); space.size()];
                    hdf5_raw::fill_from_attribute(attribute, &mut values).map_err(said)?;
                    let array = ArrayD::from_shape_vec(IxDyn(&space.shape()), values);
                    Values::$variant(array.map_err(|error| error.to_string())?)
                })*
            }
        };
    }
    let text = |texts: Vec<String>| SourceValue::Text(texts.join("\n"));
    match encoding {
        Encoding::FixedText { bytes, unicode } => {
            text::fixed(attribute, bytes, unicode).map(text).map_err(said)
        }
        Encoding::VariableText { unicode } => text::variable(attribute, unicode).map(text).map_err(said),
        Encoding::Numbers(element_type) => {
            let values = numbers!(
                element_type,
                I8 i8, I16 i16, I32 i32, I64 i64, U8 u8, U16 u16, U32 u32, U64 u64, F32 f32, F64 f64
            );
            Ok(named(&values, &members(&datatype)).unwrap_or(SourceValue::Numbers(values)))
        }
        Encoding::Unsupported => Err(format!("it is {content}")),
    }
}

/// The names of enumerated values, which are more useful than their numbers; `None` if one of them has no name.
#[expect(clippy::cast_precision_loss, reason = "codes that are not exact have no name")]
fn named(values: &Values, members: &[(i128, String)]) -> Option<SourceValue> {
    if members.is_empty() {
        return None;
    }
    let name = |number: &f64| {
        let (_, name) = members.iter().find(|(value, _)| (*value as f64).total_cmp(number).is_eq())?;
        Some(name.as_str())
    };
    let names: Option<Vec<&str>> = values.to_f64().iter().map(name).collect();
    Some(SourceValue::Text(names?.join("\n")))
}
