//! The bounded queue between a run and the thread that sends its events.
//!
//! Adding an event never blocks: when the queue is full, the oldest events are dropped. Batches that are being sent
//! stay in the queue, in pieces, until the destination has replied, so that every event is accounted for at the end.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// Capacity of the queue.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Max number of events.
    pub events: usize,
    /// Max bytes of all events.
    pub bytes: usize,
}

/// Numbers of events by what happened to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Added to the queue.
    pub events: u64,
    /// Accepted by the destination.
    pub delivered: u64,
    /// Lost: the queue was full, the event was rejected, or it was not sent in time.
    pub dropped: u64,
    /// Kept in the spool file for the next run.
    pub spooled: u64,
    /// Of `events`, those from the spool file of an earlier run.
    pub replayed: u64,
}

/// Why [`Queue::gather`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// There is a batch to send.
    Batch,
    /// No event came.
    Nothing,
    /// The run has ended and the queue is empty.
    Over,
}

/// Why a wait between two attempts ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// Retry.
    Past,
    /// The queue is so full that some of it should be spooled.
    Crowded,
    /// There is no time for another attempt.
    Hopeless,
}

#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    room: Room,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Arc<str>>,
    waiting_bytes: usize,
    /// Pieces of batches, the first of which is being sent.
    outbox: VecDeque<Vec<Arc<str>>>,
    counts: Counts,
    /// Set when the run ends: the sending thread has until then.
    deadline: Option<Instant>,
    /// No event will be sent any more.
    refused: bool,
    /// The sending thread has finished.
    is_over: bool,
}

