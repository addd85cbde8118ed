//! EOL Sounding Composite text (`.cls`), also called CLASS.
//!
//! Like EOL, but the rows start at the surface, missing values are positive and differ by column, and the launch
//! position starts with its degrees and minutes.

use super::header::{self, Header};
use super::launch::{self, Order};
use super::section::{self, Dialect};
use super::table::Rule;
use super::{Format, Sounding, lines};
use cumulus_model::error::Failure;

const DIALECT: Dialect =
    Dialect { format: Format::Esc, prefix: "esc_", rule, reference_time: None, interpret };

/// CLASS of 2001 (CAMEX-4) states a launch instead of a release, and its row at 0 s is from the aircraft.
const DIALECT_2001: Dialect = Dialect { reference_time: Some(0.0), ..DIALECT };

/// Labels that identify the dialect of 2001.
const LABELS_2001: [&str; 2] = ["launch location", "gmt launch time"];

/// True for a header line that, except in EOL texts, occurs in the dialect of 2001 only.
pub(super) fn is_of_2001(line: &[u8]) -> bool {
    LABELS_2001.iter().any(|label| header::label_is(line, label))
}

/// Parses every sounding of an ESC file.
pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Vec<Sounding>, Failure> {
    let start = bytes.get(..super::MARKS_WITHIN).unwrap_or(bytes);
    let is_of_2001 = lines::of(start).any(|line| is_of_2001(line.bytes));
    section::parse(bytes, place, if is_of_2001 { &DIALECT_2001 } else { &DIALECT })
}

/// The missing value has a nine for every digit that the column prints before the point. Quality codes are never
/// missing: 9.0 is a code of its own.
fn rule(name: &str) -> Rule {
    let missing = match name {
        "Time" | "Press" => [9999.0; 2],
        // Writers print these with different numbers of digits; neither value is a valid longitude or wind.
        "Ucmp" | "Vcmp" | "Uwind" | "Vwind" | "Lon" => [9999.0, 999.0],
        "dZ" | "dz" => [99.0, 999.0],
        "Alt" => [99_999.0; 2],
        _ if name.starts_with('Q') => [f64::NAN; 2],
        _ => [999.0; 2],
    };
    let decimals = if matches!(name, "Lon" | "Lat") { 3 } else { 1 };
    Rule { decimals, missing_up_to: f64::NEG_INFINITY, missing }
}

fn interpret(header: &Header, sounding: &mut Sounding) {
    let text = |label: &str| header.find(label).unwrap_or_default();
    "EOL Sounding Composite".clone_into(&mut sounding.format);
    sounding.project = header::stated(text("project_id"));
    let either =
        |one: &str, other: &str| header::stated(text(one)).or_else(|| header::stated_parts(text(other)));
    sounding.platform = either("release_site_type", "launch_site_type");
    sounding.sonde_id = either("radiosonde_serial_number", "sonde_id");
    sounding.sonde_type = header::stated(text("radiosonde_type"));
    let place = header.find("release_location").unwrap_or(text("launch_location"));
    sounding.launch_position = launch::position(place, Order::MinutesFirst, &mut sounding.notes);
    sounding.dry_bias_corrected = header.mentions("TDDryBiasCorrApplied").then_some(true);
    sounding.launch = launch::stated(header, &mut sounding.notes);
    sounding.time_origin = sounding.launch.as_ref().map(|launch| launch.instant);
}

#[cfg(test)]
mod tests {
    use super::*;
    use cumulus_model::warning::Code;

    const FILE: &str = "\
Data Type:                         SYNTHETIC SOUNDING DATA/Descending
Project ID:                        SYNTHETIC
Release Location (lon,lat,alt):    040 15.00'W, 20 30.00'N, -40.250, 20.500, 99999.0
UTC Release Time (y,m,d,h,m,s):    2012, 02, 29, 23:59:59
/
/
Nominal Release Time (y,m,d,h,m,s):2012, 02, 29, 23:59:59
 Time  Press  Temp   dir     Lon     Lat    Alt    Qp
  sec    mb     C    deg     deg     deg      m  code
------ ------ ----- ----- -------- ------- ------- ----
  10.5 1000.5  20.5 999.0 9999.000 999.000     0.0  1.0
  10.2 9999.0 999.0 180.0 9999.000 999.000 99999.0  9.0
   0.5  900.5-100.5 999.0  -40.250  20.500  3000.5  9.0
   0.2 9999.0-100.5 999.0  -40.250  20.500  3000.5  9.0
9999.0 9999.0 999.0 999.0 9999.000 999.000 99999.0  9.0
";

