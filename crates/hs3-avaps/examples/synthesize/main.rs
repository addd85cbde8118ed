//! Writes synthetic dropsonde files.
//!
//! ```text
//! cargo run -p hs3-avaps --example synthesize-sondes -- D20120907_124116_PQC.eol --environment storm --anomaly glued-columns
//! cargo run -p hs3-avaps --example synthesize-sondes -- FOLDER --batch 500 --format aspen
//! ```
//!
//! The layout of the files is defined here a second time, from what is known about real files and independently of
//! the product tables, so that a fixture can disagree with them.

#[path = "recipe.rs"]
mod recipe;
#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::recipe::anomaly::Anomaly;
use crate::recipe::atmosphere::Environment;
use crate::recipe::scene::Column;
use crate::recipe::{Format, Recipe};

/// Writes a synthetic dropsonde file, marked as such in its header.
#[derive(Debug, Parser)]
struct Arguments {
    /// File to write; with --batch, the folder to write to
    file: PathBuf,
    #[arg(long, default_value = "eol")]
    format: Format,
    #[arg(long, default_value = "clear")]
    environment: Environment,
    /// Launch in UTC; a fraction of a second is allowed
    #[arg(long, default_value = "2012-09-07 12:41:16")]
    launch: DateTime,
    /// Number of the sonde
    #[arg(long, default_value_t = 999_999_999)]
    sonde_id: u32,
    /// Receiver channel
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=8))]
    channel: u8,
    /// Launch altitude in metres
    #[arg(long, default_value_t = 19_100.0)]
    altitude: f64,
    /// Longest fall in seconds, within some percent
    #[arg(long)]
    seconds: Option<f64>,
    /// Longitude of the launch
    #[arg(long, default_value_t = -61.555_444, allow_negative_numbers = true)]
    longitude: f64,
    /// Latitude of the launch
    #[arg(long, default_value_t = 31.572_562, allow_negative_numbers = true)]
    latitude: f64,
    /// An anomaly of real files; may be given several times
    #[arg(long)]
    anomaly: Vec<Anomaly>,
    /// Seed of the noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Number of files, launched four minutes after each other
    #[arg(long)]
    batch: Option<u32>,
    /// Also write the values of the file to this CSV file
    #[arg(long)]
    truth: Option<PathBuf>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let recipe = Recipe {
        format: arguments.format,
        environment: arguments.environment,
        launch: arguments.launch,
        sonde: arguments.sonde_id,
        channel: arguments.channel,
        altitude_m: arguments.altitude,
        seconds: arguments.seconds,
        position: (arguments.longitude, arguments.latitude),
        anomalies: arguments.anomaly,
        seed: arguments.seed,
    };
    if let Some(path) = &arguments.truth {
        write_truth(&recipe, path)?;
    }
    match arguments.batch {
        None => recipe.write(&arguments.file),
        Some(count) => write_batch(&recipe, &arguments.file, count),
    }
}

/// Writes the sondes of a flight: four minutes and some kilometres apart, on changing channels, in changing weather.
fn write_batch(
    first: &Recipe,
    folder: &std::path::Path,
    count: u32,
) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    let ending = match first.format {
        Format::Eol => "_PQC.eol",
        Format::Aspen => "QC.nc",
        Format::Icartt => "_R0.ict",
        Format::Raw => "_P.1",
    };
    for number in 0..count {
        let along = f64::from(number % 120) / 10.0;
        let recipe = Recipe {
            launch: first.launch.saturating_add(SignedDuration::from_mins(4) * i32::try_from(number)?),
            sonde: first.sonde.saturating_sub(number),
            channel: u8::try_from(number % 8)? + 1,
            position: (first.position.0 + along, first.position.1 - along / 2.0),
            seed: first.seed + u64::from(number),
            environment: Environment::value_variants()[number as usize % 4],
            ..first.clone()
        };
        let name = format!("{}{ending}", recipe.launch.strftime("D%Y%m%d_%H%M%S"));
        recipe.write(&folder.join(name))?;
    }
    Ok(())
}

/// Writes sonde, time and values as CSV, one row per line; missing values are empty.
fn write_truth(recipe: &Recipe, path: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    let names = Column::ALL.map(|column| format!("{column:?}"));
    writeln!(file, "Sonde,Time,{},Updraft", names.join(","))?;
    for sounding in recipe.truth() {
        for row in sounding.aircraft.iter().chain(&sounding.rows) {
            let cells = std::iter::once(row.time).chain(row.cells).chain([row.updraft]);
            let cells: Vec<String> =
                cells.map(|cell| cell.map_or_else(String::new, |cell| cell.to_string())).collect();
            writeln!(file, "{},{}", sounding.sonde, cells.join(","))?;
        }
    }
    Ok(file.flush()?)
}
