//! Writes EOL Sounding Format 1.1 and 1.0.

use super::Recipe;
use super::anomaly::Anomaly;
use super::scene::{Column, Row, Sounding};
use super::text;

/// Width of each column after the clock, in the order of [`Column::ALL`].
const WIDTHS: [usize; 13] = [7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 11, 11, 8];
/// Lines 12 to 14 without the time column and the last column.
const NAMES: &str = " -- UTC  --   Press    Temp   Dewpt    RH     Uwind   Vwind   Wspd     Dir     dZ    GeoPoAlt     Lon         Lat     ";
const UNITS: &str = " hh mm   ss     mb      C       C       %      m/s     m/s     m/s     deg     m/s       m        deg         deg     ";
/// Columns after the seventeenth: name and unit. The real names are not known.
const EXTRA: [(&str, &str); 4] = [("Wwind", "m/s"), ("WwindF", "m/s"), ("Radius", "km"), ("Azimuth", "deg")];

/// Returns the complete file.
pub(crate) fn print(recipe: &Recipe) -> Vec<u8> {
    let mut lines = Vec::new();
    for sounding in recipe.truth() {
        header(recipe, &sounding, &mut lines);
        let rows = sounding.aircraft.iter().chain(&sounding.rows);
        let mut rows: Vec<String> = rows.map(|row| data(recipe, &sounding, row)).collect();
        // The aircraft row is reversed together with the others.
        if recipe.has(Anomaly::SurfaceFirst) && sounding.aircraft.is_some() {
            rows.rotate_left(1);
        }
        if !recipe.has(Anomaly::HeaderOnly) {
            lines.append(&mut rows);
        }
    }
    text::assemble(recipe, &lines)
}

fn header(recipe: &Recipe, sounding: &Sounding, lines: &mut Vec<String>) {
    let launch = sounding.launch;
    let mut add = |label: &str, value: String| lines.push(format!("{label:<43}{value}"));
    let version = if recipe.has(Anomaly::FormatOne) { "1.0" } else { "1.1" };
    add("Data Type/Direction:", format!("AVAPS SOUNDING DATA, Channel {}/Descending", sounding.channel));
    add("File Format/Version:", format!("EOL Sounding Format/{version}"));
    let platform = if recipe.has(Anomaly::OddPlatform) {
        "5302 0804A SYNTHETIC, 5302 0804A SYNTHETIC/Lockheed C-130J, ---"
    } else {
        "HS3, SYNTHETIC01/Global Hawk, NASA872"
    };
    add("Project Name/Platform:", platform.into());
    add("Launch Site:", String::new());
    add("Launch Location (lon,lat,alt):", location(recipe, sounding));
    add("UTC Launch Time (y,m,d,h,m,s):", launch.strftime("%Y, %m, %d, %H:%M:%S").to_string());
    let kind = if recipe.has(Anomaly::NoSondeType) { "" } else { "Vaisala NRD94" };
    add("Sonde Id/Sonde Type:", format!("{}/{kind}", sounding.sonde));
    add(
        "Reference Launch Data Source/Time:",
        format!("IWGADTS Format (IWG1)/{}", launch.strftime("%H:%M:%S")),
    );
    let operator = if recipe.has(Anomaly::SlashInOperator) { "SYNTHETIC/ SECOND" } else { "synthetic" };
    let remark = if recipe.has(Anomaly::Latin1) { "Good Drop \u{b1}0.5 \u{ff}" } else { "Good Drop" };
    add("System Operator/Comments:", format!("{operator}/none, {remark}"));
    let flag = if recipe.has(Anomaly::DryBias) { "; TDDryBiasCorrApplied" } else { "" };
    add(
        if recipe.has(Anomaly::OldPostProcessingLabel) {
            "Post Processing/Comments:"
        } else {
            "Post Processing Comments:"
        },
        format!(
            "Aspen Version 3.1; Created on 01 Jan 2013 00:00 UTC; Configuration mini-dropsonde{flag}; SYNTHETIC"
        ),
    );
    if recipe.has(Anomaly::TwentyOneColumns) || recipe.has(Anomaly::ExtraHeaderLines) {
        add("Storm Name/Centre (lon,lat):", "SYNTHETIC/-62.500, 30.900".into());
        add("Storm Motion (dir,spd):", "315.0, 5.5".into());
    }
    if recipe.has(Anomaly::ExtraHeaderLines) {
        lines.extend(["/".to_owned(), String::new(), "/".to_owned()]);
    }
    lines.push("/".into());
    titles(recipe, lines);
}

