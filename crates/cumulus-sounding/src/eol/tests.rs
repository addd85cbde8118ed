//! Synthetic EOL texts, one per anomaly; all values are invented.

use proptest::prelude::*;

use super::*;
use crate::{Dropped, LaunchPosition};

const NAMES: &str = "  Time   -- UTC  --   Press    Temp   Dewpt    RH     Uwind   Vwind   Wspd     Dir     dZ    GeoPoAlt     Lon         Lat      GPSAlt ";
const UNITS: &str = "   sec   hh mm   ss     mb      C       C       %      m/s     m/s     m/s     deg     m/s       m        deg         deg         m   ";
const DASHES: &str = "-------- -- -- ----- ------- ------- ------- ------- ------- ------- ------- ------- ------- -------- ----------- ----------- --------";
const AIRCRAFT: &str = "   -1.00 23 59 59.00   70.10  -60.20 -999.00 -999.00   -1.50    2.50    2.92  149.04 -999.00 18000.30  -40.250000   20.500000  -999.00";
const FIRST: &str = "    0.00 23 59 59.50 -999.00 -999.00 -999.00 -999.00 -999.00 -999.00 -999.00 -999.00 -999.00  -999.00  -40.250010   20.500010 18050.40";
const SECOND: &str = "    0.75  0  0  0.25   71.10  -61.20 -100.12    0.00   -3.50    4.50    5.70  142.13  -30.25 17980.30  -40.250020   20.500020 18030.40";

fn header(location: &str, time: &str) -> String {
    [
        "Data Type/Direction:                       SYNTHETIC SOUNDING DATA, Channel 5/Descending",
        "File Format/Version:                       EOL Sounding Format/1.1",
        "Project Name/Platform:                     HS3, SYNTHETIC01/Global Hawk, ---",
        "Launch Site:                               ",
        &format!("Launch Location (lon,lat,alt):             {location}"),
        &format!("UTC Launch Time (y,m,d,h,m,s):             {time}"),
        "Sonde Id/Sonde Type:                       000000000/",
        "Reference Launch Data Source/Time:         Manual Entry/23:59:59",
        "System Operator/Comments:                  a/ b/none, Good Drop",
        "Post Processing Comments:                  Aspen Version 0.0; Created at 20:07 UTC; TDDryBiasCorrApplied",
        "/",
    ]
    .join("\n")
}

fn text(rows: &[&str]) -> String {
    let header = header("40 15.00'W -40.250000, 20 30.00'N 20.500000, 18000.30", "2012, 12, 31, 23:59:59");
    format!("{header}\n{NAMES}\n{UNITS}\n{DASHES}\n{}\n", rows.join("\n"))
}

fn read(text: &str) -> Sounding {
    let mut soundings = crate::parse(text.as_bytes(), "synthetic.eol").expect("a sounding");
    assert_eq!(soundings.len(), 1);
    soundings.remove(0)
}

fn refused(text: &str) -> Failure {
    crate::parse(text.as_bytes(), "synthetic.eol").expect_err("no sounding")
}

fn values(sounding: &Sounding, name: &str) -> Vec<f64> {
    sounding.column(name).unwrap_or_else(|| panic!("column {name}")).values.clone()
}

/// True if the values are equal, with NaN equal to NaN.
fn same(left: &[f64], right: &[f64]) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|(left, right)| {
            left.is_nan() == right.is_nan() && (left.is_nan() || left.to_bits() == right.to_bits())
        })
}

