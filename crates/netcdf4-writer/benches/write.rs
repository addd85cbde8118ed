//! Speed of metadata: `cargo bench -p netcdf4-writer`. Values cost what the device costs and are left out.

use divan::Bencher;
use netcdf4_writer::{Attribute, Chunking, Dimension, Structure, Type, Variable, Writer};

fn main() {
    divan::main();
}

/// A file of many variables, as a sounding is, or of many chunks, as a flight is.
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
