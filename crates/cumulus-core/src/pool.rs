//! The supervisor: distributes granules to worker processes; a crash of a worker affects only its granule.
//!
//! libhdf5 has one lock per process and crashes on some damaged files, so this process never calls it. Workers run this
//! same program with a hidden subcommand; they receive granules one at a time on standard input and reply on standard
//! output ([`protocol`]). A worker that dies, exceeds the timeout or the memory limit is replaced; [`death`] says
//! whether its granule is tried once more, beside the others or alone at the end.
//!
//! Products are published here and not by workers, because a worker can die at any time, and a rename is atomic.

pub mod death;
mod group;
pub mod process;
pub mod protocol;
pub mod staging;
pub mod threads;
mod transfers;
pub mod worker;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::collection::Collection;
use crate::device;
use crate::granule::Granule;
use crate::pool::death::{Death, Retry};
use crate::pool::group::Finished;
use crate::pool::process::Worker;
use crate::pool::protocol::{Answer, Job, Message, Notes, Reply, Setup};
use crate::pool::staging::{Fetched, StagedSource, Stager, Staging};
use crate::publish::{Claim, OutputFolder};
use crate::report::{GranuleReport, Product, Status};
use crate::stop::StopReason;
use cumulus_log::event::Event as LogEvent;
use cumulus_model::error::{Class, Failure, Stage};

/// Maximum time that the supervisor waits for an event, which is also the interval of timeout and memory checks.
const TICK: Duration = Duration::from_millis(50);

/// Maximum number of attempts for a granule whose worker dies.
const TRIES: u32 = 2;

/// Resource limits of a run.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Processor cores to use, for worker processes and their threads together.
    pub jobs: usize,
    /// Timeout for one granule.
    pub timeout: Duration,
    /// Maximum resident memory of one worker, in MiB.
    pub memory_limit_mib: u64,
    /// Maximum number of failures; once it is exceeded, no further granule is started.
    pub max_failures: Option<usize>,
}

/// An event that the supervisor receives.
#[derive(Debug)]
pub enum Event {
    /// A line from a worker.
    Line(u64, String),
    /// A worker closed its standard output, which means that it is dead or about to exit.
    Closed(u64),
    /// The granule with this number is ready for a worker, or is not converted, after this number of seconds.
    Fetched(u64, f64, Box<Result<Fetched, Failure>>),
    /// The product with this number is published in a store, or not, after this number of seconds.
    Published(u64, f64, Result<(), Box<Failure>>),
    /// The operator stops the run: the first time after the granules in progress, the second time immediately.
    Stop,
}

/// Callbacks for the progress of the pool.
pub trait Observer {
    /// A granule was sent to a worker for the first time.
    fn begun(&mut self, granule: &Granule);
    /// The worker of a granule died, as `how` describes; the granule is tried once more.
    fn lost(&mut self, granule: &Granule, how: &str);
    /// No further granule is begun; this number is under way, and this number has not begun.
    fn stopping(&mut self, reason: &StopReason, under_way: usize, not_begun: usize);
    /// A file contains this number of soundings, each of which becomes a granule.
    fn split(&mut self, granule: &Granule, parts: usize);
    /// The worker of a granule sent a log event.
    fn told(&mut self, granule: &Granule, event: LogEvent);
    /// A granule is finished, whatever its outcome.
    fn ended(&mut self, report: GranuleReport);
}