#[test]
fn a_regular_file_is_read_as_it_states_itself() {
    let sounding = read(&text(&[AIRCRAFT, FIRST, SECOND]));
    assert_eq!(sounding.format, "EOL Sounding Format/1.1");
    assert_eq!(sounding.project.as_deref(), Some("HS3"));
    assert_eq!(sounding.flight.as_deref(), Some("SYNTHETIC01"));
    assert_eq!(sounding.platform.as_deref(), Some("Global Hawk"));
    assert_eq!(sounding.sonde_id.as_deref(), Some("000000000"));
    assert_eq!(sounding.sonde_type, None);
    assert_eq!(sounding.dry_bias_corrected, Some(true));
    assert_eq!(sounding.header.len(), 10);
    assert_eq!(sounding.header_text("eol_system_operator_comments"), Some("a/ b/none, Good Drop"));
    let position =
        LaunchPosition { longitude: Some(-40.25), latitude: Some(20.5), altitude_m: Some(18_000.3) };
    assert_eq!(sounding.launch_position, position);
    assert_eq!(sounding.columns.len(), 17);
    assert_eq!(values(&sounding, "Time"), [0.0, 0.75]);
    assert!(same(&values(&sounding, "Dewpt"), &[f64::NAN, -100.12]));
    assert!(same(&values(&sounding, "GPSAlt"), &[18_050.4, 18_030.4]));
    let lon = sounding.column("Lon").expect("a column");
    assert_eq!((lon.units.as_str(), lon.decimals), ("deg", 6));
    let pressure = sounding.reference.iter().find(|(name, _)| name == "Press");
    assert_eq!(pressure, Some(&("Press".to_owned(), 70.1)));
    assert!(!sounding.reference.iter().any(|(name, _)| name == "RH" || name == "GPSAlt"));
    assert_eq!((sounding.dropped, sounding.notes.len()), (Dropped::default(), 0));
}

#[test]
fn the_fraction_of_the_launch_comes_from_the_clock_across_new_year() {
    let sounding = read(&text(&[AIRCRAFT, FIRST, SECOND]));
    let launch = sounding.launch.expect("a launch");
    assert_eq!(launch.instant.to_string(), "2012-12-31T23:59:59.5Z");
    assert!(launch.has_fraction && launch.detected);
    assert_eq!(sounding.clock_deviation_s, Some(0.0));
    let rounded_up = text(&[FIRST]).replace("2012, 12, 31, 23:59:59", "2013,  1,  1,  0: 0: 0");
    let launch = read(&rounded_up).launch.expect("a launch");
    assert_eq!(launch.instant.to_string(), "2012-12-31T23:59:59.5Z");
}

#[test]
fn a_clock_that_contradicts_the_header_is_noted() {
    let sounding = read(&text(&[FIRST]).replace("23:59:59\n", "23:59:58\n"));
    let launch = sounding.launch.expect("a launch");
    assert_eq!((launch.instant.to_string().as_str(), launch.has_fraction), ("2012-12-31T23:59:58Z", false));
    assert_eq!(sounding.clock_deviation_s, Some(1.5));
    assert!(sounding.notes[0].message.contains("1.5 s"), "{:?}", sounding.notes);
    let without = read(&text(&[FIRST]).replace("2012, 12, 31", "2012, 02, 30"));
    assert!(without.launch.is_none() && without.time_origin.is_none() && without.notes.len() == 1);
}

#[test]
fn line_endings_and_foreign_bytes_make_no_difference() {
    let plain = text(&[AIRCRAFT, FIRST, SECOND]);
    let expected = read(&plain);
    for ending in ["\r\n", "\r\r\n", "\r", " \n", "\0\n"] {
        let sounding = read(&plain.replace('\n', ending));
        assert_eq!(format!("{sounding:?}"), format!("{expected:?}"), "{ending:?}");
    }
    assert_eq!(format!("{:?}", read(&format!("{plain}\x1a"))), format!("{expected:?}"));
    let mut bytes = plain.into_bytes();
    let at = memchr::memmem::find(&bytes, b"Good").expect("a comment");
    bytes[at] = 0xb1;
    bytes[at + 1] = 0xff;
    let sounding = parse(&bytes, "latin-1").expect("a sounding").remove(0);
    assert_eq!(sounding.header_text("eol_system_operator_comments"), Some("a/ b/none, ±ÿod Drop"));
}

#[test]
fn glued_rows_equal_rows_with_blanks() {
    let glued = [FIRST, SECOND].map(|row| row.replace(" -", "-"));
    let sounding = read(&text(&[&glued[0], &glued[1]]));
    let expected = read(&text(&[FIRST, SECOND]));
    assert_eq!(format!("{:?}", sounding.columns), format!("{:?}", expected.columns));
    assert_eq!(sounding.notes.len(), 1);
}

