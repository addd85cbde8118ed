//! Tests of the tables that are drafted from a granule.

use cumulus_core::draft::Draft;
use hdf5::File;
use hdf5::types::VarLenUnicode;

fn text(text: &str) -> VarLenUnicode {
    text.parse().unwrap()
}

fn drafted() -> Draft {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("TINY_L2_12345_20200207.h5");
    let file = File::create(&path).unwrap();
    for group in ["Time", "Time/Data", "Nav", "Nav/Data", "Nav/Information"] {
        file.create_group(group).unwrap();
    }
    let numbers = |path: &str, shape: &[usize], factor: f64| {
        let dataset = file.new_dataset::<f64>().shape(shape.to_vec()).create(path).unwrap();
        let values: Vec<f64> = (0..u8::try_from(shape.iter().product::<usize>()).unwrap())
            .map(|index| factor * f64::from(index))
            .collect();
        dataset.write_raw(&values).unwrap();
        dataset
    };
    let clock = numbers("Time/Data/TimeUTC", &[7], 1.0);
    clock
        .new_attr::<VarLenUnicode>()
        .create("units")
        .unwrap()
        .write_scalar(&text("seconds since 1970-01-01"))
        .unwrap();
    numbers("Nav/Data/Latitude", &[7], 0.01);
    numbers("Nav/Data/Longitude", &[7], 0.01);
    numbers("signal", &[5, 7], 1.0);
    numbers("square", &[7, 7], 1.0);
    let speed = numbers("speed", &[7], 1.0);
    speed.new_attr::<VarLenUnicode>().create("units").unwrap().write_scalar(&text("m/s")).unwrap();
    let packed = file.new_dataset_builder().with_data(&[1_i16; 7]).create("packed").unwrap();
    packed.new_attr::<f64>().create("scale_factor").unwrap().write_scalar(&0.1).unwrap();
    file.new_dataset::<VarLenUnicode>()
        .create("Nav/Information/Latitude_units")
        .unwrap()
        .write_scalar(&text("deg"))
        .unwrap();
    file.close().unwrap();
    Draft::of("tiny-thing", &path).unwrap()
}

#[test]
fn a_draft_has_what_the_granule_states() {
    let Draft { tables, datasets } = drafted();
    for line in [
        r#"    short_name: Fact::Always("tinything"),"#,
        r#"    file_stem: r"TINY_L2_\d{5}_(?<date>\d{8})","#,
        r#"        DimensionSpec::sized_by("record", &[("Time/Data/TimeUTC", 0)]), // 7"#,
        r#"        DimensionSpec::sized_by("dim_5", &[("signal", 0)]), // 5"#,
        r#"    time: TimeSpec::Since { dataset: "Time/Data/TimeUTC", unit: None, origin: TimeOrigin::Units },"#,
        r#"    position: PositionSpec::aircraft("Nav/Data/Latitude", "Nav/Data/Longitude"),"#,
        r#"    variable("signal", "signal", &[&["dim_5", "record"]]).confirmed(),"#,
        r#"    variable("speed", "speed", &[&["record"]]).confirmed().units("m/s"),"#,
        r#".confirmed().called("Latitude").required().units("degrees_north").standard_name("latitude"),"#,
    ] {
        assert!(tables.contains(line), "{line} is not in {tables}");
    }
    assert!(tables.contains("units: &[\"_units\"]"), "{tables}");
    assert!(!datasets.iter().any(|path| path.ends_with("_units")), "{datasets:?}");
    assert!(datasets.contains(&"signal".to_owned()), "{datasets:?}");
}

/// What a product would be wrong by is never guessed without a mark.
#[test]
fn a_draft_marks_what_it_cannot_know() {
    let Draft { tables, .. } = drafted();
    for line in [
        "    short_name:",
        "    file_stem:",
        "    dimensions:",
        "    time:",
        "    position:",
        "    recognised_by:",
    ] {
        let (comment, _) = tables.split_once(line).unwrap();
        let comment = comment.lines().last().unwrap();
        assert!(comment.contains("DECIDE"), "{line} follows {comment}");
    }
    assert!(tables.contains("DECIDE: axes of [7, 7] have the same length"), "{tables}");
    assert_eq!(tables.matches("DECIDE: the source states no unit").count(), 3, "{tables}");
    assert!(
        tables.contains(r#"variable("packed", "packed", &[&["record"]]).confirmed().packed()"#),
        "{tables}"
    );
}
