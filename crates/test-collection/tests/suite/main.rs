//! Tests of what all collections share, on synthetic granules of a small collection, run through the command.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it is"
)]

mod campaign;
mod collector;
mod command;
mod contract;
mod devices;
mod failures;
mod granule;
mod interrupted;
mod inventory;
mod logs;
mod malformed;
mod memory;
mod night;
mod operator;
mod splunk;
mod stores;
mod unattended;
