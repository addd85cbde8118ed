//! What every part of the granule processor speaks of: values and their types, what a granule holds, what a product's
//! file holds, failures and warnings.
//!
//! Nothing here opens a granule or a product; the only files that are read are those whose checksum is wanted.

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
