//! Objects in stores where other code has files: what their errors mean, and copies of small ones.
//!
//! A path of a granule, of OUTPUT, a manifest or a report is an address where it begins with the name of a scheme, such as
//! `s3://`. This module and [`cumulus_store`] are all that tell the two apart.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::NamedTempFile;

use cumulus_model::error::{Class, Failure, Stage};
use cumulus_store::{Address, Scheme, Store, Stores};

/// What to do about a store that cannot be reached or refuses.
const HINT: &str =
    "check the address, AWS_ENDPOINT_URL, AWS_REGION, and the keys or the role and what they may do";

/// Returns true for a path that is an address, valid or not.
#[must_use]
pub fn is_address(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.contains("://"))
}

/// Returns the path of a `file:///…` address, and any other text as it is.
#[must_use]
pub fn plain(text: String) -> String {
    match text.strip_prefix("file://") {
        Some(path) if path.starts_with('/') => path.to_owned(),
        _ => text,
    }
}

/// Returns the address that a path is; `None` for a path of this machine.
///
/// # Errors
/// The address is invalid.
pub fn address(path: &Path) -> Result<Option<Address>, Failure> {
    if !is_address(path) {
        return Ok(None);
    }
    let text = path.to_string_lossy();
    text.parse().map(Some).map_err(|expected: String| {
        Failure::new(Stage::Plan, text, "is no address").class(Class::Usage).expected(expected)
    })
}

/// Checks that something may be written at an address, or a folder listed.
///
/// # Errors
/// It is on a web server, which is only read, or names no key.
pub fn check_writable(address: &Address) -> Result<(), Failure> {
    if address.scheme == Scheme::S3 {
        return Ok(());
    }
    Err(Failure::new(Stage::Plan, address.to_string(), "cannot be written or listed")
        .class(Class::Usage)
        .found("a web server, which is only read")
        .expected("a path, or an address in S3"))
}

/// Returns the store of an address.
///
/// # Errors
/// A setting is invalid, or this program is built without stores.
pub fn open(stores: &Stores, address: &Address) -> Result<Arc<dyn Store>, Failure> {
    stores.open(address).map_err(|error| {
        let failure = Failure::new(Stage::Plan, address.to_string(), "cannot be opened")
            .class(Class::Usage)
            .found(&error);
        let is_built_without = error.kind() == io::ErrorKind::Unsupported;
        if is_built_without { failure } else { failure.hint("check the variables that begin with AWS_") }
    })
}

/// A failed request for an object that is read. Nothing of it says that the object is invalid.
#[must_use]
pub fn reading(stage: Stage, place: &Address, error: io::Error) -> Failure {
    Failure::reading(stage, place.to_string(), error).hint(HINT)
}

/// A failed request for an object that is written. A missing right or bucket needs another setting; everything else can
/// succeed later.
#[must_use]
pub fn writing(stage: Stage, place: &Address, error: io::Error) -> Failure {
    let failure = Failure::writing(stage, place.to_string(), error);
    if failure.class == Class::DeviceFull { failure } else { failure.hint(HINT) }
}

/// Returns a new file in the folder for copies, which is removed on drop.
///
/// # Errors
/// The folder cannot be written.
pub fn temporary_file(stores: &Stores) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(stores.copies()?)
}

/// A copy that cannot be made on this machine.
#[must_use]
pub fn not_here(stage: Stage, error: io::Error) -> Failure {
    Failure::writing(stage, "the folder for copies", error)
        .hint("name a folder that can be written with --scratch or CUMULUS_SCRATCH")
}

/// A file to read, which is a copy if it is in a store.
#[derive(Debug)]
pub struct Copy {
    path: PathBuf,
    _copy: Option<NamedTempFile>,
}

impl Copy {
    /// Returns the file at `path`, which is copied if it is in a store.
    ///
    /// # Errors
    /// The object cannot be read. A path of this machine is not looked at.
    pub fn of(path: &Path, stores: &Stores) -> Result<Self, Failure> {
        let Some(address) = address(path)? else {
            return Ok(Self { path: path.to_owned(), _copy: None });
        };
        let store = open(stores, &address)?;
        // One that does not exist is a wrong argument; a store that does not answer may answer later.
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => reading(Stage::Plan, &address, error).class(Class::Usage),
            _ => reading(Stage::Plan, &address, error),
        };
        let mut file = temporary_file(stores).map_err(|error| not_here(Stage::Plan, error))?;
        store.download(&address.key, None, &mut file).map_err(unreadable)?;
        Ok(Self { path: file.path().to_owned(), _copy: Some(file) })
    }

    /// A file that is on this machine.
    #[must_use]
    pub fn here(path: PathBuf) -> Self {
        Self { path, _copy: None }
    }

    /// The path of the file on this machine.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
