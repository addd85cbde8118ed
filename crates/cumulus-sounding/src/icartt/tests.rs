//! Synthetic ICARTT texts, one per anomaly; all values are invented.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::Dropped;

const HEADER: &str = "\
32, 1001
Synthetic, A.
Nowhere
SYNTHETIC SONDE
SYNTHETIC CAMPAIGN
1,1
2012, 12, 31, 2013, 01, 02
0.5
Time_Start, seconds, Time_Start, UTC seconds from midnight
4
1, 1, 0.1, 1
-9999, -9999, -999, -9999
TimeFLStart, seconds, None, seconds from launch
Pressure, mb, Met_StaticPressure, pressure
Temperature, deg C, Met_Temperature, temperature
GPS Altitude, m, Platform_AltitudeMSL, altitude
3
Launch Time: 2012-12-31 23:59:59
TdryOutlier: 10
TdryOutlier: 11
11
PLATFORM SYNTHETIC P-3, N0
LOCATION: nowhere
UNCERTAINTY: synthetic
        Pressure: \u{b1}0.5hPa
        Temperature: none
ULOD_FLAG: -77777
LLOD_FLAG: -88888
words alone
OTHER_COMMENTS: Pörtge
REVISION: R0
Time_Start,TimeFLStart,Pressure,Temperature,GPS Altitude
";

const ROWS: &str = "\
86399.50,0.50,-9999,-999,3000.25
86400.00,1.00,900.50,-105,-77777
86400.50,1.50,901.00,-77777,-88888
";

fn read(text: &str) -> Sounding {
    parse(text.as_bytes(), "synthetic.ict").expect("a sounding")
}

#[test]
fn a_file_with_every_oddity_is_read() {
    let sounding = read(&format!("{HEADER}{ROWS}\n\n"));
    assert_eq!(sounding.row_count(), 3);
    assert_eq!(sounding.time_column, "TimeFLStart");
    assert_eq!(
        sounding.time_origin.map(|origin| origin.to_string()).as_deref(),
        Some("2012-12-31T23:59:59Z")
    );
    assert_eq!(sounding.platform.as_deref(), Some("SYNTHETIC P-3, N0"));
    assert_eq!(sounding.project.as_deref(), Some("SYNTHETIC CAMPAIGN"));
    let temperature = sounding.column("Temperature").expect("a column");
    assert!(temperature.values[0].is_nan() && temperature.values[2].is_nan());
    assert_eq!((temperature.values[1], temperature.units.as_str()), (-10.5, "deg C"));
    assert!(sounding.column("GPS Altitude").is_some_and(|column| column.values[1].is_nan()));
    assert_eq!(sounding.dropped, Dropped::default());
    assert_eq!(sounding.notes.len(), 1, "{:?}", sounding.notes);
    assert!(sounding.notes[0].message.starts_with("3 values"));
    let text = |name: &str| sounding.header_text(name);
    assert_eq!(text("icartt_tdry_outlier_2"), Some("11"));
    assert_eq!(text("icartt_uncertainty"), Some("synthetic\nPressure: ±0.5hPa\nTemperature: none"));
    assert_eq!(text("icartt_comment"), Some("words alone"));
    assert_eq!(text("icartt_other_comments"), Some("Pörtge"));
    assert_eq!(text("icartt_column_names"), None);
}

#[test]
fn latin_1_and_other_line_ends_make_no_difference() {
    let expected = format!("{:?}", read(&format!("{HEADER}{ROWS}")));
    let latin_1: Vec<u8> = format!("{HEADER}{ROWS}")
        .replace('\n', "\r\n")
        .chars()
        .map(|character| u8::try_from(u32::from(character)).expect("Latin-1"))
        .collect();
    let sounding = parse(&latin_1, "latin-1").expect("a sounding");
    assert_eq!(format!("{sounding:?}"), expected);
}

#[test]
fn without_a_launch_time_the_rows_tell_it_else_midnight_is_the_origin() {
    let by_rows = read(&format!("{HEADER}{ROWS}").replace("Launch Time:", "Lunch Time:"));
    assert_eq!(by_rows.time_origin.map(|origin| origin.to_string()).as_deref(), Some("2012-12-31T23:59:59Z"));
    let renamed =
        format!("{HEADER}{ROWS}").replace("TimeFLStart", "Other").replace("Launch Time:", "Lunch Time:");
    let by_midnight = read(&renamed);
    assert_eq!(by_midnight.time_column, "Time_Start");
    assert_eq!(
        by_midnight.time_origin.map(|origin| origin.to_string()).as_deref(),
        Some("2012-12-31T00:00:00Z")
    );
    let apart = read(&format!("{HEADER}{ROWS}").replace("23:59:59", "23:59:49"));
    assert!(apart.notes.iter().any(|note| note.message.contains("10 s")), "{:?}", apart.notes);
}

