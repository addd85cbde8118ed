//! Opens the stores that addresses name.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::{Address, Scheme, Store};

/// How the names of variables about stores begin.
pub const VARIABLES: &str = "AWS_";

/// What the environment says about stores: names and values of variables that begin with [`VARIABLES`].
#[derive(Clone, Default)]
pub struct Settings(pub Vec<(String, String)>);

impl fmt::Debug for Settings {
    /// Shows names only, because values are secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

type Opened = BTreeMap<(Scheme, String), Arc<dyn Store>>;

/// Opens stores, each once.
#[derive(Clone, Debug, Default)]
pub struct Stores {
    settings: Arc<Settings>,
    opened: Arc<Mutex<Opened>>,
    /// Folder for copies of single files, if it is not the system's.
    copies: Option<PathBuf>,
}

impl Stores {
    /// Stores that are reached by these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings: Arc::new(settings), ..Self::default() }
    }

    /// The same stores, with another folder for copies of single files than the system's temporary one.
    #[must_use]
    pub fn with_copies(self, folder: Option<PathBuf>) -> Self {
        Self { copies: folder, ..self }
    }

    /// Returns the folder for copies of single files, which is made if it is missing.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn copies(&self) -> io::Result<PathBuf> {
        let folder = self.copies.clone().unwrap_or_else(std::env::temp_dir);
        std::fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Returns the store of an address. It is not asked for anything yet.
    ///
    /// # Errors
    /// A setting is invalid, or this program is built without stores.
    pub fn open(&self, address: &Address) -> io::Result<Arc<dyn Store>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (address.scheme, address.host.clone());
        if let Some(store) = opened.get(&place) {
            return Ok(Arc::clone(store));
        }
        let store = open(address, &self.settings)?;
        opened.insert(place, Arc::clone(&store));
        Ok(store)
    }

    /// Puts a store in the place of the one that an address names, for tests.
    #[cfg(feature = "testing")]
    pub fn insert(&self, address: &Address, store: Arc<dyn Store>) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        opened.insert((address.scheme, address.host.clone()), store);
    }
}

#[cfg(feature = "objects")]
fn open(address: &Address, settings: &Settings) -> io::Result<Arc<dyn Store>> {
    Ok(Arc::new(crate::Objects::open(address, settings)?))
}

#[cfg(not(feature = "objects"))]
fn open(_: &Address, _: &Settings) -> io::Result<Arc<dyn Store>> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this program was built without object stores; build it with --features stores, or use its image",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_never_show_their_values() {
        let settings = Settings(vec![("AWS_SECRET_ACCESS_KEY".to_owned(), "hush".to_owned())]);
        assert_eq!(format!("{settings:?}"), "[\"AWS_SECRET_ACCESS_KEY\"]");
        assert!(!format!("{:?}", Stores::new(settings)).contains("hush"));
    }
}
