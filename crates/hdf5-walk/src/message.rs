//! Short messages of object headers: dataspace, link info, link, group info, B-tree K values and attribute info
//! (section IV.A.2).

use super::bytes::{Cursor, UNDEFINED, check_text};
use super::fault::{Fault, Faults};
use super::object::{CONSTANT, Header, Message, ORDER_INDEXED, ORDER_TRACKED, UNSHARED};

/// The message types (section IV.A.2) that are expected.
pub(super) mod kind {
    pub(in super::super) const NIL: u8 = 0x00;
    pub(in super::super) const DATASPACE: u8 = 0x01;
    pub(in super::super) const LINK_INFO: u8 = 0x02;
    pub(in super::super) const DATATYPE: u8 = 0x03;
    pub(in super::super) const FILL_VALUE: u8 = 0x05;
    pub(in super::super) const LINK: u8 = 0x06;
    pub(in super::super) const LAYOUT: u8 = 0x08;
    pub(in super::super) const GROUP_INFO: u8 = 0x0a;
    pub(in super::super) const FILTERS: u8 = 0x0b;
    pub(in super::super) const ATTRIBUTE: u8 = 0x0c;
    pub(in super::super) const CONTINUATION: u8 = 0x10;
    pub(in super::super) const TREE_VALUES: u8 = 0x13;
    pub(in super::super) const ATTRIBUTE_INFO: u8 = 0x15;
}

/// Max number of dimensions of a dataspace (`H5S_MAX_RANK` of libhdf5).
const HIGHEST_RANK: u8 = 32;

/// Max number of links in the header of a group, unless group info states another.
const DEFAULT_COMPACT_LINKS: u16 = 8;

/// Checks the flags of a message. All flags other than "constant" are about sharing and unknown types, and not
/// expected.
pub(super) fn check_flags(message: &Message<'_>, constant: Option<bool>, what: &str, faults: &mut Faults) {
    let flags = message.flags;
    // libhdf5 sets "do not share" for attribute info.
    let allowed = if message.kind == kind::ATTRIBUTE_INFO { CONSTANT | UNSHARED } else { CONSTANT };
    faults.check(flags & !allowed == 0, message.address, || {
        format!(
            "flags of the {what} message are {flags:#04x}; only {allowed:#04x} is expected (section IV.A.1.a)"
        )
    });
    if let Some(constant) = constant {
        faults.same(
            message.address,
            &format!("'constant' flag of the {what} message"),
            flags & 1 == 1,
            constant,
        );
    }
}

/// Checks the version, which is the first byte of most messages.
pub(super) fn version(cursor: &mut Cursor<'_>, expected: &[u8], what: &str) -> Result<u8, Fault> {
    let address = cursor.address();
    let found = cursor.u8(what)?;
    if expected.contains(&found) {
        return Ok(found);
    }
    Err(Fault::new(address, format!("version of the {what} is {found}; expected one of {expected:?}")))
}

/// The extent of a dataset or an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dataspace {
    pub(super) shape: Vec<u64>,
    /// `u64::MAX` means unlimited.
    pub(super) maximum: Option<Vec<u64>>,
    null: bool,
}

impl Dataspace {
    /// Number of elements; `None` if it exceeds 64 bits.
    pub(super) fn elements(&self) -> Option<u64> {
        if self.null {
            return Some(0);
        }
        // A dimension of length zero makes the number zero, even if the product of the others does not fit.
        if self.shape.contains(&0) {
            return Some(0);
        }
        self.shape.iter().try_fold(1_u64, |product, &length| product.checked_mul(length))
    }
}

