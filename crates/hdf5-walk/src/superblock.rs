//! The superblock of version 2 or 3 (section II.A) and its extension (section II.C).

use super::bytes::{Cursor, UNDEFINED, count};
use super::checksum::lookup3;
use super::fault::Fault;
use super::message::{self, kind};
use super::object;
use super::regions::Use;
use super::walker::Walker;

/// The bytes of the superblock before its checksum.
const SUMMED: usize = 44;

/// The fields of the superblock that the walk needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Superblock {
    pub(super) version: u8,
    pub(super) root: u64,
    pub(super) extension: Option<u64>,
}

/// Reads and claims the superblock.
pub(super) fn read(walk: &mut Walker<'_>) -> Result<Superblock, Fault> {
    let mut cursor = Cursor::from(walk.file, 0, "superblock")?;
    let expected = lookup3(cursor.clone().take(SUMMED, "superblock")?);
    let faults = &mut walk.faults;
    let signature = cursor.take(8, "format signature")?;
    if signature != b"\x89HDF\r\n\x1a\n" {
        let found = signature.escape_ascii();
        return Err(Fault::new(0, format!("format signature is \"{found}\" (section II.A)")));
    }
    let version = cursor.u8("superblock version")?;
    faults.check(matches!(version, 2 | 3), 8, || format!("superblock version is {version}; expected 2 or 3"));
    faults.same(9, "size of offsets", cursor.u8("size of offsets")?, 8);
    faults.same(10, "size of lengths", cursor.u8("size of lengths")?, 8);
    faults.same(11, "file consistency flags", cursor.u8("file consistency flags")?, 0);
    faults.same(12, "base address", cursor.u64("base address")?, 0);
    let extension = cursor.u64("address of the superblock extension")?;
    faults.same(28, "end of file address", cursor.u64("end of file address")?, count(walk.file.len()));
    let root = cursor.u64("address of the root group")?;
    let found = cursor.u32("checksum of the superblock")?;
    faults.check(found == expected, 44, || {
        format!("checksum of the superblock is {found:#010x}; its bytes give {expected:#010x}")
    });
    walk.claim(0, 48, Use::Metadata("superblock"));
    Ok(Superblock { version, root, extension: (extension != UNDEFINED).then_some(extension) })
}

/// Reads the superblock extension; only the B-tree K values are expected in it.
pub(super) fn extension(walk: &mut Walker<'_>, address: u64) -> Result<(), Fault> {
    if !walk.enter(address, "superblock extension") {
        return Ok(());
    }
    let header = object::read(walk, address)?;
    let mut found = false;
    for message in &header.messages {
        if message.kind == kind::TREE_VALUES && !found {
            found = true;
            let k = message::tree_values(message, &mut walk.faults)?;
            walk.chunk_tree_k = k;
        } else {
            let kind = message.kind;
            walk.faults.add(message.address, {
                format!("message of type {kind:#04x} is not expected in the superblock extension")
            });
        }
    }
    walk.faults.check(found, address, || "superblock extension holds no message".to_owned());
    Ok(())
}