/// The workers and the queue of granules.
pub struct Pool<'run> {
    /// OUTPUT, or the scratch folder where OUTPUT is in a store.
    output: &'run OutputFolder,
    /// What brings granules from stores and products to a store, if any are there.
    stager: Option<Stager>,
    setup: Setup,
    limits: Limits,
    observer: &'run mut dyn Observer,
    sender: Sender<Event>,
    receiver: Receiver<Event>,
    workers: BTreeMap<u64, WorkerSlot>,
    workers_made: u64,
    queue: VecDeque<Task>,
    retries: VecDeque<Task>,
    /// Granules that are being fetched, with their folders, by number.
    fetching: BTreeMap<u64, (Task, PathBuf)>,
    /// Granules that are fetched and wait for a worker, with their folders.
    ready: VecDeque<(Task, PathBuf)>,
    finished: Vec<Finished>,
    /// Products that are being published in a store, by number.
    publishing: BTreeMap<u64, Finished>,
    /// Number of transfers from and to stores.
    transfers: u64,
    /// Paths of all products in OUTPUT without ending, each of which must be unique.
    output_stems: BTreeSet<String>,
    failures: usize,
    /// Number of granules that were queued again after a timeout.
    timeouts_retried: usize,
    /// Number of stop requests by the operator.
    signals: u32,
    /// Why no further granule is begun.
    stop: Option<StopReason>,
}

/// A worker and its current task, if any.
struct WorkerSlot {
    worker: Worker,
    busy: Option<Busy>,
}

struct Busy {
    task: Task,
    folder: PathBuf,
    started: Instant,
    /// Why the supervisor killed the worker, if it did.
    killed_for: Option<Death>,
    /// The message of the worker's panic, if it panicked.
    panic: Option<String>,
}

struct Task {
    granule: Granule,
    tries: u32,
    /// The copy of a granule that is in a store, and the room for it and its product.
    source: Option<Arc<StagedSource>>,
    /// Whether everything is done that the stager does before a worker.
    is_fetched: bool,
    /// Whether the observer knows that it has begun.
    is_begun: bool,
    /// Seconds in which it was fetched.
    fetch_seconds: f64,
}

impl Task {
    fn new(granule: Granule) -> Self {
        Self { granule, tries: 0, source: None, is_fetched: false, is_begun: false, fetch_seconds: 0.0 }
    }

    /// Gives up the copy of the granule: one that waits for a later try must not hold room that others wait for.
    fn give_up_copy(&mut self) {
        (self.source, self.granule.staged, self.is_fetched) = (None, None, false);
    }
}

impl<'run> Pool<'run> {
    /// Creates a pool without workers; they are started when needed. This number of granules failed before.
    pub fn new(
        output: &'run OutputFolder,
        setup: Setup,
        limits: Limits,
        failures: usize,
        observer: &'run mut dyn Observer,
    ) -> Self {
        let (sender, receiver) = channel();
        Self {
            output,
            setup,
            limits,
            observer,
            sender,
            receiver,
            workers: BTreeMap::new(),
            workers_made: 0,
            queue: VecDeque::new(),
            retries: VecDeque::new(),
            stager: None,
            fetching: BTreeMap::new(),
            ready: VecDeque::new(),
            finished: Vec::new(),
            publishing: BTreeMap::new(),
            transfers: 0,
            output_stems: BTreeSet::new(),
            failures,
            timeouts_retried: 0,
            signals: 0,
            stop: None,
        }
    }

    /// Fetches granules from stores, and publishes products in the store of OUTPUT.
    #[must_use]
    pub fn staging(mut self, staging: Staging, collection: &'static Collection) -> Self {
        self.stager = Some(Stager::start(staging, collection, &self.setup, &self.sender));
        self
    }

    /// Returns a sender of events to this pool, for stop requests.
    #[must_use]
    pub fn sender(&self) -> Sender<Event> {
        self.sender.clone()
    }

    /// Converts all granules, reports each of them to the observer, and returns why some were not begun, if so.
    pub fn convert(mut self, granules: Vec<Granule>) -> Option<StopReason> {
        let workers = self.limits.jobs.min(granules.len()).max(1);
        self.output_stems = granules.iter().map(Granule::output_stem).collect();
        self.queue = granules.into_iter().map(Task::new).collect();
        self.work(workers);
        // These retries run alone, without other workers.
        self.workers.clear();
        while self.stop.is_none()
            && let Some(task) = self.retries.pop_front()
        {
            self.queue.push_back(task);
            self.work(1);
            self.workers.clear();
        }
        let retries = std::mem::take(&mut self.retries);
        for task in self.queue.drain(..).chain(retries) {
            let status = if task.tries == 0 { Status::NotBegun } else { Status::Interrupted };
            self.observer.ended(GranuleReport::without_outcome(&task.granule, status));
        }
        self.stop
    }

