//! Header messages, which describe an object (section IV.A.2 of the format specification).

use super::UNDEFINED;
use super::index::HalfNode;
use crate::error::TooLarge;

/// One message of an object's header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Message type.
    pub(super) kind: u8,
    /// Flags; 1 means constant.
    pub(super) flags: u8,
    /// Creation order among messages of the same type, if tracked.
    pub(super) order: u16,
    /// The encoded contents.
    pub(super) body: Vec<u8>,
}

/// Number and arrangement of values.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dataspace<'shape> {
    /// No values.
    Null,
    /// One value.
    Scalar,
    /// An array.
    Simple(&'shape [usize]),
}

/// Character set of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Ascii = 0,
    Utf8 = 1,
}

impl Charset {
    pub(crate) fn of(text: &str) -> Self {
        if text.is_ascii() { Self::Ascii } else { Self::Utf8 }
    }
}

/// Type of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Datatype {
    /// Signed integer of this number of bytes, little-endian.
    Integer(usize),
    /// IEEE float of 4 or 8 bytes.
    Float { size: usize, is_big_endian: bool },
    /// NUL-terminated string of this number of bytes.
    Text(usize, Charset),
    /// Variable-length sequence of object references: how a variable refers to its dimensions.
    References,
    /// Object reference and index of an axis: how a dimension refers to its variables.
    Reference,
}

/// Where values are stored.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Layout<'chunk> {
    /// In one piece.
    Contiguous { address: u64, bytes: u64 },
    /// In chunks of this shape, whose index is at an address.
    Chunked { index: u64, shape: &'chunk [usize], element_size: usize },
}

/// A filter that was applied to chunks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Filter {
    /// Byte shuffle, for elements of this many bytes.
    Shuffle(u32),
    /// Deflate at this level.
    Deflate(u32),
}

impl Message {
    fn new(kind: u8, body: Vec<u8>) -> Self {
        Self { kind, flags: 0, order: 0, body }
    }

    fn constant(kind: u8, body: Vec<u8>) -> Self {
        Self { flags: 1, ..Self::new(kind, body) }
    }

    /// Message 0x0001, version 2.
    pub(crate) fn dataspace(dataspace: Dataspace<'_>) -> Result<Self, TooLarge> {
        Ok(Self::new(0x01, dataspace.encode()?))
    }

    /// Message 0x0003.
    pub(crate) fn datatype(datatype: Datatype) -> Result<Self, TooLarge> {
        Ok(Self::constant(0x03, datatype.encode()?))
    }

    /// Message 0x0005, version 3: `value` is the fill value. Space is allocated late for contiguous storage, and
    /// incrementally for chunks.
    pub(crate) fn fill(value: Option<&[u8]>, is_chunked: bool) -> Result<Self, TooLarge> {
        const WRITTEN_IF_SET: u8 = 2 << 2;
        const DEFINED: u8 = 1 << 5;
        let allocated = if is_chunked { 3 } else { 2 };
        let mut body = vec![3, allocated | WRITTEN_IF_SET | value.map_or(0, |_| DEFINED)];
        if let Some(value) = value {
            body.extend(u32_bytes(value.len())?);
            body.extend(value);
        }
        Ok(Self::constant(0x05, body))
    }

    /// Message 0x0008, version 3.
    pub(crate) fn layout(layout: Layout<'_>) -> Result<Self, TooLarge> {
        let mut body = vec![3];
        match layout {
            Layout::Contiguous { address, bytes } => {
                body.push(1);
                body.extend(address.to_le_bytes());
                body.extend(bytes.to_le_bytes());
            }
            Layout::Chunked { index, shape, element_size } => {
                body.push(2);
                body.push(one_byte(shape.len() + 1)?);
                body.extend(index.to_le_bytes());
                for &length in shape.iter().chain([&element_size]) {
                    body.extend(u32_bytes(length)?);
                }
            }
        }
        Ok(Self::new(0x08, body))
    }