#[test]
fn blank_cells_are_missing_and_short_rows_malformed() {
    let blank = SECOND.replace("  -61.20", "        ");
    let sounding = read(&text(&[FIRST, &blank, &SECOND[..60], "comment in the table"]));
    assert!(same(&values(&sounding, "Temp"), &[f64::NAN, f64::NAN]), "{sounding:?}");
    assert!(same(&values(&sounding, "Press"), &[f64::NAN, 71.1]));
    assert_eq!(sounding.dropped, Dropped { malformed: 2, ..Dropped::default() });
}

#[test]
fn a_truncated_last_row_is_dropped_wherever_it_is_cut() {
    let whole = text(&[FIRST, SECOND]);
    let whole = whole.trim_end_matches('\n');
    // If fewer bytes than these are left, they are blanks and not a row.
    let blanks = SECOND.len() - SECOND.trim_start().len();
    for cut in 1..SECOND.len() - blanks {
        let sounding = read(&whole[..whole.len() - cut]);
        assert_eq!((sounding.row_count(), sounding.dropped.malformed), (1, 1), "{cut} bytes cut");
    }
    assert_eq!(read(whole).row_count(), 2);
    assert_eq!(read(&whole[..whole.len() - SECOND.len()]).dropped, Dropped::default());
}

#[test]
fn order_and_duplicates_are_kept_and_rows_without_time_dropped() {
    let without_time = SECOND.replace("    0.75", " -999.00");
    let sounding = read(&text(&[SECOND, FIRST, &without_time, SECOND, AIRCRAFT, AIRCRAFT]));
    assert_eq!(values(&sounding, "Time"), [0.75, 0.0, 0.75]);
    let dropped = Dropped { without_time: 1, repeated_reference: 1, ..Dropped::default() };
    assert_eq!(sounding.dropped, dropped);
    assert!(!sounding.reference.is_empty());
}

#[test]
fn version_1_0_and_more_columns_are_told_by_the_dashes() {
    let old = text(&["   0.00 23 59 59.50 -999.00 -999.00"])
        .replace(NAMES, "  Time -- UTC  --   Press    GPSA")
        .replace(UNITS, "   sec hh mm   ss     mb       m")
        .replace(DASHES, "------- -- -- ----- ------- -----")
        .replace("/1.1", "/1.0");
    let sounding = read(&old.replace(" -999.00 -999.00", "  900.00 17000"));
    assert_eq!(sounding.format, "EOL Sounding Format/1.0");
    assert_eq!(values(&sounding, "GPSA"), [17_000.0]);
    assert_eq!(values(&sounding, "UTC ss"), [59.5]);
    for more in [2, 4] {
        let wide = text(&[&format!("{SECOND}{}", "   12.25".repeat(more))])
            .replace(NAMES, &format!("{NAMES}{}", "  Extra ".repeat(more)))
            .replace(UNITS, &format!("{UNITS}{}", "    km  ".repeat(more)))
            .replace(DASHES, &format!("{DASHES}{}", " -------".repeat(more)));
        let sounding = read(&wide);
        assert_eq!(sounding.columns.len(), 17 + more);
        assert_eq!(values(&sounding, "Extra"), [12.25]);
        assert_eq!(sounding.columns.last().map(|column| column.name.clone()), Some(format!("Extra {more}")));
        assert_eq!(values(&sounding, "Lat"), [20.500_02]);
    }
}

#[test]
fn several_soundings_in_one_file_are_several() {
    let one = text(&[FIRST]);
    let two = text(&[FIRST, SECOND]);
    let soundings = parse(format!("{one}{two}").as_bytes(), "x").expect("soundings");
    assert_eq!(soundings.iter().map(Sounding::row_count).collect::<Vec<_>>(), [1, 2]);
    let many = "Data Type/Direction: x\n".repeat(1001);
    assert_eq!(refused(&many).problem, "holds too many soundings");
    let header_only = header("", "");
    for file in [format!("{one}{header_only}\n{two}"), format!("{header_only}\n{one}{two}")] {
        let soundings = parse(file.as_bytes(), "x").expect("soundings");
        assert_eq!(soundings.iter().map(Sounding::row_count).collect::<Vec<_>>(), [1, 2]);
        assert!(
            soundings[0].notes.iter().any(|note| note.message.contains("without a table")),
            "{:?}",
            soundings[0].notes
        );
    }
}

