//! What is the same for every collection, tried on synthetic granules of a small one through the command itself.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it is"
)]

mod collector;
mod command;
mod contract;
mod devices;
mod failures;
mod granule;
mod interrupted;
mod logs;
mod malformed;
mod memory;
mod operator;
mod splunk;
mod unattended;
