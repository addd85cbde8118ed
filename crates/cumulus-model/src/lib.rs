//! Types shared by all crates of the granule processor: values and their types, the contents of a granule, the
//! structure of a product's file, failures and warnings.
//!
//! No code here parses a granule or writes a product. Files are read only to compute their checksums.

pub mod attributes;
pub mod buffer_pool;
pub mod decimal;
pub mod digest;
pub mod error;
pub mod name;
pub mod source;
pub mod structure;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod values;
pub mod warning;
