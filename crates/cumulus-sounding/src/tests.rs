//! Tests of detection, arbitrary bytes, and genuine files.

use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use cumulus_formats::read::netcdf3::Netcdf3Source;
use cumulus_model::source::Source;

/// A genuine file in the folder that `CUMULUS_SHARED` names.
#[expect(clippy::disallowed_methods, reason = "tests find genuine files by the environment")]
fn genuine(name: &str) -> Option<PathBuf> {
    let Some(shared) = std::env::var_os("CUMULUS_SHARED") else {
        cumulus_model::testing::skip(&format!("CUMULUS_SHARED is not set, so {name} is not at hand"));
        return None;
    };
    Some(PathBuf::from(shared).join("samples/avaps").join(name))
}

fn read_genuine(name: &str) -> Option<Result<Vec<Sounding>, Failure>> {
    let path = genuine(name)?;
    let bytes = std::fs::read(&path).expect("a genuine file");
    Some(parse(&bytes, name))
}

fn only(soundings: Result<Vec<Sounding>, Failure>) -> Sounding {
    let soundings = soundings.expect("a sounding");
    assert_eq!(soundings.len(), 1);
    soundings.into_iter().next().expect("one")
}

/// Values of some columns in one row as text, so that NaN can be compared.
fn row(sounding: &Sounding, index: usize, names: &[&str]) -> String {
    let value = |name: &&str| {
        let column = sounding.column(name).unwrap_or_else(|| panic!("column {name}"));
        format!("{}", column.values[index])
    };
    names.iter().map(value).collect::<Vec<_>>().join(" ")
}

const RAW: [&str; 8] =
    ["Time", "Air Press", "Air Temp", "Rel Humid", "GPS Longitude", "GPS Latitude", "PTU bad", "GPS bad"];

#[test]
fn a_full_d_file_gives_its_s_rows() {
    let Some(soundings) = read_genuine("pydropsonde/D20200210_062412.1") else { return };
    let sounding = only(soundings);
    assert_eq!(sounding.row_count(), 3131);
    assert_eq!(sounding.dropped, Dropped { before_launch: 2762, ..Dropped::default() });
    assert_eq!(sounding.format, "AVAPS raw data, NOAA 1.7");
    assert_eq!(sounding.sonde_id.as_deref(), Some("192620526"));
    assert_eq!(sounding.sonde_type.as_deref(), Some("RSS421,NEO-M8Q-0"));
    assert_eq!(sounding.project.as_deref(), Some("ATOMIC #10"));
    assert_eq!(sounding.flight.as_deref(), Some("20200210I1"));
    assert_eq!(sounding.platform.as_deref(), Some("WP-3D, N43RF"));
    let launch = sounding.launch.clone().expect("a launch");
    assert_eq!(launch.instant.to_string(), "2020-02-10T06:24:11.5Z");
    assert!(launch.detected && launch.has_fraction);
    assert_eq!(sounding.launch_position.longitude, Some(-54.0794));
    assert_eq!(sounding.launch_position.altitude_m, Some(7704.1));
    let reference: Vec<&(String, f64)> = sounding.reference.iter().take(2).collect();
    assert_eq!(reference, [&("Time".to_owned(), -0.5), &("Air Press".to_owned(), 391.68)]);
    assert!(sounding.header.iter().any(|(_, text)| text.contains('ÿ') || text.contains('\u{7f}')));
    assert_eq!(sounding.notes, Vec::new());
    assert_eq!(row(&sounding, 0, &RAW).split(' ').next(), Some("0"));
}

#[test]
fn a_d_file_that_ran_on_after_the_splash_is_read_whole() {
    let Some(soundings) = read_genuine("halodrops/D20200119_165514_P.1") else { return };
    let sounding = only(soundings);
    assert_eq!(sounding.row_count(), 2954);
    assert_eq!(sounding.dropped.before_launch, 40);
    assert_eq!(sounding.dropped.total(), 40);
    let bad: f64 = sounding.column("GPS bad").expect("flags").values.iter().sum();
    assert!(bad > 0.0);
    assert_eq!(sounding.reference[0], ("Time".to_owned(), 0.2));
}

#[test]
fn namma_files_of_format_1_6_are_read() {
    let Some(soundings) = read_genuine("NAMMA_DROP_20060912_155745_P.dat") else { return };
    let sounding = only(soundings);
    assert_eq!(sounding.row_count(), 1550);
    assert_eq!(sounding.format, "AVAPS raw data, NOAA 1.6");
    assert_eq!(sounding.sonde_type.as_deref(), Some("Vaisala RSS903 & Ublox TIM-Lx"));
    assert_eq!(
        sounding.launch.map(|launch| launch.instant.to_string()).as_deref(),
        Some("2006-09-12T15:57:45.9Z")
    );
    let Some(never_launched) = read_genuine("NAMMA_DROP_20060807_193132_P.dat") else { return };
    let failure = never_launched.expect_err("no sounding");
    assert_eq!(failure.stage, Stage::Read);
    assert!(failure.to_string().contains("93 P rows"), "{failure}");
}

#[test]
fn a_genuine_composite_file_is_read() {
    let Some(soundings) = read_genuine("eol-svn/ACS_NRD41_20240228122404.cls.qc") else { return };
    let sounding = only(soundings);
    assert_eq!(sounding.row_count(), 1688);
    assert_eq!(sounding.dropped, Dropped::default());
    assert_eq!(sounding.project.as_deref(), Some("CAESAR"));
    assert_eq!(sounding.sonde_id.as_deref(), Some("224954312"));
    assert_eq!(sounding.launch_position.longitude, Some(95.572));
    assert_eq!(sounding.launch_position.altitude_m, None);
    let names = ["Time", "Press", "Temp", "Dewpt", "RH", "Wcmp", "Alt", "Qp", "QdZ"];
    assert_eq!(row(&sounding, 0, &names), "446.5 987.9 4.8 1 76.1 NaN 0 1 9");
    assert_eq!(row(&sounding, 1687, &names), "0.2 NaN NaN NaN NaN NaN NaN 9 9");
}

