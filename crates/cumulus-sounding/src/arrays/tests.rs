use std::ops::Range;

use ndarray::ArrayD;

use super::*;
use cumulus_model::source::Description;
use cumulus_model::values::Values;

/// A source of arrays in memory.
#[derive(Default)]
struct Memory {
    description: Description,
    values: Vec<Option<Values>>,
    texts: Vec<Vec<String>>,
}

impl Source for Memory {
    fn description(&self) -> &Description {
        &self.description
    }

    fn rows(&self, dataset: &Dataset, _rows: Range<usize>) -> Result<Values, Failure> {
        let index = self.description.datasets.iter().position(|known| known.path == dataset.path).unwrap();
        Ok(self.values[index].clone().unwrap())
    }

    fn strings(&self, dataset: &Dataset) -> Result<Vec<String>, Failure> {
        let index = self.description.datasets.iter().position(|known| known.path == dataset.path).unwrap();
        Ok(self.texts[index].clone())
    }
}

fn words(name: &str, value: &str) -> SourceAttribute {
    SourceAttribute { name: name.to_owned(), value: SourceValue::Text(value.to_owned()) }
}

fn number(name: &str, value: Values) -> SourceAttribute {
    SourceAttribute { name: name.to_owned(), value: SourceValue::Numbers(value) }
}

fn floats(shape: &[usize], values: &[f64]) -> Values {
    Values::F64(ArrayD::from_shape_vec(shape.to_vec(), values.to_vec()).unwrap())
}

fn integers(values: &[i64]) -> Values {
    Values::I64(ArrayD::from_shape_vec(vec![values.len()], values.to_vec()).unwrap())
}

fn shorts(values: &[i16]) -> Values {
    Values::I16(ArrayD::from_shape_vec(vec![values.len()], values.to_vec()).unwrap())
}

impl Memory {
    fn with(mut self, path: &str, values: Values, attributes: &[SourceAttribute]) -> Self {
        self.description.datasets.push(Dataset {
            path: path.to_owned(),
            shape: values.shape().to_vec(),
            content: Content::Numbers(values.element_type()),
            rows_stored_together: None,
            attributes: attributes.to_vec(),
        });
        self.values.push(Some(values));
        self.texts.push(Vec::new());
        self
    }

    fn with_texts(mut self, path: &str, shape: &[usize], texts: &[&str]) -> Self {
        self.description.datasets.push(Dataset {
            path: path.to_owned(),
            shape: shape.to_vec(),
            content: Content::Text,
            rows_stored_together: None,
            attributes: Vec::new(),
        });
        self.values.push(None);
        self.texts.push(texts.iter().map(|text| (*text).to_owned()).collect());
        self
    }

    fn with_time(self, values: Values, units: &str) -> Self {
        self.with("time", values, &[words("units", units)])
    }

    fn read(&self) -> Sounding {
        sounding(self, "synthetic.nc").unwrap()
    }
}

/// Seconds of the rows since the launch, and the launch time.
fn times(sounding: &Sounding) -> (Vec<f64>, String) {
    let launch = sounding.launch.as_ref().unwrap().instant;
    let offset = sounding.time_origin.unwrap().duration_since(launch).as_secs_f64();
    let seconds = sounding.column("time").unwrap().values.iter().map(|time| time + offset).collect();
    (seconds, launch.to_string())
}

#[test]
fn times_mean_what_their_unit_says() {
    let launch = "2012-09-07T12:41:16Z".to_owned();
    for (values, units) in [
        (floats(&[3], &[0.0, 30.0, 90.0]), "seconds since 2012-09-07 12:41:16"),
        (floats(&[3], &[0.0, 0.5, 1.5]), "minutes since 2012-09-07T12:41:16Z"),
        (floats(&[3], &[0.0, 30_000.0, 90_000.0]), "milliseconds since 2012-9-7 06:41:16 -6:00"),
        (integers(&[0, 30_000_000, 90_000_000]), "microseconds since 2012-09-07 12:41:16"),
        (integers(&[0, 30_000_000_000, 90_000_000_000]), "nanoseconds since 2012-09-07 12:41:16.000"),
    ] {
        let sounding = Memory::default().with_time(values, units).read();
        assert_eq!(times(&sounding), (vec![0.0, 30.0, 90.0], launch.clone()), "{units}");
        assert!(sounding.notes.is_empty(), "{units}: {:?}", sounding.notes);
    }
}

