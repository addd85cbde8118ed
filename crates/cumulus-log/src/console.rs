//! Formats of a log line: text for people, JSON for Cumulus and Splunk, and the `key="value"` line of 2016.
//!
//! Every format writes an event on one line, whatever its texts contain.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use jiff::{Timestamp, Unit};
use serde_json::{Map, Value, json};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use crate::event::{Event, Visibility};
use cumulus_model::error::{is_unseen, one_line};

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

/// Fields of every line that identify the run.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Name of the sender: the program, unless the environment sets another.
    pub sender: String,
    /// Version of the program, unless the environment sets that of the Cumulus task.
    pub version: String,
    /// Identifier of the run's pipeline (2016 format).
    pub pipeline_id: Option<String>,
    /// Identifier of the run's data set (2016 format).
    pub dataset_id: Option<String>,
    /// Fields of the Cumulus workflow: their names and values (JSON format).
    pub workflow: Vec<(&'static str, String)>,
}

/// Process of events that have none: the value that the 2016 images wrote.
const PROCESS: &str = "processing";

/// What the 2016 images wrote for an identifier that was not set.
const NONE: &str = "None";

impl Identity {
    /// Formats an event as a JSON object.
    #[must_use]
    pub fn json(&self, now: Timestamp, event: &Event) -> Value {
        let mut object = Map::new();
        for (name, value) in &self.workflow {
            object.insert((*name).to_owned(), json!(value));
        }
        object.insert("level".to_owned(), json!(event.level.as_str().to_lowercase()));
        object.insert("message".to_owned(), json!(event.message));
        object.insert("sender".to_owned(), json!(self.sender));
        object.insert("timestamp".to_owned(), json!(instant(now)));
        object.insert("version".to_owned(), json!(self.version));
        object.insert("is_error".to_owned(), json!(u8::from(event.level == Level::ERROR)));
        object.insert("process".to_owned(), json!(event.text("process").unwrap_or(PROCESS)));
        if let Some(granule) = event.text("granule_id") {
            // Cumulus expects the array as a string.
            object.insert("granules".to_owned(), json!(json!([granule]).to_string()));
        }
        for (name, value) in &event.fields {
            object.entry(name.clone()).or_insert_with(|| value.clone());
        }
        Value::Object(object)
    }

    /// Formats an event as the line of the 2016 images, with exactly their keys. Values are escaped, which those
    /// images did not do.
    #[must_use]
    pub fn key_value(&self, now: Timestamp, event: &Event) -> String {
        let stamp = now.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string();
        let is_error = if event.level == Level::ERROR { "1" } else { "0" };
        let pairs = [
            ("granule_id", event.text("granule_id")),
            ("process", Some(event.text("process").unwrap_or(PROCESS))),
            ("message", Some(event.message.as_str())),
            ("timestamp", Some(stamp.as_str())),
            ("data_pipeline_id", Some(self.pipeline_id.as_deref().unwrap_or(NONE))),
            ("dataset_id", Some(self.dataset_id.as_deref().unwrap_or(NONE))),
            ("is_error", Some(is_error)),
        ];
        let mut line = String::new();
        for (name, value) in pairs {
            let Some(value) = value else { continue };
            let separator = if line.is_empty() { "" } else { " " };
            let value = one_line(&value.replace('\\', "\\\\").replace('"', "\\\""));
            // Writing to a String cannot fail.
            let _ = write!(line, "{separator}{name}=\"{value}\"");
        }
        line
    }

    fn line(&self, format: Format, now: Timestamp, event: &Event) -> String {
        match format {
            Format::Human => human(now, event),
            Format::Json => json_line(&self.json(now, event)),
            Format::KeyValue => self.key_value(now, event),
        }
    }
}

/// UTC with microseconds, the highest resolution that most date parsers accept.
fn instant(now: Timestamp) -> String {
    now.round(Unit::Microsecond).unwrap_or(now).to_string()
}

/// JSON on one line. Some readers treat other characters than line feeds as line ends, so these are escaped too.
#[must_use]
pub fn json_line(value: &Value) -> String {
    let text = value.to_string();
    if !text.contains(is_line_end) {
        return text;
    }
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if is_line_end(character) {
            let _ = write!(line, "\\u{:04x}", u32::from(character));
        } else {
            line.push(character);
        }
    }
    line
}

/// True if some reader breaks a line at this character, or a terminal interprets or hides it.
fn is_line_end(character: char) -> bool {
    character.is_control() || is_unseen(character)
}

fn human(now: Timestamp, event: &Event) -> String {
    let stamp = now.strftime("%Y-%m-%dT%H:%M:%SZ");
    let granule = event.text("granule_id").map_or(String::new(), |granule| format!("{granule}: "));
    one_line(&format!("{stamp} {:<5} {granule}{}", event.level, event.message))
}

/// Ends a colour (ECMA-48, "select graphic rendition").
const RESET: &str = "\u{1b}[0m";

/// The colour of lines of this level: red errors, yellow warnings, dimmed details.
fn colour(level: Level) -> Option<&'static str> {
    match level {
        Level::ERROR => Some("\u{1b}[31m"),
        Level::WARN => Some("\u{1b}[33m"),
        Level::DEBUG | Level::TRACE => Some("\u{1b}[2m"),
        Level::INFO => None,
    }
}

/// Log lines on standard error.
#[derive(Clone)]
pub struct Console {
    /// Format of the lines.
    pub format: Format,
    /// Filter by level and module.
    pub filter: Targets,
    /// Whether text for people has colours.
    pub colours: bool,
    /// Whether a progress bar tells people which granules are begun and finished.
    pub has_progress: bool,
    /// Fields of every line that identify the run.
    pub identity: Arc<Identity>,
    /// Writes a finished line.
    pub write: Arc<dyn Fn(&str) + Send + Sync>,
}

impl fmt::Debug for Console {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Console").field("format", &self.format).finish_non_exhaustive()
    }
}

impl Console {
    /// Writes the event's line if the filter enables it.
    pub fn show(&self, now: Timestamp, event: &Event) {
        let is_wanted = match event.visibility {
            Visibility::Normal => self.filter.would_enable(&event.target, &event.level),
            Visibility::Always => {
                self.verbosity() >= LevelFilter::WARN || self.filter.would_enable(&event.target, &event.level)
            }
            Visibility::NotBesideProgress => {
                let is_told = self.has_progress && self.format == Format::Human;
                !is_told && self.filter.would_enable(&event.target, &event.level)
            }
        };
        if !is_wanted {
            return;
        }
        let line = self.identity.line(self.format, now, event);
        match colour(event.level).filter(|_| self.colours && self.format == Format::Human) {
            Some(colour) => (self.write)(&format!("{colour}{line}{RESET}")),
            None => (self.write)(&line),
        }
    }

    /// The most verbose level that the filter enables for any module.
    #[must_use]
    pub fn verbosity(&self) -> LevelFilter {
        let of_targets = self.filter.iter().map(|(_, level)| level);
        of_targets.chain(self.filter.default_level()).max().unwrap_or(LevelFilter::OFF)
    }
}

#[cfg(test)]
mod tests;
