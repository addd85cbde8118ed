//! Everything `new-collection` promises, tried on a synthetic granule through the command itself.

#![expect(clippy::disallowed_methods, reason = "tests open products by the HDF5 library")]

mod contract;
mod granule;
mod values;
