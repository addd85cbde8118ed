//! Writes a synthetic CPL granule.
//!
//! ```text
//! cargo run -p hs3-cpl --example synthesize -- HS3_CPL_ATB_12203a_20120906.hdf5 --records 512 --anomaly missing
//! ```
//!
//! The layout of a granule is defined here a second time, from what is known about real files and independently of
//! the product tables, so that a fixture can disagree with them.

mod anomaly;
mod arrays;
mod granule;
mod scene;

use std::path::PathBuf;

use clap::Parser;

use crate::anomaly::Anomaly;
use crate::granule::{Data, Floats, Integers, Layout, ProductKind, Recipe, Scalars, Storage, Strings};

/// Writes a synthetic CPL granule; marked as such in Project.
#[derive(Debug, Parser)]
struct Arguments {
    /// File to write
    file: PathBuf,
    #[arg(long, default_value = "atb")]
    product: ProductKind,
    /// Number of records
    #[arg(long, default_value_t = 11_699)]
    records: usize,
    /// First record of the time pattern of 12203a to replay
    #[arg(long, default_value_t = 0)]
    first: usize,
    /// Number of range bins
    #[arg(long, default_value_t = 900)]
    bins: usize,
    /// Type of measured values
    #[arg(long, default_value = "f8")]
    floats: Floats,
    /// What backscatter is like
    #[arg(long, default_value = "noise")]
    data: Data,
    /// Type of the clock and of layer classes
    #[arg(long, default_value = "i16")]
    integers: Integers,
    /// Shape of the molecular, meteorological and calibration arrays
    #[arg(long, default_value = "compact")]
    layout: Layout,
    /// How arrays are stored
    #[arg(long, default_value = "contiguous")]
    storage: Storage,
    /// How text is stored
    #[arg(long, default_value = "fixed")]
    strings: Strings,
    /// How single values are stored
    #[arg(long, default_value = "scalar")]
    scalars: Scalars,
    /// An anomaly of real files; may be given several times
    #[arg(long)]
    anomaly: Vec<Anomaly>,
    /// Seed of the noise
    #[arg(long, default_value_t = 12_203)]
    seed: u64,
}

fn main() -> hdf5::Result<()> {
    let arguments = Arguments::parse();
    let recipe = Recipe {
        product: arguments.product,
        records: arguments.records,
        first: arguments.first,
        bins: arguments.bins,
        floats: arguments.floats,
        data: arguments.data,
        integers: arguments.integers,
        layout: arguments.layout,
        storage: arguments.storage,
        strings: arguments.strings,
        scalars: arguments.scalars,
        anomalies: arguments.anomaly,
        seed: arguments.seed,
        extra: Vec::new(),
    };
    recipe.write(&arguments.file)
}
