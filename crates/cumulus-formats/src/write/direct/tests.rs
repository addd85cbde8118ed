use std::path::Path;
use std::process::Command;

use ndarray::ArrayD;
use proptest::prelude::*;

use super::*;
use crate::write::netcdf::NetcdfSink;
use crate::write::unit::Cutter;
use cumulus_model::attributes::Attributes;
use cumulus_model::buffer_pool::BufferPool;
use cumulus_model::values::Values;

fn variable(name: &str, storage: Storage, axes: &[(String, usize)]) -> Variable {
    Variable {
        name: name.to_owned(),
        storage,
        dimensions: axes.iter().map(|(name, _)| name.clone()).collect(),
        shape: axes.iter().map(|&(_, length)| length).collect(),
        fill: None,
        attributes: Attributes::default(),
    }
}

/// Numbers that differ by variable and by row, in each type.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "small whole numbers")]
fn values(variable: &Variable, seed: usize) -> Values {
    let shape = variable.shape.clone();
    let mut count = seed * 17;
    let mut next = move || {
        count = (count * 31 + 7) % 101;
        count as f64
    };
    match variable.storage {
        Storage::Numbers(ElementType::I8) => Values::I8(ArrayD::from_shape_simple_fn(shape, || next() as i8)),
        Storage::Numbers(ElementType::I16) => {
            Values::I16(ArrayD::from_shape_simple_fn(shape, || next() as i16))
        }
        Storage::Numbers(ElementType::I32) => {
            Values::I32(ArrayD::from_shape_simple_fn(shape, || next() as i32))
        }
        Storage::Numbers(ElementType::F32) => {
            Values::F32(ArrayD::from_shape_simple_fn(shape, || next() as f32))
        }
        _ => Values::F64(ArrayD::from_shape_simple_fn(shape, next)),
    }
}

fn fill(mut sink: Box<dyn Sink>, structure: &Structure, late: &LateAttributes) {
    for (number, variable) in structure.variables.iter().enumerate() {
        if variable.storage == Storage::Characters {
            let count = variable.shape.iter().product();
            sink.write_text(number, &vec![b'a' + u8::try_from(number % 26).unwrap(); count]).unwrap();
            continue;
        }
        let packing = sink.packing(number).unwrap();
        for unit in Cutter::units(packing.rows, values(variable, number)) {
            sink.write(number, &packing.pack(unit, &BufferPool::default())).unwrap();
        }
    }
    sink.finish(late).unwrap();
}

