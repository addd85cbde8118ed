//! Tests of `new-collection` on a synthetic granule, run through the command.

#![expect(clippy::disallowed_methods, reason = "tests open products by the HDF5 library")]

mod contract;
mod granule;
mod values;
