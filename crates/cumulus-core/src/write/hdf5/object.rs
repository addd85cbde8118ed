//! Objects: a header of messages, version 2 (section IV.A.1.b of the format specification).

use super::checksum::lookup3;
use super::message::{Dataspace, Datatype, MOST_IN_HEADER, Message};

/// A group or a dataset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Object {
    messages: Vec<Message>,
    attributes: Vec<Message>,
}

/// Something is longer than a header can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Object {
    /// An object that says this of itself.
    pub(crate) fn new(messages: Vec<Message>) -> Self {
        Self { messages, attributes: Vec::new() }
    }

    /// Adds an attribute after those that are there.
    pub(crate) fn attribute(
        &mut self,
        name: &str,
        datatype: Datatype,
        dataspace: Dataspace<'_>,
        value: &[u8],
    ) {
        let order = u16::try_from(self.attributes.len()).unwrap_or(u16::MAX);
        self.attributes.push(Message::attribute(order, name, datatype, dataspace, value));
    }

    /// Its header.
    ///
    /// # Errors
    /// A message is longer than 65,535 bytes, or there are more attributes.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, TooLarge> {
        const LENGTH_OF_FOUR_BYTES: u8 = 0b10;
        const ATTRIBUTE_ORDER_IS_KEPT: u8 = 0b1100;
        const HAS_LIMITS: u8 = 1 << 4;
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
        let mut header = b"OHDR".to_vec();
        header.extend([2, LENGTH_OF_FOUR_BYTES | ATTRIBUTE_ORDER_IS_KEPT | HAS_LIMITS]);
        header.extend(MOST_IN_HEADER.map(u16::to_le_bytes).concat());
        header.extend(u32::try_from(body.len()).map_err(|_| TooLarge)?.to_le_bytes());
        header.extend(body);
        header.extend(lookup3(&header).to_le_bytes());
        Ok(header)
    }
}
