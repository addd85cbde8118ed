//! Reasons why a file cannot be written.

use std::{fmt, io};

/// The reason why a file cannot be written.
#[derive(Debug)]
pub enum Error {
    /// A file-system error.
    Io(io::Error),
    /// The structure is not supported by this crate; the text states the reason.
    Unsupported(String),
    /// A variable has too few or too many chunks, or too few or too many bytes.
    Incomplete {
        /// Name of the variable.
        variable: String,
        /// Chunks or bytes that were appended.
        found: String,
        /// Chunks or bytes that its shape requires.
        expected: String,
    },
    /// There is no variable of this number.
    NoVariable(usize),
    /// A header, name or index exceeds a limit of the format.
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

/// Something exceeds a limit of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;
