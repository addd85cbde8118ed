//! A sounding as printed in a file: rows of rounded values.

use super::atmosphere::dew_point_c;

/// A column of EOL text, in file order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Pressure,
    Temperature,
    DewPoint,
    Humidity,
    Eastward,
    Northward,
    Speed,
    Direction,
    Descent,
    Altitude,
    Longitude,
    Latitude,
    GpsAltitude,
}

impl Column {
    /// All columns.
    pub(crate) const ALL: [Self; 13] = [
        Self::Pressure,
        Self::Temperature,
        Self::DewPoint,
        Self::Humidity,
        Self::Eastward,
        Self::Northward,
        Self::Speed,
        Self::Direction,
        Self::Descent,
        Self::Altitude,
        Self::Longitude,
        Self::Latitude,
        Self::GpsAltitude,
    ];
    /// Columns of the wind.
    pub(crate) const WIND: [Self; 4] = [Self::Eastward, Self::Northward, Self::Speed, Self::Direction];
    /// Columns of the position receiver.
    pub(crate) const POSITION: [Self; 3] = [Self::Longitude, Self::Latitude, Self::GpsAltitude];

    /// Number of decimals in text.
    pub(crate) fn decimals(self) -> usize {
        if matches!(self, Self::Longitude | Self::Latitude) { 6 } else { 2 }
    }
}

/// One row: values as printed, rounded to the decimals of their columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// Seconds since launch; `None` if the time is missing.
    pub(crate) time: Option<f64>,
    /// Seconds since launch according to the UTC columns.
    pub(crate) clock: f64,
    /// Values by [`Column`].
    pub(crate) cells: [Option<f64>; 13],
    /// Vertical wind in m/s, for formats that include it.
    pub(crate) updraft: Option<f64>,
    /// True for the surface point that ASPEN extrapolates.
    pub(crate) extrapolated: bool,
}

impl Row {
    pub(crate) fn empty(time: f64) -> Self {
        let time = rounded(time, 2);
        Self { time: Some(time), clock: time, cells: [None; 13], updraft: None, extrapolated: false }
    }

    /// The value of a column.
    pub(crate) fn get(&self, column: Column) -> Option<f64> {
        self.cells[column as usize]
    }

    /// Sets a value, rounded to the decimals of its column.
    pub(crate) fn set(&mut self, column: Column, value: impl Into<Option<f64>>) {
        self.cells[column as usize] = value.into().map(|value| rounded(value, column.decimals()));
    }

    /// Makes values missing.
    pub(crate) fn clear(&mut self, columns: &[Column]) {
        for &column in columns {
            self.set(column, None);
        }
    }

    /// Sets pressure, temperature and humidity, and the dew point computed from the rounded values.
    pub(crate) fn set_thermodynamics(&mut self, pressure: f64, temperature: f64, humidity: Option<f64>) {
        self.set(Column::Pressure, pressure);
        self.set(Column::Temperature, temperature);
        self.set(Column::Humidity, humidity);
        let temperature = self.get(Column::Temperature).unwrap_or(temperature);
        let dew_point = self.get(Column::Humidity).and_then(|humidity| dew_point_c(temperature, humidity));
        self.set(Column::DewPoint, dew_point);
    }

    /// Sets the four wind columns.
    pub(crate) fn set_wind(&mut self, eastward: f64, northward: f64) {
        self.set(Column::Eastward, eastward);
        self.set(Column::Northward, northward);
        let (eastward, northward) = (rounded(eastward, 2), rounded(northward, 2));
        self.set(Column::Speed, eastward.hypot(northward));
        let direction = rounded((-eastward).atan2(-northward).to_degrees().rem_euclid(360.0), 2);
        self.set(Column::Direction, direction.rem_euclid(360.0));
    }
}

/// Rounds a value to its decimals, without a negative zero.
pub(crate) fn rounded(value: f64, decimals: usize) -> f64 {
    let scale = if decimals == 6 { 1e6 } else { 1e2 };
    (value * scale).round() / scale + 0.0
}

/// A complete sounding.
#[derive(Clone, Debug)]
pub(crate) struct Sounding {
    /// Launch time, UTC, including the fraction of a second.
    pub(crate) launch: jiff::civil::DateTime,
    /// Serial number, nine digits.
    pub(crate) sonde: String,
    /// Receiver channel, 1 to 8.
    pub(crate) channel: u8,
    /// Longitude and latitude in degrees and altitude in metres, as stated in the header.
    pub(crate) location: (Option<(f64, f64)>, f64),
    /// The row of flight-level values, at -1 s.
    pub(crate) aircraft: Option<Row>,
    /// Rows of the sonde, in file order.
    pub(crate) rows: Vec<Row>,
}