    fn work(&mut self, workers: usize) {
        loop {
            if self.signals > 1 {
                self.abandon();
                return;
            }
            if self.stop.is_none() {
                self.assign(workers);
            }
            let busy = self.busy() > 0 || !self.fetching.is_empty() || !self.ready.is_empty();
            if self.is_group_due(busy) {
                self.publish();
            }
            let busy = busy || !self.publishing.is_empty();
            if !busy && (self.queue.is_empty() || self.stop.is_some()) {
                return;
            }
            match self.receiver.recv_timeout(TICK) {
                Ok(Event::Line(number, line)) => self.answered(number, &line),
                Ok(Event::Closed(number)) => self.died(number),
                Ok(Event::Fetched(number, seconds, result)) => self.fetched(number, seconds, *result),
                Ok(Event::Published(number, seconds, result)) => {
                    self.published(number, seconds, result.map_err(|failure| *failure));
                }
                Ok(Event::Stop) => {
                    self.signals += 1;
                    self.stop(StopReason::Signal);
                }
                // The pool has a sender itself, so the channel is never disconnected.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
            }
            self.keep_limits();
        }
    }

    /// Returns the number of granules that workers have.
    fn busy(&self) -> usize {
        self.workers.values().filter(|slot| slot.busy.is_some()).count()
    }

    /// Begins no further granule, for the first reason that there is.
    fn stop(&mut self, reason: StopReason) {
        if self.stop.is_none() {
            // Granules that wait to be published are begun and not ended.
            let under_way = self.busy() + self.finished.len() + self.publishing.len();
            self.put_back();
            self.observer.stopping(&reason, under_way, self.queue.len());
            self.stop = Some(reason);
        }
    }

    /// Assigns granules to idle workers, starting new workers up to a maximum of `workers`.
    fn assign(&mut self, workers: usize) {
        while self.busy() < workers
            && self.stop.is_none()
            && let Some((task, folder)) = self.ready.pop_front()
        {
            self.begin(task, folder);
        }
        for _ in 0..self.queue.len() {
            let Some(task) = self.queue.front() else { return };
            let is_to_be_fetched = self.is_to_be_fetched(task);
            let can_go_on = if is_to_be_fetched { self.can_fetch(task) } else { self.busy() < workers };
            if !can_go_on || self.stop.is_some() {
                return;
            }
            let Some(task) = self.queue.pop_front() else { return };
            match self.output.claim(&task.granule.output_stem()) {
                // Another run is converting it; look again after the other granules.
                Ok(Claim::Theirs) => self.queue.push_back(task),
                Ok(Claim::Ours(folder)) if is_to_be_fetched => self.fetch(task, folder),
                Ok(Claim::Ours(folder)) => self.begin(task, folder),
                Err(failure) => self.ended(&task.granule, Instant::now(), Notes::default(), Err(failure)),
            }
        }
    }

    fn begin(&mut self, mut task: Task, folder: PathBuf) {
        let number = match self.idle_worker() {
            Ok(number) => number,
            Err(failure) => {
                self.output.release(&task.granule.output_stem());
                self.ended(&task.granule, Instant::now(), Notes::default(), Err(failure));
                return;
            }
        };
        self.tell_begun(&mut task);
        // Near the end there are more cores than granules: jobs that start then share the idle cores.
        let waiting = self.queue.len() + self.ready.len() + self.fetching.len();
        let granules_left = self.busy() + 1 + waiting;
        let threads = (self.limits.jobs / granules_left).max(1);
        let job = Job { granule: task.granule.clone(), folder: folder.clone(), threads };
        if let Some(slot) = self.workers.get_mut(&number) {
            slot.worker.send(&job);
            slot.busy = Some(Busy { task, folder, started: Instant::now(), killed_for: None, panic: None });
        }
    }

