//! The conventions that make an HDF5 file a netCDF-4 file: dimensions are dimension scales, variables refer to their
//! scales, and creation order is tracked.
//!
//! Sources: "NetCDF-4 File Format" in the NetCDF Users Guide (appendix B.1), and "HDF5 Dimension Scale Specification
//! and Design Notes" of The HDF Group for `CLASS`, `NAME`, `REFERENCE_LIST` and `DIMENSION_LIST`.

use crate::error::{Error, TooLarge};
use crate::hdf5::{Charset, Dataspace, Datatype, Filter, Heap, Layout, Message, Object, UNDEFINED};
use crate::structure::{Attribute, Structure, Type, Value, Variable};

/// Title of a dimension without a variable; it is followed by the length, padded to ten characters.
const NO_VARIABLE: &str = "This is a netCDF dimension but not a netCDF variable.";

/// Where the values of a variable are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// Contiguous, from this address on.
    Whole(u64),
    /// In chunks, whose index is at this address.
    Chunks(u64),
}

/// A dataset of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Member {
    /// The dimension of this number, which has no variable.
    Dimension(usize),
    /// The variable of this number.
    Variable(usize),
}

/// All datasets in the order in which netCDF readers must list them: dimensions and variables each in their own
/// order.
fn members(structure: &Structure) -> Vec<Member> {
    let mut members = Vec::new();
    let mut next = 0;
    for number in 0..structure.dimensions.len() {
        match coordinate_of(number, structure) {
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

/// Number of the coordinate variable of a dimension.
fn coordinate_of(dimension: usize, structure: &Structure) -> Option<usize> {
    structure.variables.iter().position(|variable| {
        variable.dimensions.first() == Some(&dimension) && structure.is_coordinate(variable)
    })
}

/// Creates all objects of the file, with the root group last, and the heap that they refer to. `addresses` has the
/// address of each object.
///
/// # Errors
/// Returns an error if something exceeds a limit of the format.
pub(crate) fn objects(
    structure: &Structure,
    places: &[Place],
    mut heap: Heap,
    addresses: &[u64],
) -> Result<(Heap, Vec<Object>), Error> {
    let members = members(structure);
    let address = |member: Member| {
        let number = members.iter().position(|&other| other == member);
        number.and_then(|number| addresses.get(number)).copied().unwrap_or(UNDEFINED)
    };
    let scale = |dimension: usize| match coordinate_of(dimension, structure) {
        Some(variable) => address(Member::Variable(variable)),
        None => address(Member::Dimension(dimension)),
    };
    let mut objects: Vec<Object> = Vec::with_capacity(members.len() + 1);
    for &member in &members {
        match member {
            Member::Dimension(number) => {
                let length = structure.dimensions.get(number).map_or(0, |dimension| dimension.length);
                let mut object = Object::new(bare_dimension(length)?);
                let title = format!("{NO_VARIABLE}{length:>10}");
                describe_scale(&mut object, &title, number, &references(number, structure, address))?;
                objects.push(object);
            }
            Member::Variable(number) => {
                let variable = structure.variables.get(number).ok_or(Error::NoVariable(number))?;
                let &place = places.get(number).ok_or(Error::NoVariable(number))?;
                let mut object = Object::new(dataset(variable, structure, place)?);
                match variable.dimensions.first() {
                    Some(&first) if structure.is_coordinate(variable) => {
                        let references = references(first, structure, address);
                        describe_scale(&mut object, &variable.name, first, &references)?;
                    }
                    Some(_) => {
                        let mut scales = Vec::new();
                        for &dimension in &variable.dimensions {
                            scales.extend(heap.keep(scale(dimension))?);
                        }
                        let shape = [variable.dimensions.len()];
                        let dataspace = Dataspace::Simple(&shape);
                        object.attribute("DIMENSION_LIST", Datatype::References, dataspace, &scales)?;
                    }
                    None => {}
                }
                describe_variable(&mut object, variable)?;
                objects.push(object);
            }
        }
    }
    objects.push(root(structure, &members, address)?);
    Ok((heap, objects))
}

/// The axes that use a dimension: the address of each variable and the index of the axis.
fn references(dimension: usize, structure: &Structure, address: impl Fn(Member) -> u64) -> Vec<u8> {
    let mut references = Vec::new();
    for (number, variable) in structure.variables.iter().enumerate() {
        if structure.is_coordinate(variable) {
            continue;
        }
        for (axis, _) in (0_u32..).zip(&variable.dimensions).filter(|(_, known)| **known == dimension) {
            references.extend(address(Member::Variable(number)).to_le_bytes());
            references.extend(axis.to_le_bytes());
            references.extend([0; 4]);
        }
    }
    references
}

/// A dataset for a dimension without a variable: it has a length and was never written.
fn bare_dimension(length: usize) -> Result<Vec<Message>, TooLarge> {
    const SIZE: usize = 4;
    let bytes = (length * SIZE) as u64;
    Ok(vec![
        Message::dataspace(Dataspace::Simple(&[length]))?,
        Message::datatype(Datatype::Float { size: SIZE, is_big_endian: true })?,
        Message::fill(None, false)?,
        Message::layout(Layout::Contiguous { address: UNDEFINED, bytes })?,
    ])
}

fn describe_scale(
    object: &mut Object,
    title: &str,
    dimension: usize,
    references: &[u8],
) -> Result<(), TooLarge> {
    attribute(object, &Attribute::text("CLASS", "DIMENSION_SCALE\0"))?;
    attribute(object, &Attribute::text("NAME", format!("{title}\0")))?;
    if !references.is_empty() {
        let shape = [references.len() / 16];
        object.attribute("REFERENCE_LIST", Datatype::Reference, Dataspace::Simple(&shape), references)?;
    }
    object.attribute("_Netcdf4Dimid", Datatype::Integer(4), Dataspace::Scalar, &identifier(dimension)?)
}

fn describe_variable(object: &mut Object, variable: &Variable) -> Result<(), TooLarge> {
    if !variable.dimensions.is_empty() {
        let mut numbers = Vec::new();
        for &dimension in &variable.dimensions {
            numbers.extend(identifier(dimension)?);
        }
        let shape = [variable.dimensions.len()];
        object.attribute("_Netcdf4Coordinates", Datatype::Integer(4), Dataspace::Simple(&shape), &numbers)?;
    }
    if let Some(fill) = &variable.fill {
        attribute(object, &Attribute { name: "_FillValue".to_owned(), value: fill.clone() })?;
    }
    variable.attributes.iter().try_for_each(|carried| attribute(object, carried))
}

/// Number of a dimension, as netCDF stores it.
fn identifier(dimension: usize) -> Result<[u8; 4], TooLarge> {
    i32::try_from(dimension).map(i32::to_le_bytes).map_err(|_| TooLarge)
}

fn dataset(variable: &Variable, structure: &Structure, place: Place) -> Result<Vec<Message>, TooLarge> {
    let element_size = variable.kind.size();
    let shape = structure.shape(variable);
    let dataspace = if shape.is_empty() { Dataspace::Scalar } else { Dataspace::Simple(&shape) };
    let fill = match &variable.fill {
        Some(fill) => fill.bytes(),
        None => default_fill(variable.kind).bytes(),
    };
    let mut messages = vec![Message::dataspace(dataspace)?, Message::datatype(datatype(variable.kind))?];
    match (place, &variable.chunking) {
        (Place::Chunks(index), Some(chunking)) => {
            messages.push(Message::fill(Some(&fill), true)?);
            messages.push(Message::layout(Layout::Chunked { index, shape: &chunking.shape, element_size })?);
            if let Some(level) = chunking.deflate {
                let size = u32::try_from(element_size).map_err(|_| TooLarge)?;
                messages.push(Message::filters(&[Filter::Shuffle(size), Filter::Deflate(level.into())])?);
            }
        }
        (Place::Whole(address) | Place::Chunks(address), _) => {
            let bytes = (element_size * shape.iter().product::<usize>()) as u64;
            messages.push(Message::fill(Some(&fill), false)?);
            messages.push(Message::layout(Layout::Contiguous { address, bytes })?);
        }
    }
    Ok(messages)
}

fn root(
    structure: &Structure,
    members: &[Member],
    address: impl Fn(Member) -> u64,
) -> Result<Object, TooLarge> {
    let mut messages = Message::group(members.len() as u64).to_vec();
    for (order, &member) in (0..).zip(members) {
        let name = match member {
            Member::Dimension(number) => {
                structure.dimensions.get(number).map(|dimension| dimension.name.clone())
            }
            Member::Variable(number) => {
                structure.variables.get(number).map(|variable| structure.stored_name(variable))
            }
        };
        messages.push(Message::link(order, &name.unwrap_or_default(), address(member))?);
    }
    let mut object = Object::new(messages);
    let provenance = format!("version=2,{}", structure.producer);
    attribute(&mut object, &Attribute::text("_NCProperties", provenance))?;
    structure.attributes.iter().try_for_each(|carried| attribute(&mut object, carried))?;
    Ok(object)
}

/// Adds an attribute: text as one fixed-length string, numbers as an array, as netcdf-c does.
fn attribute(object: &mut Object, attribute: &Attribute) -> Result<(), TooLarge> {
    let bytes = attribute.value.bytes();
    let (datatype, length) = match &attribute.value {
        Value::Text(text) => (Datatype::Text(text.len().max(1), Charset::of(text)), None),
        numbers => (datatype(numbers.kind()), Some([numbers.len()])),
    };
    let dataspace = match &length {
        _ if bytes.is_empty() => Dataspace::Null,
        None => Dataspace::Scalar,
        Some(length) => Dataspace::Simple(length),
    };
    object.attribute(&attribute.name, datatype, dataspace, &bytes)
}

fn datatype(kind: Type) -> Datatype {
    let size = kind.size();
    match kind {
        Type::Char => Datatype::Text(1, Charset::Ascii),
        Type::F32 | Type::F64 => Datatype::Float { size, is_big_endian: false },
        Type::I8 | Type::I16 | Type::I32 => Datatype::Integer(size),
    }
}

/// The default fill value of netCDF (`NC_FILL_*`, `netcdf.h`).
fn default_fill(kind: Type) -> Value {
    match kind {
        Type::Char => Value::Text("\0".to_owned()),
        Type::I8 => Value::I8(vec![-127]),
        Type::I16 => Value::I16(vec![-32_767]),
        Type::I32 => Value::I32(vec![-2_147_483_647]),
        Type::F32 => Value::F32(vec![9.969_21e36]),
        Type::F64 => Value::F64(vec![9.969_209_968_386_869e36]),
    }
}
