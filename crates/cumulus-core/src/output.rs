//! OUTPUT as those see it who only look: what is published, and the reports that runs left.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::remote::{self, Copy};
use cumulus_model::error::{Failure, Stage};
use cumulus_store::{Address, Store, Stores};

/// Folder inside OUTPUT for the reports of runs of a manifest.
pub const REPORTS: &str = "_reports";

/// OUTPUT, in a folder or in a store.
#[derive(Debug)]
pub enum Output {
    /// A folder.
    Folder(PathBuf),
    /// A folder of a store.
    Store {
        /// The store.
        store: Arc<dyn Store>,
        /// Its address.
        address: Address,
        /// All stores, to open others.
        stores: Stores,
    },
}

/// Names of the products that are complete, because their metadata are there.
#[derive(Debug)]
pub enum PublishedNames<'run> {
    /// In a folder, which is asked for each name.
    Folder(&'run Path, &'run str),
    /// In a store, which was listed once: a thousand names a request.
    Store(HashSet<Box<str>>),
}

impl Output {
    /// Opens OUTPUT at `path`, which may be an address.
    ///
    /// # Errors
    /// The address is invalid.
    pub fn open(path: &Path, stores: &Stores) -> Result<Self, Failure> {
        Ok(match remote::address(path)? {
            None => Self::Folder(path.to_owned()),
            Some(address) => {
                Self::Store { store: remote::open(stores, &address)?, address, stores: stores.clone() }
            }
        })
    }

    /// Returns the names of complete products. `suffix` is what the names of metadata have more than those of data.
    ///
    /// # Errors
    /// The store cannot be listed.
    pub fn published<'run>(&'run self, suffix: &'run str) -> Result<PublishedNames<'run>, Failure> {
        match self {
            Self::Folder(path) => Ok(PublishedNames::Folder(path, suffix)),
            Self::Store { store, address, .. } => {
                let ending = format!(".nc{suffix}");
                let mut names = HashSet::new();
                let listed = store.list(&address.key, &mut |object| {
                    let place = address.with_key(&object.key);
                    let name = address.inside(&place).and_then(|name| name.strip_suffix(&ending));
                    names.extend(name.map(Box::from));
                    Ok(())
                });
                listed.map_err(|error| remote::reading(Stage::Plan, address, error))?;
                Ok(PublishedNames::Store(names))
            }
        }
    }

    /// Returns the names of all reports that runs left, with the time at which each was written.
    ///
    /// # Errors
    /// The store cannot be listed.
    pub fn reports(&self) -> Result<Vec<(Option<SystemTime>, String)>, Failure> {
        let mut reports = Vec::new();
        match self {
            Self::Folder(path) => {
                for entry in fs::read_dir(path.join(REPORTS)).into_iter().flatten().flatten() {
                    let written = entry.metadata().and_then(|file| file.modified()).ok();
                    reports.push((written, entry.file_name().to_string_lossy().into_owned()));
                }
            }
            Self::Store { store, address, .. } => {
                let folder = address.join(REPORTS);
                let listed = store.list(&folder.key, &mut |object| {
                    reports.push((object.modified, address.with_key(&object.key).name().to_owned()));
                    Ok(())
                });
                listed.map_err(|error| remote::reading(Stage::Plan, &folder, error))?;
            }
        }
        Ok(reports)
    }

    /// Returns the file of a report.
    ///
    /// # Errors
    /// It cannot be copied from the store.
    pub fn report(&self, name: &str) -> Result<Copy, Failure> {
        match self {
            Self::Folder(path) => Ok(Copy::here(path.join(REPORTS).join(name))),
            Self::Store { address, stores, .. } => {
                Copy::of(Path::new(&address.join(REPORTS).join(name).to_string()), stores)
            }
        }
    }
}

impl PublishedNames<'_> {
    /// Returns true if the product with this path in OUTPUT without ending, or that of its first sounding, is complete.
    #[must_use]
    pub fn has(&self, stem: &str) -> bool {
        match self {
            Self::Folder(output, suffix) => {
                ["", "-1"].iter().any(|part| output.join(format!("{stem}{part}.nc{suffix}")).exists())
            }
            Self::Store(names) => names.contains(stem) || names.contains(format!("{stem}-1").as_str()),
        }
    }
}
