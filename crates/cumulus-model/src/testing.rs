//! Helpers shared by the tests of all crates: uncaptured output, and skipping.

#![expect(clippy::unwrap_used, reason = "a test that cannot speak should stop")]

pub mod source;

use std::io::Write;

/// Writes a line to standard error, bypassing the capture of the test runner.
///
/// # Panics
/// Standard error is closed.
pub fn say(text: &str) {
    writeln!(std::io::stderr().lock(), "{text}").unwrap();
}

/// Reports why a test is skipped on this machine.
///
/// # Panics
/// Panics if `CUMULUS_REQUIRE_ALL` is set, as in CI, where no test may be skipped.
#[expect(clippy::disallowed_methods, reason = "CI says by the environment that everything must run")]
pub fn skip(reason: &str) {
    let requires_all = std::env::var_os("CUMULUS_REQUIRE_ALL").is_some_and(|value| !value.is_empty());
    assert!(!requires_all, "CUMULUS_REQUIRE_ALL is set, but {reason}");
    say(&format!("skipped: {reason}"));
}
