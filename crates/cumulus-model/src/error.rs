//! Failures of granules, in the same form everywhere.
//!
//! Every [`Failure`] has the same six facts: the stage, the dataset or path, the problem, what was found, what was
//! expected, and a hint. It is one struct instead of an enum per stage because the facts are the same at every stage,
//! and a missing one is visible in review. The granule's name is added in the report and in the log, never here.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The stage of the conversion that failed, in order of execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Finding granules and deciding where their products go.
    Plan,
    /// Opening and reading the source.
    Read,
    /// Binding dimensions, deriving time and position, replacing missing values.
    Map,
    /// Writing the netCDF file.
    Write,
    /// Rendering the metadata file.
    Metadata,
    /// Moving finished files to their final names.
    Publish,
    /// Writing the run report.
    Report,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Plan => "plan",
            Self::Read => "read",
            Self::Map => "map",
            Self::Write => "write",
            Self::Metadata => "metadata",
            Self::Publish => "publish",
            Self::Report => "report",
        })
    }
}

/// What a failure means for the operator of a batch. Each class has its own exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// The command cannot be executed as given.
    Usage,
    /// The granule is permanently invalid; retrying will not help.
    BadGranule,
    /// There was nothing to do.
    NoGranule,
    /// A bug in the program; please report it.
    Internal,
    /// The output folder cannot be written.
    OutputUnwritable,
    /// A later retry can succeed: I/O error, input changed while it was read, a limit that can be raised.
    Retryable,
    /// The device of OUTPUT is full, so that no other granule can be converted either.
    DeviceFull,
}

/// One failure, detailed enough to act on without opening the file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The stage that failed.
    pub stage: Stage,
    /// What it means for the batch.
    pub class: Class,
    /// Dataset path in the granule, or file path.
    pub place: String,
    /// What is wrong, without the place.
    pub problem: String,
    /// What was found.
    pub found: Option<String>,
    /// What was expected.
    pub expected: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// The library's error.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "chain")]
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

impl Failure {
    /// A failure of class [`Class::BadGranule`], the most common class.
    pub fn new(stage: Stage, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            stage,
            class: Class::BadGranule,
            place: place.into(),
            problem: problem.into(),
            found: None,
            expected: None,
            hint: None,
            cause: None,
        }
    }

    /// Sets the class.
    #[must_use]
    pub fn class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// Adds what was found.
    #[must_use]
    pub fn found(mut self, found: impl fmt::Display) -> Self {
        self.found = Some(found.to_string());
        self
    }

    /// Adds what was expected.
    #[must_use]
    pub fn expected(mut self, expected: impl fmt::Display) -> Self {
        self.expected = Some(expected.to_string());
        self
    }

    /// Adds a hint: what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.hint = Some(hint.to_string());
        self
    }

    /// Adds the library's error as the cause.
    #[must_use]
    pub fn cause(mut self, cause: impl Error + Send + Sync + 'static) -> Self {
        self.cause = Some(Arc::new(cause));
        self
    }

    /// A failed file-system call on a path that we write. A full disk or an I/O error is retryable; a missing
    /// permission or another file at that path is not.
    pub fn writing(stage: Stage, place: impl Into<String>, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let (class, hint) = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                (Class::DeviceFull, "make room on the device or choose another OUTPUT, then run again")
            }
            ErrorKind::FileTooLarge => {
                (Class::Retryable, "raise the limit on the size of files (ulimit -f), then run again")
            }
            ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::NotADirectory
            | ErrorKind::AlreadyExists
            | ErrorKind::NotFound
            | ErrorKind::IsADirectory => {
                let hint = "choose an OUTPUT directory that this user may write to; in a container, mount one and run \
                            as its owner: docker run --user \"$(id -u):$(id -g)\" -v \"$PWD/products:/work/output\", or \
                            docker compose run --rm --user \"$(id -u):$(id -g)\"";
                (Class::OutputUnwritable, hint)
            }
            _ => (Class::Retryable, "check the device behind OUTPUT, then run again"),
        };
        Self::new(stage, place, "cannot be written").class(class).found(&error).hint(hint).cause(error)
    }

    /// A failed file-system call on a path that we read. None of them says that the file is invalid.
    pub fn reading(stage: Stage, place: impl Into<String>, error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let (class, hint) = match error.kind() {
            ErrorKind::PermissionDenied => {
                (Class::Retryable, "give this user read permission, then run again")
            }
            ErrorKind::NotFound => (Class::Retryable, "the file was removed during the run"),
            _ => (Class::Retryable, "check the device behind INPUT, then run again"),
        };
        Self::new(stage, place, "cannot be read").class(class).found(&error).hint(hint).cause(error)
    }
}