#[test]
fn the_launch_is_what_the_file_calls_so() {
    let stated = |memory: Memory| {
        memory.with("launch_time", floats(&[1], &[0.0]), &[words("units", "days since 2012-09-07 12:41:16")])
    };
    // Counted from the splash backwards, in integers that f64 rounds, and from 1970.
    let splash = Memory::default()
        .with_time(integers(&[0, -939_039_978_027]), "nanoseconds since 2012-09-07 12:56:55.039978027");
    let since_1970 = Memory::default()
        .with_time(integers(&[1_347_021_676_000_000_001, i64::MIN]), "nanoseconds since 1970-01-01");
    let (seconds, launch) = times(&stated(splash).read());
    assert_eq!((seconds, launch.as_str()), (vec![939.039_978_027, 0.0], "2012-09-07T12:41:16Z"));
    let (seconds, _) = times(&stated(since_1970).read());
    assert!(seconds[1].is_nan());
    assert_eq!(seconds[0].to_bits(), 1e-9_f64.to_bits());
    // An attribute works as well.
    let mut by_attribute =
        Memory::default().with_time(floats(&[1], &[1_347_021_680.0]), "seconds since 1970-01-01");
    by_attribute.description.attributes.push(words("launch_time_(UTC)", "2012-09-07 12:41:16"));
    assert_eq!(times(&by_attribute.read()), (vec![4.0], "2012-09-07T12:41:16Z".to_owned()));
    // Large negative times are valid.
    let before = stated(
        Memory::default().with_time(floats(&[2], &[-936.0, -0.5]), "seconds since 2012-09-07 12:56:55"),
    );
    assert_eq!(times(&before.read()).0, [3.0, 938.5]);
}

#[test]
fn without_a_stated_launch_the_first_row_is_taken_with_a_warning() {
    let midnight =
        Memory::default().with_time(floats(&[2], &[45_700.5, 45_676.25]), "seconds since 2012-09-07");
    let sounding = midnight.read();
    let (seconds, launch) = times(&sounding);
    assert_eq!((seconds, launch.as_str()), (vec![24.25, 0.0], "2012-09-07T12:41:16.25Z"));
    assert_eq!(sounding.notes[0].code, Code::LaunchAssumed);
}

#[test]
fn a_launch_that_the_rows_contradict_is_not_believed() {
    let memory = Memory::default().with_time(floats(&[1], &[2.0]), "seconds since 2012-09-07 12:41:16").with(
        "launch_time",
        floats(&[1], &[0.0]),
        &[words("units", "seconds since 1970-01-01")],
    );
    let sounding = memory.read();
    assert_eq!(times(&sounding), (vec![2.0], "2012-09-07T12:41:16Z".to_owned()));
    assert_eq!(sounding.notes[0].code, Code::ClocksDisagree);
}

#[test]
fn a_time_that_cannot_be_read_is_refused_by_what_was_found() {
    for units in
        ["", "fortnights since 2012-09-07", "months since 2012-09-07", "seconds since then", "seconds"]
    {
        let failure =
            sounding(&Memory::default().with_time(floats(&[1], &[0.0]), units), "a.nc").unwrap_err();
        let told = failure.to_string();
        assert!(told.contains("cannot be read") && told.contains(&format!("{units:?}")), "{told}");
    }
    let calendar = [words("units", "days since 2012-09-07"), words("calendar", "noleap")];
    let memory = Memory::default().with("time", floats(&[1], &[0.0]), &calendar);
    let failure = sounding(&memory, "a.nc").unwrap_err().to_string();
    assert!(failure.contains("noleap"), "{failure}");
}

fn with_pressure(values: Values, attributes: &[SourceAttribute]) -> Sounding {
    let rows = values.len();
    #[expect(clippy::cast_precision_loss, reason = "a few rows")]
    let seconds: Vec<f64> = (0..rows).map(|row| row as f64).collect();
    Memory::default()
        .with_time(floats(&[rows], &seconds), "seconds since 2012-09-07 12:41:16")
        .with("pres", values, attributes)
        .read()
}

