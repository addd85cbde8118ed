//! Synthetic D-files, one per anomaly; all values are invented.

use super::*;
use crate::Dropped;

const ROW: &str = "800.25  10.50  50.25 180.00  12.50 -11.50  -40.250000  20.500000  2000.50   8  50.25  50.50   9  0.25  2010.50";
const EMPTY: &str = "9999.00  99.00 999.00 999.00 999.00  99.00  999.000000  99.000000 99999.00   0 999.00 999.00   0 99.00 99999.00";

fn data(flag: &str, date: &str, clock: &str, values: &str) -> String {
    format!("AVAPS-D05 {flag} 000000001 {date} {clock} {values}")
}

fn file(launch: &str, rows: &[String]) -> String {
    let mut lines = vec![
        "AVAPS-T05 STA 000000001 121231 235000.00".to_owned(),
        "AVAPS-T05 COM --------- ------ --------- -------".to_owned(),
        format!("AVAPS-T05 LAU 000000001 {launch}"),
    ];
    lines.extend_from_slice(rows);
    lines.extend(
        [
            "COM Project Name/Mission ID:           SYNTHETIC, F1",
            "COM Aircraft Type/ID:                  ---, ---",
            "COM Launch Time (y,m,d,h,m,s):         2012-12-31, 23:59:58",
            "COM Pre-launch Obs (lon,lat,alt):       -40.500000 deg,  20.250000 deg, 3000.5 m, ( 40 30.0'W)",
            "FMT NOAA 1.7                           Format Version",
            "END 000000001 130101 001000.00",
        ]
        .map(|text| format!("AVAPS-T05 {text}")),
    );
    lines.join("\r\n") + "\r\n"
}

fn read(text: &str) -> Sounding {
    parse(text.as_bytes(), "synthetic.5").expect("a sounding")
}

fn times(sounding: &Sounding) -> Vec<f64> {
    sounding.column(TIME).expect("a column").values.clone()
}

#[test]
fn only_s_rows_are_the_sounding_and_missing_values_differ_by_column() {
    let rows = [
        data("A00", "121231", "235959.00", ROW),
        data("P00", "121231", "235950.00", ROW),
        data("S11", "121231", "235959.50", EMPTY),
        data("S10", "121231", "235959.75", ROW),
        data("A00", "121231", "235959.00", ROW),
        data("X00", "121231", "235959.00", ROW),
    ];
    let sounding = read(&file("121231 235959.50", &rows));
    assert_eq!(times(&sounding), [0.0, 0.25]);
    let dropped = Dropped { before_launch: 1, repeated_reference: 1, malformed: 1, ..Dropped::default() };
    assert_eq!(sounding.dropped, dropped);
    for column in &sounding.columns[1..16] {
        assert!(column.values[0].is_nan() && !column.values[1].is_nan(), "{}", column.name);
    }
    assert_eq!(sounding.column(SENSORS_BAD).expect("flags").values, [1.0, 1.0]);
    assert_eq!(sounding.column(GPS_BAD).expect("flags").values, [1.0, 0.0]);
    assert_eq!(sounding.column("GPS Longitude").map(|column| column.decimals), Some(6));
    assert_eq!(sounding.reference.len(), 16);
    assert_eq!(sounding.reference[..2], [(TIME.to_owned(), -0.5), ("Air Press".to_owned(), 800.25)]);
    assert_eq!(sounding.platform, None);
    assert_eq!(sounding.launch_position.latitude, Some(20.25));
    let names: Vec<&str> = sounding.header.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "avaps_sta",
        "avaps_lau",
        "avaps_project_name_mission_id",
        "avaps_aircraft_type_id",
        "avaps_launch_time_y_m_d_h_m_s",
        "avaps_pre_launch_obs_lon_lat_alt",
        "avaps_fmt",
        "avaps_end",
    ];
    assert_eq!(names, expected);
}

