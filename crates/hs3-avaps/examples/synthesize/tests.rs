//! Tests of each format's layout rules on the output of the generator.

#![expect(
    clippy::cast_possible_truncation,
    clippy::disallowed_methods,
    clippy::float_cmp,
    reason = "files are read back as they are, and values are compared as printed"
)]

use clap::ValueEnum;

use crate::recipe::anomaly::Anomaly;
use crate::recipe::atmosphere::{Environment, dew_point_c};
use crate::recipe::scene::{Column, Row};
use crate::recipe::{Format, Recipe, avaps_raw, eol, icartt};

fn recipe(format: Format, anomalies: &[Anomaly]) -> Recipe {
    Recipe { format, anomalies: anomalies.to_vec(), environment: Environment::Storm, ..Recipe::default() }
}

/// Splits Latin-1 text into lines without line ends.
fn lines(bytes: &[u8]) -> Vec<String> {
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    text.split('\n').map(|line| line.trim_end_matches('\r').to_owned()).collect()
}

/// The number in a cell; `None` for a missing value.
fn number(cell: &str) -> Option<f64> {
    let number: f64 = cell.trim().parse().expect("a number");
    (number != -999.0).then_some(number)
}

/// The cells of rows of EOL text, split by the dash line.
fn cut(bytes: &[u8]) -> Vec<Vec<String>> {
    let lines = lines(bytes);
    let dashes = lines.iter().position(|line| line.starts_with("-------")).expect("a dash line");
    let mut columns: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    for width in lines[dashes].split(' ').map(str::len) {
        columns.push((start, start + width));
        start += width + 1;
    }
    let rows = lines[dashes + 1..].iter().filter(|line| !line.is_empty());
    rows.map(|row| columns.iter().map(|&(start, end)| row[start..end].to_owned()).collect()).collect()
}

fn assert_cells_are_truth(recipe: &Recipe) {
    let truth = recipe.truth();
    let rows: Vec<&Row> = truth[0].aircraft.iter().chain(&truth[0].rows).collect();
    let cells = cut(&eol::print(recipe));
    assert_eq!(cells.len(), rows.len());
    for (cells, row) in cells.iter().zip(rows) {
        assert_eq!(number(&cells[0]), row.time);
        for column in Column::ALL {
            assert_eq!(number(&cells[4 + column as usize]), row.get(column), "{column:?}");
        }
    }
}

#[test]
fn eol_1_1_has_its_columns() {
    let recipe = recipe(Format::Eol, &[]);
    let bytes = eol::print(&recipe);
    let lines = lines(&bytes);
    assert_eq!(lines.iter().position(|line| line == "/"), Some(10));
    for line in &lines[..10] {
        let (label, value) = line.split_at(43);
        assert!(label.trim_end().ends_with(':') && !value.starts_with(' '), "{line}");
    }
    assert!(lines[11..lines.len() - 1].iter().all(|line| line.len() == 134));
    let starts = [0, 9, 12, 15, 21, 29, 37, 45, 53, 61, 69, 77, 85, 93, 102, 114, 126];
    for start in starts {
        assert_eq!(lines[13].as_bytes()[start], b'-');
        assert!(start == 0 || lines[13].as_bytes()[start - 1] == b' ');
    }
    assert_eq!(lines[13].split(' ').count(), 17);
    assert_eq!(
        lines[4].split_at(43).1,
        "61 33.33'W -61.555444, 31 34.35'N 31.572562, ".to_owned()
            + lines[4].rsplit(' ').next().unwrap_or_default()
    );
    assert_cells_are_truth(&recipe);
    assert!(bytes.ends_with(b"\r\n"));
}

#[test]
fn other_layouts_of_eol_are_told_by_their_dashes() {
    for (anomaly, columns, length) in [
        (Anomaly::FormatOne, 17, 130),
        (Anomaly::NineteenColumns, 19, 150),
        (Anomaly::TwentyOneColumns, 21, 166),
    ] {
        let recipe = recipe(Format::Eol, &[anomaly]);
        let cells = cut(&eol::print(&recipe));
        assert!(cells.iter().all(|row| row.len() == columns), "{anomaly:?}");
        let printed = lines(&eol::print(&recipe));
        assert!(printed.iter().rev().skip(1).take(9).all(|line| line.len() == length), "{anomaly:?}");
        assert_cells_are_truth(&recipe);
    }
    for anomaly in [Anomaly::SurfaceFirst, Anomaly::MissingTime, Anomaly::Midnight, Anomaly::DateLine] {
        let mut recipe = recipe(Format::Eol, &[anomaly, Anomaly::NoAircraft]);
        recipe.seconds = Some(100.0);
        assert_cells_are_truth(&recipe);
    }
}

#[test]
fn glued_columns_come_apart_before_a_minus() {
    let plain = lines(&eol::print(&recipe(Format::Eol, &[])));
    let glued = lines(&eol::print(&recipe(Format::Eol, &[Anomaly::GluedColumns])));
    let mut shorter = 0;
    for (plain, glued) in plain.iter().zip(&glued).skip(14) {
        shorter += usize::from(glued.len() < plain.len());
        let apart = glued.replace('-', " -");
        assert!(apart.split_whitespace().eq(plain.split_whitespace()), "{glued}");
    }
    assert!(shorter > 20);
}