#[test]
fn packed_numbers_are_unpacked_and_fills_are_told_as_stored() {
    let attributes = [
        number("scale_factor", floats(&[1], &[0.5])),
        number("add_offset", floats(&[1], &[500.0])),
        number("_FillValue", shorts(&[-32_768])),
        number("missing_value", shorts(&[7, 8])),
        number("valid_range", shorts(&[-2_000, 2_000])),
    ];
    let sounding = with_pressure(shorts(&[-999, 10, 7, 8, -32_768, 2_001]), &attributes);
    let values = &sounding.column("pres").unwrap().values;
    // A stored -999 is a valid number here: 0.5 hPa.
    assert_eq!(values[..2], [0.5, 505.0]);
    assert!(values[2..].iter().all(|value| value.is_nan()), "{values:?}");
    assert_eq!((sounding.notes[0].code, sounding.notes[0].count), (Code::ValuesOutOfRange, Some(1)));
    // A valid range in floats is about unpacked values.
    let attributes =
        [number("scale_factor", floats(&[1], &[0.5])), number("valid_range", floats(&[2], &[0.0, 1_100.0]))];
    let sounding = with_pressure(shorts(&[2_000, 4_000]), &attributes);
    let values = &sounding.column("pres").unwrap().values;
    assert!(values[0].to_bits() == 1_000.0_f64.to_bits() && values[1].is_nan(), "{values:?}");
}

#[test]
fn a_packing_that_is_none_is_refused() {
    for factor in [number("scale_factor", floats(&[1], &[0.0])), words("scale_factor", "some")] {
        let memory = Memory::default().with_time(floats(&[1], &[0.0]), "seconds since 2012-09-07").with(
            "pres",
            shorts(&[1]),
            &[factor],
        );
        assert!(sounding(&memory, "a.nc").unwrap_err().to_string().contains("pres:scale_factor"));
    }
}

#[test]
fn longitudes_beyond_a_half_turn_are_valid() {
    let attributes = [number("valid_range", floats(&[2], &[-180.0, 180.0]))];
    let memory = Memory::default().with_time(floats(&[2], &[0.0, 1.0]), "seconds since 2012-09-07").with(
        "lon",
        floats(&[2], &[300.0, 700.0]),
        &attributes,
    );
    let sounding = memory.read();
    let values = &sounding.column("lon").unwrap().values;
    assert!(values[0].to_bits() == 300.0_f64.to_bits() && values[1].is_nan(), "{values:?}");
}

#[test]
fn nothing_is_lost_in_silence() {
    let codes = [words("flag_meanings", "bad good"), number("flag_values", shorts(&[0, 1]))];
    let sounding = Memory::default()
        .with_time(floats(&[2], &[0.0, 1.0]), "seconds since 2012-09-07 12:41:16")
        .with("pres", floats(&[1, 2], &[900.0, 901.0]), &[])
        .with("state", shorts(&[0, 1]), &codes)
        .with("surface_pres", floats(&[1], &[1_013.0]), &[words("units", "hPa")])
        .with("splash", floats(&[], &[7.0]), &[words("units", "seconds since 2012-09-07 12:42:00")])
        .with("reference_pres", floats(&[1], &[17_112.0]), &[words("units", "Pa")])
        .with("reference_time", floats(&[], &[-1.0]), &[words("units", "seconds since 2012-09-07 12:41:16")])
        .with("spectrum", floats(&[3], &[1.0, 2.0, 3.0]), &[])
        .with_texts("remark", &[2], &["a", "b"])
        .with_texts("serial", &[], &["c"])
        .read();
    assert_eq!(sounding.column("pres").unwrap().values, [900.0, 901.0]);
    assert_eq!(sounding.column("state").unwrap().attributes, codes);
    let scalars: Vec<(&str, f64, &str)> = sounding
        .scalars
        .iter()
        .map(|scalar| (scalar.name.as_str(), scalar.values[0], scalar.units.as_str()))
        .collect();
    assert_eq!(
        scalars,
        [("surface_pres", 1_013.0, "hPa"), ("splash", 51.0, "s"), ("reference_time", -1.0, "s")]
    );
    assert_eq!(sounding.reference, [("pres".to_owned(), 17_112.0)]);
    assert_eq!(sounding.reference_units, [("pres".to_owned(), "Pa".to_owned())]);
    let texts: Vec<(&str, bool)> =
        sounding.texts.iter().map(|text| (text.name.as_str(), text.is_column)).collect();
    assert_eq!(texts, [("remark", true), ("serial", false)]);
    assert_eq!((sounding.notes.len(), sounding.notes[0].place.as_str()), (1, "spectrum"));
}
