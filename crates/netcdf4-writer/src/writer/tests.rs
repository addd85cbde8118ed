use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::structure::{Chunking, Dimension, Type, Value, Variable};

fn small() -> Structure {
    Structure {
        dimensions: vec![
            Dimension { name: "record".to_owned(), length: 5 },
            Dimension { name: "bin".to_owned(), length: 3 },
        ],
        variables: vec![Variable {
            name: "signal".to_owned(),
            kind: Type::I16,
            dimensions: vec![0, 1],
            fill: None,
            chunking: Some(Chunking { shape: vec![2, 2], deflate: None }),
            attributes: Vec::new(),
        }],
        attributes: Vec::new(),
        producer: "test=1".to_owned(),
    }
}

fn walked(path: &Path) -> hdf5_walk::Summary {
    hdf5_walk::walk(&std::fs::read(path).unwrap()).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn refusal(change: fn(&mut Structure)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.nc");
    let mut structure = small();
    change(&mut structure);
    let error = Writer::create(&path, structure).unwrap_err();
    assert!(!path.exists(), "{error}");
    error.to_string()
}

#[test]
fn what_is_not_supported_is_refused_before_there_is_a_file() {
    type Change = fn(&mut Structure);
    let cases: [(Change, &str); 11] = [
        (|structure| structure.dimensions[0].length = 0, "dimension record has length 0"),
        (
            |structure| structure.dimensions[1].name = "record".to_owned(),
            "\"record\" is not allowed, or taken",
        ),
        (|structure| structure.variables[0].name = "wind/speed".to_owned(), "\"wind/speed\" is not allowed"),
        (|structure| structure.variables[0].dimensions = vec![0, 7], "a dimension that does not exist"),
        (|structure| structure.variables[0].fill = Some(Value::F32(vec![1.0])), "not one number of its type"),
        (
            |structure| structure.variables[0].fill = Some(Value::I16(vec![1, 2])),
            "not one number of its type",
        ),
        (|structure| structure.attributes.push(Attribute::text("CLASS", "own")), "whose name is not allowed"),
        (
            |structure| structure.attributes.extend([Attribute::text("a", "1"), Attribute::text("a", "2")]),
            "two attributes a",
        ),
        (
            |structure| structure.attributes.push(Attribute::text("long", "x".repeat(70_000))),
            "has 70000 bytes",
        ),
        (
            |structure| structure.variables[0].chunking = Some(Chunking { shape: vec![9, 2], deflate: None }),
            "cannot have chunks of shape [9, 2]",
        ),
        (
            |structure| {
                structure.variables[0].chunking = Some(Chunking { shape: vec![2, 2], deflate: Some(0) });
            },
            "not 1 to 9",
        ),
    ];
    for (change, expected) in cases {
        let message = refusal(change);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_variable_that_lacks_values_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Writer::create(&folder.path().join("few.nc"), small()).unwrap();
    for _ in 0..5 {
        writer.append(0, &[0; 8]).unwrap();
    }
    assert_eq!(writer.finish().unwrap_err().to_string(), "signal: 5 chunks, expected 6");
    let mut writer = Writer::create(&folder.path().join("short.nc"), small()).unwrap();
    for _ in 0..6 {
        writer.append(0, &[0; 7]).unwrap();
    }
    assert_eq!(writer.finish().unwrap_err().to_string(), "signal: 7 bytes, expected 8");
    let mut writer = Writer::create(&folder.path().join("none.nc"), small()).unwrap();
    assert!(matches!(writer.append(1, &[]), Err(Error::NoVariable(1))));
    assert!(matches!(writer.set_attribute(Some(1), Attribute::text("a", "b")), Err(Error::NoVariable(1))));
    assert!(matches!(writer.set_attribute(None, Attribute::text("NAME", "b")), Err(Error::Unsupported(_))));
}

#[test]
fn chunks_are_where_the_extents_say() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("extents.nc");
    let mut writer = Writer::create(&path, small()).unwrap();
    for number in 0..6_u8 {
        writer.append(0, &[number; 8]).unwrap();
    }
    let stored = writer.finish().unwrap();
    let bytes = std::fs::read(&path).unwrap();
    for (number, extent) in (0_u8..).zip(&stored[0]) {
        let start = usize::try_from(extent.address).unwrap();
        assert_eq!(bytes[start..start + extent.bytes], [number; 8]);
    }
    assert_eq!(walked(&path).chunks, 6);
}

fn kind() -> impl Strategy<Value = Type> {
    prop::sample::select(vec![Type::I8, Type::I16, Type::I32, Type::F32, Type::F64, Type::Char])
}

fn attributes() -> impl Strategy<Value = Vec<Attribute>> {
    let value = prop_oneof![
        "[ -~\u{e9}]{0,40}".prop_map(Value::Text),
        prop::collection::vec(any::<i8>(), 1..4).prop_map(Value::I8),
        prop::collection::vec(any::<i16>(), 1..4).prop_map(Value::I16),
        prop::collection::vec(any::<i32>(), 1..4).prop_map(Value::I32),
        prop::collection::vec(any::<f32>(), 1..4).prop_map(Value::F32),
        prop::collection::vec(any::<f64>(), 1..4).prop_map(Value::F64),
    ];
    prop::collection::btree_map("[a-z_][a-zA-Z0-9_ \u{e9}]{0,8}[a-z]", value, 0..12)
        .prop_map(|values| values.into_iter().map(|(name, value)| Attribute { name, value }).collect())
}

/// Any structure with uncompressed chunks.
fn structure() -> impl Strategy<Value = Structure> {
    let dimensions = prop::collection::vec(1_usize..40, 1..5);
    let axes = prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    let cuts = (any::<prop::sample::Index>(), any::<prop::sample::Index>());
    let variable = (axes, kind(), any::<bool>(), prop::option::of(cuts), attributes());
    (dimensions, prop::collection::vec(variable, 0..9), attributes()).prop_map(
        |(lengths, variables, attributes)| {
            let variables = variables.into_iter().enumerate().map(|(number, variable)| {
                let (axes, kind, is_named_so, cuts, attributes) = variable;
                let dimensions: Vec<usize> = axes.iter().map(|axis| axis.index(lengths.len())).collect();
                let cut = |axis: usize, cut: prop::sample::Index| 1 + cut.index(lengths[dimensions[axis]]);
                let shape = cuts.map(|(first, second)| match dimensions.len() {
                    0 => Vec::new(),
                    1 => vec![cut(0, first)],
                    _ => vec![cut(0, first), cut(1, second)],
                });
                let chunking = shape.filter(|shape| !shape.is_empty());
                Variable {
                    name: format!("{}{number}", if is_named_so { "d" } else { "v" }),
                    kind,
                    dimensions: dimensions.clone(),
                    fill: None,
                    chunking: chunking.map(|shape| Chunking { shape, deflate: None }),
                    attributes,
                }
            });
            Structure {
                variables: variables.collect(),
                dimensions: lengths
                    .iter()
                    .enumerate()
                    .map(|(number, &length)| Dimension { name: format!("d{number}"), length })
                    .collect(),
                attributes,
                producer: "test=1".to_owned(),
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every byte of any file conforms to the published specification and is accounted for.
    #[test]
    fn files_follow_the_specification(structure in structure()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("any.nc");
        let mut writer = Writer::create(&path, structure.clone()).unwrap();
        for (number, variable) in structure.variables.iter().enumerate() {
            let (chunks, _) = structure.chunk_counts(variable);
            let shape = variable.chunking.as_ref().map_or_else(|| structure.shape(variable), |chunking| chunking.shape.clone());
            let bytes = vec![1; variable.kind.size() * shape.iter().product::<usize>()];
            for _ in 0..chunks {
                writer.append(number, &bytes).unwrap();
            }
        }
        let stored = writer.finish().unwrap();
        let summary = walked(&path);
        for (variable, extents) in structure.variables.iter().zip(stored) {
            let found = summary.dataset(&format!("/{}", structure.stored_name(variable))).unwrap();
            let shape: Vec<u64> = structure.shape(variable).iter().map(|&length| length as u64).collect();
            prop_assert_eq!(&found.shape, &shape);
            prop_assert_eq!(extents.len(), structure.chunk_counts(variable).0);
        }
        let bytes = summary.metadata_bytes + summary.value_bytes + summary.padding_bytes;
        prop_assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
    }
}
