//! Log lines on standard error, in three forms.
//!
//! `human` for a terminal; `json`, one object a line with the fields Cumulus collects; `key-value`, the
//! `key="value"` line of the 2016 images, with values escaped as those were not. Events carry `granule_id`,
//! `process` and `is_error` as fields; the lines of one event never mix with those of another.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use crate::error::one_line;

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Text for people.
    #[value(alias = "")]
    Human,
    /// One JSON object a line.
    Json,
    /// The `key="value"` line of the 2016 images.
    KeyValue,
}

/// Who logs, and how.
#[derive(Clone)]
pub struct Logger {
    /// Form of the lines.
    pub format: Format,
    /// The least important level that is shown.
    pub level: Level,
    /// Name of the program.
    pub sender: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Identifier of the pipeline the run belongs to (2016 form).
    pub pipeline_id: Option<String>,
    /// Identifier of the data set the run belongs to (2016 form).
    pub dataset_id: Option<String>,
    /// The clock.
    pub clock: fn() -> Timestamp,
    /// Where finished lines go.
    pub write: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Logger {
    /// Runs `work` with its events going to this logger.
    pub fn observe<T>(self, work: impl FnOnce() -> T) -> T {
        tracing::subscriber::with_default(Registry::default().with(self), work)
    }

    fn line(&self, level: Level, record: &Record) -> String {
        let now = (self.clock)();
        match self.format {
            Format::Human => human(now, level, record),
            Format::Json => self.json(now, level, record),
            Format::KeyValue => self.key_value(now, level, record),
        }
    }

    fn json(&self, now: Timestamp, level: Level, record: &Record) -> String {
        let mut object = Map::new();
        object.insert("level".to_owned(), json!(level.as_str().to_lowercase()));
        object.insert("message".to_owned(), json!(record.message));
        object.insert("sender".to_owned(), json!(self.sender));
        object.insert("timestamp".to_owned(), json!(now.to_string()));
        object.insert("version".to_owned(), json!(self.version));
        if let Some(granule) = record.field("granule_id") {
            // Cumulus expects the array as a string.
            object.insert("granules".to_owned(), json!(json!([granule]).to_string()));
        }
        for (name, value) in &record.fields {
            object.insert(name.clone(), json!(value));
        }
        object.insert("is_error".to_owned(), json!(u8::from(level == Level::ERROR)));
        Value::Object(object).to_string()
    }

    fn key_value(&self, now: Timestamp, level: Level, record: &Record) -> String {
        let none = "None".to_owned();
        let stamp = now.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string();
        let is_error = u8::from(level == Level::ERROR).to_string();
        let fields = record.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let pairs = fields.chain([
            ("message", record.message.as_str()),
            ("timestamp", &stamp),
            ("data_pipeline_id", self.pipeline_id.as_ref().unwrap_or(&none)),
            ("dataset_id", self.dataset_id.as_ref().unwrap_or(&none)),
            ("is_error", &is_error),
        ]);
        let mut line = String::new();
        for (name, value) in pairs {
            let separator = if line.is_empty() { "" } else { " " };
            let value = one_line(&value.replace('\\', "\\\\").replace('"', "\\\""));
            // Writing to a String cannot fail.
            let _ = write!(line, "{separator}{name}=\"{value}\"");
        }
        line
    }
}

fn human(now: Timestamp, level: Level, record: &Record) -> String {
    let stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ");
    let granule = record.field("granule_id").map_or(String::new(), |granule| format!("{granule}: "));
    one_line(&format!("{stamp} {level:<5} {granule}{}", record.message))
}

impl<S: Subscriber> Layer<S> for Logger {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let level = *event.metadata().level();
        if level > self.level {
            return;
        }
        let mut record = Record::default();
        event.record(&mut record);
        (self.write)(&self.line(level, &record));
    }
}

/// The parts of an event.
#[derive(Debug, Default)]
struct Record {
    message: String,
    fields: Vec<(String, String)>,
}

impl Record {
    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    fn put(&mut self, field: &Field, value: String) {
        if field.name() == "message" {
            self.message = value;
        } else {
            self.fields.push((field.name().to_owned(), value));
        }
    }
}

impl Visit for Record {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn lines(format: Format) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let logger = Logger {
            format,
            level: Level::INFO,
            sender: "test",
            version: "1.2.3",
            pipeline_id: None,
            dataset_id: Some("cpl".to_owned()),
            clock: || Timestamp::from_second(1_473_269_633).unwrap(),
            write: Arc::new(move |line| sink.lock().unwrap().push(line.to_owned())),
        };
        logger.observe(|| {
            tracing::info!(granule_id = "g", process = "processing", "say \"hello\"\nworld");
            tracing::error!("lost");
            tracing::debug!("unseen");
        });
        lines.lock().unwrap().clone()
    }

    #[test]
    fn human_lines() {
        assert_eq!(
            lines(Format::Human),
            ["2016-09-07T17:33:53Z INFO  g: say \"hello\"\\nworld", "2016-09-07T17:33:53Z ERROR lost"]
        );
    }

    #[test]
    fn key_value_lines_escape_quotes_and_line_feeds() {
        assert_eq!(
            lines(Format::KeyValue)[0],
            "granule_id=\"g\" process=\"processing\" message=\"say \\\"hello\\\"\\nworld\" \
             timestamp=\"2016-09-07T17:33:53.000000\" data_pipeline_id=\"None\" dataset_id=\"cpl\" is_error=\"0\""
        );
    }

    #[test]
    fn json_lines_have_the_fields_cumulus_collects() {
        let first: Value = serde_json::from_str(&lines(Format::Json)[0]).unwrap();
        assert_eq!(first["level"], "info");
        assert_eq!(first["message"], "say \"hello\"\nworld");
        assert_eq!(first["sender"], "test");
        assert_eq!(first["timestamp"], "2016-09-07T17:33:53Z");
        assert_eq!(first["version"], "1.2.3");
        assert_eq!(first["granules"], "[\"g\"]");
        let second: Value = serde_json::from_str(&lines(Format::Json)[1]).unwrap();
        assert_eq!(second["is_error"], 1);
    }
}
