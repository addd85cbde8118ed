//! The worker's side of logging: events and the durations of spans, for the supervisor to log.
//!
//! A worker has no log, no standard error and no token. Its events are sent with its replies, and the supervisor,
//! which has the name of the granule, logs them to every sink.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use serde_json::json;
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id};
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use crate::event::Event;

/// Seconds spent in spans, by span name.
pub type Seconds = BTreeMap<String, f64>;

/// Passes on the events of a worker, and measures its spans.
pub struct Relay {
    verbosity: LevelFilter,
    seconds: Arc<Mutex<Seconds>>,
    pass: Box<dyn Fn(Event) + Send + Sync>,
}

impl Relay {
    /// Creates a relay of events up to `verbosity`.
    pub fn new(verbosity: LevelFilter, pass: impl Fn(Event) + Send + Sync + 'static) -> Self {
        Self { verbosity, seconds: Arc::default(), pass: Box::new(pass) }
    }

    /// Total seconds spent in each span.
    #[must_use]
    pub fn seconds(&self) -> Arc<Mutex<Seconds>> {
        Arc::clone(&self.seconds)
    }
}

/// Returns the totals so far and resets them.
#[must_use]
pub fn take(seconds: &Mutex<Seconds>) -> Seconds {
    std::mem::take(&mut seconds.lock().unwrap_or_else(PoisonError::into_inner))
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for Relay {
    fn max_level_hint(&self) -> Option<LevelFilter> {
        // Spans are timed at every verbosity.
        Some(self.verbosity.max(LevelFilter::INFO))
    }

    fn on_new_span(&self, _attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Instant::now());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let Some(elapsed) = span.extensions().get::<Instant>().map(Instant::elapsed) else { return };
        let mut seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        *seconds.entry(span.name().to_owned()).or_default() += elapsed.as_secs_f64();
        drop(seconds);
        if self.verbosity >= LevelFilter::DEBUG {
            let message = format!("{} took {:.3} s", span.name(), elapsed.as_secs_f64());
            let event = Event::new(Level::DEBUG, span.metadata().target(), message);
            (self.pass)(event.with("span", span.name()).with("seconds", elapsed.as_secs_f64()));
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() > self.verbosity {
            return;
        }
        let mut event_out = Event::of(event);
        if let Some(span) = context.event_span(event) {
            event_out.fields.push(("span".to_owned(), json!(span.name())));
        }
        (self.pass)(event_out);
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt;
    use tracing_subscriber::registry::Registry;

    use super::*;

    fn relayed(verbosity: LevelFilter) -> (Vec<Event>, Seconds) {
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        let relay = Relay::new(verbosity, move |event| sink.lock().unwrap().push(event));
        let seconds = relay.seconds();
        tracing::subscriber::with_default(Registry::default().with(relay), || {
            for _ in 0..2 {
                let _span = tracing::info_span!("read").entered();
                tracing::info!(rows = 3, "opened");
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            tracing::debug!("unseen");
        });
        let events = std::mem::take(&mut *events.lock().unwrap());
        (events, take(&seconds))
    }

    #[test]
    fn events_carry_their_span_and_spans_are_timed() {
        let (events, seconds) = relayed(LevelFilter::INFO);
        assert_eq!(events.len(), 2, "{events:?}");
        assert_eq!((events[0].message.as_str(), events[0].text("span")), ("opened", Some("read")));
        assert_eq!(seconds.keys().collect::<Vec<_>>(), ["read"]);
        assert!((0.01..10.0).contains(&seconds["read"]), "{seconds:?}");
        let (events, seconds) = relayed(LevelFilter::WARN);
        assert!(events.is_empty() && seconds.len() == 1);
        let (events, _) = relayed(LevelFilter::DEBUG);
        assert!(events.iter().any(|event| event.message.starts_with("read took 0.0")), "{events:?}");
    }
}
