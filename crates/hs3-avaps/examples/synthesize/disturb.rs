//! Anomalies of the sounding itself, which apply to all formats.

#![expect(clippy::cast_precision_loss, reason = "rows are few")]

use super::Recipe;
use super::anomaly::Anomaly;
use super::atmosphere::dew_point_c;
use super::scene::{Column, Row, rounded};

/// Columns that become missing, by anomaly.
const MISSING: [(Anomaly, &[Column]); 6] = [
    (Anomaly::NoPressure, &[Column::Pressure, Column::Altitude, Column::Descent]),
    (Anomaly::NoTemperature, &[Column::Temperature, Column::DewPoint]),
    (Anomaly::NoHumidity, &[Column::Humidity, Column::DewPoint]),
    (Anomaly::NoWind, &Column::WIND),
    (Anomaly::NoPosition, &Column::POSITION),
    (Anomaly::NothingMeasured, &Column::ALL),
];

/// Modifies the positions of all rows including the aircraft row, then the other rows, which are sorted by time.
pub(crate) fn disturb(recipe: &Recipe, aircraft: &mut Row, rows: &mut Vec<Row>) {
    move_positions(recipe, aircraft, rows);
    if recipe.has(Anomaly::HeaderOnly) {
        rows.clear();
    }
    for (anomaly, columns) in MISSING {
        if recipe.has(anomaly) {
            for row in rows.iter_mut() {
                row.clear(columns);
                if matches!(anomaly, Anomaly::NoPressure | Anomaly::NothingMeasured) {
                    row.updraft = None;
                }
            }
        }
    }
    if recipe.has(Anomaly::AllMissingRows) {
        let middle = rows.len() / 2;
        for row in rows.iter_mut().skip(middle).take(20) {
            row.clear(&Column::ALL);
            row.updraft = None;
        }
    }
    if recipe.has(Anomaly::Outliers) {
        for row in with(rows, Column::Pressure) {
            row.set(Column::Pressure, 1500.0);
            row.set(Column::Temperature, 77.0);
        }
    }
    if recipe.has(Anomaly::DryAir) {
        let moist = rows.iter_mut().filter(|row| row.get(Column::Humidity).is_some());
        for (row, humidity) in moist.zip([0.02, 0.02, 0.0]) {
            row.set(Column::Humidity, humidity);
            let temperature = row.get(Column::Temperature);
            let dew_point = temperature.and_then(|temperature| dew_point_c(temperature, humidity));
            row.set(Column::DewPoint, dew_point);
        }
    }
    if recipe.has(Anomaly::DuplicateTimes) {
        *rows = rows.iter().enumerate().flat_map(|(index, row)| split(index, row)).collect();
    }
    if recipe.has(Anomaly::ConflictingTimes) {
        *rows = rows.iter().enumerate().flat_map(|(index, row)| contradict(index, row)).collect();
    }
    if recipe.has(Anomaly::MissingTime) {
        for row in rows.iter_mut().skip(7).step_by(40) {
            row.time = None;
        }
    }
    if recipe.has(Anomaly::Unsorted) {
        let start = rows.len() / 3;
        let run = rows.len().min(start + 80);
        let half = (run - start) / 2;
        if let Some(part) = rows.get_mut(start..run) {
            part.rotate_left(half);
        }
    }
}

/// Returns three rows with a value of this column, from the middle on.
fn with(rows: &mut [Row], column: Column) -> impl Iterator<Item = &mut Row> {
    let middle = rows.len() / 2;
    rows.iter_mut().skip(middle).filter(move |row| row.get(column).is_some()).take(3)
}

fn move_positions(recipe: &Recipe, aircraft: &mut Row, rows: &mut [Row]) {
    let drift =
        rows.iter().rev().find_map(|row| row.get(Column::Longitude)).unwrap_or_default() - recipe.position.0;
    let move_longitude = |longitude: f64| {
        if recipe.has(Anomaly::DateLine) {
            return longitude - recipe.position.0 + 180.0 - drift / 2.0;
        }
        let longitude = if recipe.has(Anomaly::NegativeZeroLongitude) {
            longitude - recipe.position.0 - 0.401_234
        } else {
            longitude
        };
        if recipe.has(Anomaly::Eastern) { longitude + 180.0 } else { longitude }
    };
    let move_latitude = |latitude: f64| {
        if recipe.has(Anomaly::NegativeZeroLatitude) {
            latitude - recipe.position.1 - 0.523_456
        } else if recipe.has(Anomaly::Southern) {
            -latitude
        } else {
            latitude
        }
    };
    let half_turn = if recipe.has(Anomaly::EastLongitudes) { 0.0 } else { 180.0 };
    for row in std::iter::once(aircraft).chain(rows.iter_mut()) {
        let longitude = row.get(Column::Longitude).map(move_longitude);
        row.set(
            Column::Longitude,
            longitude.map(|longitude| rounded((longitude + half_turn).rem_euclid(360.0) - half_turn, 6)),
        );
        let latitude = row.get(Column::Latitude).map(move_latitude);
        row.set(Column::Latitude, latitude);
    }
    if recipe.has(Anomaly::ZeroPosition) {
        for row in with(rows, Column::Longitude) {
            row.set(Column::Longitude, 0.0);
            row.set(Column::Latitude, 0.0);
        }
    }
    if recipe.has(Anomaly::JumpingPosition) {
        for row in with(rows, Column::Longitude) {
            let (longitude, latitude) = (row.get(Column::Longitude), row.get(Column::Latitude));
            row.set(Column::Longitude, longitude.map(|longitude| longitude + 2.0));
            row.set(Column::Latitude, latitude.map(|latitude| latitude - 2.0));
        }
    }
    if recipe.has(Anomaly::ImpossibleLongitude) {
        for (index, row) in with(rows, Column::Longitude).enumerate() {
            row.set(Column::Longitude, 400.0 + 0.001 * index as f64);
        }
    }
}

/// Splits every fiftieth row with wind and temperature into two rows that complement each other.
fn split(index: usize, row: &Row) -> Vec<Row> {
    let complete = row.get(Column::Temperature).is_some() && row.get(Column::Eastward).is_some();
    if !complete || index % 50 > 1 {
        return vec![row.clone()];
    }
    let (mut without_wind, mut wind) = (row.clone(), row.clone());
    without_wind.clear(&Column::WIND);
    let others: Vec<Column> =
        Column::ALL.into_iter().filter(|column| !Column::WIND.contains(column)).collect();
    wind.clear(&others);
    wind.updraft = None;
    vec![without_wind, wind]
}

/// Repeats every fiftieth row with a temperature, the second time with a higher one.
fn contradict(index: usize, row: &Row) -> Vec<Row> {
    let Some(temperature) = row.get(Column::Temperature).filter(|_| index % 50 <= 1) else {
        return vec![row.clone()];
    };
    let mut second = row.clone();
    second.set(Column::Temperature, temperature + 1.5);
    vec![row.clone(), second]
}
