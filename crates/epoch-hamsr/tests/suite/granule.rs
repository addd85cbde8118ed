//! A granule as HAMSR's producer writes it (netCDF classic, packed integers without an offset), from the printed structure
//! of one of the archive and not from the tables, so that a test can disagree with them.

#![allow(clippy::allow_attributes, dead_code, reason = "each program uses a part of it")]

use std::path::Path;

use netcdf::{FileMut, Options, VariableMut};

/// Scans, one every 2.25 s.
pub(crate) const SCANS: usize = 12;
/// Pixels of a scan, from right to left below the aircraft.
pub(crate) const PIXELS: usize = 9;
/// Channels of brightness temperature.
pub(crate) const CHANNELS: usize = 5;
/// Levels of retrieved profiles.
pub(crate) const LEVELS: usize = 6;
/// Levels of reflectivity.
pub(crate) const HEIGHTS: usize = 3;

/// Seconds since 2000-01-01 of the first scan: 2017-08-24 14:10:17.
pub(crate) const FIRST_TIME: f64 = 556_899_017.25;
/// Seconds between scans.
pub(crate) const STEP: f64 = 2.25;
/// What stands for a missing retrieval, as stored.
pub(crate) const MISSING: i16 = -32_768;
/// What stands for a missing temperature, as stored.
pub(crate) const MISSING_TEMPERATURE: i16 = -30_037;

/// Stored latitude of the aircraft in thousandths of a degree: it flies north.
pub(crate) fn aircraft_latitude(scan: usize) -> i32 {
    35_000 + 4 * number(scan)
}

/// Stored latitude of a pixel.
pub(crate) fn latitude(scan: usize, pixel: usize) -> i32 {
    aircraft_latitude(scan) + number(pixel)
}

/// Stored longitude of a pixel: up to 0.4 degrees on either side of the aircraft.
pub(crate) fn longitude(_scan: usize, pixel: usize) -> i32 {
    -117_600 + 100 * (number(pixel) - 4)
}

/// Stored brightness temperature in thousandths of a kelvin. The last channel of the first pixel of each scan is -1.000 K:
/// a number that is a sentinel elsewhere.
pub(crate) fn brightness(scan: usize, pixel: usize, channel: usize) -> i32 {
    if pixel == 0 && channel + 1 == CHANNELS {
        return -1000;
    }
    250_000 + 137 * number(scan) - 11 * number(pixel) + 1009 * number(channel)
}

/// Stored temperature in tenths of a kelvin; missing in every other scan.
pub(crate) fn temperature(scan: usize, pixel: usize, level: usize) -> i16 {
    if scan % 2 == 1 { MISSING_TEMPERATURE } else { short(2050 + 40 * level + scan + pixel) }
}

/// Stored humidity in hundredths of a percent; missing in every other scan.
pub(crate) fn humidity(scan: usize, _pixel: usize, level: usize) -> i16 {
    if scan % 2 == 1 { MISSING } else { short(43 + 1500 * level) }
}

fn number(index: usize) -> i32 {
    i32::try_from(index).unwrap_or_default()
}

fn short(number: usize) -> i16 {
    i16::try_from(number).unwrap_or_default()
}

/// Writes the granule.
pub(crate) fn write(path: &Path) -> Result<(), netcdf::Error> {
    write_with(path, "seconds")
}

