//! What makes an HDF5 file a netCDF-4 file: dimensions are scales, variables name their scales, and the order of
//! everything is kept.
//!
//! Sources: "NetCDF-4 File Format" in the NetCDF Users Guide (appendix B.1), and "HDF5 Dimension Scale Specification
//! and Design Notes" of The HDF Group for `CLASS`, `NAME`, `REFERENCE_LIST` and `DIMENSION_LIST`.

use std::collections::HashSet;

use super::Place;
use crate::write::chunking::{chunk_shape, element_size, is_coordinate, stored_name};
use crate::write::hdf5::{Charset, Dataspace, Datatype, Filter, Heap, Layout, Message, Object, UNDEFINED};
use crate::write::whole::{RESERVED, is_legal_name};
use cumulus_model::structure::{Attribute, AttributeValue, Storage, Structure, Variable};
use cumulus_model::values::ElementType;

/// Most bytes of an attribute's value: with its name it must fit a header message of 65,535.
const MOST_ATTRIBUTE_BYTES: usize = 60_000;

/// Most axes that may share a dimension: the dimension lists them all in one attribute, 16 bytes each.
const MOST_REFERENCES: usize = MOST_ATTRIBUTE_BYTES / 16;

/// Most bytes of a chunk: half of what HDF5 can say.
const MOST_CHUNK_BYTES: usize = 1 << 31;

/// What is written for a dimension that no variable describes; its length follows, ten characters wide.
const NO_VARIABLE: &str = "This is a netCDF dimension but not a netCDF variable.";

/// True where a file of this structure can be written directly. Not so: attributes beyond 60,000 bytes,
/// chunks beyond two gigabytes, dimensions of length 0 (which mean "unlimited") and names that netCDF
/// refuses, in its own words; nor on machines that keep numbers the other way round.
#[must_use]
pub fn suits(structure: &Structure) -> bool {
    let Structure { dimensions, variables, attributes } = structure;
    let are_legal = |attributes: &[Attribute]| {
        let mut names = HashSet::new();
        attributes.iter().all(|attribute| {
            is_legal_name(&attribute.name)
                && !RESERVED.contains(&attribute.name.as_str())
                && names.insert(&attribute.name)
                && value_bytes(&attribute.value).len() <= MOST_ATTRIBUTE_BYTES
        })
    };
    let mut names = HashSet::new();
    let are_dimensions_legal =
        dimensions.iter().all(|(name, length)| *length > 0 && is_legal_name(name) && names.insert(name));
    let mut names = HashSet::new();
    let are_variables_legal = variables.iter().all(|variable| {
        is_legal_name(&variable.name)
            && names.insert(&variable.name)
            && are_legal(&variable.attributes)
            && has_dimensions(variable, structure)
            && chunk_bytes(variable) <= MOST_CHUNK_BYTES
    });
    let axes: usize = variables.iter().map(|variable| variable.dimensions.len()).sum();
    cfg!(target_endian = "little")
        && are_dimensions_legal
        && are_variables_legal
        && are_legal(attributes)
        && axes <= MOST_REFERENCES
}

fn chunk_bytes(variable: &Variable) -> usize {
    chunk_shape(variable).map_or(0, |chunk| element_size(variable) * chunk.iter().product::<usize>())
}

fn has_dimensions(variable: &Variable, structure: &Structure) -> bool {
    let dimension = |name: &String| structure.dimensions.iter().find(|(known, _)| known == name);
    variable.dimensions.len() == variable.shape.len()
        && variable
            .dimensions
            .iter()
            .zip(&variable.shape)
            .all(|(name, length)| dimension(name).is_some_and(|(_, known)| known == length))
}

/// A dataset of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    /// The dimension of this number, which no variable describes.
    Dimension(usize),
    /// The variable of this number.
    Variable(usize),
}

/// All datasets in the order in which netCDF readers shall count them: dimensions in theirs, variables in theirs.
fn members(structure: &Structure) -> Vec<Member> {
    let mut members = Vec::new();
    let mut next = 0;
    for (number, (name, _)) in structure.dimensions.iter().enumerate() {
        match coordinate_of(name, structure) {
            None => members.push(Member::Dimension(number)),
            Some(coordinate) => {
                members.extend((next..=coordinate).map(Member::Variable));
                next = next.max(coordinate + 1);
            }
        }
    }
    members.extend((next..structure.variables.len()).map(Member::Variable));
    members
}

fn coordinate_of(dimension: &str, structure: &Structure) -> Option<usize> {
    structure.variables.iter().position(|variable| variable.name == dimension && is_coordinate(variable))
}