#[test]
fn rows_of_another_length_or_cut_short_are_dropped_and_counted() {
    let sounding =
        read(&format!("{HEADER}{ROWS}1,2,3\n1,2,3,4,5,6\n1,2,x,4,5\n-9999,1,2,3,4\n86401.00,2.00,1,1,30"));
    let dropped = Dropped { malformed: 3, without_time: 1, ..Dropped::default() };
    assert_eq!((sounding.row_count(), sounding.dropped), (4, dropped));
    let codes: Vec<Code> = sounding.notes.iter().map(|note| note.code).collect();
    assert!(codes.contains(&Code::CellsUnreadable) && codes.contains(&Code::Truncated), "{codes:?}");
    assert_eq!(read(&format!("{HEADER}{}-9999", ROWS.trim_end_matches("-88888\n"))).row_count(), 3);
}

#[test]
fn a_comma_may_end_each_row() {
    let text = format!("{HEADER}{}", ROWS.replace('\n', ",\n"));
    let shown = |text: &str| format!("{:?}", read(text).columns);
    assert_eq!(shown(&text), shown(&format!("{HEADER}{ROWS}")));
}

/// A file whose only time is the clock, with or without a launch time.
fn with_clock_alone(launch: &str, rows: &str) -> Sounding {
    let header = HEADER
        .replace("TimeFLStart,Pressure", "RH,Pressure")
        .replace("TimeFLStart, seconds, None, seconds from launch", "RH, %, Met_RH, humidity")
        .replace("Launch Time: 2012-12-31 23:59:59", launch);
    read(&format!("{header}{rows}"))
}

#[test]
fn a_clock_that_starts_anew_at_midnight_goes_on() {
    let forth = with_clock_alone(
        "Launch Time: 2012-12-31 23:59:59",
        "86399.50,1,1,1,1\n0.50,1,1,1,1\n1.50,1,1,1,1\n",
    );
    assert_eq!(forth.columns[0].values, [86_399.5, 86_400.5, 86_401.5]);
    assert!(forth.notes.is_empty(), "{:?}", forth.notes);
}

#[test]
fn without_a_launch_the_first_row_is_taken_with_a_warning() {
    let sounding = with_clock_alone("Sonde: 1", "3601.50,1,1,1,1\n3600.50,1,1,1,1\n");
    let launch = sounding.launch.expect("a launch");
    assert_eq!((launch.instant.to_string().as_str(), launch.source), ("2012-12-31T01:00:00.5Z", "first row"));
    assert_eq!(sounding.notes[0].code, Code::LaunchAssumed);
}

#[test]
fn damaged_headers_are_refused_by_line() {
    let whole = format!("{HEADER}{ROWS}");
    let cases = [
        (HEADER.to_owned(), "has no row of data"),
        (whole.replace("32, 1001", "33, 1001"), "length is not the stated one"),
        (whole.replace("\n4\n", "\nfour\n"), "cannot be read"),
        (whole.replace("\n4\n", "\n99999999\n"), "cannot be read"),
        (whole.replace("\n1, 1, 0.1, 1\n", "\n1, 1, 1\n"), "cannot be read"),
        (whole.replace("\n11\n", "\n18446744073709551615\n"), "ends within its header"),
    ];
    for (text, problem) in cases {
        let failure = parse(text.as_bytes(), "x.ict").expect_err("no sounding");
        assert!(failure.problem.contains(problem), "{failure}");
    }
    for lines in 1..32 {
        let cut: String = HEADER.split_inclusive('\n').take(lines).collect();
        assert!(parse(cut.as_bytes(), "x.ict").is_err(), "{lines} lines");
    }
}

proptest! {
    #[test]
    fn printed_rows_are_read_as_they_were(
        rows in proptest::collection::vec((0_u32..8_000_000, proptest::option::of(0..999_999)), 1..30)
    ) {
        let mut text = HEADER.to_owned();
        for (time, cell) in &rows {
            let cell = cell.map_or("-9999".to_owned(), |cell| format!("{:.2}", f64::from(cell) / 100.0));
            writeln!(text, "{:.2},0.00,{cell},-999,-9999", f64::from(*time) / 100.0).expect("memory");
        }
        let sounding = read(&text);
        prop_assert_eq!(sounding.row_count(), rows.len());
        let pressure = sounding.column("Pressure").expect("a column");
        for (index, (time, cell)) in rows.iter().enumerate() {
            prop_assert_eq!(sounding.columns[0].values[index].to_bits(), (f64::from(*time) / 100.0).to_bits());
            prop_assert_eq!(pressure.values[index].is_nan(), cell.is_none());
            if let Some(cell) = cell {
                prop_assert_eq!(pressure.values[index].to_bits(), (f64::from(*cell) / 100.0).to_bits());
            }
        }
    }
}