/// The same sounding in two formats (sonde 190550187, 1127 rows): ICARTT prints the values of ASPEN's netCDF with two
/// decimals, and differs only in the time of the extrapolated surface row.
#[test]
fn icartt_and_netcdf_of_one_sounding_agree() {
    let Some(soundings) = read_genuine("IMPACTS_AVAPS_P3B_202202081429_R0.ict") else { return };
    let Some(path) = genuine("IMPACTS_AVAPS_PQC_20220208_142943.nc") else { return };
    let text = only(soundings);
    let source = Netcdf3Source::open(&path).expect("a genuine file");
    assert_eq!(text.row_count(), 1127);
    assert_eq!(text.sonde_id.as_deref(), Some("190550187"));
    assert_eq!(text.platform.as_deref(), Some("P3B, N426NA"));
    assert_eq!(text.time_column, "TimeFLStart");
    assert_eq!(text.time_origin.map(|origin| origin.to_string()).as_deref(), Some("2022-02-08T14:29:42Z"));
    let pairs = [
        ("TimeFLStart", "time"),
        ("Pressure", "pres"),
        ("Temperature", "tdry"),
        ("RH", "rh"),
        ("Speed", "wspd"),
        ("Direction", "wdir"),
        ("Latitude", "lat"),
        ("Longitude", "lon"),
        ("Altitude", "alt"),
        ("GPS Altitude", "gpsalt"),
        ("Dewpoint", "dp"),
        ("Uwnd", "u_wind"),
        ("Vwnd", "v_wind"),
        ("Ascent", "w_wind"),
    ];
    for (printed, stored) in pairs {
        let column = text.column(printed).expect("a column");
        let dataset = source.description().dataset(stored).expect("a variable");
        let mut values = source.rows(dataset, 0..dataset.row_count()).expect("values").to_f64();
        values.reverse();
        assert_eq!(values.len(), column.values.len(), "{printed}");
        for (index, (printed_value, value)) in column.values.iter().zip(values).enumerate() {
            let missing = value <= -998.995;
            assert_eq!(printed_value.is_nan(), missing, "{printed} row {index}");
            let surface_time = printed == "TimeFLStart" && index + 1 == column.values.len();
            // Half a unit of the last decimal, plus the resolution of single precision at 4000 m.
            let most = if surface_time { 0.3 } else { 0.005 + 0.0005 };
            assert!(
                missing || (printed_value - value).abs() <= most,
                "{printed} row {index}: {printed_value} {value}"
            );
        }
    }
}

#[test]
fn formats_are_told_by_content() {
    assert_eq!(detect(b"File Format/Version:  EOL Sounding Format/1.1"), Some(Format::Eol));
    assert_eq!(detect(b"\r\n\r\nDATA TYPE/DIRECTION: x"), Some(Format::Eol));
    assert_eq!(detect(b"AVAPS-T01 STA 1 120907 124116.00"), Some(Format::AvapsRaw));
    assert_eq!(detect(b"\xff\n  AVAPS-D11 S00"), Some(Format::AvapsRaw));
    assert_eq!(detect(b"36, 1001\r\n"), Some(Format::Icartt));
    assert_eq!(detect(b"36, 2110\r\n"), None);
    assert_eq!(detect(b"Data Type:  x\nRelease Location (lon,lat,alt): x"), Some(Format::Esc));
    assert_eq!(detect(b"*** Sounding Attributes File ***"), None);
    assert_eq!(detect(b""), None);
}

#[test]
fn what_is_no_sounding_is_refused_by_name() {
    for (bytes, problem, found) in [
        (&b""[..], "is empty", "0 bytes"),
        (b" \r\n \r\n", "is empty", "6 bytes"),
        (b"<html>\nnot found", "is not a sounding", "<html>"),
        (b"\x89HDF\r\n\x1a\n", "is not a sounding", "HDF"),
    ] {
        let failure = parse(bytes, "x.eol").expect_err("no sounding");
        assert_eq!((failure.stage, failure.problem.as_str()), (Stage::Read, problem));
        assert!(failure.found.as_deref().unwrap_or_default().contains(found), "{failure}");
        assert!(failure.expected.is_some() && failure.hint.is_some());
    }
}

/// Prefixes that make detection pass arbitrary bytes to every parser.
const BEGINNINGS: [&str; 6] = [
    "",
    "Data Type/Direction: x\n Time Press\n sec mb\n------- ------- -------\n",
    "Data Type: x\nRelease Location: x\n Time Press\n sec mb\n------ ------ ------\n",
    "AVAPS-D01 S00 1 120907 124116.00 ",
    "9, 1001\na\nb\nc\nd\n1,1\n2012,1,1,2012,1,1\n1\nt\n1\n1\n-9999\nx,m\n0\n1\nt,x\n",
    "Launch Location (lon,lat,alt): ",
];

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(
        beginning in 0..BEGINNINGS.len(),
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
    ) {
        let mut text = BEGINNINGS[beginning].as_bytes().to_vec();
        text.extend(bytes);
        let _ = parse(&text, "arbitrary");
    }

    #[test]
    fn arbitrary_text_of_the_alphabet_of_soundings_never_panics(
        beginning in 0..BEGINNINGS.len(),
        text in "[-0-9. :/,'NSEWAVPSDTe\r\n]{0,400}",
    ) {
        let _ = parse(format!("{}{text}", BEGINNINGS[beginning]).as_bytes(), "arbitrary");
    }
}