    /// Message 0x000B, version 2. Filters are flagged as optional, as in netcdf-c.
    pub(crate) fn filters(filters: &[Filter]) -> Result<Self, TooLarge> {
        const OPTIONAL: u16 = 1;
        let mut body = vec![2, one_byte(filters.len())?];
        for filter in filters {
            let (number, parameter) = match *filter {
                Filter::Deflate(level) => (1_u16, level),
                Filter::Shuffle(element_size) => (2, element_size),
            };
            for word in [number, OPTIONAL, 1] {
                body.extend(word.to_le_bytes());
            }
            body.extend(parameter.to_le_bytes());
        }
        Ok(Self::constant(0x0b, body))
    }

    /// Message 0x000C, version 3: the attribute at position `order` of its object.
    pub(super) fn attribute(
        order: u16,
        name: &str,
        datatype: Datatype,
        dataspace: Dataspace<'_>,
        value: &[u8],
    ) -> Result<Self, TooLarge> {
        let [datatype, dataspace] = [datatype.encode()?, dataspace.encode()?];
        let mut body = vec![3, 0];
        for length in [name.len() + 1, datatype.len(), dataspace.len()] {
            body.extend(u16_bytes(length)?);
        }
        body.push(Charset::of(name) as u8);
        body.extend(name.bytes().chain([0]));
        body.extend(datatype);
        body.extend(dataspace);
        body.extend(value);
        Ok(Self { order, ..Self::new(0x0c, body) })
    }

    /// Message 0x0015: the number of attributes. Creation order is tracked, and all attributes are in the header.
    pub(super) fn attribute_info(count: u16) -> Self {
        const ORDER_IS_KEPT: u8 = 0b11;
        let mut body = vec![0, ORDER_IS_KEPT];
        body.extend(count.to_le_bytes());
        body.extend([UNDEFINED; 3].map(u64::to_le_bytes).concat());
        Self::new(0x15, body)
    }

    /// Messages 0x0002 and 0x000A of a group of `count` links. Creation order is tracked, and all links are in the
    /// header.
    pub(crate) fn group(count: u64) -> [Self; 2] {
        const ORDER_IS_KEPT: u8 = 0b11;
        const HAS_LIMITS: u8 = 0b01;
        let mut links = vec![0, ORDER_IS_KEPT];
        links.extend(count.to_le_bytes());
        links.extend([UNDEFINED; 3].map(u64::to_le_bytes).concat());
        let mut limits = vec![0, HAS_LIMITS];
        limits.extend(MAX_IN_HEADER.map(u16::to_le_bytes).concat());
        [Self::new(0x02, links), Self::constant(0x0a, limits)]
    }

    /// Message 0x0006: the member at position `order` of its group.
    pub(crate) fn link(order: u64, name: &str, address: u64) -> Result<Self, TooLarge> {
        const HAS_ORDER: u8 = 1 << 2;
        const HAS_CHARSET: u8 = 1 << 4;
        // Uses the minimum width, like every length of variable width.
        let (width_flag, length) = match u8::try_from(name.len()) {
            Ok(length) => (0, vec![length]),
            Err(_) => (1, u16_bytes(name.len())?.to_vec()),
        };
        let mut body = vec![1, width_flag | HAS_ORDER | HAS_CHARSET];
        body.extend(order.to_le_bytes());
        body.push(Charset::of(name) as u8);
        body.extend(length);
        body.extend(name.bytes());
        body.extend(address.to_le_bytes());
        Ok(Self::new(0x06, body))
    }
}

/// Message 0x0013: node sizes of chunk indices, and of the indices of old-style groups, which are not written here.
pub(super) fn index_room(half: HalfNode) -> Message {
    const OF_GROUPS: [u16; 2] = [16, 4];
    let mut body = vec![0];
    body.extend(half.0.to_le_bytes());
    body.extend(OF_GROUPS.map(u16::to_le_bytes).concat());
    Message::constant(0x13, body)
}

