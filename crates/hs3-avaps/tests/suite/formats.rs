//! One scene in four formats gives the same product, as far as each format can represent it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::operator::{Operator, skip};
use crate::recipe::{Format, Recipe};

#[test]
fn one_scene_in_any_format_is_one_product() {
    let operator = Operator::new();
    let formats = [
        ("eol.eol", Format::Eol),
        ("aspen.nc", Format::Aspen),
        ("icartt.ict", Format::Icartt),
        ("raw.3", Format::Raw),
    ];
    for (name, format) in formats {
        operator.sounding(name, &Recipe { format, seconds: Some(120.0), ..Recipe::default() });
    }
    operator.convert().succeeded();
    let by_time = |product: &str, variable: &str| -> BTreeMap<u64, f64> {
        let times = operator.values(product, "time");
        times.into_iter().map(f64::to_bits).zip(operator.values(product, variable)).collect()
    };
    for (variable, tolerance) in
        [("pres", 0.006), ("tdry", 0.006), ("rh", 0.006), ("wspd", 0.01), ("u_wind", 0.02)]
    {
        let one = by_time("eol.nc", variable);
        for other in ["aspen.nc", "icartt.nc", "raw.nc"] {
            let other_values = by_time(other, variable);
            let shared: Vec<(f64, f64)> = one
                .iter()
                .filter_map(|(time, value)| Some((*value, *other_values.get(time)?)))
                .filter(|(left, right)| *left > -900.0 && *right > -900.0)
                .collect();
            assert!(shared.len() > 100, "{other} {variable}: {} shared values", shared.len());
            for (left, right) in shared {
                assert!((left - right).abs() <= tolerance, "{other} {variable}: {right}, expected {left}");
            }
        }
    }
}

/// The same sounding as netCDF and as ICARTT, written by ASPEN itself.
#[test]
fn genuine_files_of_one_sounding_agree() {
    let Some(shared) = std::env::var_os("CUMULUS_SHARED") else {
        skip("CUMULUS_SHARED is not set, so there are no genuine soundings");
        return;
    };
    let operator = Operator::new();
    let samples = Path::new(&shared).join("samples/avaps");
    let [arrays, text] = ["IMPACTS_AVAPS_PQC_20220208_142943", "IMPACTS_AVAPS_P3B_202202081429_R0"];
    for name in [format!("{arrays}.nc"), format!("{text}.ict")] {
        std::fs::copy(samples.join(&name), operator.input().join(&name)).unwrap();
    }
    operator.convert().succeeded();
    for variable in ["pres", "tdry", "dp", "rh", "u_wind", "v_wind", "wspd", "wdir", "gph", "gpsalt"] {
        let [left, right] = [arrays, text].map(|name| operator.values(&format!("{name}.nc"), variable));
        assert_eq!(left.len(), 1127);
        // The text has two decimals, and both are in single precision.
        assert!(left.iter().zip(&right).all(|(left, right)| (left - right).abs() <= 0.0055), "{variable}");
    }
}

#[test]
fn what_only_the_aircraft_row_has_is_carried_and_codes_keep_their_meanings() {
    let operator = Operator::new();
    let text = "\
Data Type:                         SYNTHETIC SOUNDING DATA, Channel 1
Project ID:                        HS3, 99999
Launch Location (lon,lat,alt):     40 15.00'W, 20 30.00'N, -40.25000, 20.50000, 11000
GMT Launch Time (y,m,d,h,m,s):     2012, 09, 07, 12:41:16
Sonde Id:                          7
/
 Time  Press  Temp     Lon     Lat   Rng     Alt   Qp  Quv
  sec    mb     C      deg     deg    km       m code code
------ ------ ----- -------- ------- ----- ------- ---- ----
   4.0  999.0  20.5  -40.250  20.500  12.5     0.0  2.0 99.0
   2.0 9999.0 999.0  -40.250  20.500  11.5 99999.0 99.0  1.0
   0.0  216.5 -49.8  -40.250  20.500  10.5 11000.5  1.0 99.0
";
    std::fs::write(operator.input().join("D20120907_124116.cls"), text).unwrap();
    operator.convert().succeeded();
    let product = "D20120907_124116.nc";
    assert_eq!(operator.values(product, "wind_qc"), [1.0, 99.0]);
    assert_eq!(operator.values(product, "reference_Rng"), [10.5]);
    assert_eq!(operator.values(product, "reference_pres_qc"), [1.0]);
    assert_eq!(operator.values(product, "reference_wind_qc"), [99.0]);
    let header = operator.ncdump(&["-h"], product);
    let header: Vec<&str> = header.lines().map(str::trim).collect();
    assert!(header.contains(&"reference_Rng:units = \"km\" ;"), "{header:#?}");
    let meanings =
        "reference_pres_qc:flag_meanings = \"good questionable bad estimated missing unchecked\" ;";
    assert!(header.contains(&meanings), "{header:#?}");
    assert!(!header.iter().any(|line| line.starts_with("reference_pres_qc:units")), "{header:#?}");
}
