//! Reads the environment variables for logging.
//!
//! Tokens and passwords are read only here, and never from arguments, which every user of a machine can see.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::collection::Collection;
use cumulus_log::console::Identity;
use cumulus_log::settings::Settings;
use cumulus_store::Stores;

/// Cumulus field names, each with the environment variable that Cumulus message adapters set for it.
const WORKFLOW: [(&str, &str); 5] = [
    ("asyncOperationId", "ASYNCOPERATIONID"),
    ("executions", "EXECUTIONS"),
    ("granules", "GRANULES"),
    ("parentArn", "PARENTARN"),
    ("stackName", "STACKNAME"),
];

/// Returns the value of an environment variable, `None` if it is unset or empty.
#[expect(clippy::disallowed_methods, reason = "the one place that reads variables which are no option")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the stores that the environment tells how to reach. `scratch` is the folder for copies; a command that has no such
/// option takes it from the environment too.
pub(super) fn stores(scratch: Option<&Path>) -> Stores {
    let ours = std::env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok().filter(|name| name.starts_with(cumulus_store::VARIABLES))?;
        Some((name, value.into_string().ok().filter(|value| !value.is_empty())?))
    });
    let folder = scratch.map(Path::to_owned).or_else(|| variable("CUMULUS_SCRATCH").map(PathBuf::from));
    Stores::new(cumulus_store::Settings(ours.collect())).with_copies(folder)
}

/// Returns the default folder for files on their way from and to stores: one for each user, because two cannot share it.
pub(super) fn scratch() -> PathBuf {
    std::env::temp_dir().join(format!("cumulus-{}", rustix::process::getuid().as_raw()))
}

/// Returns the identity of the sender, for machine-readable log lines.
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

/// Returns the filter for events on standard error, with a warning text if `RUST_LOG` cannot be parsed.
///
/// `--quiet` and `--verbose` take precedence over `RUST_LOG`; the default is INFO.
pub(super) fn filter(quiet: bool, verbose: bool) -> (Targets, Option<String>) {
    // Clients of stores tell of each retry, and of every byte if they are let.
    let only = |level: LevelFilter| {
        let clients = ["object_store", "hyper", "hyper_util", "reqwest", "h2", "rustls"];
        let quieter = if level >= LevelFilter::DEBUG { LevelFilter::INFO } else { LevelFilter::WARN };
        Targets::new().with_default(level).with_targets(clients.map(|name| (name, quieter.min(level))))
    };
    if quiet {
        return (only(LevelFilter::WARN), None);
    }
    if verbose {
        return (only(LevelFilter::DEBUG), None);
    }
    match variable("RUST_LOG").map(|text| text.parse::<Targets>()) {
        None => (only(LevelFilter::INFO), None),
        Some(Ok(filter)) => (filter, None),
        Some(Err(error)) => (only(LevelFilter::INFO), Some(format!("RUST_LOG is not understood: {error}"))),
    }
}

/// Returns whether standard error has colours: on a terminal that can show them, unless `NO_COLOR` or `CLICOLOR=0` turns
/// them off or `CLICOLOR_FORCE` turns them on.
pub(super) fn has_colours() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}

/// Returns the Splunk settings, with a warning text for each problem found in them.
pub(super) fn splunk(collection: &Collection) -> (Settings, Vec<String>) {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Settings::read(collection.program, collection.version, host, variable)
}
