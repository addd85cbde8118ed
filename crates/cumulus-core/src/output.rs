//! OUTPUT for commands that only look at it: what is published, and the reports that runs left.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use walkdir::{DirEntry, WalkDir};

use crate::remote::{self, Copy};
use cumulus_model::error::{Failure, Stage};
use cumulus_store::{Address, Store, Stores};

/// Folder inside OUTPUT for the reports of runs of a manifest.
pub const REPORTS: &str = "_reports";

/// Maximum size of a file that is read whole, in bytes.
const MAX_FILE: u64 = 16 << 20;

/// Returns true for the folder that is searched, and in it for everything but hidden files and the reports of runs.
pub(crate) fn is_visible(entry: &DirEntry) -> bool {
    let name = entry.file_name();
    entry.depth() == 0 || !(name.as_encoded_bytes().starts_with(b".") || name == REPORTS)
}

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
                remote::check_writable(&address)?;
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

    /// Returns the names of all complete products, as paths inside OUTPUT without ending.
    ///
    /// # Errors
    /// OUTPUT cannot be listed.
    pub fn names(&self, suffix: &str) -> Result<BTreeSet<String>, Failure> {
        let ending = format!(".nc{suffix}");
        let Self::Folder(path) = self else {
            return Ok(match self.published(suffix)? {
                PublishedNames::Store(names) => names.into_iter().map(String::from).collect(),
                PublishedNames::Folder(..) => BTreeSet::new(),
            });
        };
        let mut names = BTreeSet::new();
        for entry in WalkDir::new(path).into_iter().filter_entry(is_visible) {
            let entry = entry
                .map_err(|error| Failure::reading(Stage::Plan, path.display().to_string(), error.into()))?;
            let inside = entry.path().strip_prefix(path).ok().and_then(Path::to_str);
            names.extend(inside.and_then(|name| name.strip_suffix(&ending)).map(str::to_owned));
        }
        Ok(names)
    }

    /// Returns the bytes of a small file, `None` if there is none any more.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        match self {
            Self::Folder(path) => {
                let path = path.join(name);
                match fs::read(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    read => read
                        .map(Some)
                        .map_err(|error| Failure::reading(Stage::Plan, path.display().to_string(), error)),
                }
            }
            Self::Store { store, address, .. } => {
                let place = address.join(name);
                let unreadable = |error| remote::reading(Stage::Plan, &place, error);
                Ok(store.read(&place.key, MAX_FILE).map_err(unreadable)?.map(|(_, bytes)| bytes))
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
