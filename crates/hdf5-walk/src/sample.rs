//! A small hand-made file for tests: a dimension "d" of length 5 without a variable, and a variable "v" of three
//! chunks whose B-tree has two levels. It contains all structures of the products.

use super::bytes::count;
use super::checksum::lookup3;

/// Variants of the file, sound or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// The simplest sound file.
    Sound,
    /// The size of chunk 0 has four bytes.
    Wide,
    /// Object headers store the attribute storage limits.
    Limits,
    /// The attribute of "v" is in a continuation block, which is sound.
    Continued,
    /// The extension states that nodes of B-trees have 4 entries, not 2.
    LargeNodes,
}

const UNDEFINED: [u8; 8] = [0xff; 8];
const VALUES: u64 = 48;
const LEFT_LEAF: u64 = 72;
const RIGHT_LEAF: u64 = 184;
const ROOT_NODE: u64 = 296;
const HEAP: u64 = 408;
const HEADERS: usize = 4504;

fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

fn number(value: u64) -> [u8; 8] {
    value.to_le_bytes()
}

/// The lowest `width` bytes of a length.
fn low(length: usize, width: usize) -> Vec<u8> {
    length.to_le_bytes().into_iter().take(width).collect()
}

fn short(length: usize) -> Vec<u8> {
    low(length, 2)
}

fn message(kind: u8, flags: u8, order: u8, data: &[u8]) -> Vec<u8> {
    bytes(&[&[kind], &short(data.len()), &[flags, order, 0], data])
}

fn header(variant: Variant, messages: &[Vec<u8>]) -> Vec<u8> {
    let area = messages.concat();
    let (code, width) = match area.len() {
        _ if variant == Variant::Wide => (2, 4),
        0..=255 => (0, 1),
        _ => (1, 2),
    };
    let flags = 0x0c | u8::from(variant == Variant::Limits) << 4 | code;
    let limits: &[u8] = if variant == Variant::Limits { &[8, 0, 6, 0] } else { &[] };
    sealed(bytes(&[b"OHDR", &[2, flags], limits, &low(area.len(), width), &area]))
}

fn sealed(mut structure: Vec<u8>) -> Vec<u8> {
    let sum = lookup3(&structure);
    structure.extend(sum.to_le_bytes());
    structure
}

fn attribute(order: u8, name: &str, datatype: &[u8], shape: Option<u64>, data: &[u8]) -> Vec<u8> {
    let space = shape.map_or_else(|| vec![2, 0, 0, 0], |length| bytes(&[&[2, 1, 0, 1], &number(length)]));
    let sizes = [short(name.len() + 1), short(datatype.len()), short(space.len())].concat();
    message(0x0c, 0, order, &bytes(&[&[3, 0], &sizes, &[0], name.as_bytes(), &[0], datatype, &space, data]))
}

fn text(order: u8, name: &str, value: &str) -> Vec<u8> {
    let datatype = bytes(&[&[0x13, 0, 0, 0], &low(value.len(), 4)]);
    attribute(order, name, &datatype, None, value.as_bytes())
}

fn attribute_info(attributes: u8) -> Vec<u8> {
    message(0x15, 0, 0, &bytes(&[&[0, 3, attributes, 0], &UNDEFINED, &UNDEFINED, &UNDEFINED]))
}

