//! Conversions of a collection made for tests, whose granules are written here.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod conventions;
mod groups;
mod odd;
mod stated;
mod tiny;
