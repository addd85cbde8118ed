//! Tests of `hs3-avaps` on synthetic soundings, run through the command.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it is"
)]

#[path = "../../examples/synthesize/recipe.rs"]
mod recipe;

mod contract;
mod failures;
mod formats;
mod golden;
mod operator;
mod values;
