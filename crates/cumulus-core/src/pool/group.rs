//! Publishes finished granules in groups, because flushing the device costs the same for one file and for a hundred.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Pool;
use crate::granule::Granule;
use crate::pool::protocol::Notes;
use crate::pool::staging::{StagedSource, Stager};
use crate::product_name::{STAGED, output_names};
use crate::publish::Staged;
use crate::report::Product;

/// Number of finished granules at which a group is published.
const GROUP_GRANULES: usize = 64;

/// Total size of products, in bytes, at which a group is published.
const GROUP_BYTES: u64 = 64 << 20;

/// Time after which a group is published, counted from its first finished granule.
const GROUP_PATIENCE: Duration = Duration::from_secs(1);

/// A granule whose product is complete but not yet published.
pub(super) struct Finished {
    pub(super) granule: Granule,
    pub(super) folder: PathBuf,
    pub(super) started: Instant,
    pub(super) since: Instant,
    pub(super) notes: Notes,
    pub(super) product: Product,
    /// Holds the room for the product until it is published.
    pub(super) _source: Option<Arc<StagedSource>>,
}

impl Pool<'_> {
    /// Removes the product that an earlier run made of the whole file when the file contained only one sounding: it
    /// covers an incomplete file, and would duplicate one of the soundings.
    pub(super) fn supersede(&self, granule: &Granule) {
        let Some(whole) = granule.whole() else { return };
        let output_store = self.stager.as_ref().and_then(Stager::output);
        // Requests take their time here, so that they are made once for a file.
        if output_store.is_some() && granule.part != Some(1) {
            return;
        }
        let (data, metadata) = output_names(&whole, &self.setup.options.metadata_suffix);
        let names: [&str; 2] = [&metadata, &data];
        let removed = match output_store {
            Some(output) => output.remove(&names),
            None => self.output.remove(&names),
        };
        match removed {
            Ok(false) => {}
            Ok(true) => {
                tracing::info!(
                    granule_id = whole.stem,
                    "removed {data} of an earlier run: its file holds several soundings now"
                );
            }
            Err(failure) => tracing::warn!(granule_id = whole.stem, "{failure}"),
        }
    }

    /// Returns true if the finished granules are to be published now; `busy` says whether others are under way.
    pub(super) fn is_group_due(&self, busy: bool) -> bool {
        let Some(oldest) = self.finished.first() else { return false };
        !busy
            // A store has no device to flush.
            || self.stager.as_ref().is_some_and(|stager| stager.output().is_some())
            || self.finished.len() >= GROUP_GRANULES
            || self.finished.iter().map(|finished| finished.product.size).sum::<u64>() >= GROUP_BYTES
            || oldest.since.elapsed() > GROUP_PATIENCE
    }

    /// Publishes the finished granules.
    pub(super) fn publish(&mut self) {
        let group = std::mem::take(&mut self.finished);
        if let Some(output) = self.stager.as_ref().and_then(Stager::output).cloned() {
            return self.upload(group, &output);
        }
        let staged: Vec<Staged<'_>> = group
            .iter()
            .map(|finished| Staged {
                files: STAGED.map(|name| finished.folder.join(name)),
                names: [&finished.product.data, &finished.product.metadata],
            })
            .collect();
        let results = self.output.publish(&staged);
        for (finished, result) in group.into_iter().zip(results) {
            self.output.release(&finished.granule.output_stem());
            let Finished { granule, started, notes, product, .. } = finished;
            if result.is_ok() {
                self.supersede(&granule);
            }
            self.ended(&granule, started, notes, result.map(|()| Some(product)));
        }
    }
}
