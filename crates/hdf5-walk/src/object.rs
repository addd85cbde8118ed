//! Object headers of version 2 (section IV.A.1.b): the prefix, the messages of chunk 0 and of continuation blocks,
//! and the checksums.

use super::bytes::{Cursor, check_zero, count};
use super::checksum::lookup3;
use super::fault::{Fault, Faults};
use super::message::kind;
use super::regions::Use;
use super::walker::Walker;

/// Max number of continuation blocks of one object.
const MOST_CONTINUATIONS: usize = 10_000;

/// Bit 2: the creation order of attributes is tracked, so messages have an order field.
pub(super) const ORDER_TRACKED: u8 = 0x04;
/// Bit 3: the creation order is indexed.
pub(super) const ORDER_INDEXED: u8 = 0x08;
/// Bit 4: the limits between compact and dense storage of attributes are stored.
const LIMITS_STORED: u8 = 0x10;
/// Bit 5: times are stored.
const TIMES_STORED: u8 = 0x20;

/// Message flag bit 0: the message is constant.
pub(super) const CONSTANT: u8 = 0x01;

/// Message flag bit 2: the message should not be shared.
pub(super) const UNSHARED: u8 = 0x04;

/// One message of an object header.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message<'a> {
    pub(super) kind: u8,
    pub(super) flags: u8,
    /// The creation order, if tracked.
    pub(super) order: Option<u16>,
    /// Address of the data.
    pub(super) address: u64,
    pub(super) data: &'a [u8],
}

impl<'a> Message<'a> {
    /// Returns a cursor over the data of the message.
    pub(super) fn cursor(&self) -> Cursor<'a> {
        Cursor::new(self.data, self.address)
    }
}

/// An object header with all its messages.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) address: u64,
    pub(super) flags: u8,
    pub(super) messages: Vec<Message<'a>>,
}

/// Reads and claims the object header at an address, with its continuation blocks.
pub(super) fn read<'a>(walk: &mut Walker<'a>, address: u64) -> Result<Header<'a>, Fault> {
    let mut cursor = Cursor::from(walk.file, address, "object header")?;
    let whole = cursor.clone();
    cursor.signature(*b"OHDR", "object header")?;
    let version = cursor.u8("object header version")?;
    if version != 2 {
        return Err(Fault::new(address, format!("object header version is {version}; expected 2")));
    }
    let flags = cursor.u8("object header flags")?;
    check_flags(flags, address, &mut walk.faults);
    if flags & TIMES_STORED != 0 {
        cursor.take(16, "times of the object")?;
    }
    if flags & LIMITS_STORED != 0 {
        cursor.take(4, "attribute storage limits")?;
    }
    let width = 1_usize << (flags & 0x03);
    let size = cursor.number(width, "size of chunk 0")?;
    check_width(width, size, address, &mut walk.faults);
    let area = Cursor::new(cursor.rest(), cursor.address());
    cursor.take_long(size, "chunk 0 of the object header")?;
    check_sum(&whole, &mut cursor, "object header", &mut walk.faults)?;
    walk.claim(address, cursor.address().saturating_sub(address), Use::Metadata("object header"));
    let mut header = Header { address, flags, messages: Vec::new() };
    let mut blocks = messages(&mut header, area, size, &mut walk.faults)?;
    let mut followed = 0;
    while let Some((start, length)) = blocks.pop() {
        followed += 1;
        if followed > MOST_CONTINUATIONS || !walk.enter(start, "continuation block") {
            break;
        }
        let more = continuation(walk, &mut header, start, length);
        blocks.extend(walk.faults.catch(more).unwrap_or_default());
    }
    Ok(header)
}

/// Checks the flags of the object header.
fn check_flags(flags: u8, address: u64, faults: &mut Faults) {
    faults.check(flags & 0xc0 == 0, address, || {
        format!("object header flags are {flags:#04x}; bits 6 and 7 are reserved (section IV.A.1.b)")
    });
    faults.check(flags & TIMES_STORED == 0, address, || {
        "object header stores times (flag bit 5); none are expected".to_owned()
    });
    // Legal, but pyfive and jsfive reject such headers.
    faults.check(flags & LIMITS_STORED == 0, address, || {
        "object header stores attribute storage limits (flag bit 4); none are expected".to_owned()
    });
    faults.check(flags & ORDER_INDEXED == 0 || flags & ORDER_TRACKED != 0, address, || {
        "attribute creation order is indexed (flag bit 3) and not tracked (flag bit 2)".to_owned()
    });
}

/// Checks that the size of chunk 0 has the minimum width: libhdf5 built with assertions aborts otherwise
/// (`H5O__assert` in `H5Odbg.c`), although section IV.A.1.b does not require it.
fn check_width(width: usize, size: u64, address: u64, faults: &mut Faults) {
    let narrowest = match size {
        0..=0xff => 1,
        0x100..=0xffff => 2,
        0x1_0000..=0xffff_ffff => 4,
        _ => 8,
    };
    faults.check(width == narrowest, address, || {
        format!(
            "size of chunk 0 is {size} in a field {width} bytes wide; expected the narrowest, {narrowest}"
        )
    });
}

