//! Benchmarks writing metadata: `cargo bench -p netcdf4-writer`. Values are left out, because their cost is that of
//! the device.

use divan::Bencher;
use netcdf4_writer::{Attribute, Chunking, Dimension, Structure, Type, Variable, Writer};

fn main() {
    divan::main();
}

/// A file of many variables, like a sounding, or of many chunks, like a flight.
fn structure(variables: usize, records: usize) -> Structure {
    let variable = |number: usize| Variable {
        name: format!("v{number}"),
        kind: Type::F32,
        dimensions: vec![0, 1],
        fill: None,
        chunking: Some(Chunking { shape: vec![1, 1], deflate: None }),
        attributes: (0..8)
            .map(|place| Attribute::text(format!("a{place}"), "some text of usual length"))
            .collect(),
    };
    Structure {
        dimensions: vec![
            Dimension { name: "record".to_owned(), length: records },
            Dimension { name: "bin".to_owned(), length: 1 },
        ],
        variables: (0..variables).map(variable).collect(),
        attributes: Vec::new(),
        producer: "bench=1".to_owned(),
    }
}

#[divan::bench(args = [(40, 1), (400, 1), (1, 10_000)])]
#[expect(clippy::expect_used, reason = "a benchmark that cannot write has nothing to measure")]
fn files(bencher: Bencher, (variables, records): (usize, usize)) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bench.nc");
    bencher.bench_local(|| {
        std::fs::remove_file(&path).ok();
        let mut writer = Writer::create(&path, structure(variables, records)).expect("a file");
        for variable in 0..variables {
            for _ in 0..records {
                writer.append(variable, &[0; 4]).expect("room");
            }
        }
        writer.finish().expect("a complete file")
    });
}