    fn idle_worker(&mut self) -> Result<u64, Failure> {
        if let Some((&number, _)) = self.workers.iter().find(|(_, slot)| slot.busy.is_none()) {
            return Ok(number);
        }
        self.workers_made += 1;
        let number = self.workers_made;
        let worker = Worker::start(number, &self.setup, self.sender.clone())?;
        self.workers.insert(number, WorkerSlot { worker, busy: None });
        Ok(number)
    }

    fn answered(&mut self, number: u64, line: &str) {
        let Some(slot) = self.workers.get_mut(&number) else { return };
        let Reply { notes, answer } = match serde_json::from_str::<Message>(line) {
            Ok(Message::Done(reply)) => reply,
            Ok(Message::Told(event)) => {
                if let Some(busy) = &slot.busy {
                    self.observer.told(&busy.task.granule, event);
                }
                return;
            }
            Ok(Message::Panicked(message)) => {
                if let Some(busy) = &mut slot.busy {
                    busy.panic.get_or_insert(message);
                }
                return;
            }
            Err(error) => {
                // Something in the worker printed a line that is not a message, so the worker can no longer be trusted.
                if let Some(busy) = &mut slot.busy {
                    busy.killed_for = Some(Death::Garbled(error.to_string()));
                }
                slot.worker.kill();
                return;
            }
        };
        let Some(busy) = slot.busy.take() else { return };
        let mut notes = notes;
        notes.add_seconds("fetch", busy.task.fetch_seconds);
        let result = match answer {
            Answer::Converted(product) => {
                self.finished.push(Finished {
                    granule: busy.task.granule,
                    folder: busy.folder,
                    started: busy.started,
                    since: Instant::now(),
                    notes,
                    product: *product,
                    _source: busy.task.source,
                });
                return;
            }
            Answer::UpToDate => {
                self.supersede(&busy.task.granule);
                Ok(None)
            }
            Answer::Parts(parts) => {
                self.split(&busy.task, parts);
                return;
            }
            Answer::Failed(failure) => Err(*failure),
        };
        self.output.release(&busy.task.granule.output_stem());
        self.ended(&busy.task.granule, busy.started, notes, result);
    }

    /// Replaces a granule by all soundings of its file, at the front of the queue, in order.
    fn split(&mut self, whole: &Task, parts: usize) {
        let granule = &whole.granule;
        self.output.release(&granule.output_stem());
        self.observer.split(granule, parts);
        for number in (1..=parts).rev() {
            let part = granule.part(number);
            if self.output_stems.insert(part.output_stem()) {
                self.queue.push_front(Task { source: whole.source.clone(), ..Task::new(part) });
                continue;
            }
            let place = granule.path.display().to_string();
            let failure = Failure::new(
                Stage::Plan,
                place,
                "holds a sounding that would get the name of another granule",
            )
            .found(&part.stem)
            .expected("a name of its own for each product")
            .hint("convert the file into another OUTPUT folder");
            self.ended(&part, Instant::now(), Notes::default(), Err(failure));
        }
    }

    /// Tells the observer, once, that a granule has begun.
    fn tell_begun(&mut self, task: &mut Task) {
        if !task.is_begun {
            task.is_begun = true;
            self.observer.begun(&task.granule);
        }
    }

