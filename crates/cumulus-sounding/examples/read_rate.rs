//! Measures how fast EOL text is parsed: 100 MB of synthetic rows in memory, best of five.
//!
//! `cargo run --release -p cumulus-sounding --example read_rate`
#![expect(clippy::print_stdout, clippy::expect_used, reason = "an example that measures and prints")]

use std::fmt::Write as _;
use std::time::Instant;

const BYTES: usize = 100_000_000;

const HEADER: &str = "Data Type/Direction:                       SYNTHETIC SOUNDING DATA, Channel 5/Descending
UTC Launch Time (y,m,d,h,m,s):             2012, 09, 07, 12:41:16
/
  Time   -- UTC  --   Press    Temp   Dewpt    RH     Uwind   Vwind   Wspd     Dir     dZ    GeoPoAlt     Lon         Lat      GPSAlt
   sec   hh mm   ss     mb      C       C       %      m/s     m/s     m/s     deg     m/s       m        deg         deg         m
-------- -- -- ----- ------- ------- ------- ------- ------- ------- ------- ------- ------- -------- ----------- ----------- --------
";

fn main() {
    let mut text = String::with_capacity(BYTES + 1000);
    text.push_str(HEADER);
    let mut rows: u32 = 0;
    while text.len() < BYTES {
        let step = f64::from(rows % 5000);
        // Every second row has wind only, as in genuine files.
        let sensors = if rows.is_multiple_of(2) {
            format!(
                "{:7.2} {:7.2} {:7.2} {:7.2}",
                60.0 + step * 0.19,
                -70.0 + step * 0.02,
                -80.0 + step * 0.02,
                step * 0.017
            )
        } else {
            "-999.00 -999.00 -999.00 -999.00".to_owned()
        };
        let position = if rows.is_multiple_of(2) {
            format!(
                "{:7.2} {:8.2} {:11.6} {:11.6} {:8.2}",
                -30.0 + step * 0.004,
                19000.0 - step * 3.8,
                -61.5 - step * 1e-5,
                31.5 + step * 1e-5,
                19010.0 - step * 3.8
            )
        } else {
            "-999.00  -999.00 -999.000000 -999.000000  -999.00".to_owned()
        };
        writeln!(
            text,
            "{:8.2} 12 {:>2} {:5.2} {sensors} {:7.2} {:7.2} {:7.2} {:7.2} {position}",
            step * 0.25,
            rows / 240 % 60,
            f64::from(rows % 240) * 0.25,
            -3.0 + step * 0.001,
            4.0 - step * 0.001,
            5.0 + step * 0.001,
            step * 0.07,
        )
        .expect("memory");
        rows += 1;
    }
    let megabytes = f64::from(u32::try_from(text.len()).expect("100 MB")) / 1e6;
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        let soundings = cumulus_sounding::parse(text.as_bytes(), "synthetic").expect("a sounding");
        best = best.min(start.elapsed().as_secs_f64());
        assert_eq!(soundings.first().map(cumulus_sounding::Sounding::row_count), usize::try_from(rows).ok());
    }
    println!("{megabytes:.0} MB, {rows} rows: {best:.3} s, {:.0} MB/s", megabytes / best);
}