    #[test]
    fn missing_values_differ_by_column_and_codes_are_never_missing() {
        let sounding = parse(FILE.as_bytes(), "synthetic.cls").expect("a sounding").remove(0);
        let values = |name: &str| sounding.column(name).expect("a column").values.as_slice();
        assert_eq!(values("Time"), [10.5, 10.2, 0.5, 0.2]);
        assert_eq!(values("Qp"), [1.0, 9.0, 9.0, 9.0]);
        let missing = |name: &str| values(name).iter().map(|value| value.is_nan()).collect::<Vec<_>>();
        for name in ["Lon", "Lat"] {
            assert_eq!(missing(name), [true, true, false, false], "{name}");
        }
        for name in ["Press", "Temp"] {
            assert_eq!(missing(name), [false, true, false, name == "Press"], "{name}");
        }
        assert_eq!(missing("dir"), [true, false, true, true]);
        assert_eq!(missing("Alt"), [false, true, false, false]);
        assert_eq!(sounding.dropped.without_time, 1);
        assert_eq!(sounding.launch_position.longitude, Some(-40.25));
        assert_eq!(sounding.launch_position.altitude_m, None);
        assert_eq!(
            sounding.time_origin.map(|origin| origin.to_string()).as_deref(),
            Some("2012-02-29T23:59:59Z")
        );
    }

    #[test]
    fn the_dialect_of_2001_states_a_launch_and_has_the_aircraft_in_its_last_row() {
        let text = "\
Data Type:                         SYNTHETIC SOUNDING DATA, Channel 1
Project ID:                        SYNTHETIC 4, 99999
Launch Site Type/Site ID:          SYNTHETIC DC-8,
Launch Location (lon,lat,alt):     40 15.00'W, 20 30.00'N, -40.25000, 20.50000, 11000
GMT Launch Time (y,m,d,h,m,s):     2001, 02, 28, 23:59:58
Sonde Id:                          7
/
 Time  Press  Temp  Uwind   dZ     Lon     Alt
  sec    mb     C    m/s   m/s     deg      m
------ ------ ----- ------ ----- -------- -------
   4.0  999.0  20.5  999.0  99.0  999.000     0.0
   2.0 9999.0 999.0   -5.5 -10.5  -40.250 99999.0
   0.0  216.5 -49.8   -3.2  99.0  -40.250 11000.5
";
        assert_eq!(crate::detect(text.as_bytes()), Some(Format::Esc));
        let sounding = parse(text.as_bytes(), "synthetic.cls").expect("a sounding").remove(0);
        let values = |name: &str| {
            let values = &sounding.column(name).expect("a column").values;
            values.iter().map(|value| (!value.is_nan()).then_some(*value)).collect::<Vec<_>>()
        };
        assert_eq!(values("Time"), [Some(4.0), Some(2.0)]);
        assert_eq!(values("Press"), [Some(999.0), None]);
        assert_eq!(values("Uwind"), [None, Some(-5.5)]);
        assert_eq!(values("dZ"), [None, Some(-10.5)]);
        assert_eq!(values("Lon"), [None, Some(-40.25)]);
        assert!(sounding.reference.contains(&("Press".to_owned(), 216.5)));
        assert_eq!(sounding.launch_position.altitude_m, Some(11_000.0));
        assert_eq!(sounding.launch.map(|launch| launch.source), Some("GMT Launch Time"));
        assert_eq!(sounding.sonde_id.as_deref(), Some("7"));
    }

    #[test]
    fn a_nominal_time_is_taken_where_nothing_else_can_be_read() {
        let text =
            FILE.replace("UTC Release Time (y,m,d,h,m,s):    2012, 02, 29, 23:59:59", "UTC Release Time: ?");
        let sounding = parse(text.as_bytes(), "synthetic.cls").expect("a sounding").remove(0);
        assert_eq!(sounding.launch.map(|launch| launch.source), Some("Nominal Release Time"));
        assert!(sounding.notes.iter().any(|note| note.code == Code::LaunchTimeUnreadable));
    }
}