#[test]
fn missing_launch_locations_and_odd_missions_are_tolerated() {
    let located = header("-999 -999, -999 -999,    32.90", "2012, 02, 29, 12:00:00");
    let located = located.replace("HS3, SYNTHETIC01/Global Hawk, ---", "00 A B, 12345/Lockheed C-130J, ---");
    let sounding = read(&format!("{located}\n{NAMES}\n{UNITS}\n{DASHES}\n{FIRST}\n"));
    let expected = LaunchPosition { altitude_m: Some(32.9), ..LaunchPosition::default() };
    assert_eq!(sounding.launch_position, expected);
    assert_eq!(sounding.platform.as_deref(), Some("Lockheed C-130J"));
    assert_eq!(sounding.project.as_deref(), Some("00 A B"));
    assert_eq!(sounding.notes.len(), 2, "{:?}", sounding.notes);
}

#[test]
fn files_without_a_sounding_are_refused_by_name() {
    let cases = [
        (header("", ""), "without a table"),
        (text(&[]), "has no row of data"),
        (text(&[AIRCRAFT]), "has no row of data"),
        (text(&["-", "x"]), "has no row of data"),
        (text(&[FIRST]).replace("Time   --", "Tide   --"), "has no time column"),
        (format!("35 1001\n{}", text(&[FIRST])), "NASA Ames"),
    ];
    for (file, problem) in cases {
        let failure = refused(&file);
        assert!(failure.problem.contains(problem), "{failure}");
        assert_eq!(failure.stage, Stage::Read);
        assert!(failure.found.is_some() && failure.expected.is_some() && failure.hint.is_some(), "{failure}");
    }
}

/// A value in hundredths that fits a column of seven characters, or missing.
fn hundredths() -> impl Strategy<Value = Option<i32>> {
    prop_oneof![1 => Just(None), 3 => (-99_899..999_999).prop_map(Some)]
}

proptest! {
    /// Printed values are parsed exactly, with blanks between the columns or without those before minus signs, and
    /// with every line ending.
    #[test]
    fn printed_rows_are_read_as_they_were(
        rows in proptest::collection::vec((0_u32..999_999, proptest::collection::vec(hundredths(), 13)), 1..20),
        glued in any::<bool>(),
        ending in prop_oneof![Just("\n"), Just("\r\n"), Just("\r\r\n")],
    ) {
        let print = |value: Option<i32>, width: usize, decimals: usize| {
            format!(" {:>width$.decimals$}", value.map_or(-999.0, |value| f64::from(value) / 100.0))
        };
        let lines: Vec<String> = rows
            .iter()
            .map(|(time, cells)| {
                let mut line = format!("{:>8.2} 12  1  5.25", f64::from(*time) / 100.0);
                for (index, cell) in cells.iter().enumerate() {
                    let (width, decimals) = match index { 9 | 12 => (8, 2), 10 | 11 => (11, 6), _ => (7, 2) };
                    line.push_str(&print(*cell, width, decimals));
                }
                if glued { line.replace(" -", "-") } else { line }
            })
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let sounding = read(&text(&lines).replace('\n', ending));
        prop_assert_eq!(sounding.row_count(), rows.len());
        for (index, (time, cells)) in rows.iter().enumerate() {
            prop_assert_eq!(sounding.columns[0].values[index].to_bits(), (f64::from(*time) / 100.0).to_bits());
            for (column, cell) in sounding.columns[4..].iter().zip(cells) {
                let value = column.values[index];
                match cell {
                    None => prop_assert!(value.is_nan()),
                    Some(cell) => prop_assert_eq!(value.to_bits(), (f64::from(*cell) / 100.0).to_bits()),
                }
            }
        }
    }
}