    fn died(&mut self, number: u64) {
        let Some(mut slot) = self.workers.remove(&number) else { return };
        let end = slot.worker.wait();
        let Some(Busy { mut task, started, killed_for, panic, .. }) = slot.busy else { return };
        let death = killed_for.unwrap_or_else(|| Death::of(end, panic));
        self.output.release(&task.granule.output_stem());
        task.tries += 1;
        let free_bytes = device::free_bytes(self.output.path());
        let retry = if task.tries < TRIES { death.retry(free_bytes) } else { Retry::Never };
        match retry {
            // Whether its file is damaged only another try would tell.
            Retry::Alone if self.stop.is_some() => {
                self.observer.ended(GranuleReport::without_outcome(&task.granule, Status::Interrupted));
            }
            Retry::Alone => {
                self.observer.lost(&task.granule, &death.how());
                task.give_up_copy();
                self.retries.push_back(task);
            }
            // All of them together take one more timeout at most, because each has a worker of its own.
            Retry::Queued if self.timeouts_retried < self.limits.jobs && self.stop.is_none() => {
                self.timeouts_retried += 1;
                self.observer.lost(&task.granule, &death.how());
                task.give_up_copy();
                self.queue.push_back(task);
            }
            Retry::Queued | Retry::Never => {
                let place = task.granule.path.display().to_string();
                let failure = death.failure(place, task.tries, free_bytes);
                self.ended(&task.granule, started, Notes::default(), Err(failure));
            }
        }
    }

    /// Kills workers that exceed the timeout or the memory limit; their deaths are then reported like any other.
    fn keep_limits(&mut self) {
        for slot in self.workers.values_mut() {
            let Some(busy) = &mut slot.busy else { continue };
            if busy.killed_for.is_some() {
                continue;
            }
            let used = slot.worker.memory_mib();
            let limit = self.limits.memory_limit_mib;
            if busy.started.elapsed() > self.limits.timeout {
                busy.killed_for = Some(Death::Timeout(self.limits.timeout));
            } else if used > limit {
                busy.killed_for = Some(Death::Memory { used, limit });
            } else {
                continue;
            }
            slot.worker.kill();
        }
    }

    /// Kills all workers, reports their granules as interrupted, and publishes what is finished.
    fn abandon(&mut self) {
        let mut interrupted: Vec<Granule> = Vec::new();
        for (_, mut slot) in std::mem::take(&mut self.workers) {
            slot.worker.kill();
            slot.worker.wait();
            interrupted.extend(slot.busy.map(|busy| busy.task.granule));
        }
        if let Some(stager) = &self.stager {
            stager.abandon();
        }
        // Requests to a store end with this process; what they leave is not complete, and the next run replaces it.
        interrupted
            .extend(std::mem::take(&mut self.publishing).into_values().map(|finished| finished.granule));
        if self.stager.as_ref().is_some_and(|stager| stager.output().is_some()) {
            interrupted
                .extend(std::mem::take(&mut self.finished).into_iter().map(|finished| finished.granule));
        }
        for granule in interrupted {
            self.output.release(&granule.output_stem());
            self.observer.ended(GranuleReport::without_outcome(&granule, Status::Interrupted));
        }
        self.publish();
    }

    fn ended(
        &mut self,
        granule: &Granule,
        started: Instant,
        notes: Notes,
        result: Result<Option<Product>, Failure>,
    ) {
        let (status, product, failure) = match result {
            Ok(Some(product)) => (Status::Converted, Some(product), None),
            Ok(None) => (Status::UpToDate, None, None),
            Err(failure) => (Status::Failed, None, Some(failure)),
        };
        self.failures += usize::from(failure.is_some());
        let is_device_full = failure.as_ref().is_some_and(|failure| failure.class == Class::DeviceFull);
        self.observer.ended(GranuleReport {
            granule: granule.stem.clone(),
            path: granule.path.clone(),
            staged: granule.staged.clone(),
            folder: granule.folder.clone(),
            status,
            ended: 0.0,
            seconds: started.elapsed().as_secs_f64(),
            step_seconds: notes.step_seconds,
            warnings: notes.warnings,
            product,
            failure,
        });
        if is_device_full {
            self.stop(StopReason::DeviceFull { device: device::describe(self.output.path()) });
        }
        let has_more = !(self.queue.is_empty() && self.retries.is_empty());
        if let Some(most) = self.limits.max_failures.filter(|&most| has_more && self.failures > most) {
            self.stop(StopReason::MaxFailures { most });
        }
    }
}
