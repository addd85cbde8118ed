//! Brings granules from a store to this machine, and products to a store, on threads beside the workers.
//!
//! Workers read untrusted files, so they have no credentials and see files of this machine only. The next granules are
//! copied while the workers convert earlier ones, as far as the scratch folder has room.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::collection::Collection;
use crate::earlier::{self, Earlier, InFolder};
use crate::granule::Granule;
use crate::options::Reuse;
use crate::pool::Event;
use crate::pool::protocol::Setup;
use crate::publish::store::{OutputStore, Upload};
use crate::remote;
use cumulus_model::digest::{self, FileDigest};
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_store::{CHANGED, Stores};

/// Number of granules that are copied or published at once. A small granule needs eight requests of some 30 ms, so that
/// sixteen at once are about 65 granules a second.
const TRANSFERS: usize = 16;

/// Maximum number of granules that no worker has and that are not published, for small ones; large ones are fewer, by
/// [`Staging::limit`].
pub(super) const MAX_WAITING: usize = 64;

/// Where stores are, and how much of this machine they may use.
#[derive(Clone, Debug)]
pub struct Staging {
    /// The stores of this run.
    pub stores: Stores,
    /// OUTPUT, if it is in a store.
    pub output: Option<OutputStore>,
    /// Which earlier products are kept, where OUTPUT is in a store: workers cannot see it.
    pub reuse: Reuse,
    /// Folder for copies of granules.
    pub folder: PathBuf,
    /// Maximum size of copies in bytes; a single granule may be larger.
    pub limit: u64,
}

/// What a granule has in the scratch folder: its copy, if it is in a store, and room for its product.
#[derive(Debug)]
pub struct StagedSource {
    /// The copy.
    pub copy: Option<GranuleCopy>,
    _room: Option<Room>,
}

/// The copy of a granule, which is removed on drop.
#[derive(Debug)]
pub struct GranuleCopy {
    folder: PathBuf,
    /// Path of the copy.
    pub path: PathBuf,
}

impl Drop for GranuleCopy {
    fn drop(&mut self) {
        // Anything that cannot be removed now is removed with the staging folder.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Room in the scratch folder, which is given back on drop.
#[derive(Debug)]
struct Room {
    bytes: u64,
    used: Arc<AtomicU64>,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::SeqCst);
    }
}

/// What is known of a granule before a worker has it.
#[derive(Debug)]
pub enum Fetched {
    /// It is on this machine.
    Ready(Arc<StagedSource>),
    /// Its product is published already.
    UpToDate,
}

/// A task, and the event if it panics.
struct Work {
    task: Box<dyn FnOnce() -> Event + Send>,
    lost: Event,
}

/// The threads, and what they need.
pub(super) struct Stager {
    staging: Staging,
    collection: &'static Collection,
    setup: Arc<Setup>,
    used: Arc<AtomicU64>,
    numbers: u64,
    queue: Sender<Work>,
    /// Whether the run ends at once, so that nothing more is begun.
    is_abandoned: Arc<AtomicBool>,
}

impl Stager {
    /// Starts the threads. `events` receives what becomes of granules and products.
    pub(super) fn start(
        staging: Staging,
        collection: &'static Collection,
        setup: &Setup,
        events: &Sender<Event>,
    ) -> Self {
        let (queue, work) = channel::<Work>();
        let (work, is_abandoned) = (Arc::new(Mutex::new(work)), Arc::<AtomicBool>::default());
        for _ in 0..TRANSFERS {
            let (work, events, is_abandoned) = (Arc::clone(&work), events.clone(), Arc::clone(&is_abandoned));
            std::thread::spawn(move || {
                while let Some(Work { task, lost }) = next(&work) {
                    if is_abandoned.load(Ordering::SeqCst) {
                        return;
                    }
                    let event = panic::catch_unwind(AssertUnwindSafe(task)).unwrap_or(lost);
                    if events.send(event).is_err() {
                        return;
                    }
                }
            });
        }
        let reuse = staging.reuse;
        Self {
            staging,
            collection,
            setup: Arc::new(Setup { reuse, ..setup.clone() }),
            used: Arc::default(),
            numbers: 0,
            queue,
            is_abandoned,
        }
    }

