//! Messages between supervisor and workers: one JSON value per line.
//!
//! The supervisor writes a [`Setup`], then [`Job`]s one at a time; the worker replies to each job with any number of
//! [`Message::Told`] and then a [`Message::Done`], unless it dies.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::collection::Collection;
use crate::context::Context;
use crate::granule::Granule;
use crate::options::{Check, ContentOptions, Reuse};
use crate::report::Product;
use crate::transfer::DEFAULT_BLOCK_BYTES;
use cumulus_log::event::Event;
use cumulus_log::relay::Seconds;
use cumulus_model::digest;
use cumulus_model::error::Failure;
use cumulus_model::warning::Warning;

/// Parameters that are the same for all granules of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Options that affect the bytes of products.
    pub options: ContentOptions,
    /// Time stamp of the run.
    pub now: Timestamp,
    /// OUTPUT, the folder with earlier products.
    pub output: PathBuf,
    /// Which earlier products are kept.
    pub reuse: Reuse,
    /// How much of a finished file is read back.
    pub check: Check,
    /// Memory limit of this worker, in MiB; enforced by the supervisor, while the worker itself has a higher hard
    /// limit.
    pub memory_limit_mib: u64,
    /// Name of the most verbose level of log events that are wanted.
    pub verbosity: String,
}

impl Setup {
    /// Returns the inputs of the conversion of a granule that has this folder.
    pub(super) fn context<'run>(
        &'run self,
        collection: &'static Collection,
        folder: &'run Path,
    ) -> Context<'run> {
        Context {
            collection,
            options: &self.options,
            now: self.now,
            folder,
            output: &self.output,
            reuse: self.reuse,
            check: self.check,
            block_bytes: DEFAULT_BLOCK_BYTES,
            digest: digest::of_file,
        }
    }
}

/// One granule to convert.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The granule.
    pub granule: Granule,
    /// Folder for its files, which is also the worker's working directory during the job.
    pub folder: PathBuf,
    /// Number of threads to use.
    pub threads: usize,
}

/// A message from a worker.
#[derive(Debug, Serialize, Deserialize)]
pub enum Message {
    /// A log event.
    Told(Event),
    /// The worker panicked, with this message, and is about to exit.
    Panicked(String),
    /// The job is done.
    Done(Reply),
}

/// The result of a job.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply {
    /// Warnings and timings.
    pub notes: Notes,
    /// The outcome.
    pub answer: Answer,
}

/// Warnings and timings of a granule, in addition to its outcome.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Notes {
    /// Oddities that are no errors.
    pub warnings: Vec<Warning>,
    /// Seconds spent in each timed step.
    pub step_seconds: Seconds,
}

impl Notes {
    /// Adds the seconds of a step that is not the worker's, if it took any.
    pub(super) fn add_seconds(&mut self, step: &str, seconds: f64) {
        if seconds > 0.0 {
            self.step_seconds.insert(step.to_owned(), seconds);
        }
    }
}

/// The outcome of a job.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// Its files are in its folder, ready to be published.
    Converted(Box<Product>),
    /// Its product is published already.
    UpToDate,
    /// The file contains this number of soundings, each of which becomes a job.
    Parts(usize),
    /// No product was made.
    Failed(Box<Failure>),
}