#[test]
fn time_goes_on_over_midnight_whether_the_date_does_or_not() {
    for date in ["130101", "121231", "000000"] {
        let rows = [data("S00", "121231", "235959.75", ROW), data("S00", date, "000000.25", ROW)];
        assert_eq!(times(&read(&file("121231 235959.50", &rows))), [0.25, 0.75], "{date}");
    }
}

#[test]
fn lines_of_another_length_are_dropped_and_stray_bytes_cost_a_cell() {
    let good = data("S00", "121231", "235959.75", ROW);
    let short = good.rsplit_once(' ').expect("words").0.trim_end().to_owned();
    let long = format!("{good} 1");
    let clock = data("S00", "121231", "236059.75", ROW);
    let rows =
        [good.clone(), short, long, clock, good.replace("10.50", "1?.50"), "noise".to_owned(), String::new()];
    let mut bytes = file("121231 235959.50", &rows).into_bytes();
    let stray = memchr::memchr(b'?', &bytes).expect("a mark");
    bytes[stray] = 0xff;
    let sounding = parse(&bytes, "synthetic").expect("a sounding");
    assert_eq!((sounding.row_count(), sounding.dropped.malformed), (2, 4));
    let doubled = String::from_utf8_lossy(&bytes).replace("\r\n", "\r\r\n");
    assert_eq!(read(&doubled).row_count(), 2);
    // Words with a stray byte or sign make only their own cells missing.
    assert!(sounding.notes.iter().any(|note| note.code == Code::CellsUnreadable));
}

#[test]
fn rows_without_a_detected_launch_count_from_the_stated_time_or_the_first_row() {
    let rows = [data("S00", "121231", "235959.75", ROW)];
    let text = file("000000 000000.00", &rows);
    let stated = read(&text);
    let launch = stated.launch.clone().expect("a launch");
    assert_eq!((launch.detected, launch.source), (false, "Launch Time"));
    assert_eq!(times(&stated), [1.75]);
    let first = read(&text.replace("Launch Time", "Lunch Time"));
    assert_eq!(first.launch.clone().map(|launch| launch.source), Some("first S row"));
    assert_eq!(times(&first), [0.0]);
    let no_date = [data("S00", "999999", "000001.75", ROW)];
    let none = read(&file("000000 000000.00", &no_date).replace("Launch Time", "Lunch Time"));
    assert_eq!((none.launch.clone(), times(&none), none.notes.len()), (None, vec![1.75], 1));
}

#[test]
fn a_second_sonde_on_the_channel_is_noted() {
    let row = data("S00", "121231", "235959.75", ROW);
    let sounding = read(&file("121231 235959.50", &[row.clone(), row.replace("000000001", "000000002")]));
    assert_eq!((sounding.row_count(), sounding.notes.len()), (2, 1));
}

#[test]
fn a_file_without_s_rows_is_refused() {
    for rows in [vec![], vec![data("P00", "121231", "235959.75", ROW)]] {
        let failure = parse(file("000000 000000.00", &rows).as_bytes(), "x").expect_err("no sounding");
        assert_eq!(failure.problem, "holds no sounding");
        assert!(
            failure.found.as_deref().is_some_and(|found| found.contains("000000 000000.00")),
            "{failure}"
        );
    }
}

#[test]
fn clocks_and_dates_are_checked() {
    assert_eq!(read_clock(b"235960.00"), Some(86_400_000));
    assert_eq!(read_clock(b"000000.25"), Some(250));
    for clock in ["236000.00", "235960.01", "-00001.00", "250000.00", "12:00:00", ""] {
        assert_eq!(read_clock(clock.as_bytes()), None, "{clock}");
    }
    assert_eq!(read_date(b"120229").map(|date| date.to_string()).as_deref(), Some("2012-02-29"));
    for date in ["110229", "000000", "12022", "1202290", "12o229"] {
        assert_eq!(read_date(date.as_bytes()), None, "{date}");
    }
}