/// Max links that stay in the header of a group, and min links outside of it: the former is the limit of HDF5, the
/// latter its default.
const MAX_IN_HEADER: [u16; 2] = [u16::MAX, 6];

impl Dataspace<'_> {
    fn encode(self) -> Result<Vec<u8>, TooLarge> {
        let (shape, kind): (&[usize], u8) = match self {
            Self::Null => (&[], 2),
            Self::Scalar => (&[], 0),
            Self::Simple(shape) => (shape, 1),
        };
        let mut bytes = vec![2, one_byte(shape.len())?, 0, kind];
        bytes.extend(shape.iter().flat_map(|&length| (length as u64).to_le_bytes()));
        Ok(bytes)
    }
}

impl Datatype {
    fn encode(self) -> Result<Vec<u8>, TooLarge> {
        Ok(match self {
            Self::Integer(size) => {
                const SIGNED: u8 = 1 << 3;
                let mut bytes = head(0, [SIGNED, 0, 0], size)?;
                bytes.extend([0, 0]);
                bytes.extend(u16_bytes(8 * size)?);
                bytes
            }
            Self::Float { size, is_big_endian } => {
                const LEADING_BIT_IS_IMPLIED: u8 = 2 << 4;
                let sign = one_byte(8 * size - 1)?;
                let mut bytes = head(1, [LEADING_BIT_IS_IMPLIED | u8::from(is_big_endian), sign, 0], size)?;
                // Widths of exponent and mantissa, and the bias (IEEE 754).
                let (exponent, mantissa, bias) = if size == 4 { (8, 23, 127_u32) } else { (11, 52, 1023) };
                bytes.extend([0, 0]);
                bytes.extend(u16_bytes(8 * size)?);
                bytes.extend([mantissa, exponent, 0, mantissa]);
                bytes.extend(bias.to_le_bytes());
                bytes
            }
            Self::Text(size, charset) => head(3, [(charset as u8) << 4, 0, 0], size)?,
            Self::References => {
                // A length, then the address of a heap collection and an index in it.
                let mut bytes = head(9, [0; 3], 16)?;
                bytes.extend(reference()?);
                bytes
            }
            Self::Reference => {
                const MEMBERS: u8 = 2;
                let mut bytes = head(6, [MEMBERS, 0, 0], 16)?;
                let members = [
                    (b"dataset\0".as_slice(), 0_u32, reference()?),
                    (b"dimension\0\0\0\0\0\0\0", 8, Self::Integer(4).encode()?),
                ];
                for (name, offset, datatype) in members {
                    bytes.extend(name);
                    bytes.extend(offset.to_le_bytes());
                    // Not an array: rank, padding, permutation and four lengths are zero.
                    bytes.extend([0; 28]);
                    bytes.extend(datatype);
                }
                bytes
            }
        })
    }
}

/// Datatype header: class with version 1, its bit field, and the size of a value.
fn head(class: u8, bits: [u8; 3], size: usize) -> Result<Vec<u8>, TooLarge> {
    let mut bytes = vec![1 << 4 | class];
    bytes.extend(bits);
    bytes.extend(u32_bytes(size)?);
    Ok(bytes)
}

/// An object reference.
fn reference() -> Result<Vec<u8>, TooLarge> {
    head(7, [0; 3], 8)
}

fn one_byte(number: usize) -> Result<u8, TooLarge> {
    u8::try_from(number).map_err(|_| TooLarge)
}

fn u16_bytes(number: usize) -> Result<[u8; 2], TooLarge> {
    u16::try_from(number).map(u16::to_le_bytes).map_err(|_| TooLarge)
}

fn u32_bytes(number: usize) -> Result<[u8; 4], TooLarge> {
    u32::try_from(number).map(u32::to_le_bytes).map_err(|_| TooLarge)
}
