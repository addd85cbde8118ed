//! The check of the fuzz target `write`, also run on its seeds: a structure is either rejected, or every byte of its
//! file conforms to the published specification.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a file that cannot be made or walked is what is looked for"
)]

use netcdf4_writer::{Attribute, Chunking, Dimension, Error, Structure, Type, Value, Variable, Writer};

/// Reads small numbers and short texts from arbitrary bytes, and zeros after their end.
struct Bytes<'bytes>(&'bytes [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn below(&mut self, end: usize) -> usize {
        usize::from(self.next()) % end
    }

    fn name(&mut self) -> String {
        let length = self.below(4);
        (0..=length).map(|_| char::from(self.next())).collect()
    }

    fn attributes(&mut self) -> Vec<Attribute> {
        let count = self.below(4);
        let value = |bytes: &mut Self| match bytes.below(6) {
            0 => Value::Text(bytes.name().repeat(1 + bytes.below(200))),
            1 => Value::I8(vec![1; bytes.below(300)]),
            2 => Value::I16(vec![2; bytes.below(300)]),
            3 => Value::I32(vec![3; bytes.below(300)]),
            4 => Value::F32(vec![4.0; bytes.below(300)]),
            _ => Value::F64(vec![5.0; bytes.below(300)]),
        };
        (0..count).map(|_| Attribute { name: self.name(), value: value(self) }).collect()
    }

    fn kind(&mut self) -> Type {
        [Type::I8, Type::I16, Type::I32, Type::F32, Type::F64, Type::Char][self.below(6)]
    }

    fn variable(&mut self) -> Variable {
        let rank = self.below(4);
        let dimensions = (0..rank).map(|_| self.below(5)).collect();
        let is_chunked = self.below(2) == 1;
        Variable {
            name: self.name(),
            kind: self.kind(),
            dimensions,
            fill: (self.below(4) == 1).then_some(Value::F32(vec![-999.0])),
            chunking: is_chunked
                .then(|| Chunking { shape: (0..rank).map(|_| self.below(9)).collect(), deflate: None }),
            attributes: self.attributes(),
        }
    }

    fn structure(&mut self) -> Structure {
        let (dimensions, variables) = (self.below(5), self.below(6));
        Structure {
            dimensions: (0..dimensions)
                .map(|_| Dimension { name: self.name(), length: self.below(12) })
                .collect(),
            variables: (0..variables).map(|_| self.variable()).collect(),
            attributes: self.attributes(),
            producer: "fuzz=1".to_owned(),
        }
    }
}

/// Writes the file that `bytes` describe and walks it; returns false if the structure is rejected.
///
/// # Panics
/// Panics if a byte of the file does not conform, or the file cannot be finished.
pub(crate) fn check(bytes: &[u8]) -> bool {
    let structure = Bytes(bytes).structure();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("any.nc");
    let mut writer = match Writer::create(&path, structure.clone()) {
        Ok(writer) => writer,
        Err(Error::Unsupported(_)) => {
            assert!(!path.exists(), "a refused file is there");
            return false;
        }
        Err(error) => panic!("{error}"),
    };
    for (number, variable) in structure.variables.iter().enumerate() {
        let shape: Vec<usize> =
            variable.dimensions.iter().map(|&axis| structure.dimensions[axis].length).collect();
        let chunk = variable.chunking.as_ref().map_or(&shape, |chunking| &chunking.shape);
        let count: usize = shape.iter().zip(chunk).map(|(&whole, &part)| whole.div_ceil(part)).product();
        let piece = vec![1; variable.kind.size() * chunk.iter().product::<usize>()];
        for _ in 0..count {
            writer.append(number, &piece).expect("room");
        }
    }
    match writer.finish() {
        Ok(_) => {
            let bytes = std::fs::read(&path).expect("the file");
            if let Err(faults) = hdf5_walk::walk(&bytes) {
                panic!("{faults:#?}");
            }
            true
        }
        Err(error) => panic!("{error}"),
    }
}
