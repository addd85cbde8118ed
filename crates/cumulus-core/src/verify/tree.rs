//! The files of one side of a comparison: a folder, or a folder of a store, whose files are copied one by one.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use walkdir::WalkDir;

use crate::output::{REPORTS, is_visible};
use crate::remote;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_store::{Address, Store, Stores};

/// A folder of products.
#[derive(Debug)]
pub(super) enum Tree {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A folder of a store.
    Store {
        store: Arc<dyn Store>,
        address: Address,
        copies: TempDir,
        /// Names of the files that are copied now.
        copied: RefCell<Vec<String>>,
    },
}

/// Maximum number of copies kept: a metadata file needs its data file, which is the one before.
const MAX_COPIES: usize = 4;

impl Tree {
    /// Opens the tree at `path`, which may be an address.
    ///
    /// # Errors
    /// The address is invalid, or copies cannot be made.
    pub(super) fn open(path: &Path, stores: &Stores) -> Result<Self, Failure> {
        let Some(address) = remote::address(path)? else { return Ok(Self::Folder(path.to_owned())) };
        let copies = stores
            .copies()
            .and_then(tempfile::tempdir_in)
            .map_err(|error| remote::not_here(Stage::Plan, error))?;
        let store = remote::open(stores, &address)?;
        Ok(Self::Store { store, address, copies, copied: RefCell::default() })
    }

    /// Returns the folder, if it is one of this machine.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(path) => Some(path),
            Self::Store { .. } => None,
        }
    }

    /// Returns the paths of all visible files inside.
    ///
    /// # Errors
    /// The tree cannot be listed.
    pub(super) fn names(&self) -> Result<BTreeSet<String>, Failure> {
        match self {
            Self::Folder(path) => names_in_folder(path),
            Self::Store { store, address, .. } => {
                let mut names = BTreeSet::new();
                let listed = store.list(&address.key, &mut |object| {
                    let name = address.with_key(&object.key);
                    let name = address.inside(&name).unwrap_or_default();
                    if !name.split('/').any(|part| part.starts_with('.') || part == REPORTS) {
                        names.insert(name.to_owned());
                    }
                    Ok(())
                });
                listed.map_err(|error| remote::reading(Stage::Plan, address, error).class(Class::Usage))?;
                Ok(names)
            }
        }
    }

    /// Returns the path of a file on this machine.
    ///
    /// # Errors
    /// It cannot be copied.
    pub(super) fn file(&self, name: &str) -> io::Result<PathBuf> {
        match self {
            Self::Folder(path) => Ok(path.join(name)),
            Self::Store { store, address, copies, copied } => {
                let path = copies.path().join(name);
                let mut copied = copied.borrow_mut();
                if copied.iter().any(|other| other == name) {
                    return Ok(path);
                }
                if copied.len() >= MAX_COPIES {
                    fs::remove_file(copies.path().join(copied.remove(0)))?;
                }
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                store.download(&address.join(name).key, None, &mut File::create(&path)?)?;
                copied.push(name.to_owned());
                Ok(path)
            }
        }
    }
}

fn names_in_folder(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    fs::read_dir(folder).map_err(|error| {
        Failure::new(Stage::Plan, folder.display().to_string(), "cannot be listed")
            .class(Class::Usage)
            .found(&error)
            .expected("a folder of products")
            .cause(error)
    })?;
    Ok(WalkDir::new(folder)
        .into_iter()
        .filter_entry(is_visible)
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| Some(entry.path().strip_prefix(folder).ok()?.to_string_lossy().into_owned()))
        .collect())
}
