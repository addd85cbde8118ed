//! Prints a table of the ratio and best speed of each way to compress a chunk: `cargo run --release -p
//! shuffle-deflate --example encode_ratios`.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a table for the terminal; all levels are constants"
)]

#[path = "../benches/encode/samples.rs"]
mod samples;

use std::time::{Duration, Instant};

use samples::{KINDS, chunk};
use shuffle_deflate::{Encoder, Level, Strategy, shuffle};

/// Number of repetitions; the fastest counts.
const ROUNDS: usize = 15;

#[expect(clippy::cast_precision_loss, reason = "sizes of chunks")]
fn main() {
    println!("| data | encoder | MB/s | ratio |\n|---|---|---|---|");
    for kind in KINDS {
        let (raw, element_size) = chunk(kind);
        let row = |name: &str, time: Duration, ratio: f64| {
            println!(
                "| {kind:?} | {name} | {:.0} | {ratio:.4} |",
                raw.len() as f64 / time.as_secs_f64() / 1e6
            );
        };
        let mut target = Vec::new();
        row("shuffle", best(|| shuffle(&raw, element_size, &mut target)), 1.0);
        let ways =
            [(1, Strategy::Runs), (1, Strategy::Matches), (4, Strategy::Matches), (6, Strategy::Matches)];
        for (level, strategy) in ways {
            let mut encoder = Encoder::new(Level::new(level).expect("1 to 9"));
            let size = encoder.encode(&raw, element_size, strategy).len();
            let time = best(|| {
                encoder.encode(&raw, element_size, strategy);
            });
            row(&format!("{strategy:?} {level}"), time, raw.len() as f64 / size as f64);
        }
        let chosen = Encoder::new(Level::new(4).expect("1 to 9")).choose(&[&raw], element_size);
        println!("| {kind:?} | chosen at level 4: {chosen:?} | | |");
    }
}

fn best(mut work: impl FnMut()) -> Duration {
    let once = |_| {
        let start = Instant::now();
        work();
        start.elapsed()
    };
    (0..ROUNDS).map(once).min().unwrap_or_default()
}
