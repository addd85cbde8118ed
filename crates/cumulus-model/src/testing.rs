//! Shared by the tests of all crates: the contract of sources, output past the test runner's capture, and skipping.

#![expect(clippy::unwrap_used, reason = "a test that cannot speak should stop")]

pub mod source;

use std::io::Write;

/// Writes a line to standard error, past what the test runner captures.
///
/// # Panics
/// Standard error is closed.
pub fn say(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").unwrap();
}

/// Reports why a test cannot run on this machine.
///
/// # Panics
/// `CUMULUS_REQUIRE_ALL` is set, as in CI: there, nothing may be skipped.
#[expect(clippy::disallowed_methods, reason = "CI says by the environment that everything must run")]
pub fn skip(reason: &str) {
    let requires_all = std::env::var_os("CUMULUS_REQUIRE_ALL").is_some_and(|value| !value.is_empty());
    assert!(!requires_all, "CUMULUS_REQUIRE_ALL is set, but {reason}");
    say(&format!("skipped: {reason}"));
}
