//! Messages between supervisor and workers: one JSON value per line.
//!
//! The supervisor writes a [`Setup`], then [`Job`]s one at a time; the worker answers each with a [`Message::Done`], after any
//! number of [`Message::Told`].

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::granule::Granule;
use crate::options::{Check, ContentOptions, Reuse};
use crate::report::Product;
use cumulus_log::event::Event;
use cumulus_log::relay::Seconds;
use cumulus_model::error::Failure;
use cumulus_model::warning::Warning;

/// What is the same for all granules of a run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// Options that shape the products.
    pub options: ContentOptions,
    /// Time stamp of the run.
    pub now: Timestamp,
    /// OUTPUT, where earlier products lie.
    pub output: PathBuf,
    /// Which earlier products are kept.
    pub reuse: Reuse,
    /// What of a finished file is read back.
    pub check: Check,
    /// Memory of this worker, in MiB; the supervisor keeps to it, the worker has a hard limit somewhat above.
    pub memory_limit_mib: u64,
    /// The most verbose level that any sink accepts, by its name.
    pub verbosity: String,
}

/// One granule to convert.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The granule.
    pub granule: Granule,
    /// Where its files are made, and the worker's working folder meanwhile.
    pub folder: PathBuf,
    /// Threads to use.
    pub threads: usize,
}

/// A message of a worker.
#[derive(Debug, Serialize, Deserialize)]
pub enum Message {
    /// Something for the log.
    Told(Event),
    /// Its job is done.
    Done(Reply),
}

/// What became of a job.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reply {
    /// What was noted on the way.
    pub notes: Notes,
    /// The outcome.
    pub answer: Answer,
}

/// What a worker notes of a granule beside its outcome.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Notes {
    /// What is odd about it, though not wrong.
    pub warnings: Vec<Warning>,
    /// Seconds spent in each step that is timed.
    pub step_seconds: Seconds,
}

/// The outcome of a job.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// Its files lie in its folder, ready to be published.
    Converted(Box<Product>),
    /// Its product is published already.
    UpToDate,
    /// The file holds this number of soundings, each of which becomes a job.
    Parts(usize),
    /// Nothing was made.
    Failed(Box<Failure>),
}
