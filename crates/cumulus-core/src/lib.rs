//! Instrument granules in, CF-1.6 netCDF and catalogue metadata out.
//!
//! A collection is a constant table ([`collection::Collection`]); everything else is here, and is the same for
//! every collection. Data flow one way:
//!
//! ```text
//!  arguments, environment, clock                                                        exit code, report
//!        |                                                                                     ^
//!        v                                                                                     |
//!       cli --> run --> discover --> plan --> convert, for each granule ------------------> report
//!                                               |
//!                                               |   read      what is in the granule; rows of it
//!                                               |   map       dimensions, track, missing values
//!                                               |   cf        layout and attributes of the product
//!                                               |   write     netCDF, in a staging folder
//!                                               |   metadata  ECHO10, from what was written
//!                                               v   publish   flush, rename: data, then metadata
//!                                             OUTPUT
//! ```
//!
//! A stage knows the types of the stages before it and nothing of those after it. Only [`cli`] reads arguments,
//! environment and clock, so a granule and its options decide every byte of its product.

pub mod cf;
pub mod cli;
pub mod collection;
pub mod convert;
mod date;
pub mod describe;
pub mod discover;
pub mod granule;
pub mod map;
pub mod measure;
pub mod metadata;
pub mod open;
pub mod options;
pub mod plan;
pub mod pool;
pub mod product_name;
pub mod publish;
pub mod report;
pub mod run;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod transfer;
pub mod verify;
