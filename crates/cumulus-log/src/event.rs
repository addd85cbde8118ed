//! A log event, logged by a line of code, by the supervisor's reports of granules, or by a worker.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tracing::Level;
use tracing::field::{Field, Visit};

/// Max bytes of one text; the rest is cut off, so that one event cannot overload a queue or a collector.
const MAX_TEXT_BYTES: usize = 16 << 10;

/// When the console shows an event, apart from its level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Visibility {
    /// As its level says.
    #[default]
    Normal,
    /// Whatever its level is, if at least warnings are shown.
    Always,
    /// As its level says, but not on a terminal with a progress bar, which tells the same.
    NotBesideProgress,
}

/// A log event without sender, time and format.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its severity.
    #[serde(with = "level")]
    pub level: Level,
    /// The module that logged it, which `RUST_LOG` filters by.
    pub target: String,
    /// What happened, for people.
    pub message: String,
    /// Machine-readable fields, in the order in which they were added.
    pub fields: Vec<(String, Value)>,
    /// When the console shows it.
    #[serde(default)]
    pub visibility: Visibility,
}

impl Event {
    /// Creates an event without fields.
    pub fn new(level: Level, target: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            level,
            target: target.into(),
            message: shortened(message.into()),
            fields: Vec::new(),
            visibility: Visibility::Normal,
        }
    }

    /// Sets when the console shows it.
    #[must_use]
    pub fn visible(mut self, visibility: Visibility) -> Self {
        self.visibility = visibility;
        self
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        let value = match value.into() {
            Value::String(text) => Value::String(shortened(text)),
            other => other,
        };
        self.fields.push((name.to_owned(), value));
        self
    }

    /// Adds a field if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The value of the field `name`, if it is text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).and_then(|(_, value)| value.as_str())
    }

    /// Converts an event of `tracing`.
    #[must_use]
    pub fn of(event: &tracing::Event<'_>) -> Self {
        let metadata = event.metadata();
        let mut visitor = Visitor(Self::new(*metadata.level(), metadata.target(), ""));
        event.record(&mut visitor);
        visitor.0
    }
}

/// Returns `text`, truncated to [`MAX_TEXT_BYTES`].
fn shortened(mut text: String) -> String {
    if text.len() > MAX_TEXT_BYTES {
        let end = (0..=MAX_TEXT_BYTES).rev().find(|&end| text.is_char_boundary(end));
        text.truncate(end.unwrap_or_default());
        text.push('…');
    }
    text
}

struct Visitor(Event);

impl Visitor {
    fn put(&mut self, field: &Field, value: Value) {
        match (field.name(), value) {
            ("message", Value::String(text)) => self.0.message = shortened(text),
            (name, Value::String(text)) => self.0.fields.push((name.to_owned(), json!(shortened(text)))),
            (name, value) => self.0.fields.push((name.to_owned(), value)),
        }
    }
}

impl Visit for Visitor {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, json!(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, json!(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, json!(format!("{value:?}")));
    }
}

/// Serializes levels by name.
mod level {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use tracing::Level;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub(super) fn serialize<S: Serializer>(level: &Level, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(level.as_str())
    }

    pub(super) fn deserialize<'text, D: Deserializer<'text>>(deserializer: D) -> Result<Level, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_survives_the_way_from_a_worker() {
        let event =
            Event::new(Level::DEBUG, "core::read", "line\n\"one\"").with("seconds", 0.25).with("n", 3);
        let line = serde_json::to_string(&event).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let event = Event::new(Level::INFO, "", "é".repeat(MAX_TEXT_BYTES)).with("x", "y".repeat(1 << 20));
        assert!(event.message.len() <= MAX_TEXT_BYTES + 3 && event.message.ends_with("é…"));
        assert!(event.text("x").is_some_and(|text| text.len() <= MAX_TEXT_BYTES + 3));
    }
}