    /// Returns true if a granule must be prepared by [`Self::fetch`] before a worker can have it.
    pub(super) fn concerns(&self, granule: &Granule) -> bool {
        self.staging.output.is_some() || remote::is_address(&granule.path)
    }

    /// OUTPUT, if it is in a store.
    pub(super) fn output(&self) -> Option<&OutputStore> {
        self.staging.output.as_ref()
    }

    /// Returns true if the scratch folder has room for a granule and its product.
    pub(super) fn has_room(&self, granule: &Granule) -> bool {
        let used = self.used.load(Ordering::SeqCst);
        used == 0 || used.saturating_add(self.needed(granule)) <= self.staging.limit
    }

    /// Returns the bytes that a granule needs in the scratch folder; a product is about as large as its source.
    fn needed(&self, granule: &Granule) -> u64 {
        let size = match &granule.expected {
            Some(expected) => expected.size,
            None => granule.file().metadata().map_or(0, |file| file.len()),
        };
        let copy = if remote::is_address(&granule.path) { size } else { 0 };
        let product = if self.staging.output.is_some() { size } else { 0 };
        copy.saturating_add(product)
    }

    /// Begins nothing more.
    pub(super) fn abandon(&self) {
        self.is_abandoned.store(true, Ordering::SeqCst);
    }

    /// Copies a granule to this machine, unless it is here already as `source` or its product is up to date. The answer is
    /// [`Event::Fetched`] with this `number`.
    pub(super) fn fetch(&mut self, number: u64, granule: &Granule, source: Option<Arc<StagedSource>>) {
        self.numbers += 1;
        let bytes = if source.is_some() { 0 } else { self.needed(granule) };
        self.used.fetch_add(bytes, Ordering::SeqCst);
        let task = Task {
            granule: granule.clone(),
            staging: self.staging.clone(),
            collection: self.collection,
            setup: Arc::clone(&self.setup),
            folder: self.staging.folder.join(format!("source-{}", self.numbers)),
            room: Cell::new(Some(Room { bytes, used: Arc::clone(&self.used) })),
            source: RefCell::new(source),
        };
        let lost = Err(panicked(Stage::Read, &granule.path.to_string_lossy()));
        self.send(Event::Fetched(number, 0.0, Box::new(lost)), move || {
            let started = Instant::now();
            let result = task.run();
            Event::Fetched(number, started.elapsed().as_secs_f64(), Box::new(result))
        });
    }

    /// Publishes a product in the store of OUTPUT. The answer is [`Event::Published`] with this `number`.
    pub(super) fn publish(&self, number: u64, output: OutputStore, upload: Upload) {
        let lost = Err(Box::new(panicked(Stage::Publish, &upload.names[0])));
        self.send(Event::Published(number, 0.0, lost), move || {
            let started = Instant::now();
            let result = output.publish(&upload);
            Event::Published(number, started.elapsed().as_secs_f64(), result.map_err(Box::new))
        });
    }

    fn send(&self, lost: Event, task: impl FnOnce() -> Event + Send + 'static) {
        // The threads wait for work as long as this exists.
        let _ = self.queue.send(Work { task: Box::new(task), lost });
    }
}

