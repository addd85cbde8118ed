//! Why a file cannot be written.

use std::{fmt, io};

/// Why a file cannot be written.
#[derive(Debug)]
pub enum Error {
    /// The file system refused.
    Io(io::Error),
    /// The structure is outside of what this crate writes; the text states what and why.
    Unsupported(String),
    /// A variable has fewer or more chunks than its shape needs, or other bytes.
    Incomplete {
        /// Name of the variable.
        variable: String,
        /// What was appended.
        found: String,
        /// What its shape needs.
        expected: String,
    },
    /// A variable of this number does not exist.
    NoVariable(usize),
    /// A header, name or index exceeds the format's limit.
    TooLarge,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(formatter, "cannot write the file: {error}"),
            Self::Unsupported(what) => write!(formatter, "cannot be written directly: {what}"),
            Self::Incomplete { variable, found, expected } => {
                write!(formatter, "{variable}: {found}, expected {expected}")
            }
            Self::NoVariable(number) => write!(formatter, "there is no variable number {number}"),
            Self::TooLarge => {
                formatter.write_str("a header, name or index is longer than the format can say")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<TooLarge> for Error {
    fn from(TooLarge: TooLarge) -> Self {
        Self::TooLarge
    }
}

/// Something exceeds the format's limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;
