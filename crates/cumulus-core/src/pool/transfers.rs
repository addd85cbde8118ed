//! The part of the supervisor that is about stores: which granules are fetched when, and what happens after.

use std::path::PathBuf;
use std::time::Instant;

use super::{Pool, Task};
use crate::pool::group::Finished;
use crate::pool::protocol::Notes;
use crate::pool::staging::{Fetched, MAX_WAITING, Stager};
use crate::product_name::STAGED;
use crate::publish::store::{OutputStore, Upload};
use crate::remote;
use cumulus_model::error::Failure;

impl Pool<'_> {
    /// Returns true if a granule must be fetched before a worker can have it.
    pub(super) fn is_to_be_fetched(&self, task: &Task) -> bool {
        !task.is_fetched && self.stager.as_ref().is_some_and(|stager| stager.concerns(&task.granule))
    }

    /// Returns true if another granule may be fetched now: the workers need it soon, and there is room for it. Products that
    /// wait for a slow store count too, so that they do not fill the scratch folder.
    pub(super) fn can_fetch(&self, task: &Task) -> bool {
        let waiting = self.fetching.len() + self.ready.len() + self.finished.len() + self.publishing.len();
        let has_room = |stager: &Stager| task.source.is_some() || stager.has_room(&task.granule);
        self.stager.as_ref().is_none_or(has_room) && waiting < MAX_WAITING
    }

    pub(super) fn fetch(&mut self, mut task: Task, folder: PathBuf) {
        self.tell_begun(&mut task);
        self.transfers += 1;
        if let Some(stager) = &mut self.stager {
            stager.fetch(self.transfers, &task.granule, task.source.clone());
        }
        self.fetching.insert(self.transfers, (task, folder));
    }

    pub(super) fn fetched(&mut self, number: u64, seconds: f64, result: Result<Fetched, Failure>) {
        // It was put back when the run was stopped.
        let Some((mut task, folder)) = self.fetching.remove(&number) else { return };
        let result = match result {
            Ok(Fetched::Ready(source)) => {
                task.granule.staged = source.copy.as_ref().map(|copy| copy.path.clone());
                (task.source, task.is_fetched, task.fetch_seconds) = (Some(source), true, seconds);
                self.ready.push_back((task, folder));
                return;
            }
            Ok(Fetched::UpToDate) => {
                self.supersede(&task.granule);
                Ok(None)
            }
            Err(failure) => Err(failure),
        };
        self.output.release(&task.granule.output_stem());
        let mut notes = Notes::default();
        notes.add_seconds("fetch", seconds);
        self.ended(&task.granule, Instant::now(), notes, result);
    }

    /// Puts granules that no worker has back into the queue, because none is begun any more.
    pub(super) fn put_back(&mut self) {
        let fetching = std::mem::take(&mut self.fetching).into_values();
        for (task, _) in fetching.chain(std::mem::take(&mut self.ready)) {
            self.output.release(&task.granule.output_stem());
            self.queue.push_front(task);
        }
    }

    /// Begins to publish finished granules in the store of OUTPUT.
    pub(super) fn upload(&mut self, group: Vec<Finished>, output: &OutputStore) {
        for finished in group {
            self.transfers += 1;
            let granule = &finished.granule;
            let etag = granule.expected.as_ref().and_then(|expected| expected.etag.clone());
            let upload = Upload {
                files: STAGED.map(|name| finished.folder.join(name)),
                names: [finished.product.data.clone(), finished.product.metadata.clone()],
                sha256: finished.product.sha256.clone(),
                source: etag
                    .filter(|_| remote::is_address(&granule.path))
                    .map(|etag| (granule.path.to_string_lossy().into_owned(), etag)),
            };
            if let Some(stager) = &self.stager {
                stager.publish(self.transfers, output.clone(), upload);
            }
            self.publishing.insert(self.transfers, finished);
        }
    }

    pub(super) fn published(&mut self, number: u64, seconds: f64, result: Result<(), Failure>) {
        let Some(finished) = self.publishing.remove(&number) else { return };
        let Finished { granule, started, mut notes, product, .. } = finished;
        self.output.release(&granule.output_stem());
        if result.is_ok() {
            self.supersede(&granule);
        }
        notes.add_seconds("publish", seconds);
        self.ended(&granule, started, notes, result.map(|()| Some(product)));
    }
}