/// Reads a dataspace, version 2 (section IV.A.2.b).
pub(super) fn dataspace(cursor: &mut Cursor<'_>, faults: &mut Faults) -> Result<Dataspace, Fault> {
    let address = cursor.address();
    version(cursor, &[2], "dataspace")?;
    let rank = cursor.u8("dimensionality")?;
    faults.check(rank <= HIGHEST_RANK, address, || format!("dataspace has {rank} dimensions"));
    let flags = cursor.u8("dataspace flags")?;
    faults.check(flags & !1 == 0, address, || {
        format!("dataspace flags are {flags:#04x}; only bit 0 is expected")
    });
    let kind = cursor.u8("dataspace type")?;
    faults.check(kind <= 2, address, || format!("dataspace type is {kind}; expected 0, 1 or 2"));
    faults.check((kind == 1) == (rank > 0), address, || {
        format!("dataspace of type {kind} has {rank} dimensions")
    });
    faults.check(flags & 1 == 0 || rank > 0, address, || {
        "dataspace without dimensions has maximums".to_owned()
    });
    let shape = lengths(cursor, rank)?;
    let maximum = if flags & 1 == 1 { Some(lengths(cursor, rank)?) } else { None };
    for (length, most) in shape.iter().zip(maximum.iter().flatten()) {
        faults.check(length <= most, address, || {
            format!("dimension length {length} exceeds its maximum {most}")
        });
    }
    Ok(Dataspace { shape, maximum, null: kind == 2 })
}

fn lengths(cursor: &mut Cursor<'_>, rank: u8) -> Result<Vec<u64>, Fault> {
    (0..rank).map(|_| cursor.u64("length of a dimension")).collect()
}

/// The fields that link info (section IV.A.2.c) and attribute info (section IV.A.2.v) have in common.
struct Storage {
    flags: u8,
    highest: Option<u64>,
}

/// Reads version, flags, the highest creation index, and the addresses of dense storage.
fn storage(message: &Message<'_>, width: usize, what: &str, faults: &mut Faults) -> Result<Storage, Fault> {
    let mut cursor = message.cursor();
    version(&mut cursor, &[0], what)?;
    let flags = cursor.u8("flags")?;
    faults.check(flags & !3 == 0 && flags != 2, message.address, || {
        format!("flags of the {what} are {flags:#04x}")
    });
    let highest = if flags & 1 == 0 { None } else { Some(cursor.number(width, "highest creation index")?) };
    let addresses = if flags & 2 == 0 { 2 } else { 3 };
    for _ in 0..addresses {
        let at = cursor.address();
        let address = cursor.u64("address of dense storage")?;
        faults.check(address == UNDEFINED, at, || {
            format!("dense storage is not expected: the {what} names the address {address:#x}")
        });
    }
    cursor.end(what, faults);
    check_flags(message, Some(false), what, faults);
    Ok(Storage { flags, highest })
}

/// Checks link info (section IV.A.2.c). libhdf5 stores the next index here instead of the highest, so it is the
/// number of links if none was ever removed. Returns true if creation order is tracked.
pub(super) fn link_info(message: &Message<'_>, links: u64, faults: &mut Faults) -> Result<bool, Fault> {
    let found = storage(message, 8, "link info", faults)?;
    if let Some(highest) = found.highest {
        faults.same(message.address, "highest creation index of links", highest, links);
    }
    Ok(found.flags & 1 == 1)
}

/// Checks attribute info (section IV.A.2.v); its flags repeat those of the object header.
pub(super) fn attribute_info(
    message: &Message<'_>,
    header: &Header<'_>,
    attributes: u64,
    faults: &mut Faults,
) -> Result<(), Fault> {
    let found = storage(message, 2, "attribute info", faults)?;
    if let Some(highest) = found.highest {
        faults.same(message.address, "highest creation index of attributes", highest, attributes);
    }
    let (tracked, indexed) = (header.flags & ORDER_TRACKED != 0, header.flags & ORDER_INDEXED != 0);
    faults.same(message.address, "tracking of attribute creation order", found.flags & 1 != 0, tracked);
    faults.same(message.address, "indexing of attribute creation order", found.flags & 2 != 0, indexed);
    Ok(())
}