/// Writes the granule with these units of time, which a producer should not state.
pub(crate) fn write_with(path: &Path, units_of_time: &str) -> Result<(), netcdf::Error> {
    let mut file = netcdf::create_with(path, Options::empty())?;
    for (name, length) in [
        ("channel", CHANNELS),
        ("cross_track", PIXELS),
        ("along_track", SCANS),
        ("HAMSR_levels", LEVELS),
        ("HAMSR_dBz_levels", HEIGHTS),
    ] {
        file.add_dimension(name, length)?;
    }
    file.add_attribute("comment", "synthetic: not measured")?;
    let scan = &["along_track"][..];
    let pixel = &["along_track", "cross_track"][..];
    let profile = &["along_track", "cross_track", "HAMSR_levels"][..];
    let time = "seconds since 2000-01-01 00:00:00.0";
    define::<f64>(&mut file, "time", scan, units_of_time, 1.0, time)?;
    define::<i32>(&mut file, "lat", pixel, "degrees_north", 0.001, "Pixel Latitude [-90:90]")?;
    define::<i32>(&mut file, "lon", pixel, "degrees_east", 0.001, "Pixel Longitude [-180:180]")?;
    define::<i32>(&mut file, "altitude", scan, "m", 0.1, "Aircraft altitude from GPS in meters")?;
    let channels = ["along_track", "cross_track", "channel"];
    define::<i32>(&mut file, "TB", &channels, "K", 0.001, "Calibrated Brightness Temperature")?;
    define::<i32>(&mut file, "AClat", scan, "degrees_north", 0.001, "Airplane Latitude [-90:90]")?;
    define::<i32>(&mut file, "AClon", scan, "degrees_east", 0.001, "Airplane Longitude [-180:180]")?;
    define::<i16>(&mut file, "ACheading", scan, "degrees", 0.01, "Airplane Heading [-180:180]")?;
    define::<i16>(&mut file, "PWV", pixel, "cm", 0.001, "HAMSR Precipitable Water Vapor")?;
    define::<i16>(&mut file, "ham_airT", profile, "K", 0.1, "HAMSR Vertical Air Temperature")?;
    define::<i16>(&mut file, "ham_airRH", profile, "%", 0.01, "HAMSR Vertical Relative Humidity")?;
    define::<i16>(
        &mut file,
        "ham_pres_levels",
        &["HAMSR_levels"],
        "mb",
        0.1,
        "HAMSR Profile Pressure Levels",
    )?;
    define::<i16>(
        &mut file,
        "ham_dBz_heights",
        &["HAMSR_dBz_levels"],
        "m",
        1.0,
        "HAMSR Height of Reflectivity",
    )?;
    define::<i16>(&mut file, "rain_flag", pixel, "/", 1.0, "Rain flag (0-no rain, >0 rain)")?;
    file.enddef()?;

    let scans = || 0..SCANS;
    let times: Vec<f64> = (0..SCANS)
        .scan(FIRST_TIME - STEP, |at, _| {
            *at += STEP;
            Some(*at)
        })
        .collect();
    put(&mut file, "time", &times)?;
    put(&mut file, "lat", &grid(PIXELS, latitude))?;
    put(&mut file, "lon", &grid(PIXELS, longitude))?;
    put(&mut file, "altitude", &scans().map(|scan| 182_000 + number(scan)).collect::<Vec<i32>>())?;
    put(&mut file, "TB", &cube(CHANNELS, brightness))?;
    put(&mut file, "AClat", &scans().map(aircraft_latitude).collect::<Vec<i32>>())?;
    put(&mut file, "AClon", &[-117_600; SCANS])?;
    put(&mut file, "ACheading", &[100_i16; SCANS])?;
    put(&mut file, "PWV", &vec![MISSING; SCANS * PIXELS])?;
    put(&mut file, "ham_airT", &cube(LEVELS, temperature))?;
    put(&mut file, "ham_airRH", &cube(LEVELS, humidity))?;
    put(
        &mut file,
        "ham_pres_levels",
        &(0..LEVELS).map(|level| short(1000 + 1500 * level)).collect::<Vec<i16>>(),
    )?;
    put(&mut file, "ham_dBz_heights", &[4500_i16, 7200, 10_800])?;
    put(&mut file, "rain_flag", &vec![0_i16; SCANS * PIXELS])
}

fn define<T: netcdf::NcTypeDescriptor>(
    file: &mut FileMut,
    name: &str,
    dimensions: &[&str],
    units: &str,
    scale: f64,
    comment: &str,
) -> Result<(), netcdf::Error> {
    let mut variable: VariableMut<'_> = file.add_variable::<T>(name, dimensions)?;
    variable.put_attribute("units", units)?;
    variable.put_attribute("comment", comment)?;
    variable.put_attribute("scale_factor", scale)?;
    Ok(())
}

fn put<T: netcdf::NcTypeDescriptor>(
    file: &mut FileMut,
    name: &str,
    values: &[T],
) -> Result<(), netcdf::Error> {
    let mut variable = file.variable_mut(name).ok_or_else(|| netcdf::Error::NotFound(name.to_owned()))?;
    variable.put_values(values, ..)
}

fn grid<T>(width: usize, value: impl Fn(usize, usize) -> T) -> Vec<T> {
    (0..SCANS * width).map(|index| value(index / width, index % width)).collect()
}

fn cube<T>(depth: usize, value: impl Fn(usize, usize, usize) -> T) -> Vec<T> {
    grid(PIXELS * depth, |scan, rest| value(scan, rest / depth, rest % depth))
}
