//! Storage of a dataset: fill value (section IV.A.2.f), layout (section IV.A.2.i) and filters (section IV.A.2.l).

use super::bytes::{Cursor, UNDEFINED};
use super::fault::{Fault, Faults};
use super::message::{check_flags, version};
use super::object::Message;

/// Filter 1: deflate.
pub(super) const DEFLATE: u16 = 1;
/// Filter 2: shuffle.
pub(super) const SHUFFLE: u16 = 2;

/// A filter with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// 1 for deflate, 2 for shuffle.
    pub identifier: u16,
    /// The level of deflate, or the element size of shuffle.
    pub values: Vec<u32>,
}

/// The fill value message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FillValue {
    pub(super) address: u64,
    /// Allocation time: 1 early, 2 late, 3 incremental.
    pub(super) allocation: u8,
    pub(super) value: Option<Vec<u8>>,
}

/// Reads a fill value, version 2 or 3 (section IV.A.2.f).
pub(super) fn fill_value(message: &Message<'_>, faults: &mut Faults) -> Result<FillValue, Fault> {
    let mut cursor = message.cursor();
    let address = message.address;
    check_flags(message, Some(true), "fill value", faults);
    let (allocation, writing, defined) = if version(&mut cursor, &[2, 3], "fill value")? == 2 {
        let (allocation, writing) =
            (cursor.u8("space allocation time")?, cursor.u8("fill value write time")?);
        let defined = cursor.u8("fill value defined")?;
        faults.check(defined <= 1, address, || format!("'fill value defined' is {defined}"));
        (allocation, writing, defined == 1)
    } else {
        let flags = cursor.u8("fill value flags")?;
        // Bit 4 means that there is none, bit 5 that there is one; with neither, the default (zero) applies.
        faults.check(flags & 0xc0 == 0 && flags & 0x30 != 0x30, address, || {
            format!("fill value flags are {flags:#04x}")
        });
        (flags & 3, flags >> 2 & 3, flags & 0x20 != 0)
    };
    faults.check((1..=3).contains(&allocation), address, || format!("space allocation time is {allocation}"));
    faults.check(writing <= 2, address, || format!("fill value write time is {writing}"));
    let value = if defined {
        let size = cursor.u32("fill value size")?;
        Some(cursor.take_long(u64::from(size), "fill value")?.to_vec())
    } else {
        None
    };
    cursor.end("fill value", faults);
    Ok(FillValue { address, allocation, value })
}

/// The layout message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Layout<'a> {
    /// The values are in the message.
    Compact { address: u64, data: &'a [u8] },
    /// The values are contiguous.
    Contiguous { address: Option<u64>, size: u64 },
    /// The values are in chunks, indexed by a B-tree.
    Chunked { tree: Option<u64>, shape: Vec<u64>, element: u32 },
}

/// Reads a layout, version 3 (section IV.A.2.i).
pub(super) fn layout<'a>(message: &Message<'a>, faults: &mut Faults) -> Result<Layout<'a>, Fault> {
    let mut cursor = message.cursor();
    // The layout may be constant or not, depending on when space is allocated; libhdf5 writes both.
    check_flags(message, None, "layout", faults);
    version(&mut cursor, &[3], "layout")?;
    let class = cursor.u8("layout class")?;
    let layout = match class {
        0 => {
            let size = cursor.u16("size of compact values")?;
            let address = cursor.address();
            Layout::Compact { address, data: cursor.take(usize::from(size), "compact values")? }
        }
        1 => {
            let address = cursor.u64("address of the values")?;
            Layout::Contiguous { address: defined(address), size: cursor.u64("size of the values")? }
        }
        2 => chunked(&mut cursor, message.address)?,
        _ => return Err(Fault::new(message.address, format!("layout class is {class}; expected 0, 1 or 2"))),
    };
    cursor.end("layout", faults);
    Ok(layout)
}

fn defined(address: u64) -> Option<u64> {
    (address != UNDEFINED).then_some(address)
}

/// Reads a chunked layout. Its dimensionality is one more than the dataset's: the last length is the size of an
/// element.
fn chunked<'a>(cursor: &mut Cursor<'a>, at: u64) -> Result<Layout<'a>, Fault> {
    let dimensionality = cursor.u8("dimensionality of chunks")?;
    let tree = defined(cursor.u64("address of the chunk B-tree")?);
    let rank = dimensionality.checked_sub(1).filter(|rank| *rank > 0).ok_or_else(|| {
        Fault::new(at, format!("dimensionality of chunks is {dimensionality}; expected 2 or more"))
    })?;
    let shape =
        (0..rank).map(|_| Ok(u64::from(cursor.u32("length of a chunk")?))).collect::<Result<_, _>>()?;
    Ok(Layout::Chunked { tree, shape, element: cursor.u32("size of an element")? })
}

/// Reads a filter pipeline, version 2 (section IV.A.2.l): shuffle and deflate, in this order.
pub(super) fn filters(
    message: &Message<'_>,
    element: u32,
    faults: &mut Faults,
) -> Result<Vec<Filter>, Fault> {
    let mut cursor = message.cursor();
    check_flags(message, Some(true), "filter pipeline", faults);
    version(&mut cursor, &[2], "filter pipeline")?;
    let number = cursor.u8("number of filters")?;
    let mut found = Vec::new();
    for _ in 0..number {
        let address = cursor.address();
        let identifier = cursor.u16("filter identifier")?;
        if !matches!(identifier, DEFLATE | SHUFFLE) {
            // Only these two are expected; others would have a name (identifiers from 256).
            return Err(Fault::new(address, format!("filter {identifier} is not expected")));
        }
        let flags = cursor.u16("filter flags")?;
        faults.check(flags & !1 == 0, address, || {
            format!("filter flags are {flags:#06x}; only bit 0 is expected")
        });
        let length = cursor.u16("number of filter values")?;
        faults.same(address, "number of filter values", length, 1);
        let values = (0..length).map(|_| cursor.u32("filter value")).collect::<Result<Vec<_>, _>>()?;
        let sound = match identifier {
            DEFLATE => values.iter().all(|level| *level <= 9),
            _ => values.iter().all(|size| *size == element),
        };
        faults.check(sound, address, || {
            format!("filter {identifier} of elements of {element} bytes has the values {values:?}")
        });
        found.push(Filter { identifier, values });
    }
    cursor.end("filter pipeline", faults);
    let order: Vec<u16> = found.iter().map(|filter| filter.identifier).collect();
    faults.check(
        matches!(order.as_slice(), [SHUFFLE, DEFLATE] | [DEFLATE | SHUFFLE]),
        message.address,
        || format!("filters are {order:?}; expected shuffle (2), deflate (1) or both in this order"),
    );
    Ok(found)
}