/// All objects of the file, the root group last, where `addresses` says of each of them where it lies; and the heap
/// with what they keep there.
pub(super) fn objects(
    structure: &Structure,
    places: &[Place],
    level: u8,
    mut heap: Heap,
    addresses: &[u64],
) -> (Heap, Vec<Object>) {
    let members = members(structure);
    let address = |member: Member| {
        let number = members.iter().position(|&other| other == member);
        number.and_then(|number| addresses.get(number)).copied().unwrap_or(UNDEFINED)
    };
    let scale = |dimension: &str| match coordinate_of(dimension, structure) {
        Some(variable) => address(Member::Variable(variable)),
        None => position(dimension, structure).map_or(UNDEFINED, |number| address(Member::Dimension(number))),
    };
    let mut objects: Vec<Object> = Vec::with_capacity(members.len() + 1);
    for &member in &members {
        objects.push(match member {
            Member::Dimension(number) => {
                let (name, length) = structure.dimensions.get(number).cloned().unwrap_or_default();
                let mut object = Object::new(bare_dimension(length));
                let title = format!("{NO_VARIABLE}{length:>10}");
                describe_scale(&mut object, &title, number, &references(&name, structure, address));
                object
            }
            Member::Variable(number) => {
                let (Some(variable), Some(&place)) = (structure.variables.get(number), places.get(number))
                else {
                    continue;
                };
                let mut object = Object::new(dataset(variable, place, level));
                if is_coordinate(variable) {
                    let name = &variable.name;
                    let dimension = position(name, structure).unwrap_or_default();
                    describe_scale(&mut object, name, dimension, &references(name, structure, address));
                } else if !variable.dimensions.is_empty() {
                    let scales: Vec<u8> =
                        variable.dimensions.iter().flat_map(|name| heap.keep(scale(name))).collect();
                    let shape = [variable.dimensions.len()];
                    object.attribute(
                        "DIMENSION_LIST",
                        Datatype::References,
                        Dataspace::Simple(&shape),
                        &scales,
                    );
                }
                describe_variable(&mut object, variable, structure);
                object
            }
        });
    }
    objects.push(root(structure, &members, address));
    (heap, objects)
}

fn position(dimension: &str, structure: &Structure) -> Option<usize> {
    structure.dimensions.iter().position(|(name, _)| name == dimension)
}

/// The axes that a dimension measures: the address of each variable and the number of the axis.
fn references(dimension: &str, structure: &Structure, address: impl Fn(Member) -> u64) -> Vec<u8> {
    let mut references = Vec::new();
    for (number, variable) in structure.variables.iter().enumerate() {
        if is_coordinate(variable) {
            continue;
        }
        for (axis, _) in (0_u32..).zip(&variable.dimensions).filter(|(_, name)| *name == dimension) {
            references.extend(address(Member::Variable(number)).to_le_bytes());
            references.extend(axis.to_le_bytes());
            references.extend([0; 4]);
        }
    }
    references
}

/// A dataset for a dimension that no variable describes: it has a length and was never written.
fn bare_dimension(length: usize) -> Vec<Message> {
    const SIZE: usize = 4;
    let bytes = (length * SIZE) as u64;
    vec![
        Message::dataspace(Dataspace::Simple(&[length])),
        Message::datatype(Datatype::Float { size: SIZE, is_big_endian: true }),
        Message::fill(None, false),
        Message::layout(Layout::Contiguous { address: UNDEFINED, bytes }),
    ]
}

fn describe_scale(object: &mut Object, title: &str, dimension: usize, references: &[u8]) {
    text(object, "CLASS", "DIMENSION_SCALE\0");
    text(object, "NAME", &format!("{title}\0"));
    if !references.is_empty() {
        let shape = [references.len() / 16];
        object.attribute("REFERENCE_LIST", Datatype::Reference, Dataspace::Simple(&shape), references);
    }
    object.attribute("_Netcdf4Dimid", Datatype::Integer(4), Dataspace::Scalar, &identifier(dimension));
}

fn describe_variable(object: &mut Object, variable: &Variable, structure: &Structure) {
    if !variable.dimensions.is_empty() {
        let numbers = variable.dimensions.iter().map(|name| position(name, structure).unwrap_or_default());
        let numbers: Vec<u8> = numbers.flat_map(identifier).collect();
        let shape = [variable.dimensions.len()];
        object.attribute("_Netcdf4Coordinates", Datatype::Integer(4), Dataspace::Simple(&shape), &numbers);
    }
    if let (Some(fill), Storage::Numbers(element_type)) = (variable.fill, variable.storage) {
        attribute(object, &Attribute::numbers("_FillValue", element_type, &[fill]));
    }
    for carried in &variable.attributes {
        attribute(object, carried);
    }
}

