//! What an error of a store means, as an error of a file.

use std::error::Error as _;
use std::io::{self, ErrorKind};

use object_store::Error;

use crate::CHANGED;

/// Maximum length of the text of an error; servers answer with whole pages.
const MAX_TEXT: usize = 300;

/// Returns the error with the kind that decides what an operator can do, and a text without what only developers need.
pub(super) fn told(error: &Error) -> io::Error {
    let kind = match error {
        Error::NotFound { .. } => ErrorKind::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => ErrorKind::PermissionDenied,
        Error::Precondition { .. } => CHANGED,
        Error::AlreadyExists { .. } => ErrorKind::AlreadyExists,
        Error::InvalidPath { .. } => ErrorKind::InvalidInput,
        Error::NotSupported { .. } | Error::NotImplemented { .. } => ErrorKind::Unsupported,
        other => kind_of_cause(other),
    };
    io::Error::new(kind, text(error))
}

/// Returns the status of an HTTP answer. The error of a listing has it in its text only.
fn status(text: &str) -> Option<u16> {
    text.split_once("status code: ")?.1.get(..3)?.parse().ok()
}

/// Returns the kind that the causes of an error tell.
fn kind_of_cause(error: &Error) -> ErrorKind {
    let text = error.to_string();
    match status(&text) {
        Some(401 | 403) => return ErrorKind::PermissionDenied,
        // The service that gives a machine its credentials answers so where there are none.
        Some(404) if text.contains("list request") => return ErrorKind::NotFound,
        _ => {}
    }
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return error.kind();
        }
        cause = error.source();
    }
    ErrorKind::Other
}

/// Returns what is wrong: the codes of an answer in XML, or else the last cause.
fn text(error: &Error) -> String {
    let whole = error.to_string();
    if let Some(code) = element(&whole, "Code") {
        return match element(&whole, "Message") {
            Some(message) => format!("{code}: {message}"),
            None => code.to_owned(),
        };
    }
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    let mut text = last.to_string();
    if let Some(status) = whole.split("status code: ").nth(1) {
        // "404 Not Found: <page>"
        status.split([':', '<']).next().unwrap_or(status).trim().clone_into(&mut text);
    }
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
    }
    text
}

/// Returns the text of the first XML element of this name.
fn element<'text>(text: &'text str, name: &str) -> Option<&'text str> {
    let after = text.split_once(&format!("<{name}>"))?.1;
    Some(after.split_once(&format!("</{name}>"))?.0)
}
