//! The generator: one scene, written in any of four formats.
//!
//! This is the root module of the generator, so that a test suite can include it with one `#[path]`.

pub(crate) mod anomaly;
pub(crate) mod aspen;
pub(crate) mod atmosphere;
pub(crate) mod avaps_raw;
pub(crate) mod disturb;
pub(crate) mod eol;
pub(crate) mod fall;
pub(crate) mod icartt;
pub(crate) mod noise;
pub(crate) mod scene;
pub(crate) mod text;

use std::path::Path;

use clap::ValueEnum;
use jiff::SignedDuration;
use jiff::civil::DateTime;

use self::anomaly::Anomaly;
use self::atmosphere::Environment;
use self::scene::{Column, Sounding};

/// A format of dropsonde files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// EOL Sounding Format, as text.
    Eol,
    /// ASPEN's netCDF-4, as HDF5.
    Aspen,
    /// ICARTT, as IMPACTS has it.
    Icartt,
    /// The raw D-file of the aircraft.
    Raw,
}

/// A file to write.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) format: Format,
    pub(crate) environment: Environment,
    /// UTC; a fraction of a second is lost in all formats except the raw one and the UTC columns of EOL.
    pub(crate) launch: DateTime,
    /// Number of the sonde.
    pub(crate) sonde: u32,
    /// Receiver channel, 1 to 8.
    pub(crate) channel: u8,
    /// Geopotential altitude of the launch in metres.
    pub(crate) altitude_m: f64,
    /// Max duration of the fall in seconds, within some percent; the launch is low enough for it.
    pub(crate) seconds: Option<f64>,
    /// Longitude and latitude of the launch in degrees.
    pub(crate) position: (f64, f64),
    pub(crate) anomalies: Vec<Anomaly>,
    pub(crate) seed: u64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            format: Format::Eol,
            environment: Environment::Clear,
            launch: DateTime::constant(2012, 9, 7, 12, 41, 16, 0),
            sonde: 999_999_999,
            channel: 3,
            altitude_m: 19_100.0,
            seconds: Some(60.0),
            position: (-61.555_444, 31.572_562),
            anomalies: Vec::new(),
            seed: 1,
        }
    }
}

impl Recipe {
    pub(crate) fn has(&self, anomaly: Anomaly) -> bool {
        self.anomalies.contains(&anomaly)
    }

    /// Writes the file.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Box<dyn std::error::Error>> {
        if self.has(Anomaly::Empty) {
            return Ok(std::fs::write(path, [])?);
        }
        match self.format {
            Format::Eol => std::fs::write(path, eol::print(self))?,
            Format::Icartt => std::fs::write(path, icartt::print(self))?,
            Format::Raw => std::fs::write(path, avaps_raw::print(self))?,
            Format::Aspen => {
                aspen::write(self, path)?;
                if self.has(Anomaly::Truncated) {
                    let file = std::fs::OpenOptions::new().write(true).open(path)?;
                    file.set_len(file.metadata()?.len() * 2 / 5)?;
                }
            }
        }
        Ok(())
    }

    /// The contents of the file: one or two soundings, with rows in file order and values rounded to the file's
    /// decimals.
    ///
    /// In HDF5, times and values are stored as 32-bit floats of these. Truncation is not applied: the last row of a
    /// truncated text is cut somewhere.
    pub(crate) fn truth(&self) -> Vec<Sounding> {
        let mut soundings = vec![self.sounding()];
        if self.has(Anomaly::TwoSoundings) && self.format == Format::Eol {
            let second = Self {
                launch: self.launch.saturating_add(SignedDuration::from_mins(4)),
                sonde: self.sonde - 1,
                channel: self.channel % 8 + 1,
                seed: self.seed + 1,
                ..self.clone()
            };
            soundings.push(second.sounding());
        }
        soundings
    }

    fn sounding(&self) -> Sounding {
        let (mut aircraft, mut rows) =
            if self.has(Anomaly::NeverLaunched) { fall::cabin(self) } else { fall::fall(self) };
        let duration = rows.last().map_or(0.0, |row| row.clock);
        disturb::disturb(self, &mut aircraft, &mut rows);
        let mut location = aircraft.get(Column::Longitude).zip(aircraft.get(Column::Latitude));
        if self.has(Anomaly::NoLaunchLocation) {
            location = None;
            aircraft.clear(&Column::POSITION);
        }
        let error_m = if self.has(Anomaly::WrongLaunchAltitude) { 351.0 } else { 0.0 };
        let altitude_m = aircraft.get(Column::Altitude).unwrap_or_default() + error_m;
        let mut sounding = Sounding {
            launch: self.launch_before(duration),
            sonde: format!("{:09}", self.sonde),
            channel: self.channel,
            location: (location, scene::rounded(altitude_m, 2)),
            aircraft: (!self.has(Anomaly::NoAircraft)).then_some(aircraft),
            rows,
        };
        self.conform(&mut sounding);
        sounding
    }

    /// The launch time of a sonde that falls for `duration` seconds.
    fn launch_before(&self, duration: f64) -> DateTime {
        let mut date = self.launch.date();
        if self.has(Anomaly::LeapDay) {
            date = jiff::civil::Date::constant(2012, 2, 29);
        }
        if self.has(Anomaly::NewYear) {
            date = date.last_of_year();
        }
        let time = self.launch.time();
        if self.has(Anomaly::MidnightAtLaunch) {
            return date.at(0, 0, 0, time.subsec_nanosecond());
        }
        if self.has(Anomaly::Midnight) || self.has(Anomaly::NewYear) {
            let before = SignedDuration::from_secs_f64((duration / 2.0).ceil());
            let midnight = date.at(0, 0, 0, time.subsec_nanosecond());
            return midnight.saturating_add(SignedDuration::from_hours(24)).saturating_sub(before);
        }
        date.to_datetime(time)
    }

    /// Sorts the rows in the order of the format, and removes what the format cannot represent.
    fn conform(&self, sounding: &mut Sounding) {
        let surface_first = match self.format {
            Format::Aspen => !self.has(Anomaly::LaunchFirst),
            Format::Eol | Format::Icartt => self.has(Anomaly::SurfaceFirst),
            Format::Raw => false,
        };
        if surface_first {
            sounding.rows.reverse();
        }
        if self.format == Format::Raw {
            sounding.rows.retain(|row| !row.extrapolated && !self.has(Anomaly::NeverLaunched));
        }
        let has_updraft = match self.format {
            Format::Eol => self.has(Anomaly::NineteenColumns) || self.has(Anomaly::TwentyOneColumns),
            Format::Aspen | Format::Icartt => true,
            Format::Raw => false,
        };
        for row in &mut sounding.rows {
            if !has_updraft {
                row.updraft = None;
            }
            match self.format {
                Format::Eol if self.has(Anomaly::FormatOne) => {
                    row.set(Column::GpsAltitude, row.get(Column::GpsAltitude).map(f64::round));
                }
                Format::Eol | Format::Aspen => {}
                Format::Icartt => {
                    for column in [Column::Longitude, Column::Latitude] {
                        row.set(column, row.get(column).map(|degrees| scene::rounded(degrees, 2)));
                    }
                    row.clear(&[Column::Descent]);
                }
                Format::Raw => row.clear(&[Column::DewPoint, Column::Eastward, Column::Northward]),
            }
        }
    }
}
