//! Objects: version 2 headers of messages (section IV.A.1.b of the format specification).

use super::checksum::lookup3;
use super::message::{Dataspace, Datatype, Message};
use crate::error::TooLarge;

/// A group or a dataset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    messages: Vec<Message>,
    attributes: Vec<Message>,
}

impl Object {
    /// Creates an object with these messages.
    pub(crate) fn new(messages: Vec<Message>) -> Self {
        Self { messages, attributes: Vec::new() }
    }

    /// Adds an attribute after the existing ones.
    ///
    /// # Errors
    /// Returns an error if its name, type or shape exceeds a limit of the format, or the object already has 65,536
    /// attributes.
    pub(crate) fn attribute(
        &mut self,
        name: &str,
        datatype: Datatype,
        dataspace: Dataspace<'_>,
        value: &[u8],
    ) -> Result<(), TooLarge> {
        let order = u16::try_from(self.attributes.len()).map_err(|_| TooLarge)?;
        self.attributes.push(Message::attribute(order, name, datatype, dataspace, value)?);
        Ok(())
    }

    /// Encodes its header.
    ///
    /// The header does not state the limits for attributes stored in it (flag bit 4): pure readers (pyfive, jsfive)
    /// reject headers that do, and libhdf5 reads any number of attributes anyway.
    ///
    /// # Errors
    /// Returns an error if a message is longer than 65,535 bytes, or there are more than 65,535 attributes.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, TooLarge> {
        const ATTRIBUTE_ORDER_IS_KEPT: u8 = 0b1100;
        let count = u16::try_from(self.attributes.len()).map_err(|_| TooLarge)?;
        let info = (count > 0).then(|| Message::attribute_info(count));
        let mut body = Vec::new();
        for message in self.messages.iter().chain(&info).chain(&self.attributes) {
            let length = u16::try_from(message.body.len()).map_err(|_| TooLarge)?;
            body.push(message.kind);
            body.extend(length.to_le_bytes());
            body.push(message.flags);
            body.extend(message.order.to_le_bytes());
            body.extend(&message.body);
        }
        let (width_flag, length) = narrowest(body.len())?;
        let mut header = b"OHDR".to_vec();
        header.extend([2, width_flag | ATTRIBUTE_ORDER_IS_KEPT]);
        header.extend(length);
        header.extend(body);
        header.extend(lookup3(&header).to_le_bytes());
        Ok(header)
    }
}

/// Encodes the length of a header's messages in the minimum number of bytes, with the flag for that number: libhdf5
/// built with assertions aborts on any other width (`H5O__assert` in `H5Odbg.c`).
fn narrowest(length: usize) -> Result<(u8, Vec<u8>), TooLarge> {
    if let Ok(length) = u8::try_from(length) {
        return Ok((0b00, vec![length]));
    }
    if let Ok(length) = u16::try_from(length) {
        return Ok((0b01, length.to_le_bytes().to_vec()));
    }
    let length = u32::try_from(length).map_err(|_| TooLarge)?;
    Ok((0b10, length.to_le_bytes().to_vec()))
}