/// Appends the lines of names, units and dashes.
fn titles(recipe: &Recipe, lines: &mut Vec<String>) {
    let old = recipe.has(Anomaly::FormatOne);
    let (time, last) = if old { (1, 5) } else { (0, 8) };
    let (last_name, last_unit) = if old { (" GPSA", "  m  ") } else { (" GPSAlt ", "   m    ") };
    let mut names = format!("{}{NAMES}{last_name}", &"  Time  "[time..]);
    let mut units = format!("{}{UNITS}{last_unit}", &"   sec  "[time..]);
    let mut dashes = format!("{} -- -- -----", "-".repeat(8 - time));
    let widths = WIDTHS.iter().take(12).chain(std::iter::once(&last));
    for width in widths {
        dashes.push(' ');
        dashes.push_str(&"-".repeat(*width));
    }
    for (name, unit) in EXTRA.iter().take(extra_columns(recipe)) {
        names = format!("{names} {name:^7}");
        units = format!("{units} {unit:^7}");
        dashes.push_str(" -------");
    }
    lines.extend([names, units, dashes]);
}

fn extra_columns(recipe: &Recipe) -> usize {
    if recipe.has(Anomaly::TwentyOneColumns) {
        4
    } else if recipe.has(Anomaly::NineteenColumns) {
        2
    } else {
        0
    }
}

/// Formats one row.
fn data(recipe: &Recipe, sounding: &Sounding, row: &Row) -> String {
    let old = recipe.has(Anomaly::FormatOne);
    let ahead = recipe.has(Anomaly::ClockAhead) && row.clock >= 0.0;
    let clock = row.clock + if ahead { 1.0 } else { 0.0 };
    let hundredths = text::hundredths_of_day(sounding.launch, clock).rem_euclid(8_640_000);
    let (hour, minute) = (hundredths / 360_000, hundredths / 6000 % 60);
    let (second, fraction) = (hundredths / 100 % 60, hundredths % 100);
    let width = if old { 7 } else { 8 };
    let time = row.time.unwrap_or(-999.0);
    let mut line = if recipe.has(Anomaly::ZeroPaddedClock) {
        format!("{time:width$.2} {hour:02} {minute:02} {second:02}.{fraction:02}")
    } else {
        format!("{time:width$.2} {hour:2} {minute:2} {second:2}.{fraction:02}")
    };
    let mut add = |value: Option<f64>, width: usize, decimals: usize| {
        let cell = format!("{:width$.decimals$}", value.unwrap_or(-999.0));
        if !(recipe.has(Anomaly::GluedColumns) && cell.starts_with('-')) {
            line.push(' ');
        }
        line.push_str(&cell);
    };
    for (column, width) in Column::ALL.into_iter().zip(WIDTHS) {
        if old && column == Column::GpsAltitude {
            add(row.get(column), 5, 0);
        } else {
            add(row.get(column), width, column.decimals());
        }
    }
    let storm = row.get(Column::Longitude).zip(row.get(Column::Latitude));
    let radius =
        storm.map(|(longitude, latitude)| ((longitude + 62.5).hypot(latitude - 30.9) * 111.2).min(9999.0));
    let azimuth =
        storm.map(|(longitude, latitude)| (longitude + 62.5).atan2(latitude - 30.9).to_degrees() + 180.0);
    for value in [row.updraft, row.updraft, radius, azimuth].into_iter().take(extra_columns(recipe)) {
        add(value, 7, 2);
    }
    line
}

/// Formats the launch location: degrees and minutes with letters, and decimal degrees.
fn location(recipe: &Recipe, sounding: &Sounding) -> String {
    let (position, altitude_m) = sounding.location;
    let Some((longitude, latitude)) = position else {
        return format!("-999 -999, -999 -999, {altitude_m:8.2}");
    };
    let padded = recipe.has(Anomaly::PaddedLaunchLocation)
        || recipe.has(Anomaly::NegativeZeroLatitude)
        || recipe.has(Anomaly::NegativeZeroLongitude);
    let minutes = |degrees: f64, letters: [char; 2], width: usize| {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "400 degrees have 2 400 000 hundredths of minutes"
        )]
        let hundredths = (degrees.abs() * 6000.0).round() as i64;
        let letter = if degrees < 0.0 { letters[1] } else { letters[0] };
        let (whole, part) = (hundredths / 6000, hundredths % 6000);
        if padded {
            format!("{whole:0width$} {:02}.{:02}'{letter} {degrees:.6}", part / 100, part % 100)
        } else {
            format!("{whole} {}.{:02}'{letter} {degrees:.6}", part / 100, part % 100)
        }
    };
    let comma = if recipe.has(Anomaly::NoCommaInLaunchLocation) { "" } else { "," };
    let altitude = if padded { format!("{altitude_m:9.2}") } else { format!("{altitude_m:.2}") };
    format!("{}{comma} {}, {altitude}", minutes(longitude, ['E', 'W'], 3), minutes(latitude, ['N', 'S'], 2))
}
