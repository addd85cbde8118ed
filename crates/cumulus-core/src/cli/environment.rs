//! The environment variables of logging.
//!
//! Tokens and passwords are read here and nowhere else, and never from the arguments, which everybody on a machine
//! can see.

use std::sync::Arc;

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::collection::Collection;
use cumulus_log::console::Identity;
use cumulus_log::settings::Settings;

/// Names of Cumulus fields and of the variables that its message adapters set.
const WORKFLOW: [(&str, &str); 5] = [
    ("asyncOperationId", "ASYNCOPERATIONID"),
    ("executions", "EXECUTIONS"),
    ("granules", "GRANULES"),
    ("parentArn", "PARENTARN"),
    ("stackName", "STACKNAME"),
];

/// A variable that is set to something.
#[expect(clippy::disallowed_methods, reason = "the one place that reads variables which are no option")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Who logs, in lines for machines.
pub(super) fn identity(
    collection: &Collection,
    pipeline_id: Option<String>,
    dataset_id: Option<String>,
) -> Arc<Identity> {
    let set = |(field, name): (&'static str, &str)| variable(name).map(|value| (field, value));
    Arc::new(Identity {
        sender: variable("SENDER").unwrap_or_else(|| collection.program.to_owned()),
        version: variable("TASKVERSION").unwrap_or_else(|| collection.version.to_owned()),
        pipeline_id,
        dataset_id,
        workflow: WORKFLOW.into_iter().filter_map(set).collect(),
    })
}

/// Which events standard error shows: `--quiet` before `RUST_LOG`, and INFO where neither is given or the latter
/// cannot be read, which is the complaint.
pub(super) fn filter(quiet: bool) -> (Targets, Option<String>) {
    let only = |level: LevelFilter| Targets::new().with_default(level);
    if quiet {
        return (only(LevelFilter::WARN), None);
    }
    match variable("RUST_LOG").map(|text| text.parse::<Targets>()) {
        None => (only(LevelFilter::INFO), None),
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (only(LevelFilter::INFO), Some(format!("RUST_LOG is not understood: {error}"))),
    }
}

/// Where events are sent, and what is wrong with that.
pub(super) fn splunk(collection: &Collection) -> (Settings, Vec<String>) {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Settings::read(collection.program, collection.version, host, variable)
}
