//! Tests of conversions of a small collection, with granules written by the tests.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod conventions;
mod documents;
mod draft;
mod edges;
mod groups;
mod odd;
mod stated;
mod tiny;
