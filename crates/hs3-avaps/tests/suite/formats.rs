//! One scene in four formats gives one product, as far as each format can tell it.

use std::collections::BTreeMap;
use std::path::Path;

use crate::operator::{Operator, say};
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
        say("skipped: CUMULUS_SHARED is not set, so there are no genuine soundings");
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
        // Two decimals in the text, single precision in both.
        assert!(left.iter().zip(&right).all(|(left, right)| (left - right).abs() <= 0.0055), "{variable}");
    }
}
