//! Datatypes (section IV.A.2.d): numbers, texts, references, compounds and variable-length sequences.

use std::fmt;

use super::bytes::{Cursor, check_text, check_zero, count};
use super::fault::{Fault, Faults};

/// Datatypes nested deeper than this are rejected.
const DEEPEST: u8 = 8;

/// A datatype.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Datatype {
    /// An integer without padding bits.
    Integer {
        /// Size in bytes.
        size: u32,
        /// Two's complement.
        signed: bool,
        /// Most significant byte first.
        big_endian: bool,
    },
    /// An IEEE 754 number of 4 or 8 bytes.
    Float {
        /// Size in bytes.
        size: u32,
        /// Most significant byte first.
        big_endian: bool,
    },
    /// A fixed-length string.
    Text {
        /// Size in bytes.
        size: u32,
        /// True for UTF-8, false for ASCII.
        utf8: bool,
    },
    /// The address of an object.
    Reference,
    /// A compound of named members.
    Compound {
        /// Size in bytes.
        size: u32,
        /// The members in stored order.
        members: Vec<Member>,
    },
    /// A sequence in the global heap.
    Sequence {
        /// The datatype of its elements.
        base: Box<Datatype>,
    },
    /// A string in the global heap.
    VariableText {
        /// True for UTF-8, false for ASCII.
        utf8: bool,
    },
}

/// A member of a compound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Offset in the compound.
    pub offset: u32,
    /// Its datatype.
    pub datatype: Datatype,
}

impl Datatype {
    /// Bytes of one element as stored; variable-length elements are stored as a length and a heap ID.
    #[must_use]
    pub fn size(&self) -> u32 {
        match self {
            Self::Integer { size, .. }
            | Self::Float { size, .. }
            | Self::Text { size, .. }
            | Self::Compound { size, .. } => *size,
            Self::Reference => 8,
            Self::Sequence { .. } | Self::VariableText { .. } => 16,
        }
    }

    /// True if elements refer to the global heap or to objects.
    pub(super) fn points(&self) -> bool {
        match self {
            Self::Reference | Self::Sequence { .. } | Self::VariableText { .. } => true,
            Self::Compound { members, .. } => members.iter().any(|member| member.datatype.points()),
            _ => false,
        }
    }
}

impl fmt::Display for Datatype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = |big: bool| if big { " big-endian" } else { "" };
        let bits = self.size().saturating_mul(8);
        match self {
            Self::Integer { signed: true, big_endian, .. } => write!(f, "int{bits}{}", order(*big_endian)),
            Self::Integer { big_endian, .. } => write!(f, "uint{bits}{}", order(*big_endian)),
            Self::Float { big_endian, .. } => write!(f, "float{bits}{}", order(*big_endian)),
            Self::Text { size, utf8 } => {
                write!(f, "{} text of {size} bytes", if *utf8 { "UTF-8" } else { "ASCII" })
            }
            Self::Reference => f.write_str("object reference"),
            Self::Compound { members, .. } => write!(f, "compound of {} members", members.len()),
            Self::Sequence { base } => write!(f, "sequence of {base}"),
            Self::VariableText { utf8 } => write!(f, "{} text", if *utf8 { "UTF-8" } else { "ASCII" }),
        }
    }
}

/// Reads a datatype; the cursor stops after it.
pub(super) fn read(cursor: &mut Cursor<'_>, faults: &mut Faults) -> Result<Datatype, Fault> {
    nested(cursor, DEEPEST, faults)
}

/// The part of the encoding that all classes have.
struct Head {
    address: u64,
    version: u8,
    /// The 24 bits whose meaning depends on the class.
    bits: u32,
    size: u32,
}

fn nested(cursor: &mut Cursor<'_>, depth: u8, faults: &mut Faults) -> Result<Datatype, Fault> {
    let address = cursor.address();
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Fault::new(address, "datatype is nested too deep"));
    };
    let first = cursor.u8("datatype class and version")?;
    let (class, version) = (first & 0x0f, first >> 4);
    faults.check((1..=3).contains(&version), address, || {
        format!("datatype version is {version}; expected 1, 2 or 3")
    });
    let bits = u32::try_from(cursor.number(3, "datatype bit field")?).unwrap_or_default();
    let size = cursor.u32("datatype size")?;
    faults.check(size > 0, address, || "datatype has no bytes".to_owned());
    let head = Head { address, version, bits, size };
    match class {
        0 => integer(cursor, &head, faults),
        1 => float(cursor, &head, faults),
        3 => {
            head.only(0xff, "text", faults);
            let (padding, charset) = (bits & 0x0f, bits >> 4 & 0x0f);
            faults.check(padding <= 2, address, || format!("padding type of a text is {padding}"));
            faults.check(charset <= 1, address, || format!("character set of a text is {charset}"));
            Ok(Datatype::Text { size, utf8: charset == 1 })
        }
        6 => compound(cursor, &head, depth, faults),
        7 => {
            head.only(0, "object reference", faults);
            faults.same(address, "size of an object reference", size, 8);
            Ok(Datatype::Reference)
        }
        9 => variable(cursor, &head, depth, faults),
        _ => Err(Fault::new(address, format!("datatype class {class} is not expected"))),
    }
}

impl Head {
    /// Checks that only bits of `mask` are set in the bit field.
    fn only(&self, mask: u32, what: &str, faults: &mut Faults) {
        let bits = self.bits;
        faults.check(bits & !mask == 0, self.address, || {
            format!("bit field of the {what} is {bits:#08x}; only the bits {mask:#x} may be set")
        });
    }
}

