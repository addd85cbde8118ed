//! Values of attributes and datasets: follows references to the global heap and to objects.

use super::bytes::{Cursor, check_text, check_zero, count};
use super::datatype::{Datatype, Member};
use super::fault::Fault;
use super::heap::use_object;
use super::walker::{Reference, Walker};

/// A variable-length element: the number of its parts and their location.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pointer {
    pub(super) length: u32,
    pub(super) collection: u64,
    pub(super) index: u32,
}

impl Pointer {
    /// Reads a variable-length element (sections III.E and IV.B).
    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let length = cursor.u32("length of a variable-length element")?;
        let collection = cursor.u64("global heap collection address")?;
        let index = cursor.u32("global heap object index")?;
        Ok(Self { length, collection, index })
    }
}

/// Checks consecutive elements.
pub(super) fn check(walk: &mut Walker<'_>, datatype: &Datatype, data: &[u8], address: u64) {
    let size = usize::try_from(datatype.size()).unwrap_or_default();
    if size == 0 {
        return;
    }
    let mut cursor = Cursor::new(data, address);
    while cursor.left() >= size {
        let start = cursor.address();
        let Ok(element) = cursor.take(size, "element") else { return };
        let result = one(walk, datatype, element, start);
        walk.faults.catch(result);
    }
}

fn one(walk: &mut Walker<'_>, datatype: &Datatype, element: &[u8], at: u64) -> Result<(), Fault> {
    let mut cursor = Cursor::new(element, at);
    match datatype {
        Datatype::Integer { .. } | Datatype::Float { .. } => {}
        Datatype::Text { utf8, .. } => check_text(element, *utf8, at, "text", &mut walk.faults),
        Datatype::Reference => {
            let target = cursor.u64("object reference")?;
            walk.references.push(Reference { at, target });
        }
        Datatype::Compound { members, .. } => compound(walk, members, element, at),
        Datatype::Sequence { base } => {
            let pointer = Pointer::read(&mut cursor)?;
            if let Some((data, start)) = follow(walk, pointer, at, base.size()) {
                check(walk, base, data, start);
            }
        }
        Datatype::VariableText { utf8 } => {
            let pointer = Pointer::read(&mut cursor)?;
            if let Some((data, start)) = follow(walk, pointer, at, 1) {
                check_text(data, *utf8, start, "variable-length text", &mut walk.faults);
            }
        }
    }
    Ok(())
}

/// Returns the heap data of a variable-length element.
fn follow<'a>(walk: &mut Walker<'a>, pointer: Pointer, at: u64, size: u32) -> Option<(&'a [u8], u64)> {
    let Pointer { length, collection, index } = pointer;
    if length == 0 {
        walk.faults.check(collection == 0 && index == 0, at, || {
            format!("empty variable-length element names object {index} of collection {collection:#x}")
        });
        return None;
    }
    let bytes = u64::from(length).saturating_mul(u64::from(size));
    use_object(walk, at, collection, index, bytes).map(|object| (object.data, object.address))
}

/// Checks the members of a compound, and that the bytes between them are zero.
fn compound(walk: &mut Walker<'_>, members: &[Member], element: &[u8], at: u64) {
    let mut reached = 0_usize;
    for member in members {
        let start = usize::try_from(member.offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(member.datatype.size()).unwrap_or(usize::MAX));
        let gap = element.get(reached..start).unwrap_or_default();
        check_zero(gap, at.saturating_add(count(reached)), "gap of a compound", &mut walk.faults);
        if let Some(part) = element.get(start..end) {
            check(walk, &member.datatype, part, at.saturating_add(count(start)));
        }
        reached = end;
    }
    let gap = element.get(reached..).unwrap_or_default();
    check_zero(gap, at.saturating_add(count(reached)), "gap of a compound", &mut walk.faults);
}
