//! A log destination: the run adds events to a queue, and a thread sends them.
//!
//! Nothing here slows, blocks or fails a granule. The end of a run waits at most [`FLUSH`] for each destination.

use std::borrow::Cow;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tracing::Level;

use crate::client::Client;
use crate::console::Identity;
use crate::destination::{Destination, Verdict};
use crate::event::Event;
use crate::queue::{Counts, Pause, Queue, Room, Woken};
use crate::settings::Common;
use crate::spool::{Replay, Spool};

/// Max time that the end of a run waits for events to be sent.
pub const FLUSH: Duration = Duration::from_secs(5);

/// Capacity of the queue: the events of some thousand granules, in little memory compared with a worker's.
const ROOM: Room = Room { events: 10_000, bytes: 8 << 20 };

/// How long a batch waits for more events.
const PATIENCE: Duration = Duration::from_secs(1);

/// Timeout of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Backoff before the first retry; it doubles with each retry.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// Max backoff.
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Max backoff while the end of the run waits.
const MAX_WAIT_AT_END: Duration = Duration::from_secs(1);

/// Max delay from `Retry-After`; longer ones are shortened to this.
const MAX_ORDERED_WAIT: Duration = Duration::from_secs(300);

/// Logs an event on standard error.
pub(crate) type Tell = Arc<dyn Fn(&Event) + Send + Sync>;

/// What happened to the events of one destination.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shipment {
    /// Name of the destination.
    pub destination: Cow<'static, str>,
    /// Numbers of events.
    #[serde(flatten)]
    pub counts: Counts,
}

impl fmt::Display for Shipment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { events, delivered, dropped, spooled, .. } = self.counts;
        let destination = &self.destination;
        write!(formatter, "{destination}: {delivered} of {events} events delivered")?;
        for (number, fate) in [(spooled, "kept in the spool file"), (dropped, "dropped")] {
            if number > 0 {
                write!(formatter, ", {number} {fate}")?;
            }
        }
        Ok(())
    }
}

/// A destination with its queue and its sending thread.
pub(crate) struct Shipper {
    shared: Arc<Shared>,
    identity: Arc<Identity>,
    numbers: AtomicU64,
}

/// Shared by the run and the sending thread.
struct Shared {
    destination: Destination,
    common: Common,
    queue: Queue,
    spool: Option<Spool>,
    /// Random identifier of this run.
    run: String,
}

impl Shipper {
    /// Starts the sending thread.
    ///
    /// # Errors
    /// Returns an error if the thread cannot be started.
    pub(crate) fn start(
        destination: Destination,
        common: Common,
        identity: Arc<Identity>,
        tell: Tell,
        clock: fn() -> Timestamp,
    ) -> std::io::Result<Self> {
        let spool = common.spool.as_ref().map(|path| match destination {
            Destination::Collector(_) => path.clone(),
            // The line formats differ, so each destination has its own spool file.
            Destination::Receiver(_) => format!("{}.receiver", path.display()).into(),
        });
        let shared = Arc::new(Shared {
            destination,
            common,
            queue: Queue::new(ROOM),
            spool: spool.map(Spool::new),
            run: format!("{:016x}{:016x}", random(), random()),
        });
        let send_loop =
            SendLoop { shared: Arc::clone(&shared), tell, clock, was_told: false, may_replay: None };
        std::thread::Builder::new().name("splunk".to_owned()).spawn(move || send_loop.run())?;
        Ok(Self { shared, identity, numbers: AtomicU64::new(0) })
    }

    /// Adds an event to the queue without blocking.
    pub(crate) fn offer(&self, now: Timestamp, event: &Event) {
        let Shared { destination, common, queue, run, .. } = &*self.shared;
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let id = format!("{run}-{number}");
        queue.put(destination.line(common, &self.identity, now, event, &id).into());
    }

    /// Rejects further events, and gives the sending thread until `deadline`.
    pub(crate) fn close(&self, deadline: Instant) {
        self.shared.queue.close(deadline);
    }

    /// Waits for the sending thread until `deadline`, spools or drops what it has not sent, and returns the counts.
    pub(crate) fn settle(&self, deadline: Instant) -> Shipment {
        if !self.shared.queue.wait_for_end(deadline) {
            // The thread is stuck in a request. Its events may still arrive, and again in the next run.
            self.shared.put_aside(true);
        }
        Shipment { destination: self.shared.destination.name().into(), counts: self.shared.queue.counts() }
    }
}

impl Shared {
    /// Spools the waiting events, with `and_outbox` also those being sent, and drops those that cannot be spooled.
    fn put_aside(&self, and_outbox: bool) {
        let lines = self.queue.take_all(and_outbox);
        let spooled = self.spool.as_ref().and_then(|spool| spool.append(&lines).ok());
        self.queue.count_taken(lines.len(), spooled.unwrap_or(0));
    }
}

/// The sending thread.
struct SendLoop {
    shared: Arc<Shared>,
    tell: Tell,
    clock: fn() -> Timestamp,
    /// True after a warning on standard error that the destination does not take events.
    was_told: bool,
    /// `Some(true)` once the destination has accepted events in this run; before that, events from the spool file
    /// would only be spooled again. `Some(false)` if a replayed file cannot be removed: it would be replayed for
    /// ever.
    may_replay: Option<bool>,
}