impl Queue {
    pub(crate) fn new(room: Room) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), room }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'queue>(&self, state: MutexGuard<'queue, State>, time: Duration) -> MutexGuard<'queue, State> {
        self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Adds an event without blocking.
    pub(crate) fn put(&self, line: Arc<str>) {
        let mut state = self.state();
        if state.deadline.is_some() {
            return;
        }
        state.counts.events += 1;
        if state.refused {
            state.counts.dropped += 1;
            return;
        }
        state.waiting_bytes += line.len();
        state.waiting.push_back(line);
        while state.waiting.len() > self.room.events || state.waiting_bytes > self.room.bytes {
            let Some(oldest) = state.waiting.pop_front() else { break };
            state.waiting_bytes -= oldest.len();
            state.counts.dropped += 1;
        }
        self.changed.notify_all();
    }

    /// Waits for a batch within these limits of bytes and events, for at most `patience`, and moves it to the outbox.
    pub(crate) fn gather(&self, (bytes, events): (usize, usize), patience: Duration) -> Woken {
        let until = Instant::now() + patience;
        let mut state = self.state();
        loop {
            let is_full = state.waiting_bytes >= bytes || state.waiting.len() >= events;
            let left = until.saturating_duration_since(Instant::now());
            if is_full || left.is_zero() || state.deadline.is_some() {
                break;
            }
            state = self.wait(state, left);
        }
        let mut batch: Vec<Arc<str>> = Vec::new();
        let mut taken = 0;
        while let Some(line) = state.waiting.front() {
            if !batch.is_empty() && (taken + line.len() > bytes || batch.len() >= events) {
                break;
            }
            taken += line.len();
            batch.extend(state.waiting.pop_front());
        }
        state.waiting_bytes -= taken;
        if batch.is_empty() {
            return if state.deadline.is_some() { Woken::Over } else { Woken::Nothing };
        }
        state.outbox.push_back(batch);
        Woken::Batch
    }

    /// Adds events of an earlier run to the outbox.
    pub(crate) fn replay(&self, batch: Vec<Arc<str>>) {
        let mut state = self.state();
        state.counts.events += batch.len() as u64;
        state.counts.replayed += batch.len() as u64;
        state.outbox.push_back(batch);
    }

    /// The next piece to send, and the time left for it, at most `most`; `None` if all is sent or no time is left.
    pub(crate) fn next_piece(&self, most: Duration) -> Option<(Vec<Arc<str>>, Duration)> {
        let state = self.state();
        let left = state.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let time = left.map_or(most, |left| left.min(most));
        if state.is_over || time.is_zero() {
            return None;
        }
        Some((state.outbox.front()?.clone(), time))
    }

    /// Counts the first piece as delivered and removes it.
    pub(crate) fn delivered(&self) {
        let mut state = self.state();
        if let Some(piece) = state.outbox.pop_front() {
            state.counts.delivered += piece.len() as u64;
        }
    }

    /// Handles a piece that was rejected because of one event. A single event is dropped. From a larger piece the
    /// invalid event is separated if its index is known; otherwise the piece is halved.
    pub(crate) fn split(&self, culprit: Option<usize>) {
        let mut state = self.state();
        let Some(mut piece) = state.outbox.pop_front() else { return };
        if piece.len() <= 1 {
            state.counts.dropped += piece.len() as u64;
            return;
        }
        let pieces = if let Some(culprit) = culprit.filter(|&culprit| culprit < piece.len()) {
            let after = piece.split_off(culprit + 1);
            let alone = piece.split_off(culprit);
            vec![piece, alone, after]
        } else {
            let second = piece.split_off(piece.len() / 2);
            vec![piece, second]
        };
        for piece in pieces.into_iter().rev().filter(|piece| !piece.is_empty()) {
            state.outbox.push_front(piece);
        }
    }

    /// Waits between two attempts. If the run ends during a backoff of our own, it retries once immediately. A delay
    /// that the destination requested is kept, or there is no further attempt. With `can_spool`, it returns early if
    /// the queue is crowded.
    pub(crate) fn pause(&self, time: Duration, is_ordered: bool, can_spool: bool) -> Pause {
        let until = Instant::now() + time;
        let mut state = self.state();
        let was_ending = state.deadline.is_some();
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Pause::Past;
            }
            match state.deadline {
                Some(deadline) if until >= deadline && (is_ordered || was_ending) => return Pause::Hopeless,
                Some(_) if !is_ordered && !was_ending => return Pause::Past,
                None if can_spool && self.is_crowded(&state) => return Pause::Crowded,
                _ => {}
            }
            state = self.wait(state, left);
        }
    }

    fn is_crowded(&self, state: &State) -> bool {
        state.waiting.len() > self.room.events / 2 || state.waiting_bytes > self.room.bytes / 2
    }

    /// True if the run is ending.
    pub(crate) fn is_ending(&self) -> bool {
        self.state().deadline.is_some()
    }

    /// True if no piece is left to send.
    pub(crate) fn is_settled(&self) -> bool {
        self.state().outbox.is_empty()
    }

    /// Stops sending: further events are counted and dropped.
    pub(crate) fn refuse(&self) {
        self.state().refused = true;
    }

    /// Waits until the queue is crowded or the run ends.
    pub(crate) fn wait_for_crowd(&self) {
        let mut state = self.state();
        while state.deadline.is_none() && !self.is_crowded(&state) {
            state = self.wait(state, Duration::from_secs(3600));
        }
    }

    /// Removes and returns the waiting events, for spooling; with `and_outbox` also those of the outbox.
    pub(crate) fn take_all(&self, and_outbox: bool) -> Vec<Arc<str>> {
        let mut state = self.state();
        state.waiting_bytes = 0;
        let waiting = std::mem::take(&mut state.waiting);
        let outbox = if and_outbox { std::mem::take(&mut state.outbox) } else { VecDeque::new() };
        outbox.into_iter().flatten().chain(waiting).collect()
    }

    /// Counts what [`Self::take_all`] took: the first `spooled` of `all` are in the spool file.
    pub(crate) fn count_taken(&self, all: usize, spooled: usize) {
        let mut state = self.state();
        state.counts.spooled += spooled as u64;
        state.counts.dropped += all.saturating_sub(spooled) as u64;
    }

    /// Marks the sending thread as finished.
    pub(crate) fn end(&self) {
        self.state().is_over = true;
        self.changed.notify_all();
    }

    /// Rejects further events, and gives the sending thread until `deadline`.
    pub(crate) fn close(&self, deadline: Instant) {
        self.state().deadline = Some(deadline);
        self.changed.notify_all();
    }

    /// Waits for the sending thread to finish; returns false if it has not by `deadline`. Nothing it does later is
    /// counted.
    pub(crate) fn wait_for_end(&self, deadline: Instant) -> bool {
        let mut state = self.state();
        while !state.is_over {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                state.is_over = true;
                return false;
            }
            state = self.wait(state, left);
        }
        true
    }

    pub(crate) fn counts(&self) -> Counts {
        self.state().counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn queue(events: usize, bytes: usize) -> Queue {
        Queue::new(Room { events, bytes })
    }

    fn fill(queue: &Queue, numbers: std::ops::Range<usize>) {
        numbers.for_each(|number| queue.put(format!("{number:04}").into()));
    }

    fn piece(queue: &Queue) -> Vec<String> {
        queue.next_piece(SECOND).unwrap().0.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_oldest_make_room_and_are_counted() {
        for queue in [queue(10, 1 << 20), queue(1000, 40)] {
            fill(&queue, 0..1000);
            assert_eq!(queue.counts(), Counts { events: 1000, dropped: 990, ..Counts::default() });
            assert_eq!(queue.gather((1 << 20, 100), Duration::ZERO), Woken::Batch);
            assert_eq!(piece(&queue), (990..1000).map(|number| format!("{number:04}")).collect::<Vec<_>>());
        }
    }

    #[test]
    fn batches_keep_to_bytes_and_events_but_hold_at_least_one() {
        let queue = queue(1000, 1 << 20);
        fill(&queue, 0..25);
        let mut sizes = Vec::new();
        for limits in [(1 << 20, 10), (8, 10), (1, 10), (1 << 20, 100)] {
            assert_eq!(queue.gather(limits, Duration::ZERO), Woken::Batch);
            sizes.push(piece(&queue).len());
            queue.delivered();
        }
        assert_eq!(sizes, [10, 2, 1, 12]);
        assert_eq!(queue.gather((8, 8), Duration::ZERO), Woken::Nothing);
        queue.close(Instant::now());
        assert_eq!(queue.gather((8, 8), SECOND), Woken::Over);
        assert_eq!(queue.counts().delivered, 25);
    }

    #[test]
    fn splitting_loses_the_culprit_alone() {
        for told in [None, Some(5)] {
            let queue = queue(100, 1 << 20);
            fill(&queue, 0..9);
            queue.gather((1 << 20, 100), Duration::ZERO);
            let mut requests = 0;
            while let Some((piece, _)) = queue.next_piece(SECOND) {
                requests += 1;
                match piece.iter().position(|line| &**line == "0005") {
                    Some(place) => queue.split(told.map(|_| place)),
                    None => queue.delivered(),
                }
            }
            assert_eq!((queue.counts().delivered, queue.counts().dropped), (8, 1));
            assert!(requests <= 8, "{requests}");
        }
    }

    #[test]
    fn a_wrong_number_of_the_culprit_loses_no_other() {
        let queue = queue(100, 1 << 20);
        fill(&queue, 0..9);
        queue.gather((1 << 20, 100), Duration::ZERO);
        while let Some((piece, _)) = queue.next_piece(SECOND) {
            // This destination counts from one.
            match piece.iter().position(|line| &**line == "0005") {
                Some(place) => queue.split(Some(place + 1)),
                None => queue.delivered(),
            }
        }
        assert_eq!((queue.counts().delivered, queue.counts().dropped), (8, 1));
    }

    #[test]
    fn the_end_cuts_waits_short_and_forbids_hopeless_ones() {
        let queue = Arc::new(queue(100, 1 << 20));
        let other = Arc::clone(&queue);
        let started = Instant::now();
        let waiting = std::thread::spawn(move || other.pause(Duration::from_secs(30), false, false));
        std::thread::sleep(Duration::from_millis(50));
        queue.close(Instant::now() + SECOND);
        assert_eq!(waiting.join().unwrap(), Pause::Past);
        assert_eq!(queue.pause(Duration::from_secs(30), false, false), Pause::Hopeless);
        assert_eq!(queue.pause(Duration::from_secs(30), true, false), Pause::Hopeless);
        assert_eq!(queue.pause(Duration::from_millis(10), true, false), Pause::Past);
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn nothing_counts_after_the_end() {
        let queue = queue(100, 1 << 20);
        fill(&queue, 0..3);
        queue.close(Instant::now());
        fill(&queue, 3..6);
        assert!(!queue.wait_for_end(Instant::now()));
        assert_eq!(queue.take_all(true).len(), 3);
        queue.count_taken(3, 2);
        assert_eq!(queue.counts(), Counts { events: 3, spooled: 2, dropped: 1, ..Counts::default() });
        assert!(queue.next_piece(SECOND).is_none());
    }
}