/// Number of a dimension, as netCDF keeps it.
fn identifier(dimension: usize) -> [u8; 4] {
    i32::try_from(dimension).unwrap_or(i32::MAX).to_le_bytes()
}

fn dataset(variable: &Variable, place: Place, level: u8) -> Vec<Message> {
    let element_size = element_size(variable);
    let dataspace = match variable.shape.as_slice() {
        [] => Dataspace::Scalar,
        shape => Dataspace::Simple(shape),
    };
    let (datatype, fill) = match variable.storage {
        Storage::Characters => (Datatype::Text(1, Charset::Ascii), vec![0]),
        Storage::Numbers(element_type) => {
            let fill = variable.fill.unwrap_or_else(|| default_fill(element_type));
            (datatype(element_type), number_bytes(element_type, fill))
        }
    };
    let mut messages = vec![Message::dataspace(dataspace), Message::datatype(datatype)];
    match place {
        Place::Whole(address) => {
            let bytes = (element_size * variable.shape.iter().product::<usize>()) as u64;
            messages.push(Message::fill(Some(&fill), false));
            messages.push(Message::layout(Layout::Contiguous { address, bytes }));
        }
        Place::Chunks(index) => {
            let shape = chunk_shape(variable).unwrap_or_default();
            messages.push(Message::fill(Some(&fill), true));
            messages.push(Message::layout(Layout::Chunked { index, shape: &shape, element_size }));
            if level > 0 {
                let size = u32::try_from(element_size).unwrap_or(1);
                messages.push(Message::filters(&[Filter::Shuffle(size), Filter::Deflate(level.into())]));
            }
        }
    }
    messages
}

fn root(structure: &Structure, members: &[Member], address: impl Fn(Member) -> u64) -> Object {
    let mut messages = Message::group(members.len() as u64).to_vec();
    for (order, &member) in (0..).zip(members) {
        let name = match member {
            Member::Dimension(number) => structure.dimensions.get(number).map(|(name, _)| name.clone()),
            Member::Variable(number) => {
                structure.variables.get(number).map(|variable| stored_name(variable, structure))
            }
        };
        messages.push(Message::link(order, &name.unwrap_or_default(), address(member)));
    }
    let mut object = Object::new(messages);
    text(&mut object, "_NCProperties", concat!("version=2,cumulus-core=", env!("CARGO_PKG_VERSION")));
    for carried in &structure.attributes {
        attribute(&mut object, carried);
    }
    object
}

fn text(object: &mut Object, name: &str, value: &str) {
    attribute(object, &Attribute::text(name, value));
}

/// Texts are one value of so many characters, numbers a list, as netcdf-c stores them.
fn attribute(object: &mut Object, attribute: &Attribute) {
    let bytes = value_bytes(&attribute.value);
    let (datatype, length) = match &attribute.value {
        AttributeValue::Text(text) => (Datatype::Text(text.len().max(1), Charset::of(text)), None),
        AttributeValue::Numbers(element_type, numbers) => (datatype(*element_type), Some([numbers.len()])),
    };
    let dataspace = match &length {
        _ if bytes.is_empty() => Dataspace::Null,
        None => Dataspace::Scalar,
        Some(length) => Dataspace::Simple(length),
    };
    object.attribute(&attribute.name, datatype, dataspace, &bytes);
}

fn value_bytes(value: &AttributeValue) -> Vec<u8> {
    match value {
        AttributeValue::Text(text) => text.as_bytes().to_vec(),
        AttributeValue::Numbers(element_type, numbers) => {
            numbers.iter().flat_map(|&number| number_bytes(*element_type, number)).collect()
        }
    }
}

fn datatype(element_type: ElementType) -> Datatype {
    let size = element_type.size();
    if element_type.is_float() {
        Datatype::Float { size, is_big_endian: false }
    } else {
        Datatype::Integer(size)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "tables and sources hold values of the type they are for"
)]
fn number_bytes(element_type: ElementType, number: f64) -> Vec<u8> {
    match element_type {
        ElementType::I8 => (number as i8).to_le_bytes().to_vec(),
        ElementType::I16 => (number as i16).to_le_bytes().to_vec(),
        ElementType::I32 => (number as i32).to_le_bytes().to_vec(),
        ElementType::F32 => (number as f32).to_le_bytes().to_vec(),
        _ => number.to_le_bytes().to_vec(),
    }
}

/// What netCDF takes for missing where a variable says nothing (`NC_FILL_*` of netcdf.h).
fn default_fill(element_type: ElementType) -> f64 {
    match element_type {
        ElementType::I8 => -127.0,
        ElementType::I16 => -32767.0,
        ElementType::I32 => -2_147_483_647.0,
        _ => 9.969_209_968_386_869e36,
    }
}