const FLOAT: [u8; 20] = [0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
const WHOLE: [u8; 12] = [0x10, 8, 0, 0, 4, 0, 0, 0, 0, 0, 32, 0];
const REFERENCE: [u8; 8] = [0x17, 0, 0, 0, 8, 0, 0, 0];

fn dataset(layout: &[u8], rest: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let space = bytes(&[&[2, 1, 1, 1], &number(5), &number(5)]);
    let mut messages = vec![message(1, 0, 0, &space), message(3, 1, 0, &FLOAT)];
    messages.push(message(5, 1, 0, &[3, 0x2a, 4, 0, 0, 0, 0, 0, 0x80, 0xbf]));
    messages.push(message(8, 0, 0, layout));
    messages.extend_from_slice(rest);
    messages
}

/// The dimension, which is axis 0 of "v".
fn dimension(variant: Variant, v: u64) -> Vec<u8> {
    let gap = [0; 28];
    let (first, second) =
        (bytes(&[b"dataset\0", &[0; 4], &gap]), bytes(&[b"dimension\0\0\0\0\0\0\0", &[8, 0, 0, 0], &gap]));
    let compound = bytes(&[&[0x16, 2, 0, 0, 16, 0, 0, 0], &first, &REFERENCE, &second, &WHOLE]);
    let layout = bytes(&[&[3, 1], &UNDEFINED, &number(20)]);
    let rest = [
        attribute_info(4),
        text(0, "CLASS", "DIMENSION_SCALE\0"),
        text(1, "NAME", "This is a netCDF dimension but not a netCDF variable.         5\0"),
        attribute(2, "REFERENCE_LIST", &compound, Some(1), &bytes(&[&number(v), &[0; 8]])),
        attribute(3, "_Netcdf4Dimid", &WHOLE, None, &[0; 4]),
    ];
    header(variant, &dataset(&layout, &rest))
}

fn node(level: u8, [left, right]: [[u8; 8]; 2], keys: &[(u32, u64)], children: &[u64]) -> Vec<u8> {
    let used = u8::try_from(children.len()).unwrap_or(0);
    let mut node = bytes(&[b"TREE", &[1, level, used, 0], &left, &right]);
    for (index, (size, offset)) in keys.iter().enumerate() {
        node.extend(bytes(&[&size.to_le_bytes(), &[0; 4], &number(*offset), &[0; 8]]));
        node.extend(children.get(index).map(|child| number(*child)).into_iter().flatten());
    }
    node.resize(112, 0);
    node
}

/// Appends a structure at the next multiple of 8 and returns its address.
fn add(file: &mut Vec<u8>, structure: &[u8]) -> u64 {
    file.resize(file.len().next_multiple_of(8), 0);
    let address = count(file.len());
    file.extend_from_slice(structure);
    address
}

/// Returns the file.
pub(super) fn file(variant: Variant) -> Vec<u8> {
    // The first pass determines the addresses, the second one writes them.
    let (_, addresses) = pass(variant, [0; 2]);
    pass(variant, addresses).0
}

fn pass(variant: Variant, [d, v]: [u64; 2]) -> (Vec<u8>, [u64; 2]) {
    let mut file = vec![0; 48];
    file.extend((1..=24).collect::<Vec<u8>>());
    let (left, right) = (number(LEFT_LEAF), number(RIGHT_LEAF));
    add(&mut file, &node(0, [UNDEFINED, right], &[(8, 0), (8, 2), (8, 4)], &[VALUES, VALUES + 8]));
    add(&mut file, &node(0, [left, UNDEFINED], &[(8, 4), (0, 6)], &[VALUES + 16]));
    add(&mut file, &node(1, [UNDEFINED, UNDEFINED], &[(8, 0), (8, 4), (0, 6)], &[LEFT_LEAF, RIGHT_LEAF]));
    let object = bytes(&[&[1, 0, 1, 0, 0, 0, 0, 0], &number(8), &number(d)]);
    let free = 4096 - 16 - object.len();
    let heap = bytes(&[b"GCOL\x01\0\0\0", &number(4096), &object, &[0; 8], &number(count(free))]);
    assert_eq!(add(&mut file, &heap), HEAP, "the address of the heap");
    file.resize(HEADERS, 0);
    let dimension_address = add(&mut file, &dimension(variant, v));
    let layout = bytes(&[&[3, 2, 2], &number(ROOT_NODE), &[2, 0, 0, 0, 4, 0, 0, 0]]);
    let sequence = bytes(&[&[0x19, 0, 0, 0, 16, 0, 0, 0], &REFERENCE]);
    let pointer = bytes(&[&[1, 0, 0, 0], &number(HEAP), &[1, 0, 0, 0]]);
    let mut list = attribute(0, "DIMENSION_LIST", &sequence, Some(1), &pointer);
    if variant == Variant::Continued {
        let block = sealed(bytes(&[b"OCHK", &list]));
        let address = add(&mut file, &block);
        list = message(0x10, 0, 0, &bytes(&[&number(address), &number(count(block.len()))]));
    }
    let variable = header(variant, &dataset(&layout, &[attribute_info(1), list]));
    let variable_address = add(&mut file, &variable);
    let link = |order: u8, name: u8, target: u64| {
        message(6, 0, 0, &bytes(&[&[1, 0x14, order, 0, 0, 0, 0, 0, 0, 0, 0, 1, name], &number(target)]))
    };
    let link_info = bytes(&[&[0, 3, 2, 0, 0, 0, 0, 0, 0, 0], &UNDEFINED, &UNDEFINED, &UNDEFINED]);
    let group =
        [message(2, 0, 0, &link_info), message(10, 1, 0, &[0, 0]), link(0, b'd', d), link(1, b'v', v)];
    let root = add(&mut file, &header(variant, &group));
    let k = 1 + u8::from(variant == Variant::LargeNodes);
    let extension = add(&mut file, &header(variant, &[message(0x13, 1, 0, &[0, k, 0, 16, 0, 4, 0])]));
    let end = number(count(file.len()));
    let start =
        bytes(&[b"\x89HDF\r\n\x1a\n\x02\x08\x08\0", &[0; 8], &number(extension), &end, &number(root)]);
    file.splice(..48, sealed(start));
    (file, [dimension_address, variable_address])
}