/// Reads the checksum at the cursor and compares it with that of all bytes since `start`.
fn check_sum(
    start: &Cursor<'_>,
    cursor: &mut Cursor<'_>,
    what: &str,
    faults: &mut Faults,
) -> Result<(), Fault> {
    let summed = start.left().saturating_sub(cursor.left());
    let expected = lookup3(start.clone().take(summed, what)?);
    let address = cursor.address();
    let found = cursor.u32("checksum")?;
    faults.check(found == expected, address, || {
        format!("checksum of the {what} is {found:#010x}; its bytes give {expected:#010x}")
    });
    Ok(())
}

/// Reads and claims one continuation block (section IV.A.2.q).
fn continuation<'a>(
    walk: &mut Walker<'a>,
    header: &mut Header<'a>,
    start: u64,
    length: u64,
) -> Result<Vec<(u64, u64)>, Fault> {
    let whole = Cursor::from(walk.file, start, "continuation block")?;
    let mut cursor = whole.clone();
    cursor.signature(*b"OCHK", "continuation block")?;
    let size = length
        .checked_sub(8)
        .ok_or_else(|| Fault::new(start, format!("continuation block of {length} bytes is too short")))?;
    let area = cursor.clone();
    cursor.take_long(size, "messages of a continuation block")?;
    check_sum(&whole, &mut cursor, "continuation block", &mut walk.faults)?;
    walk.claim(start, length, Use::Metadata("continuation block"));
    messages(header, area, size, &mut walk.faults)
}

/// Reads the messages of one chunk and returns the continuation blocks that they refer to.
fn messages<'a>(
    header: &mut Header<'a>,
    mut area: Cursor<'a>,
    size: u64,
    faults: &mut Faults,
) -> Result<Vec<(u64, u64)>, Fault> {
    let start = area.address();
    let mut cursor = Cursor::new(area.take_long(size, "messages")?, start);
    let tracked = header.flags & ORDER_TRACKED != 0;
    let prefix = if tracked { 6 } else { 4 };
    let mut blocks = Vec::new();
    let mut nil = false;
    while cursor.left() >= prefix {
        let kind = cursor.u8("message type")?;
        let length = cursor.u16("message size")?;
        let flags = cursor.u8("message flags")?;
        let order = if tracked { Some(cursor.u16("message creation order")?) } else { None };
        let address = cursor.address();
        let data = cursor.take(usize::from(length), "message data")?;
        let message = Message { kind, flags, order, address, data };
        match kind {
            kind::NIL => {
                nil = true;
                check_zero(data, address, "NIL message", faults);
            }
            kind::CONTINUATION => blocks.push(continuation_message(&message, faults)?),
            _ => header.messages.push(message),
        }
        // When libhdf5 moves an attribute, the message that replaces it keeps its order.
        let ordered = matches!(kind, kind::ATTRIBUTE | kind::NIL | kind::CONTINUATION);
        faults.check(ordered || order.unwrap_or(0) == 0, address, || {
            format!("creation order of a message of type {kind:#04x} is {order:?}; only attributes have one")
        });
    }
    let gap = cursor.rest();
    // H5O__assert: a chunk with a NIL message has no gap, because the message could include it.
    faults.check(!nil || gap.is_empty(), cursor.address(), || {
        format!("object header chunk has a NIL message and a gap of {} bytes", gap.len())
    });
    check_zero(gap, cursor.address(), "gap behind the messages", faults);
    faults.check(count(gap.len()) < count(prefix), cursor.address(), || "gap is too long".to_owned());
    Ok(blocks)
}

/// Reads the address and the length of a continuation block (section IV.A.2.q).
fn continuation_message(message: &Message<'_>, faults: &mut Faults) -> Result<(u64, u64), Fault> {
    let mut cursor = message.cursor();
    let start = cursor.u64("address of a continuation block")?;
    let length = cursor.u64("length of a continuation block")?;
    cursor.end("continuation message", faults);
    faults.same(message.address, "flags of a continuation message", message.flags, 0);
    Ok((start, length))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, Variant};
    use super::super::walk;

    fn problems(variant: Variant) -> Vec<String> {
        let faults = walk(&sample::file(variant)).err().unwrap_or_default();
        faults.into_iter().map(|fault| fault.problem).collect()
    }

    #[test]
    fn a_sound_header_has_no_fault() {
        assert_eq!(problems(Variant::Sound), [""; 0]);
    }

    #[test]
    fn a_wide_size_is_found_in_each_header() {
        let found = problems(Variant::Wide);
        assert!(
            found.len() == 4 && found.iter().all(|text| text.starts_with("size of chunk 0 is")),
            "{found:?}"
        );
    }

    #[test]
    fn stored_limits_are_found_in_each_header() {
        let found = problems(Variant::Limits);
        assert!(
            found.len() == 4 && found.iter().all(|text| text.contains("attribute storage limits")),
            "{found:?}"
        );
    }

    #[test]
    fn continuation_blocks_are_followed_and_claimed() {
        let file = sample::file(Variant::Continued);
        let summary = walk(&file).unwrap_or_else(|faults| panic!("{faults:?}"));
        assert_eq!(summary.dataset("/v").map(|dataset| dataset.attributes.len()), Some(1));
    }
}
