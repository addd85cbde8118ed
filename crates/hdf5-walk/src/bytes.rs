//! Reads numbers from bytes and tracks their address in the file.
//!
//! All numbers are little-endian. Offsets and lengths are 8 bytes wide, as the superblock states (section II.A).

use super::fault::{Fault, Faults};

/// The undefined address: all bits set (appendix A).
pub(super) const UNDEFINED: u64 = u64::MAX;

/// Converts a length in memory to a number of the file format.
pub(super) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A sequence of bytes that is read from the front.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    address: u64,
}

impl<'a> Cursor<'a> {
    /// Reads bytes that are at `address` in the file.
    pub(super) fn new(bytes: &'a [u8], address: u64) -> Self {
        Self { bytes, address }
    }

    /// Reads a file from `address` to its end.
    pub(super) fn from(file: &'a [u8], address: u64, what: &str) -> Result<Self, Fault> {
        usize::try_from(address)
            .ok()
            .and_then(|start| file.get(start..))
            .filter(|bytes| !bytes.is_empty())
            .map(|bytes| Self { bytes, address })
            .ok_or_else(|| {
                Fault::new(address, format!("{what} lies outside the file of {} bytes", file.len()))
            })
    }

    /// The address of the next byte.
    pub(super) fn address(&self) -> u64 {
        self.address
    }

    /// Number of bytes left.
    pub(super) fn left(&self) -> usize {
        self.bytes.len()
    }

    /// The bytes left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    /// Takes the next `length` bytes.
    pub(super) fn take(&mut self, length: usize, what: &str) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.bytes.split_at_checked(length).ok_or_else(|| {
            let left = self.bytes.len();
            Fault::new(self.address, format!("{what} needs {length} bytes; only {left} are left here"))
        })?;
        self.bytes = rest;
        self.address = self.address.saturating_add(count(length));
        Ok(taken)
    }

    /// Takes the next `length` bytes, where `length` is from a field of the file.
    pub(super) fn take_long(&mut self, length: u64, what: &str) -> Result<&'a [u8], Fault> {
        self.take(usize::try_from(length).unwrap_or(usize::MAX), what)
    }

    /// Reads the next unsigned number, 1 to 8 bytes wide.
    pub(super) fn number(&mut self, width: usize, what: &str) -> Result<u64, Fault> {
        Ok(self.take(width, what)?.iter().rev().fold(0, |value, &byte| (value << 8) | u64::from(byte)))
    }

    pub(super) fn u8(&mut self, what: &str) -> Result<u8, Fault> {
        Ok(self.take(1, what)?.first().copied().unwrap_or_default())
    }

    pub(super) fn u16(&mut self, what: &str) -> Result<u16, Fault> {
        Ok(u16::try_from(self.number(2, what)?).unwrap_or_default())
    }

    pub(super) fn u32(&mut self, what: &str) -> Result<u32, Fault> {
        Ok(u32::try_from(self.number(4, what)?).unwrap_or_default())
    }

    pub(super) fn u64(&mut self, what: &str) -> Result<u64, Fault> {
        self.number(8, what)
    }

    /// Reads a four-byte signature.
    pub(super) fn signature(&mut self, expected: [u8; 4], what: &str) -> Result<(), Fault> {
        let address = self.address;
        let found = self.take(4, what)?;
        if found == expected {
            return Ok(());
        }
        let (found, expected) = (found.escape_ascii(), expected.escape_ascii());
        Err(Fault::new(address, format!("{what} begins with \"{found}\"; expected \"{expected}\"")))
    }

    /// Reads bytes that must be zero.
    pub(super) fn zeros(&mut self, length: usize, what: &str, faults: &mut Faults) -> Result<(), Fault> {
        let address = self.address;
        let found = self.take(length, what)?;
        check_zero(found, address, what, faults);
        Ok(())
    }

    /// Checks that no bytes are left.
    pub(super) fn end(&self, what: &str, faults: &mut Faults) {
        faults.check(self.bytes.is_empty(), self.address, || {
            format!("{what} is followed by {} bytes which belong to no field", self.bytes.len())
        });
    }
}

/// Adds a fault for the first byte that is not zero.
pub(super) fn check_zero(bytes: &[u8], address: u64, what: &str, faults: &mut Faults) {
    if let Some((position, byte)) = bytes.iter().enumerate().find(|(_, byte)| **byte != 0) {
        faults
            .add(address.saturating_add(count(position)), format!("{what} holds {byte:#04x}; expected zero"));
    }
}

/// Checks names and texts: pure ASCII if ASCII is declared, valid UTF-8 if UTF-8 is declared.
pub(super) fn check_text(bytes: &[u8], utf8: bool, address: u64, what: &str, faults: &mut Faults) {
    if utf8 {
        faults.check(std::str::from_utf8(bytes).is_ok(), address, || {
            format!("{what} is declared UTF-8 and is not valid UTF-8")
        });
    } else {
        faults.check(bytes.is_ascii(), address, || {
            format!("{what} is declared ASCII and holds bytes above 0x7f")
        });
    }
}
