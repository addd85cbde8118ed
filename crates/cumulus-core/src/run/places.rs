//! OUTPUT and the scratch folder, as a run uses them.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use super::Request;
use crate::collection::Collection;
use crate::device;
use crate::granule::Granule;
use crate::pool::staging::Staging;
use crate::publish::OutputFolder;
use crate::publish::store::OutputStore;
use crate::remote;
use cumulus_model::error::{Class, Failure, Stage};

/// Maximum size of copies in bytes where the operator states none and the device has room.
const LIMIT: u64 = 8 << 30;

/// OUTPUT and the scratch folder of a run.
#[derive(Debug)]
pub(super) struct Places {
    /// The folder OUTPUT, or the scratch folder where OUTPUT is in a store: each granule gets a folder of its own in it.
    pub(super) output: OutputFolder,
    /// What is in stores, if anything is.
    pub(super) staging: Option<Staging>,
    /// Keeps the scratch folder that is not OUTPUT.
    _scratch: Option<OutputFolder>,
}

impl Places {
    /// Opens OUTPUT, and a scratch folder if anything is in a store.
    ///
    /// # Errors
    /// One of them cannot be written.
    pub(super) fn open(
        collection: &'static Collection,
        request: &Request,
        granules: &[Granule],
    ) -> Result<Self, Failure> {
        let program = collection.program;
        let store = output_store(request)?;
        if let Some(store) = &store {
            store.try_out(program)?;
        }
        let scratch = request.scratch.folder.as_ref();
        let is_folder = store.is_none();
        let path = if is_folder { &request.output } else { scratch.unwrap_or(&request.scratch.default) };
        if *path == request.scratch.default {
            own_folder(path)?;
        }
        let output = OutputFolder::open(path, program)?;
        if is_folder && !granules.iter().any(|granule| remote::is_address(&granule.path)) {
            return Ok(Self { output, staging: None, _scratch: None });
        }
        let scratch =
            scratch.filter(|_| is_folder).map(|path| OutputFolder::open(path, program)).transpose()?;
        let folder = scratch.as_ref().unwrap_or(&output).staging().to_owned();
        let limit = request
            .scratch
            .limit
            .unwrap_or_else(|| device::free_bytes(&folder).map_or(LIMIT, |free| LIMIT.min(free / 2)));
        let stores = request.stores.clone();
        let staging = Staging { stores, output: store, reuse: request.reuse, folder, limit };
        Ok(Self { output, staging: Some(staging), _scratch: scratch })
    }
}

/// Creates the default scratch folder. Its name can be guessed, so a folder of another user is refused.
fn own_folder(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    let found = made.and_then(|()| path.symlink_metadata());
    let found = found.map_err(|error| remote::not_here(Stage::Plan, error))?;
    if found.is_dir() && found.uid() == rustix::process::getuid().as_raw() {
        return Ok(());
    }
    Err(Failure::new(Stage::Plan, path.display().to_string(), "is not a folder of this user")
        .class(Class::OutputUnwritable)
        .hint("name a folder with --scratch or CUMULUS_SCRATCH"))
}

/// Returns OUTPUT if it is in a store.
///
/// # Errors
/// A setting is invalid, or this program is built without stores.
pub(crate) fn output_store(request: &Request) -> Result<Option<OutputStore>, Failure> {
    remote::address(&request.output)?.map(|address| OutputStore::open(&request.stores, &address)).transpose()
}
