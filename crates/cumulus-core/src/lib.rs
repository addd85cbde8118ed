//! Converts instrument granules to CF-1.6 netCDF files with catalogue metadata.
//!
//! A collection is a constant table ([`collection::Collection`]); this crate is the same for every collection. Data
//! flows in one direction:
//!
//! ```text
//!  arguments, environment, clock                                                        exit code, report
//!        |                                                                                     ^
//!        v                                                                                     |
//!       cli --> run --> discover --> plan --> convert, for each granule ------------------> report
//!                                               |
//!                                               |   open      contents of the granule, row by row
//!                                               |   map       dimensions, track, missing values
//!                                               |   cf        layout and attributes of the product
//!                                               |   transfer  values, into a netCDF file in a staging folder
//!                                               |   metadata  ECHO10, from the values written
//!                                               v   publish   flush, rename: data, then metadata
//!                                             OUTPUT
//! ```
//!
//! Only [`cli`] reads arguments, environment and clock, so every byte of a product is determined by the granule and the
//! options. Values, formats, soundings and logs are separate crates that this one depends on.

pub mod cf;
pub mod cli;
pub mod collection;
pub mod context;
pub mod convert;
mod date;
pub mod describe;
pub mod device;
pub mod discover;
pub mod draft;
pub mod earlier;
pub mod exit_code;
pub mod explain;
pub mod facts;
pub mod granule;
pub mod inventory;
pub mod layout;
pub mod manifest;
pub mod map;
pub mod measure;
pub mod metadata;
pub mod open;
pub mod options;
pub mod output;
pub mod plan;
pub mod pool;
pub mod product_name;
pub mod publish;
pub mod quarantine;
pub mod remote;
pub mod report;
pub mod run;
pub mod shard;
pub mod status;
pub mod stop;
pub mod summary;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod transfer;
pub mod verify;
