//! File formats: how arrays of granules are read, and how products are written and read back.
//!
//! [`read`] has an implementation of `Source` for each input format. [`mod@write`] has the [`write::Sink`] trait,
//! through which the rest of the program writes products, and its implementations.

mod hdf5_raw;
pub mod read;
mod system_error;
pub mod write;