/// Checks group info (section IV.A.2.k).
pub(super) fn group_info(message: &Message<'_>, links: u64, faults: &mut Faults) -> Result<(), Fault> {
    let mut cursor = message.cursor();
    version(&mut cursor, &[0], "group info")?;
    let flags = cursor.u8("group info flags")?;
    faults.check(flags & !3 == 0, message.address, || format!("group info flags are {flags:#04x}"));
    let mut most = DEFAULT_COMPACT_LINKS;
    if flags & 1 != 0 {
        most = cursor.u16("most compact links")?;
        let least = cursor.u16("least dense links")?;
        faults.check(least <= most, message.address, || {
            format!("links become dense beyond {most} and compact again below {least}")
        });
    }
    if flags & 2 != 0 {
        cursor.take(4, "estimated entries")?;
    }
    cursor.end("group info", faults);
    check_flags(message, Some(true), "group info", faults);
    faults.check(links <= u64::from(most), message.address, || {
        format!("group holds {links} links in its header; group info allows {most}")
    });
    Ok(())
}

/// A hard link (section IV.A.2.g).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) order: Option<u64>,
    pub(super) target: u64,
}

/// Reads a link, version 1 (section IV.A.2.g).
pub(super) fn link(message: &Message<'_>, faults: &mut Faults) -> Result<Link, Fault> {
    let mut cursor = message.cursor();
    version(&mut cursor, &[1], "link")?;
    let flags = cursor.u8("link flags")?;
    faults.check(flags & 0xe0 == 0, message.address, || {
        format!("link flags are {flags:#04x}; bits 5-7 are reserved")
    });
    if flags & 0x08 != 0 {
        let kind = cursor.u8("link type")?;
        faults.check(kind == 0, message.address, || {
            format!("link type is {kind}; only hard links (0) are expected")
        });
    }
    let order = if flags & 0x04 == 0 { None } else { Some(cursor.u64("link creation order")?) };
    let charset = if flags & 0x10 == 0 { 0 } else { cursor.u8("character set of the link name")? };
    faults.check(charset <= 1, message.address, || format!("character set of the link name is {charset}"));
    let width = 1_usize << (flags & 0x03);
    let length = cursor.number(width, "length of the link name")?;
    let address = cursor.address();
    let name = cursor.take_long(length, "link name")?;
    check_text(name, charset == 1, address, "link name", faults);
    faults.check(!name.is_empty() && !name.contains(&0) && !name.contains(&b'/'), address, || {
        format!("link name \"{}\" is empty or holds NUL or '/'", name.escape_ascii())
    });
    let target = cursor.u64("address of the linked object")?;
    cursor.end("link", faults);
    check_flags(message, Some(false), "link", faults);
    // The specification allows any width; libhdf5 uses the narrowest.
    let is_wide = width > 1 && length <= 0xff || width > 2 && length <= 0xffff || width > 4;
    faults.check(!is_wide, message.address, || {
        format!(
            "the length of a link's name, {length}, stands in {width} bytes; expected the narrowest width"
        )
    });
    Ok(Link { name: String::from_utf8_lossy(name).into_owned(), order, target })
}

/// Reads B-tree K values (section IV.A.2.t) and returns that of chunk B-trees.
pub(super) fn tree_values(message: &Message<'_>, faults: &mut Faults) -> Result<u16, Fault> {
    let mut cursor = message.cursor();
    version(&mut cursor, &[0], "B-tree K values")?;
    let chunks = cursor.u16("K of chunk B-trees")?;
    let group = cursor.u16("K of group B-trees")?;
    let leaf = cursor.u16("K of group leaves")?;
    cursor.end("B-tree K values", faults);
    check_flags(message, Some(true), "B-tree K values", faults);
    faults.check(chunks > 0 && group > 0 && leaf > 0, message.address, || {
        format!("B-tree K values are {chunks}, {group} and {leaf}; none may be zero")
    });
    Ok(chunks)
}
