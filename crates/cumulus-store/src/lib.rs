//! Object stores, as far as a run needs them.
//!
//! Everything here blocks and returns [`io::Result`], so that its callers handle an object as they handle a file. The
//! async runtime that the clients need is inside one module, which exists only with the feature `objects` and starts only
//! when a store is opened.
//!
//! ```text
//!  text --> Place --> a path of this machine
//!              \----> Address --> Stores::open --> Store: list, look, read, download, upload, remove
//! ```

mod address;
#[cfg(feature = "testing")]
pub mod contract;
#[cfg(feature = "objects")]
mod objects;
mod open;
#[cfg(feature = "testing")]
pub mod testing;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

use cumulus_model::digest::FileDigest;

pub use self::address::{Address, Place, Scheme};
#[cfg(feature = "objects")]
pub use self::objects::Objects;
pub use self::open::{Settings, Stores, VARIABLES};

/// An object: what a store tells of it without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key inside the store.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// What identifies these bytes at this key, if the store tells: another upload has another tag, unless its bytes are
    /// the same.
    pub etag: Option<String>,
    /// When it was stored, if the store tells.
    pub modified: Option<SystemTime>,
    /// Facts that were stored with it; empty in a listing.
    pub facts: Facts,
}

/// Facts about an object that are stored with it, as metadata of the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// SHA-256 of its bytes in hexadecimal.
    pub sha256: Option<String>,
    /// Address of the object that it was made from.
    pub source: Option<String>,
    /// Tag of that object.
    pub source_etag: Option<String>,
}

/// An object store, or the part of it that has one bucket or host.
pub trait Store: fmt::Debug + Send + Sync {
    /// Calls `each` with every object whose key is inside the folder `folder`, in the order of keys. An empty `folder` is
    /// the whole store.
    ///
    /// # Errors
    /// The store cannot be listed, or an error of `each`.
    fn list(&self, folder: &str, each: &mut dyn FnMut(Object) -> io::Result<()>) -> io::Result<()>;

    /// Returns what is known of an object, `None` if there is none.
    ///
    /// # Errors
    /// The store cannot be reached, or refuses.
    fn look(&self, key: &str) -> io::Result<Option<Object>>;

    /// Returns an object and its bytes, of which only the first `most` are read; `None` if there is none.
    ///
    /// # Errors
    /// The store cannot be reached, or refuses.
    fn read(&self, key: &str, most: u64) -> io::Result<Option<(Object, Vec<u8>)>>;

    /// Writes the bytes of an object to `to` and returns their size and checksum. With an `etag`, it must be the object
    /// that had this tag.
    ///
    /// # Errors
    /// There is no such object ([`io::ErrorKind::NotFound`]), it is another one now ([`CHANGED`]), or it cannot be read.
    fn download(&self, key: &str, etag: Option<&str>, to: &mut dyn Write) -> io::Result<FileDigest>;

    /// Stores a file under `key`, in place of an earlier object, and returns the new one. The store is given the checksum
    /// of what it receives, and refuses anything else. Nothing is there under this key until all bytes are.
    ///
    /// # Errors
    /// The file cannot be read, or the store cannot be written.
    fn upload(&self, from: &Path, key: &str, content_type: &str, facts: &Facts) -> io::Result<Object>;

    /// Removes an object; it is no error if there is none.
    ///
    /// # Errors
    /// The store cannot be reached, or refuses.
    fn remove(&self, key: &str) -> io::Result<()>;

    /// Checks that an object could be stored under `key`, and leaves nothing there.
    ///
    /// # Errors
    /// The store cannot be reached, or refuses.
    fn try_writing(&self, key: &str) -> io::Result<()>;
}

/// The kind of the error of [`Store::download`] for an object that is another one than the one asked for.
pub const CHANGED: io::ErrorKind = io::ErrorKind::StaleNetworkFileHandle;
