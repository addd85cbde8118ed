//! Tests of `hs3-cpl` on synthetic granules, run through the command.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it is"
)]

#[path = "../../examples/synthesize/anomaly.rs"]
mod anomaly;
#[path = "../../examples/synthesize/arrays.rs"]
mod arrays;
#[path = "../../examples/synthesize/granule.rs"]
mod granule;
#[path = "../../examples/synthesize/scene.rs"]
mod scene;

mod altitudes;
mod contract;
mod golden;
mod operator;
mod properties;
mod values;