/// Reads class 0. Integers of netCDF-4 have no padding bits.
fn integer(cursor: &mut Cursor<'_>, head: &Head, faults: &mut Faults) -> Result<Datatype, Fault> {
    head.only(0x09, "fixed-point number", faults);
    let (offset, precision) = (cursor.u16("bit offset")?, cursor.u16("bit precision")?);
    let size = head.size;
    faults.check(matches!(size, 1 | 2 | 4 | 8), head.address, || {
        format!("fixed-point number has {size} bytes")
    });
    faults.same(head.address, "bit offset", offset, 0);
    faults.same(head.address, "bit precision", u32::from(precision), size.saturating_mul(8));
    Ok(Datatype::Integer { size, signed: head.bits & 8 != 0, big_endian: head.bits & 1 != 0 })
}

/// Reads class 1. Byte order bit 6 is for the VAX; mantissa normalisation 2 means that the highest bit is implied.
fn float(cursor: &mut Cursor<'_>, head: &Head, faults: &mut Faults) -> Result<Datatype, Fault> {
    let properties = cursor.take(12, "properties of a floating-point number")?;
    let (sign, expected): (u32, [u8; 12]) = match head.size {
        4 => (31, [0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0]),
        8 => (63, [0, 0, 64, 0, 52, 11, 0, 52, 0xff, 0x03, 0, 0]),
        size => return Err(Fault::new(head.address, format!("floating-point number has {size} bytes"))),
    };
    let bits = head.bits;
    faults.check(bits & !1 == sign << 8 | 0x20, head.address, || {
        format!("bit field of a floating-point number is {bits:#08x}, which is not IEEE 754")
    });
    faults.check(properties == expected, head.address, || {
        format!("properties of a floating-point number are {properties:?}; IEEE 754 has {expected:?}")
    });
    Ok(Datatype::Float { size: head.size, big_endian: bits & 1 != 0 })
}

/// Reads class 9: a sequence (type 0) or a string (type 1).
fn variable(cursor: &mut Cursor<'_>, head: &Head, depth: u8, faults: &mut Faults) -> Result<Datatype, Fault> {
    let (kind, padding, charset) = (head.bits & 0x0f, head.bits >> 4 & 0x0f, head.bits >> 8 & 0x0f);
    head.only(0xfff, "variable-length datatype", faults);
    faults.same(head.address, "size of a variable-length element", head.size, 16);
    let base = nested(cursor, depth, faults)?;
    match kind {
        0 => {
            faults.check(head.bits == 0, head.address, || {
                "sequence has a padding or a character set".to_owned()
            });
            Ok(Datatype::Sequence { base: Box::new(base) })
        }
        1 => {
            faults.check(padding <= 2 && charset <= 1, head.address, || {
                format!("variable-length text has padding {padding} and character set {charset}")
            });
            faults
                .check(base.size() == 1, head.address, || format!("variable-length text is made of {base}"));
            Ok(Datatype::VariableText { utf8: charset == 1 })
        }
        _ => Err(Fault::new(head.address, format!("variable-length datatype is of type {kind}"))),
    }
}

/// Reads class 6. Versions 1 and 2 pad names to multiples of 8; version 3 has no padding and a narrow offset.
fn compound(cursor: &mut Cursor<'_>, head: &Head, depth: u8, faults: &mut Faults) -> Result<Datatype, Fault> {
    head.only(0xffff, "compound", faults);
    faults.check(head.bits & 0xffff != 0, head.address, || "compound has no member".to_owned());
    let width = match head.size {
        _ if head.version < 3 => 4,
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xff_ffff => 3,
        _ => 4,
    };
    let mut members: Vec<Member> = Vec::new();
    let mut reached = 0;
    for _ in 0..head.bits & 0xffff {
        let address = cursor.address();
        let name = member_name(cursor, head.version < 3, faults)?;
        faults.check(members.iter().all(|member| member.name != name), address, || {
            format!("compound has two members \"{name}\"")
        });
        let offset = u32::try_from(cursor.number(width, "offset of a member")?).unwrap_or(u32::MAX);
        if head.version == 1 {
            // Dimensionality, permutation and four lengths: array members are not expected.
            cursor.zeros(28, "array fields of a compound member", faults)?;
        }
        let datatype = nested(cursor, depth, faults)?;
        let end = offset.saturating_add(datatype.size());
        faults.check(offset >= reached && end <= head.size, address, || {
            format!("member \"{name}\" at {offset} to {end} overlaps another or exceeds {} bytes", head.size)
        });
        reached = reached.max(end);
        members.push(Member { name, offset, datatype });
    }
    Ok(Datatype::Compound { size: head.size, members })
}

fn member_name(cursor: &mut Cursor<'_>, padded: bool, faults: &mut Faults) -> Result<String, Fault> {
    let address = cursor.address();
    let length = cursor.rest().iter().position(|&byte| byte == 0);
    let length = length.ok_or_else(|| Fault::new(address, "name of a member has no end"))?;
    let name = cursor.take(length, "name of a member")?;
    check_text(name, true, address, "name of a member", faults);
    let zeros = if padded { 8_usize.saturating_sub(length % 8) } else { 1 };
    let at = address.saturating_add(count(length));
    check_zero(cursor.take(zeros, "padding of a name")?, at, "padding of a name", faults);
    Ok(String::from_utf8_lossy(name).into_owned())
}
