//! Benchmarks of the encoder and its parts: `cargo bench -p shuffle-deflate --bench encode`.

#[path = "encode/samples.rs"]
mod samples;

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use samples::{KINDS, Kind, chunk};
use shuffle_deflate::{Encoder, Level, Strategy, shuffle};

fn main() {
    divan::main();
}

#[expect(clippy::expect_used, reason = "all levels are constants")]
fn level(level: u8) -> Level {
    Level::new(level).expect("1 to 9")
}

#[divan::bench(args = KINDS)]
fn shuffled(bencher: Bencher, kind: Kind) {
    let (raw, element_size) = chunk(kind);
    let mut target = Vec::new();
    bencher
        .counter(BytesCount::new(raw.len()))
        .bench_local(|| shuffle(black_box(&raw), element_size, &mut target));
}

#[divan::bench(args = KINDS)]
fn runs(bencher: Bencher, kind: Kind) {
    let (raw, element_size) = chunk(kind);
    let mut encoder = Encoder::new(level(4));
    bencher
        .counter(BytesCount::new(raw.len()))
        .bench_local(|| encoder.encode(black_box(&raw), element_size, Strategy::Runs).len());
}

#[divan::bench(args = KINDS, consts = [1, 4, 6])]
fn matches<const LEVEL: u8>(bencher: Bencher, kind: Kind) {
    let (raw, element_size) = chunk(kind);
    let mut encoder = Encoder::new(level(LEVEL));
    bencher
        .counter(BytesCount::new(raw.len()))
        .bench_local(|| encoder.encode(black_box(&raw), element_size, Strategy::Matches).len());
}
