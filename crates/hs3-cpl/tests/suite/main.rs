//! Everything `hs3-cpl` promises, tried on synthetic granules through the command itself.

#[path = "../../examples/synthesize/anomaly.rs"]
mod anomaly;
#[path = "../../examples/synthesize/granule.rs"]
mod granule;
#[path = "../../examples/synthesize/scene.rs"]
mod scene;

mod command;
mod contract;
mod failures;
mod golden;
mod malformed;
mod operator;
mod properties;
mod values;