/// The output of netCDF's `ncdump`, without the file name.
fn dump(path: &Path) -> String {
    let output = Command::new("ncdump").args(["-n", "product"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Writes the structure with both sinks and compares what netCDF reads.
fn both_ways_agree(structure: &Structure, late: &LateAttributes, level: u8) {
    let folder = tempfile::tempdir().unwrap();
    let [direct, general] = ["direct.nc", "general.nc"].map(|name| folder.path().join(name));
    fill(Box::new(DirectSink::create(&direct, structure, level).unwrap().unwrap()), structure, late);
    fill(Box::new(NetcdfSink::create(&general, structure, level).unwrap()), structure, late);
    assert_eq!(dump(&direct), dump(&general));
    judges::every_byte_is_accounted_for(&direct, structure);
    judges::pure_reader_agrees(&direct, structure, late, |number| {
        values(&structure.variables[number], number)
    });
    for path in [&direct, &general] {
        crate::write::check::read_back(path, structure, late).unwrap();
    }
}

fn attribute_value() -> impl Strategy<Value = AttributeValue> {
    let number = -100_i32..100;
    prop_oneof![
        "[ -~é°]{0,40}".prop_map(AttributeValue::Text),
        (element_type(), prop::collection::vec(number, 1..4)).prop_map(|(element_type, numbers)| {
            AttributeValue::Numbers(element_type, numbers.into_iter().map(f64::from).collect())
        }),
    ]
}

fn element_type() -> impl Strategy<Value = ElementType> {
    use ElementType::{F32, F64, I8, I16, I32};
    prop::sample::select(vec![I8, I16, I32, F32, F64])
}

fn attributes() -> impl Strategy<Value = Attributes> {
    let values = prop::collection::btree_map("[a-z_][a-zA-Z0-9_ é]{0,8}[a-z]", attribute_value(), 0..12);
    values.prop_map(|values| values.into_iter().map(|(name, value)| Attribute { name, value }).collect())
}

/// Any structure: some dimensions have a coordinate variable of one or two dimensions, at any position; some have
/// none, and some have a variable that only shares their name.
fn structure() -> impl Strategy<Value = Structure> {
    let dimensions = prop::collection::vec(prop_oneof![1_usize..9, 1200_usize..1300], 1..5);
    let axes = prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    let storage = prop_oneof![element_type().prop_map(Storage::Numbers), Just(Storage::Characters)];
    let variables = prop::collection::vec((axes, storage, any::<bool>(), any::<bool>(), attributes()), 1..9);
    (dimensions, variables, attributes()).prop_map(|(lengths, variables, attributes)| {
        let dimensions: Vec<(String, usize)> =
            lengths.into_iter().enumerate().map(|(number, length)| (format!("d{number}"), length)).collect();
        let variables = variables
            .into_iter()
            .enumerate()
            .map(|(number, (axes, storage, is_named_so, has_fill, attributes))| {
                let axes: Vec<_> = axes.iter().map(|axis| axis.get(&dimensions).clone()).collect();
                let name = format!("{}{number}", if is_named_so { "d" } else { "v" });
                // netCDF has no characters without a dimension, and a plane of them would take long to print.
                let storage = if axes.len() == 1 { storage } else { Storage::Numbers(ElementType::I16) };
                let mut variable = variable(&name, storage, &axes);
                variable.fill = (has_fill && storage != Storage::Characters).then_some(-99.0);
                variable.attributes = attributes;
                variable
            })
            .filter(|variable| variable.shape.iter().product::<usize>() < 20_000)
            .collect();
        Structure { dimensions, variables, attributes }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn netcdf_reads_the_same_whichever_way_a_file_was_written(structure in structure(), level in 0_u8..6) {
        let mut late = LateAttributes { file: Attributes::from_iter([Attribute::text("late", "known now")]), ..Default::default() };
        if let Some(first) = structure.variables.first() {
            let count = Attribute::numbers("count", ElementType::I32, &[7.0]);
            late.variables.push((first.name.clone(), Attributes::from_iter([count])));
        }
        both_ways_agree(&structure, &late, level);
    }
}

#[test]
fn hundreds_of_variables_share_a_dimension() {
    let record = ("record".to_owned(), 3);
    let bin = ("bin".to_owned(), 2);
    let axes = [record.clone(), bin.clone()];
    let kind = Storage::Numbers(ElementType::F32);
    let variables = (0..400).map(|number| variable(&format!("v{number}"), kind, &axes)).collect();
    let structure = Structure { dimensions: vec![record, bin], variables, attributes: Attributes::default() };
    both_ways_agree(&structure, &LateAttributes::default(), 4);
}

fn small() -> Structure {
    let record = ("record".to_owned(), 3);
    let pressure = variable("pressure", Storage::Numbers(ElementType::F32), std::slice::from_ref(&record));
    Structure { dimensions: vec![record], variables: vec![pressure], attributes: Attributes::default() }
}

#[test]
fn netcdf_can_change_and_extend_what_was_written_directly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("product.nc");
    let structure = small();
    fill(
        Box::new(DirectSink::create(&path, &structure, 4).unwrap().unwrap()),
        &structure,
        &LateAttributes::default(),
    );
    let mut file = ::netcdf::append(&path).unwrap();
    for number in 0..40 {
        file.add_attribute(&format!("a{number}"), "x".repeat(500)).unwrap();
        file.variable_mut("pressure").unwrap().put_attribute(&format!("b{number}"), number).unwrap();
        file.add_variable::<f64>(&format!("w{number}"), &["record"]).unwrap().put_value(2.5, 1).unwrap();
    }
    file.close().unwrap();
    let text = dump(&path);
    for expected in ["pressure:b39 = 39", ":a39 = \"xxx", "w39 = _, 2.5, _", "pressure = 7, 22, 83"] {
        assert!(text.contains(expected), "{expected} is missing in {text}");
    }
}

#[test]
fn what_has_no_words_here_goes_through_netcdf() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("product.nc");
    let long = Attribute::text("long", "x".repeat(70_000));
    let with = |change: fn(&mut Structure)| {
        let mut structure = small();
        change(&mut structure);
        structure
    };
    let mut structure = small();
    structure.attributes.set(long);
    let others = [
        structure,
        with(|structure| structure.variables[0].name = "wind/speed".to_owned()),
        with(|structure| structure.variables[0].attributes.set(Attribute::text("CLASS", "own"))),
        with(|structure| structure.dimensions[0].1 = 0),
    ];
    for structure in others {
        assert!(DirectSink::create(&path, &structure, 4).unwrap().is_none());
        assert!(!path.exists());
    }
}

#[test]
fn a_file_that_lacks_rows_is_not_finished() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("product.nc");
    let sink = Box::new(DirectSink::create(&path, &small(), 4).unwrap().unwrap());
    let failure = sink.finish(&LateAttributes::default()).unwrap_err();
    assert!(failure.to_string().contains("pressure: 0 of 3 rows"), "{failure}");
}

/// Checks that the walk detects any changed byte of the structures, and any truncation.
#[test]
fn a_changed_byte_among_the_structures_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("product.nc");
    fill(
        Box::new(DirectSink::create(&path, &small(), 4).unwrap().unwrap()),
        &small(),
        &LateAttributes::default(),
    );
    let bytes = std::fs::read(&path).unwrap();
    let outcome = hdf5_walk::damage(&bytes, &[0x01, 0x80], 1, false).unwrap();
    assert!(outcome.tried > 1000, "{}", outcome.tried);
    assert_eq!(outcome.unnoticed, []);
    assert_eq!(hdf5_walk::cut(&bytes, 7), Vec::<u64>::new());
}
