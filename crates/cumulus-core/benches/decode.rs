//! Benchmark of finding missing values: `cargo bench -p cumulus-core --bench decode`.

#[path = "../../shuffle-deflate/benches/encode/samples.rs"]
mod samples;

use cumulus_core::map::decode::{Decoder, Sentinels, Statistics};
use cumulus_model::values::Values;
use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use ndarray::Array1;
use samples::{KINDS, Kind, chunk};

fn main() {
    divan::main();
}

#[divan::bench(args = KINDS)]
fn missing_values(bencher: Bencher, kind: Kind) {
    let (bytes, element_size) = chunk(kind);
    let values = if element_size == 4 {
        let numbers = bytes.as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
        Values::F32(Array1::from_iter(numbers).into_dyn())
    } else {
        let numbers = bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes));
        Values::F64(Array1::from_iter(numbers).into_dyn())
    };
    let decoder = Decoder {
        name: "backscatter".to_owned(),
        from: values.element_type(),
        sentinels: Sentinels::AtOrBelow(-900.0),
        fill: Some(-999.0),
        invalid: None,
        threshold: f64::INFINITY,
    };
    bencher
        .counter(BytesCount::new(bytes.len()))
        .with_inputs(|| values.clone())
        .bench_local_values(|values| decoder.decode(black_box(values), 0, &mut Statistics::default()));
}
