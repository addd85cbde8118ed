//! Everything `impacts-cpl` promises, tried on a synthetic granule through the command itself.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests open products by the HDF5 library, and a test that cannot go on should stop where it is"
)]

mod contract;
mod granule;
mod values;
