//! Writes ICARTT, file format index 1001, as published for the P-3 of IMPACTS.

use jiff::SignedDuration;

use super::Recipe;
use super::anomaly::Anomaly;
use super::scene::{Column, Row, Sounding};
use super::text;

/// Columns after the start of the sampling period.
const COLUMNS: [&str; 14] = [
    "TimeFLStart, seconds, None, Starting time of the sampling period from the launch",
    "Pressure, mb, Met_StaticPressure_InSitu_None, Static air pressure",
    "Temperature, deg C, Met_StaticAirTemperature_InSitu_None, Static air Temperature",
    "RH, %, Met_RelativeHumidityWater_InSitu_None, Relative humidity over water",
    "Speed, m/s, Met_WindSpeed_InSitu_None, Wind Speed",
    "Direction, deg, Met_WindDirection_InSitu_None, Wind Direction",
    "Latitude, deg, Platform_Latitude_InSitu_None, Sonde latitude",
    "Longitude, deg, Platform_longitude_InSitu_None, Sonde longitude",
    "Altitude, m, Platform_AltitudePressure_InSitu_None, Sonde pressure altitude",
    "GPS Altitude, m, Platform_AltitudeMSL_InSitu_None, Sonde altitude over mean sea level",
    "Dewpoint, deg C, Met_DewPoint_InSitu_None, Dew Point Temperature",
    "Uwnd, m/s, Met_UWindSpeed_InSitu_None, East-West wind speed",
    "Vwnd, m/s, Met_VWindSpeed_InSitu_None, North-South wind speed",
    "Ascent, m/s, Met_WWindSpeed_InSitu_None, Vertical wind speed",
];

/// The quantities of the columns, from pressure to northward wind.
const ORDER: [Column; 12] = [
    Column::Pressure,
    Column::Temperature,
    Column::Humidity,
    Column::Speed,
    Column::Direction,
    Column::Latitude,
    Column::Longitude,
    Column::Altitude,
    Column::GpsAltitude,
    Column::DewPoint,
    Column::Eastward,
    Column::Northward,
];

/// Returns the complete file, with two blank lines at the end.
pub(crate) fn print(recipe: &Recipe) -> Vec<u8> {
    let mut lines = Vec::new();
    for sounding in recipe.truth() {
        let header = header(recipe, &sounding);
        lines.push(format!("{}, 1001", header.len() + 1));
        lines.extend(header);
        if !recipe.has(Anomaly::HeaderOnly) {
            lines.extend(sounding.rows.iter().map(|row| data(&sounding, row)));
        }
    }
    if !recipe.has(Anomaly::Truncated) {
        lines.extend([String::new(), String::new()]);
    }
    text::assemble(recipe, &lines)
}

/// All header lines except the first.
fn header(recipe: &Recipe, sounding: &Sounding) -> Vec<String> {
    let launch = sounding.launch;
    let mut lines: Vec<String> = vec![
        "SYNTHETIC, Nobody".into(),
        "SYNTHETIC".into(),
        "AVAPS NRD41".into(),
        "IMPACTS SYNTHETIC".into(),
        "1,1".into(),
        launch.strftime("%Y, %m, %d, 2022, 02, 09").to_string(),
        "0.25".into(),
        "Time_Start, seconds, Time_Start, Starting time of the sampling period in UTC seconds from midnight"
            .into(),
        COLUMNS.len().to_string(),
        vec!["1"; COLUMNS.len()].join(", "),
        vec!["-9999"; COLUMNS.len()].join(", "),
    ];
    lines.extend(COLUMNS.map(str::to_owned));
    let special = [
        launch.strftime("Launch Time: %Y-%m-%d %H:%M:%S").to_string(),
        "QCSoftware: Aspen V3.4.6".into(),
        "ChuteArea: 400".into(),
        "PresEquilTime: 4.01".into(),
        format!("Sonde Serial Number: {}", sounding.sonde),
        "TdryOutlier: 10".into(),
        "TdryOutlier: 10".into(),
        "WindSats: 6".into(),
    ];
    lines.push(special.len().to_string());
    lines.extend(special);
    let sign = if recipe.has(Anomaly::Latin1) { "\u{b1}" } else { "+-" };
    let names = COLUMNS.map(|column| column.split(',').next().unwrap_or_default());
    let normal = [
        "PI_CONTACT_INFO: SYNTHETIC".into(),
        "PLATFORM NASA P-3, N426NA".into(),
        "LOCATION: Launch latitude, longitude, and elevation are in the corresponding \"MetNav\" files."
            .into(),
        "DATA_INFO: 4 Hz data at a constant 0.25 second interval for winds".into(),
        "UNCERTAINTY: xRD41 sensor specification:  ".into(),
        format!("        Pressure: {sign}0.5hPa"),
        format!("        Temperature: {sign}0.2C "),
        format!("        Humidity: {sign}3% "),
        format!("        Horiz Winds: {sign}0.5m/s"),
        "ULOD_FLAG: -77777".into(),
        "LLOD_FLAG: -88888".into(),
        "REVISION: R0".into(),
        "R0: SYNTHETIC data".into(),
        format!("Time_Start,{}", names.join(",")),
    ];
    lines.push(normal.len().to_string());
    lines.extend(normal);
    lines
}

/// Formats one row; seconds of the day continue past midnight.
fn data(sounding: &Sounding, row: &Row) -> String {
    // ASPEN truncates the launch to the second.
    let launch = sounding
        .launch
        .saturating_sub(SignedDuration::from_nanos(sounding.launch.subsec_nanosecond().into()));
    let hundredths = text::hundredths_of_day(launch, row.clock);
    let number = |value: Option<f64>| value.map_or_else(|| "-9999".to_owned(), |value| format!("{value:.2}"));
    let mut cells = vec![format!("{}.{:02}", hundredths / 100, hundredths % 100), number(row.time)];
    cells.extend(ORDER.map(|column| number(row.get(column))));
    cells.push(number(row.updraft));
    cells.join(",")
}