fn next(work: &Mutex<Receiver<Work>>) -> Option<Work> {
    work.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// The failure for a transfer that ended in a bug.
fn panicked(stage: Stage, place: &str) -> Failure {
    Failure::new(stage, place, "could not be transferred because of a bug")
        .class(Class::Internal)
        .hint("report it with this log; what is published is whole")
}

/// One granule to be prepared.
struct Task {
    granule: Granule,
    staging: Staging,
    collection: &'static Collection,
    setup: Arc<Setup>,
    /// Folder for the copy of the granule.
    folder: PathBuf,
    room: Cell<Option<Room>>,
    source: RefCell<Option<Arc<StagedSource>>>,
}

impl Task {
    fn run(self) -> Result<Fetched, Failure> {
        if matches!(self.earlier()?, Earlier::UpToDate { .. }) {
            return Ok(Fetched::UpToDate);
        }
        if self.is_to_be_copied() {
            self.copy()?;
        }
        let source = self.source.take();
        let without_copy = || Arc::new(StagedSource { copy: None, _room: self.room.take() });
        Ok(Fetched::Ready(source.unwrap_or_else(without_copy)))
    }

    /// Returns the state of what is published, as far as it can be known without reading a granule for nothing: products in
    /// a folder are looked at by the worker too.
    fn earlier(&self) -> Result<Earlier, Failure> {
        let context = self.setup.context(self.collection, &self.folder);
        if let Some(output) = &self.staging.output {
            return output.earlier(&self.granule, &context, || self.digest());
        }
        let expected = self.granule.expected.as_ref().and_then(|expected| expected.digest());
        let Some(expected) = expected else { return Ok(Earlier::Nothing) };
        Ok(earlier::look(&InFolder::of(&self.granule, &context), &context, |_| Ok(expected))?.0)
    }

    fn is_to_be_copied(&self) -> bool {
        remote::is_address(&self.granule.path) && self.source.borrow().is_none()
    }

    /// Returns the checksum of the granule, which is copied first if it is in a store.
    fn digest(&self) -> Result<FileDigest, Failure> {
        if self.is_to_be_copied() {
            return self.copy();
        }
        let source = self.source.borrow();
        let copy = source.as_ref().and_then(|source| source.copy.as_ref());
        let path = copy.map_or(self.granule.file(), |copy| &copy.path);
        let digest =
            digest::of_file(path).map_err(|error| Failure::reading(Stage::Read, self.place(), error))?;
        if let Some(expected) = &self.granule.expected {
            expected.check(&self.place(), digest.size, Some(&digest.sha256))?;
        }
        Ok(digest)
    }

    /// Copies the granule to this machine and returns its checksum.
    fn copy(&self) -> Result<FileDigest, Failure> {
        let Some(address) = remote::address(&self.granule.path)? else { return self.digest() };
        let store = remote::open(&self.staging.stores, &address)?;
        let path = self.folder.join(&self.granule.file_name);
        let unwritable = |error| Failure::writing(Stage::Read, path.display().to_string(), error);
        fs::create_dir_all(&self.folder).map_err(unwritable)?;
        // Made first, so that the folder is removed if anything fails.
        let copy = Some(GranuleCopy { folder: self.folder.clone(), path: path.clone() });
        let source = StagedSource { copy, _room: self.room.take() };
        let mut file = Copying { file: File::create(&path).map_err(unwritable)?, error: None };
        let etag = self.granule.expected.as_ref().and_then(|expected| expected.etag.as_deref());
        let result = store.download(&address.key, etag, &mut file);
        if let Some(error) = file.error {
            return Err(unwritable(error));
        }
        let digest = result.map_err(|error| match &self.granule.expected {
            Some(expected) if error.kind() == CHANGED => expected.changed(
                &self.place(),
                &error.to_string(),
                &format!("ETag {}", etag.unwrap_or("none")),
            ),
            _ => remote::reading(Stage::Read, &address, error),
        })?;
        if let Some(expected) = &self.granule.expected {
            expected.check(&self.place(), digest.size, Some(&digest.sha256))?;
        }
        self.source.replace(Some(Arc::new(source)));
        Ok(digest)
    }

    fn place(&self) -> String {
        self.granule.path.display().to_string()
    }
}

/// A file being written, which remembers an error of its own: that is no error of the store.
struct Copying {
    file: File,
    error: Option<io::Error>,
}

impl Write for Copying {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).inspect_err(|error| {
            self.error = Some(error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error));
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
