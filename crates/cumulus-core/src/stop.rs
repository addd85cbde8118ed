//! Why a run ends before all of its granules were begun.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The reason for which no further granule is begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum StopReason {
    /// The operator asked for it, by SIGINT or SIGTERM.
    Signal,
    /// More granules failed than `--max-failures` allows.
    MaxFailures {
        /// The number that is allowed.
        most: usize,
    },
    /// The device of OUTPUT is full.
    DeviceFull {
        /// The device, where it is mounted, and what is free on it.
        device: String,
    },
}

impl fmt::Display for StopReason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal => formatter.write_str("stopped by a signal"),
            Self::MaxFailures { most } => write!(formatter, "more than {most} failed (--max-failures)"),
            Self::DeviceFull { device } => write!(formatter, "the device of OUTPUT is full: {device}"),
        }
    }
}