impl Failure {
    /// A file that an argument names and that cannot be read.
    pub fn argument(stage: Stage, place: impl Into<String>, error: std::io::Error) -> Self {
        Self::reading(stage, place, error)
            .class(Class::Usage)
            .hint("check the name of the file and its permissions")
    }

    /// Messages of the chain of errors, from the failed call to the root cause.
    #[must_use]
    pub fn chain(&self) -> Vec<String> {
        let first = self.cause.as_ref().map(|cause| cause.as_ref() as &(dyn Error + 'static));
        std::iter::successors(first, |&error| error.source()).map(ToString::to_string).collect()
    }
}

impl fmt::Display for Failure {
    /// One line, `stage: place: problem; found …; expected …; hint: …`, with control characters escaped, because
    /// names and attribute texts come from untrusted files.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = format!("{}: {}: {}", self.stage, self.place, self.problem);
        for (label, text) in [("found", &self.found), ("expected", &self.expected), ("hint:", &self.hint)] {
            if let Some(text) = text {
                line.push_str("; ");
                line.push_str(label);
                line.push(' ');
                line.push_str(text);
            }
        }
        formatter.write_str(&one_line(&line))
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause.as_ref() as &(dyn Error + 'static))
    }
}

/// An error received from another process: its message and its cause.
#[derive(Debug)]
struct Told {
    text: String,
    cause: Option<Arc<Self>>,
}

impl fmt::Display for Told {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Error for Told {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn Error + 'static))
    }
}

/// Serializes a chain of errors as the list of their messages.
mod chain {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Arc, Error, Told};

    type Cause = Option<Arc<dyn Error + Send + Sync>>;

    pub(super) fn serialize<S: Serializer>(cause: &Cause, serializer: S) -> Result<S::Ok, S::Error> {
        let first = cause.as_ref().map(|cause| cause.as_ref() as &(dyn Error + 'static));
        let chain = std::iter::successors(first, |&error| error.source());
        serializer.collect_seq(chain.map(ToString::to_string))
    }

    pub(super) fn deserialize<'text, D: Deserializer<'text>>(deserializer: D) -> Result<Cause, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        let chain = texts.into_iter().rev().fold(None, |cause, text| Some(Arc::new(Told { text, cause })));
        Ok(chain.map(|told| told as Arc<dyn Error + Send + Sync>))
    }
}

/// Returns true for format characters that show nothing themselves and can reorder, join or hide the text around them:
/// bidirectional controls, zero-width characters and line separators (Unicode Standard Annex 9 and Technical Report 36).
#[must_use]
pub const fn is_unseen(character: char) -> bool {
    matches!(
        character,
        '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
    )
}

/// Returns `text` with every character escaped that a terminal or a log would interpret or hide, so that it stays on
/// one log line and is seen as it is.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let escaped: Box<dyn Iterator<Item = char>> = if character.is_control() || is_unseen(character) {
                Box::new(character.escape_default())
            } else {
                Box::new(std::iter::once(character))
            };
            escaped
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_with_every_fact() {
        let failure = Failure::new(Stage::Map, "Lat\nitude", "is missing")
            .found("41 datasets")
            .expected("Latitude(record)")
            .hint("ask the producer");
        assert_eq!(
            failure.to_string(),
            "map: Lat\\nitude: is missing; found 41 datasets; expected Latitude(record); hint: ask the producer"
        );
    }

    #[test]
    fn the_chain_of_causes_crosses_processes() {
        let root = std::io::Error::other("no such device");
        let cause = std::io::Error::other(Failure::new(Stage::Read, "x", "cannot be read").cause(root));
        let failure = Failure::new(Stage::Read, "y", "cannot be opened").cause(cause);
        let expected = ["read: x: cannot be read", "no such device"];
        assert_eq!(failure.chain(), expected);
        let line = serde_json::to_string(&failure).unwrap();
        assert_eq!(serde_json::from_str::<Failure>(&line).unwrap().chain(), expected);
        let without = serde_json::to_string(&Failure::new(Stage::Read, "y", "is odd")).unwrap();
        assert!(!without.contains("cause") && serde_json::from_str::<Failure>(&without).is_ok());
    }

    #[test]
    fn the_kind_of_an_error_decides_its_class() {
        let full = Failure::writing(Stage::Write, "x.nc", std::io::Error::from_raw_os_error(28));
        let denied = Failure::writing(Stage::Write, "x.nc", std::io::Error::from_raw_os_error(13));
        assert_eq!(full.class, Class::DeviceFull);
        assert_eq!(denied.class, Class::OutputUnwritable);
        let unreadable = Failure::reading(Stage::Read, "x.h5", std::io::Error::from_raw_os_error(13));
        assert_eq!(unreadable.class, Class::Retryable);
    }
}
