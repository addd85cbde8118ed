//! EOL Sounding Composite text (`.cls`), also called CLASS.
//!
//! Like EOL, but the rows begin at the surface, missing values are positive and differ by column, and the launch
//! position has its degrees and minutes first.

use super::header::{self, Header};
use super::launch::{self, Order};
use super::section::{self, Dialect};
use super::table::Rule;
use super::{Format, Launch, Sounding};
use crate::error::Failure;
use crate::warning::{Code, Warning};

const DIALECT: Dialect =
    Dialect { format: Format::Esc, prefix: "esc_", rule, reference_time: None, interpret };

/// Every sounding of an ESC file.
pub(super) fn parse(bytes: &[u8], place: &str) -> Result<Vec<Sounding>, Failure> {
    section::parse(bytes, place, &DIALECT)
}

/// Missing is a nine in every digit that the column prints before its point; quality codes are never missing, their
/// 9.0 is a code of its own.
fn rule(name: &str) -> Rule {
    let missing = match name {
        "Time" | "Press" | "Ucmp" | "Vcmp" | "Lon" => 9999.0,
        "Alt" => 99_999.0,
        _ if name.starts_with('Q') => f64::NAN,
        _ => 999.0,
    };
    let decimals = if matches!(name, "Lon" | "Lat") { 3 } else { 1 };
    Rule { decimals, missing_up_to: f64::NEG_INFINITY, missing }
}

fn interpret(header: &Header, sounding: &mut Sounding) {
    let text = |label: &str| header.find(label).unwrap_or_default();
    "EOL Sounding Composite".clone_into(&mut sounding.format);
    sounding.project = header::stated(text("project_id"));
    sounding.platform = header::stated(text("release_site_type"));
    sounding.sonde_id = header::stated(text("radiosonde_serial_number"));
    sounding.sonde_type = header::stated(text("radiosonde_type"));
    sounding.launch_position =
        launch::position(text("release_location"), Order::MinutesFirst, &mut sounding.notes);
    sounding.dry_bias_corrected = header.mentions("TDDryBiasCorrApplied").then_some(true);
    let stated = text("utc_release_time");
    if let Some((instant, has_fraction)) = launch::date_and_time(stated) {
        sounding.launch = Some(Launch { instant, source: "UTC Release Time", has_fraction, detected: true });
        sounding.time_origin = Some(instant);
    } else {
        let message = format!("the launch time {stated:?} cannot be read");
        sounding.notes.push(Warning::of_granule(Code::LaunchTimeUnreadable, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
