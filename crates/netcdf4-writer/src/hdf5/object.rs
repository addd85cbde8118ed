//! Objects: a header of messages, version 2 (section IV.A.1.b of the format specification).

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
    /// An object with these messages.
    pub(crate) fn new(messages: Vec<Message>) -> Self {
        Self { messages, attributes: Vec::new() }
    }

    /// Adds an attribute after those that are there.
    ///
    /// # Errors
    /// Its name, type or shape exceeds the limit of a message, or there are 65,535 attributes.
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

    /// Its header.
    ///
    /// It states no limits of attributes (flag bit 4): pure readers (pyfive, jsfive) refuse
    /// headers that do, and libhdf5 reads any number of them all the same.
    ///
    /// # Errors
    /// A message is longer than 65,535 bytes, or there are more attributes.
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

/// The length of a header's messages in as few bytes as hold it, and the flag for their number: libhdf5 built with
/// assertions ends the process at any other width (`H5O__assert` in `H5Odbg.c`).
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
