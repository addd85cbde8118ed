//! Log events and their destinations: standard error, and Splunk if the environment names a collector.
//!
//! ```text
//!  lines of code (tracing) --.                   .--> console      lines on standard error
//!  reports of granules ------+--> event --> Logger --> shipper --> Splunk's HTTP Event Collector
//!  workers (relay) ----------'                   '--> shipper --> the receiver of 2016
//! ```
//!
//! Events flow in one direction. Only the supervisor logs; workers relay their events to it. Each shipper has a
//! bounded queue and its own thread, so that a slow or failing Splunk never delays a granule.

pub(crate) mod client;
pub mod console;
pub(crate) mod destination;
pub mod event;
pub mod queue;
pub mod relay;
pub mod settings;
pub mod shipper;
pub(crate) mod spool;

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use crate::console::Console;
use crate::destination::Destination;
use crate::event::Event;
use crate::settings::Settings;
use crate::shipper::{FLUSH, Shipment, Shipper};

/// All log sinks of a run.
#[derive(Clone)]
pub struct Logger {
    console: Console,
    shippers: Arc<Vec<Shipper>>,
    clock: fn() -> Timestamp,
}

impl fmt::Debug for Logger {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Logger").field("console", &self.console).finish_non_exhaustive()
    }
}

impl Logger {
    /// Starts a logger to `console` and to the destinations of `settings`.
    #[must_use]
    pub fn start(console: Console, settings: Settings, clock: fn() -> Timestamp) -> Self {
        let Settings { collector, receiver, common } = settings;
        let destinations = [collector.map(Destination::Collector), receiver.map(Destination::Receiver)]
            .into_iter()
            .flatten();
        let teller = console.clone();
        let tell: shipper::Tell = Arc::new(move |event| teller.show(clock(), event));
        let start = |destination| {
            let identity = Arc::clone(&console.identity);
            let started = Shipper::start(destination, common.clone(), identity, Arc::clone(&tell), clock);
            started.map_err(|error| tell(&Event::new(Level::WARN, module_path!(), error.to_string()))).ok()
        };
        let shippers = Arc::new(destinations.filter_map(start).collect());
        Self { console, shippers, clock }
    }

    /// Runs `work` with this logger as the subscriber of its events.
    pub fn observe<T>(&self, work: impl FnOnce() -> T) -> T {
        tracing::subscriber::with_default(Registry::default().with(self.clone()), work)
    }

    /// Sends the queued events, for at most [`FLUSH`], and returns what happened to all events. Later events are
    /// written to standard error only.
    #[must_use]
    pub fn close(&self) -> Vec<Shipment> {
        let deadline = Instant::now() + FLUSH;
        self.shippers.iter().for_each(|shipper| shipper.close(deadline));
        self.shippers.iter().map(|shipper| shipper.settle(deadline)).collect()
    }

    /// Splunk receives the levels that matter to operators, whatever the console shows.
    fn verbosity(&self) -> LevelFilter {
        let of_shippers = if self.shippers.is_empty() { LevelFilter::OFF } else { LevelFilter::INFO };
        self.console.verbosity().max(of_shippers)
    }

    fn take(&self, event: &Event) {
        let now = (self.clock)();
        self.console.show(now, event);
        if event.level <= Level::INFO {
            self.shippers.iter().for_each(|shipper| shipper.offer(now, event));
        }
    }
}

impl<S: Subscriber> Layer<S> for Logger {
    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.verbosity())
    }

    fn on_event(&self, event: &tracing::Event<'_>, _context: Context<'_, S>) {
        self.take(&Event::of(event));
    }
}

/// Logs an event whose fields are known only at run time: events that workers relay, and reports of granules.
pub fn emit(event: &Event) {
    tracing::dispatcher::get_default(|dispatcher| {
        if let Some(logger) = dispatcher.downcast_ref::<Logger>() {
            logger.take(event);
        }
    });
}

/// The most verbose level that any sink of this thread needs.
#[must_use]
pub fn verbosity() -> LevelFilter {
    tracing::dispatcher::get_default(|dispatcher| {
        dispatcher.downcast_ref::<Logger>().map_or(LevelFilter::OFF, Logger::verbosity)
    })
}