#[test]
fn endings_and_clocks() {
    let print = |anomaly| eol::print(&recipe(Format::Eol, &[anomaly]));
    assert!(!print(Anomaly::LineFeeds).contains(&b'\r'));
    assert!(print(Anomaly::DoubleReturns).ends_with(b"\r\r\n"));
    assert!(print(Anomaly::Latin1).contains(&0xff) && print(Anomaly::Latin1).contains(&0xb1));
    assert!(!print(Anomaly::Truncated).ends_with(b"\n"));
    let midnight = cut(&print(Anomaly::Midnight));
    assert_eq!((midnight[0][1].as_str(), midnight.last().map(|row| row[1].as_str())), ("23", Some(" 0")));
    let at_launch = cut(&print(Anomaly::MidnightAtLaunch));
    assert_eq!((at_launch[0][1].as_str(), at_launch[1][1].as_str()), ("23", " 0"));
    assert_eq!(cut(&print(Anomaly::ZeroPaddedClock))[1][3], "16.00");
    let two = lines(&print(Anomaly::TwoSoundings));
    assert_eq!(two.iter().filter(|line| line.starts_with("Data Type")).count(), 2);
}

#[test]
fn headers_of_odd_places() {
    let location =
        |anomaly| lines(&eol::print(&recipe(Format::Eol, &[anomaly])))[4].split_at(43).1.to_owned();
    assert!(location(Anomaly::NoLaunchLocation).starts_with("-999 -999, -999 -999, "));
    assert!(location(Anomaly::NegativeZeroLatitude).contains(" 00 31.41'S -0.523456,"));
    assert!(location(Anomaly::Eastern).starts_with("118 26.67'E 118.444556, 31"));
    assert!(location(Anomaly::Southern).contains("31 34.35'S -31.572562,"));
    let padded = location(Anomaly::PaddedLaunchLocation);
    assert!(padded.starts_with("061 33.33'W -61.555444, 31 34.35'N 31.572562, "), "{padded}");
}

#[test]
fn the_sounding_is_consistent() {
    for environment in Environment::value_variants() {
        let recipe = Recipe { environment: *environment, seconds: None, ..Recipe::default() };
        let sounding = recipe.truth().remove(0);
        let duration = sounding.rows.last().and_then(|row| row.time).unwrap_or_default();
        assert!((1000.0..1350.0).contains(&duration), "{duration}");
        let mut previous: Option<(f64, f64, f64)> = None;
        for row in &sounding.rows {
            if let (Some(speed), Some(direction)) = (row.get(Column::Speed), row.get(Column::Direction)) {
                let eastward = -speed * direction.to_radians().sin();
                assert!((eastward - row.get(Column::Eastward).unwrap_or_default()).abs() < 0.03);
            }
            let (Some(pressure), Some(temperature), Some(altitude)) =
                (row.get(Column::Pressure), row.get(Column::Temperature), row.get(Column::Altitude))
            else {
                continue;
            };
            if let Some(humidity) = row.get(Column::Humidity) {
                let dew_point = dew_point_c(temperature, humidity).unwrap_or_default();
                assert!((row.get(Column::DewPoint).unwrap_or_default() - dew_point).abs() < 0.006);
            }
            if let Some((low_pressure, high_m, kelvin)) =
                previous.filter(|(_, high, _)| high - altitude > 1000.0)
            {
                // Thickness of the layer fallen through (dry: vapour adds up to two percent).
                let mean_k = f64::midpoint(kelvin, temperature + 273.15);
                let thickness = 29.27 * mean_k * (pressure / low_pressure).ln();
                assert!((thickness / (high_m - altitude) - 1.0).abs() < 0.025, "{thickness} at {altitude}");
                previous = None;
            }
            previous = previous.or(Some((pressure, altitude, temperature + 273.15)));
        }
    }
}

#[test]
fn raw_lines_have_152_characters_and_20_fields() {
    for (anomalies, fields, length) in
        [(&[][..], 20, 152), (&[Anomaly::NineteenFields], 19, 143), (&[Anomaly::LeakingRows], 20, 152)]
    {
        let printed = lines(&avaps_raw::print(&recipe(Format::Raw, anomalies)));
        let data: Vec<&String> = printed.iter().filter(|line| line.starts_with("AVAPS-D")).collect();
        assert!(data.iter().all(|line| line.len() == length && line.split_whitespace().count() == fields));
        assert!(data[0].contains(" A00 ") && data[1].contains(" P00 "));
    }
    let never = lines(&avaps_raw::print(&recipe(Format::Raw, &[Anomaly::NeverLaunched])));
    assert!(never[5].ends_with(" 000000 000000.00"));
    assert!(!never.iter().any(|line| line.contains(" S0") || line.contains(" A0")));
}

