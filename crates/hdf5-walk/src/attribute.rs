//! Attributes (section IV.A.2.m) and their creation order.

use std::collections::BTreeSet;

use super::bytes::{Cursor, check_text, count};
use super::datatype::{self, Datatype};
use super::fault::{Fault, Faults};
use super::message::{self, check_flags, kind};
use super::object::{Header, Message};
use super::values;
use super::walker::Walker;

/// An attribute as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its datatype.
    pub datatype: Datatype,
    /// The lengths of its dimensions; empty for a single value.
    pub shape: Vec<u64>,
    /// The bytes of its value.
    pub data: Vec<u8>,
    /// The address of the value in the file.
    pub address: u64,
}

impl Attribute {
    /// The value as text without trailing NULs; `None` if it is not text.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let Datatype::Text { .. } = self.datatype else { return None };
        let text = String::from_utf8_lossy(&self.data);
        Some(text.trim_end_matches('\0').to_owned())
    }
}

/// Reads all attributes of an object, and checks the attribute info message.
pub(super) fn read_all(walk: &mut Walker<'_>, header: &Header<'_>) -> Vec<Attribute> {
    let mut attributes = Vec::new();
    let mut orders = Vec::new();
    for message in header.messages.iter().filter(|message| message.kind == kind::ATTRIBUTE) {
        orders.extend(message.order.map(u64::from));
        let result = read(message, &mut walk.faults);
        if let Some(attribute) = walk.faults.catch(result) {
            values::check(walk, &attribute.datatype, &attribute.data, attribute.address);
            attributes.push(attribute);
        }
    }
    check_orders(orders, header.address, "attributes", &mut walk.faults);
    let mut names = BTreeSet::new();
    for attribute in &attributes {
        walk.faults.check(names.insert(&attribute.name), attribute.address, || {
            format!("object has two attributes \"{}\"", attribute.name)
        });
    }
    let stored = header.messages.iter().filter(|message| message.kind == kind::ATTRIBUTE).count();
    for message in header.messages.iter().filter(|message| message.kind == kind::ATTRIBUTE_INFO) {
        let result = message::attribute_info(message, header, count(stored), &mut walk.faults);
        walk.faults.catch(result);
    }
    attributes
}

/// Checks that creation orders are the numbers from 0 without gaps, each once.
pub(super) fn check_orders(mut orders: Vec<u64>, address: u64, what: &str, faults: &mut Faults) {
    orders.sort_unstable();
    faults.check(orders.iter().copied().eq(0..count(orders.len())), address, || {
        format!("creation orders of {what} are {orders:?}; expected 0 to {}", orders.len().saturating_sub(1))
    });
}

/// Reads an attribute, version 3 (section IV.A.2.m).
fn read(message: &Message<'_>, faults: &mut Faults) -> Result<Attribute, Fault> {
    let mut cursor = message.cursor();
    message::version(&mut cursor, &[3], "attribute")?;
    check_flags(message, Some(false), "attribute", faults);
    // Bit 0: shared datatype; bit 1: shared dataspace.
    faults.same(message.address, "flags of an attribute", cursor.u8("attribute flags")?, 0);
    let name_size = cursor.u16("size of the attribute name")?;
    let datatype_size = cursor.u16("size of the attribute datatype")?;
    let dataspace_size = cursor.u16("size of the attribute dataspace")?;
    let charset = cursor.u8("character set of the attribute name")?;
    faults
        .check(charset <= 1, message.address, || format!("character set of an attribute name is {charset}"));
    let address = cursor.address();
    let name = cursor.take(usize::from(name_size), "attribute name")?;
    let name = check_name(name, charset == 1, address, faults);
    let start = cursor.address();
    let mut part = Cursor::new(cursor.take(usize::from(datatype_size), "attribute datatype")?, start);
    let datatype = datatype::read(&mut part, faults)?;
    part.end("attribute datatype", faults);
    let start = cursor.address();
    let mut part = Cursor::new(cursor.take(usize::from(dataspace_size), "attribute dataspace")?, start);
    let dataspace = message::dataspace(&mut part, faults)?;
    part.end("attribute dataspace", faults);
    let expected = dataspace.elements().and_then(|elements| elements.checked_mul(u64::from(datatype.size())));
    let (address, data) = (cursor.address(), cursor.rest());
    faults.same(address, &format!("size of the value of \"{name}\""), Some(count(data.len())), expected);
    Ok(Attribute { name, datatype, shape: dataspace.shape, data: data.to_vec(), address })
}

/// Checks the name of an attribute; its size includes the terminating NUL.
fn check_name(bytes: &[u8], utf8: bool, address: u64, faults: &mut Faults) -> String {
    let name = bytes.strip_suffix(b"\0");
    faults.check(name.is_some_and(|name| !name.is_empty() && !name.contains(&0)), address, || {
        format!("attribute name \"{}\" must end with its only NUL", bytes.escape_ascii())
    });
    let name = name.unwrap_or(bytes);
    check_text(name, utf8, address, "attribute name", faults);
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::fault::Faults;
    use super::super::message::kind;
    use super::super::object::Message;
    use super::read;

    /// Returns the problems of an attribute with this name and a text value of two bytes.
    fn problems(name: &[u8], charset: u8, value: &[u8]) -> Vec<String> {
        let size = u8::try_from(name.len()).unwrap_or(0);
        let head = [3, 0, size, 0, 8, 0, 4, 0, charset];
        let data = [&head, name, &[0x13, 0, 0, 0, 2, 0, 0, 0], &[2, 0, 0, 0], value].concat();
        let message = Message { kind: kind::ATTRIBUTE, flags: 0, order: Some(0), address: 0, data: &data };
        let mut faults = Faults::default();
        let result = read(&message, &mut faults);
        faults.catch(result);
        faults.into_list().into_iter().map(|fault| fault.problem).collect()
    }

    #[test]
    fn names_and_sizes_are_checked() {
        assert_eq!(problems(b"n\0", 0, b"ab"), [""; 0]);
        assert_eq!(problems("\u{fc}\0".as_bytes(), 1, b"ab"), [""; 0]);
        assert!(problems("\u{fc}\0".as_bytes(), 0, b"ab").concat().contains("declared ASCII"));
        assert!(problems(b"\xfc\0", 1, b"ab").concat().contains("not valid UTF-8"));
        assert!(problems(b"n", 0, b"ab").concat().contains("end with its only NUL"));
        assert!(problems(b"n\0\0", 0, b"ab").concat().contains("end with its only NUL"));
        assert!(problems(b"n\0", 0, b"abc").concat().contains("size of the value"));
        assert!(problems(b"n\0", 2, b"ab").concat().contains("character set"));
    }
}