impl SendLoop {
    fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        match Client::new(&shared.common, shared.destination.is_encrypted(), self.clock) {
            Ok(client) => self.send_all(&client),
            Err(problem) => self.give_up(&problem),
        }
        shared.put_aside(true);
        shared.queue.end();
    }

    /// Sends until the run ends or the destination refuses permanently.
    fn send_all(&mut self, client: &Client) {
        let shared = Arc::clone(&self.shared);
        let limits = shared.destination.batch();
        let mut replay = None;
        loop {
            let woken = shared.queue.gather(limits, PATIENCE);
            if woken != Woken::Batch && !self.has_replayed(&mut replay) {
                match woken {
                    Woken::Over => return,
                    _ => continue,
                }
            }
            if !self.deliver(client) {
                return;
            }
        }
    }

    /// Queues the next batch of the spool file; returns false if there is none.
    fn has_replayed(&mut self, replay: &mut Option<Replay>) -> bool {
        let Some(spool) = self.shared.spool.as_ref().filter(|_| self.may_replay == Some(true)) else {
            return false;
        };
        while let Some(mut file) = replay.take().or_else(|| spool.take(&self.shared.run)) {
            let batch = file.batch(self.shared.destination.batch());
            if !batch.is_empty() {
                self.shared.queue.replay(batch);
                *replay = Some(file);
                return true;
            }
            if file.finish().is_err() {
                self.may_replay = Some(false);
                return false;
            }
        }
        false
    }

    /// Sends the pieces in the outbox; returns false if no more events will be sent.
    fn deliver(&mut self, client: &Client) -> bool {
        let shared = Arc::clone(&self.shared);
        let mut wait = FIRST_WAIT;
        while let Some((piece, time)) = shared.queue.next_piece(REQUEST_TIMEOUT) {
            match shared.destination.send(client, &shared.common, &piece, time) {
                Verdict::Accepted => {
                    shared.queue.delivered();
                    wait = FIRST_WAIT;
                    self.may_replay.get_or_insert(true);
                    if std::mem::take(&mut self.was_told) {
                        self.say(Level::INFO, &format!("{} accepts events again", shared.destination.name()));
                    }
                }
                Verdict::Split(culprit) => shared.queue.split(culprit),
                Verdict::Refused(problem) => {
                    self.give_up(&problem);
                    return false;
                }
                Verdict::Later(problem, ordered) => {
                    self.warn_once(&problem);
                    let longest = if shared.queue.is_ending() { MAX_WAIT_AT_END } else { MAX_WAIT };
                    wait = wait.min(longest);
                    let (time, is_ordered) = match ordered {
                        Some(time) => (time.min(MAX_ORDERED_WAIT), true),
                        None => (jittered(wait), false),
                    };
                    wait *= 2;
                    if !self.rest(time, is_ordered) {
                        return false;
                    }
                }
            }
        }
        shared.queue.is_settled()
    }

    /// Waits between two attempts, spooling events when the queue is crowded; returns false if there is no time for
    /// another.
    fn rest(&self, time: Duration, is_ordered: bool) -> bool {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.shared.queue.pause(left, is_ordered, self.shared.spool.is_some()) {
                Pause::Past => return true,
                Pause::Hopeless => return false,
                Pause::Crowded => self.shared.put_aside(false),
            }
        }
    }

    /// Reports why no more events are sent, then spools or drops events until the run ends.
    fn give_up(&self, problem: &str) {
        let name = self.shared.destination.name();
        let message =
            format!("{name} rejects events ({problem}); nothing more is sent to it, processing continues");
        self.say(Level::WARN, &message);
        if self.shared.spool.is_none() {
            self.shared.queue.refuse();
            self.shared.put_aside(true);
            return;
        }
        while !self.shared.queue.is_ending() {
            self.shared.queue.wait_for_crowd();
            self.shared.put_aside(false);
        }
    }

    fn warn_once(&mut self, problem: &str) {
        if !std::mem::replace(&mut self.was_told, true) {
            let name = self.shared.destination.name();
            let message =
                format!("{name} accepts no events ({problem}); they are queued, processing continues");
            self.say(Level::WARN, &message);
        }
    }

    fn say(&self, level: Level, message: &str) {
        (self.tell)(&Event::new(level, module_path!(), message));
    }
}

/// A random number that differs between runs: the hash seed of the standard library, which comes from the system.
fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// Returns a random duration from half of `wait` to `wait`, so that runs that failed together do not retry together.
fn jittered(wait: Duration) -> Duration {
    let share = u32::try_from(random() % 1000).unwrap_or_default();
    wait / 2 + wait * share / 2000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_keeps_at_least_half() {
        let wait = Duration::from_secs(10);
        let waits: Vec<Duration> = (0..100).map(|_| jittered(wait)).collect();
        assert!(waits.iter().all(|&time| time >= wait / 2 && time <= wait), "{waits:?}");
        assert!(waits.iter().any(|&time| time != waits[0]));
    }

    #[test]
    fn a_shipment_names_what_is_not_zero() {
        let counts = Counts { events: 9, delivered: 4, dropped: 2, spooled: 3, replayed: 0 };
        let shipment = Shipment { destination: "Splunk's collector".into(), counts };
        assert_eq!(
            shipment.to_string(),
            "Splunk's collector: 4 of 9 events delivered, 3 kept in the spool file, 2 dropped"
        );
    }
}