#[test]
fn icartt_counts_its_header() {
    let recipe = recipe(Format::Icartt, &[Anomaly::LineFeeds]);
    let printed = lines(&icartt::print(&recipe));
    let count: usize = printed[0].split(',').next().and_then(|count| count.parse().ok()).expect("a count");
    assert!(printed[count - 1].starts_with("Time_Start,TimeFLStart,Pressure,"));
    let rows: Vec<&String> = printed[count..].iter().filter(|line| !line.is_empty()).collect();
    assert_eq!(rows.len(), recipe.truth()[0].rows.len());
    assert!(rows.iter().all(|row| row.split(',').count() == 15));
    assert!(rows[0].starts_with("45676.00,0.00,-9999"));
}

#[test]
fn hdf5_holds_the_same_sounding_from_the_surface_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("D20120907_124116QC.nc");
    let recipe = recipe(Format::Aspen, &[]);
    recipe.write(&path).expect("a file");
    let mut text = Recipe { format: Format::Eol, ..recipe.clone() }.truth().remove(0);
    text.rows.reverse();
    let file = hdf5::File::open(&path).expect("an HDF5 file");
    let read = |name: &str| file.dataset(name).and_then(|dataset| dataset.read_raw::<f32>()).expect(name);
    let time = file.dataset("time").and_then(|time| time.read_raw::<f64>()).expect("time");
    assert!(time.is_sorted_by(|earlier, later| earlier > later));
    for (name, column) in
        [("pres", Column::Pressure), ("lon", Column::Longitude), ("wdir", Column::Direction)]
    {
        let printed: Vec<f32> =
            text.rows.iter().map(|row| row.get(column).map_or(-999.0, |value| value as f32)).collect();
        assert_eq!(read(name), printed);
    }
    assert!(file.attr("Agency").and_then(|agency| agency.space()).is_ok_and(|space| space.size() == 0));
    let phantom = file.dataset("obs").and_then(|scale| scale.dtype()).expect("obs");
    assert_eq!(phantom.byte_order(), hdf5::datatype::ByteOrder::BigEndian);
    assert!(file.dataset("obs").and_then(|scale| scale.attr("NAME")).is_ok());
}

#[test]
fn every_anomaly_can_be_written_in_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("file");
    for &format in Format::value_variants() {
        recipe(format, &[]).write(&path).expect("a file");
        let plain = std::fs::read(&path).expect("a file");
        recipe(format, &[]).write(&path).expect("a file");
        assert!(std::fs::read(&path).expect("a file") == plain, "{format:?} differs from run to run");
        for &anomaly in Anomaly::value_variants() {
            recipe(format, &[anomaly]).write(&path).expect("a file");
            let same = std::fs::read(&path).expect("a file") == plain;
            assert!(!(same && format == known_in(anomaly)), "{anomaly:?} does nothing in {format:?}");
        }
    }
}

/// Returns a format that supports the anomaly.
fn known_in(anomaly: Anomaly) -> Format {
    match anomaly {
        Anomaly::SiUnits
        | Anomaly::SurfaceVariables
        | Anomaly::NoStandardNames
        | Anomaly::Compressed
        | Anomaly::LaunchFirst => Format::Aspen,
        Anomaly::NineteenFields | Anomaly::LeakingRows => Format::Raw,
        _ => Format::Eol,
    }
}

#[test]
fn falls_that_go_wrong() {
    let rows = |anomaly| {
        let mut sounding = Recipe { seconds: None, anomalies: vec![anomaly], ..Recipe::default() }.truth();
        sounding.remove(0).rows
    };
    let fast = rows(Anomaly::FastFall);
    let fastest = fast.iter().filter_map(|row| row.get(Column::Descent)).fold(0.0, f64::min);
    assert!((-65.0..-40.0).contains(&fastest), "{fastest}");
    let late = rows(Anomaly::LateChute);
    let gap = late.windows(2).map(|pair| pair[1].clock - pair[0].clock).fold(0.0, f64::max);
    assert!((239.0..241.0).contains(&gap), "{gap}");
    assert!(rows(Anomaly::Long).len() > 9000);
    let unfinished = rows(Anomaly::NoSurface);
    assert!(unfinished.iter().filter_map(|row| row.get(Column::Altitude)).all(|altitude| altitude > 2000.0));
    let driest = rows(Anomaly::DryAir).iter().find_map(|row| row.get(Column::DewPoint));
    assert!(driest < Some(-100.0), "{driest:?}");
    assert!(rows(Anomaly::PostSplash).last().and_then(|row| row.get(Column::Altitude)) < Some(0.0));
    let across: Vec<f64> =
        rows(Anomaly::DateLine).iter().filter_map(|row| row.get(Column::Longitude)).collect();
    assert!(across.iter().any(|&longitude| longitude > 179.5));
    assert!(across.iter().any(|&longitude| longitude < -179.5));
    assert!(rows(Anomaly::ImpossibleLongitude).iter().any(|row| row.get(Column::Longitude) > Some(399.0)));
}
