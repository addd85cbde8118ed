//! The global heap (section III.E): collections of objects that variable-length elements refer to.

use std::collections::BTreeMap;

use super::bytes::{Cursor, check_zero, count};
use super::fault::Fault;
use super::regions::Use;
use super::walker::Walker;

/// Min size of a collection (section III.E).
const LEAST_COLLECTION: u64 = 4096;
/// Bytes of the header of a collection, and of each object.
const HEAD: usize = 16;

/// One object of a collection.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeapObject<'a> {
    /// Address of its data.
    pub(super) address: u64,
    pub(super) data: &'a [u8],
    uses: u32,
}

/// The collections read so far, by address.
#[derive(Debug, Default)]
pub(super) struct Heaps<'a> {
    collections: BTreeMap<u64, BTreeMap<u32, HeapObject<'a>>>,
}

impl<'a> Heaps<'a> {
    /// An object of a collection that was read before.
    pub(super) fn get(&self, collection: u64, index: u32) -> Option<HeapObject<'a>> {
        self.collections.get(&collection)?.get(&index).copied()
    }

    /// Number of collections and of objects.
    pub(super) fn counts(&self) -> (u64, u64) {
        let objects = self.collections.values().map(|objects| count(objects.len())).sum();
        (count(self.collections.len()), objects)
    }
}

/// Marks an object as used by the element at `at`. It is returned on first use only, so that damaged files cannot
/// make the walk read the same object over and over.
pub(super) fn use_object<'a>(
    walk: &mut Walker<'a>,
    at: u64,
    collection: u64,
    index: u32,
    length: u64,
) -> Option<HeapObject<'a>> {
    if !walk.heaps.collections.contains_key(&collection) {
        let mut objects = BTreeMap::new();
        if walk.enter(collection, "global heap collection") {
            let result = read(walk, collection, &mut objects);
            walk.faults.catch(result);
        }
        walk.heaps.collections.insert(collection, objects);
    }
    let object = walk.heaps.collections.get_mut(&collection).and_then(|objects| objects.get_mut(&index));
    let Some(object) = object else {
        walk.faults.add(at, format!("global heap collection {collection:#x} has no object {index}"));
        return None;
    };
    object.uses = object.uses.saturating_add(1);
    let found = count(object.data.len());
    walk.faults.check(found == length, at, || {
        format!("object {index} of collection {collection:#x} has {found} bytes; its reference says {length}")
    });
    (object.uses == 1).then_some(*object)
}

/// Checks that each object is used exactly once.
pub(super) fn check_uses(walk: &mut Walker<'_>) {
    for (collection, objects) in &walk.heaps.collections {
        for (index, object) in objects {
            let uses = object.uses;
            walk.faults.check(uses == 1, object.address, || {
                format!("object {index} of collection {collection:#x} is used {uses} times; expected once")
            });
        }
    }
}

/// Reads and claims one collection.
fn read<'a>(
    walk: &mut Walker<'a>,
    start: u64,
    objects: &mut BTreeMap<u32, HeapObject<'a>>,
) -> Result<(), Fault> {
    let mut cursor = Cursor::from(walk.file, start, "global heap collection")?;
    let mut whole = cursor.clone();
    let faults = &mut walk.faults;
    cursor.signature(*b"GCOL", "global heap collection")?;
    faults.same(start, "version of a global heap collection", cursor.u8("version")?, 1);
    cursor.zeros(3, "reserved field of a global heap collection", faults)?;
    let size = cursor.u64("size of a collection")?;
    faults.check(size >= LEAST_COLLECTION && size.is_multiple_of(8), start, || {
        format!("collection has {size} bytes; expected a multiple of 8 of at least {LEAST_COLLECTION}")
    });
    let mut cursor = Cursor::new(whole.take_long(size, "global heap collection")?, start);
    cursor.take(HEAD, "head of a collection")?;
    walk.claim(start, size, Use::Metadata("global heap collection"));
    while cursor.left() >= HEAD {
        if !object(walk, &mut cursor, objects)? {
            break;
        }
    }
    // Nothing is left after object 0; without it, fewer bytes than an object header may be left.
    check_zero(cursor.rest(), cursor.address(), "end of a global heap collection", &mut walk.faults);
    let highest = objects.keys().next_back().copied().unwrap_or(0);
    walk.faults.check(u64::from(highest) == count(objects.len()), start, || {
        format!("collection has {} objects and the highest index {highest}", objects.len())
    });
    Ok(())
}

/// Reads one object; returns false for object 0, the free space, which is the last.
fn object<'a>(
    walk: &mut Walker<'a>,
    cursor: &mut Cursor<'a>,
    objects: &mut BTreeMap<u32, HeapObject<'a>>,
) -> Result<bool, Fault> {
    let faults = &mut walk.faults;
    let (start, left) = (cursor.address(), count(cursor.left()));
    let index = u32::from(cursor.u16("heap object index")?);
    let references = cursor.u16("reference count")?;
    cursor.zeros(4, "reserved field of a heap object", faults)?;
    let size = cursor.u64("heap object size")?;
    if index == 0 {
        faults.same(start, "reference count of the free space", references, 0);
        // The size of object 0 includes its header (section III.E).
        faults.same(start, "size of the free space", size, left);
        let rest = cursor.left();
        cursor.zeros(rest, "free space of a collection", faults)?;
        return Ok(false);
    }
    faults.same(start, "reference count of a heap object", references, 1);
    let address = cursor.address();
    let data = cursor.take_long(size, "heap object")?;
    let padding = data.len().next_multiple_of(8).saturating_sub(data.len());
    cursor.zeros(padding, "padding of a heap object", faults)?;
    let earlier = objects.insert(index, HeapObject { address, data, uses: 0 });
    faults.check(earlier.is_none(), start, || format!("collection has two objects {index}"));
    Ok(true)
}
