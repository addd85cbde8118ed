//! Compares values of products with the generator's truth: order, merging, launch, positions.

use crate::operator::Operator;
use crate::recipe::anomaly::Anomaly;
use crate::recipe::scene::Column;
use crate::recipe::{Format, Recipe};

const FILL: f64 = -999.0;

/// Names of columns in products.
const COLUMNS: [(&str, Column); 10] = [
    ("pres", Column::Pressure),
    ("tdry", Column::Temperature),
    ("rh", Column::Humidity),
    ("u_wind", Column::Eastward),
    ("v_wind", Column::Northward),
    ("wspd", Column::Speed),
    ("gph", Column::Altitude),
    ("lat_reported", Column::Latitude),
    ("lon_reported", Column::Longitude),
    ("gpsalt", Column::GpsAltitude),
];

fn recipe(anomalies: &[Anomaly]) -> Recipe {
    Recipe { anomalies: anomalies.to_vec(), seconds: Some(90.0), ..Recipe::default() }
}

/// Compares a product with the rows of the truth; if several rows have the same time, the first one with a value
/// counts.
fn compare(operator: &Operator, product: &str, truth: &crate::recipe::scene::Sounding) {
    let times = operator.values(product, "time");
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{product}: time rises");
    let mut expected: Vec<f64> = truth.rows.iter().filter_map(|row| row.time).collect();
    expected.sort_by(f64::total_cmp);
    expected.dedup();
    assert_eq!(times, expected, "{product}");
    for (name, column) in COLUMNS {
        let found = operator.values(product, name);
        for (time, value) in times.iter().zip(found) {
            let mut rows = truth.rows.iter().filter(|row| row.time.map(f64::to_bits) == Some(time.to_bits()));
            let expected = rows.find_map(|row| row.get(column)).unwrap_or(FILL);
            #[expect(clippy::cast_possible_truncation, reason = "the product's own precision")]
            let is_equal = (value as f32).to_bits() == (expected as f32).to_bits();
            assert!(is_equal, "{product} {name} at {time} s: {value}, expected {expected}");
        }
    }
}

#[test]
fn every_printed_value_is_in_its_place_whatever_the_file_looks_like() {
    for anomaly in [
        Anomaly::LineFeeds,
        Anomaly::DoubleReturns,
        Anomaly::GluedColumns,
        Anomaly::FormatOne,
        Anomaly::NineteenColumns,
        Anomaly::TwentyOneColumns,
        Anomaly::SurfaceFirst,
        Anomaly::Unsorted,
        Anomaly::DuplicateTimes,
        Anomaly::MissingTime,
        Anomaly::Midnight,
        Anomaly::NewYear,
        Anomaly::Southern,
        Anomaly::NegativeZeroLatitude,
        Anomaly::NoWind,
        Anomaly::NoPosition,
        Anomaly::AllMissingRows,
        Anomaly::Latin1,
    ] {
        let operator = Operator::new();
        let recipe = recipe(&[anomaly]);
        operator.sounding("D20120907_124116_PQC.eol", &recipe);
        operator.convert().succeeded();
        compare(&operator, "D20120907_124116_PQC.nc", &recipe.truth()[0]);
    }
}

#[test]
fn soundings_in_one_file_become_products_of_their_own() {
    let operator = Operator::new();
    let recipe = recipe(&[Anomaly::TwoSoundings]);
    operator.sounding("two.eol", &recipe);
    operator.sounding("one.eol", &self::recipe(&[]));
    let run = operator.run(&["input", "output", "--report", "-"]);
    run.succeeded();
    assert_eq!(
        operator.products(),
        ["one.nc", "one.nc.meta.xml", "two-1.nc", "two-1.nc.meta.xml", "two-2.nc", "two-2.nc.meta.xml"]
    );
    for (number, truth) in recipe.truth().iter().enumerate() {
        compare(&operator, &format!("two-{}.nc", number + 1), truth);
    }
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&report["converted"], &report["failed"]), (&3.into(), &0.into()));
    let again = operator.run(&["input", "output"]);
    assert!(again.succeeded().stderr.contains("0 converted, 3 up to date"), "{}", again.stderr);
}

#[test]
fn a_whole_file_of_two_soundings_replaces_what_half_of_it_gave() {
    let operator = Operator::new();
    let two = recipe(&[Anomaly::TwoSoundings]);
    operator.sounding("two.eol", &two);
    let whole = std::fs::read_to_string(operator.input().join("two.eol")).unwrap();
    let second = whole.match_indices("Data Type").nth(1).unwrap().0;
    std::fs::write(operator.input().join("two.eol"), &whole[..second]).unwrap();
    operator.convert().succeeded();
    assert_eq!(operator.products(), ["two.nc", "two.nc.meta.xml"]);
    std::fs::write(operator.input().join("two.eol"), &whole).unwrap();
    let run = operator.convert();
    assert!(run.succeeded().stderr.contains("removed two.nc of an earlier run"), "{}", run.stderr);
    assert_eq!(operator.products(), ["two-1.nc", "two-1.nc.meta.xml", "two-2.nc", "two-2.nc.meta.xml"]);
}

#[test]
fn every_row_has_a_place_and_says_how_it_is_known() {
    let operator = Operator::new();
    operator.sounding("line.eol", &recipe(&[Anomaly::DateLine]));
    operator.convert().succeeded();
    let longitude = operator.values("line.nc", "lon");
    assert!(longitude.iter().all(|east| (170.0..=180.0).contains(&east.abs())), "{longitude:?}");
    let statuses = operator.values("line.nc", "position_status");
    let reported = operator.values("line.nc", "lon_reported");
    for ((status, filled), reported) in statuses.iter().zip(&longitude).zip(&reported) {
        assert_eq!(*status == 0.0, *reported > -900.0);
        assert!(*status != 0.0 || filled.to_bits() == reported.to_bits());
    }
    let metadata = std::fs::read_to_string(operator.output().join("line.nc.meta.xml")).unwrap();
    let bound = |name: &str| -> f64 {
        let start = metadata.find(&format!("<{name}>")).unwrap() + name.len() + 2;
        metadata[start..].split('<').next().unwrap().parse().unwrap()
    };
    assert!(
        bound("WestBoundingCoordinate") > bound("EastBoundingCoordinate"),
        "the box crosses the date line"
    );
}

#[test]
fn the_aircraft_is_no_part_of_the_fall() {
    let operator = Operator::new();
    let recipe = recipe(&[]);
    operator.sounding("a.eol", &recipe);
    operator.convert().succeeded();
    let truth = recipe.truth().remove(0);
    let aircraft = truth.aircraft.unwrap().get(Column::Pressure).unwrap();
    assert!((operator.values("a.nc", "reference_pres")[0] - aircraft).abs() < 0.005);
    assert!(operator.values("a.nc", "time")[0] >= 0.0);
}

#[test]
fn a_sonde_that_stayed_on_board_says_so() {
    let operator = Operator::new();
    operator.sounding("cabin.nc", &Recipe { format: Format::Aspen, ..recipe(&[Anomaly::NeverLaunched]) });
    let run = operator.convert();
    assert!(run.succeeded().stderr.contains("never left the aircraft"), "{}", run.stderr);
    assert!(operator.ncdump(&["-h"], "cabin.nc").contains(":no_launch_detect = \"true\""));
}
