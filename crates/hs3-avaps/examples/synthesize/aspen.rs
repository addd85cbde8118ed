//! Writes ASPEN's netCDF-4 as HDF5 datasets and attributes, in the form that netCDF creates.
//!
//! `REFERENCE_LIST` is omitted, because its compound type requires unsafe code; readers use `DIMENSION_LIST`.

#![expect(clippy::cast_possible_truncation, reason = "files hold 32-bit floats of what text prints")]

use std::path::Path;

use hdf5::types::{FixedAscii, TypeDescriptor, VarLenArray};
use hdf5::{Dataset, Extents, File, H5Type, Location, ObjectReference1};
use ndarray::{Array1, arr1};

use super::Recipe;
use super::anomaly::Anomaly;
use super::atmosphere;
use super::scene::{Column, Row, Sounding};

/// Missing value.
const FILL: f32 = -999.0;
/// Title of a dimension scale that is not a variable; the length follows in ten columns.
const PHANTOM: &str = "This is a netCDF dimension but not a netCDF variable.";

/// A variable along time: name, long name, units, standard name.
type Variable = [&'static str; 4];

const VARIABLES: [Variable; 19] = [
    ["pres", "pressure", "hPa", "air_pressure"],
    ["tdry", "dry bulb temperature", "degC", "air_temperature"],
    ["dp", "dew point", "degC", "dew_point_temperature"],
    ["rh", "relative humidity", "percent", "relative_humidity"],
    ["u_wind", "u component of winds", "m/s", "eastward_wind"],
    ["v_wind", "v component of winds", "m/s", "northward_wind"],
    ["w_wind", "vertical component of winds", "m/s", "upward_air_velocity"],
    ["wspd", "wind speed", "m/s", "wind_speed"],
    ["wdir", "wind direction", "degree", "wind_from_direction"],
    ["dz", "vertical velocity", "m/s", ""],
    ["mr", "mixing ratio", "gram/kg", ""],
    ["vt", "virtual temperature", "K", "virtual_temperature"],
    ["theta", "potential temperature", "K", "air_potential_temperature"],
    ["theta_e", "equivalent potential temperature", "K", "equivalent_potential_temperature"],
    ["theta_v", "virtual potential temperature", "K", ""],
    ["lat", "north latitude", "degree", "latitude"],
    ["lon", "east longitude", "degree", "longitude"],
    ["alt", "altitude above MSL", "meters", ""],
    ["gpsalt", "gps reported altitude above MSL", "meters", ""],
];

/// Variables that differ in SI units: name, new name, new units, factor, offset.
const SI: [(&str, &str, &str, f64, f64); 6] = [
    ("pres", "p", "Pa", 100.0, 0.0),
    ("tdry", "ta", "K", 1.0, 273.15),
    ("dp", "dp", "K", 1.0, 273.15),
    ("rh", "rh", "1", 0.01, 0.0),
    ("u_wind", "u", "m/s", 1.0, 0.0),
    ("v_wind", "v", "m/s", 1.0, 0.0),
];

/// Variables of one value each: name, long name, units, column of the aircraft row or of the surface row.
const REFERENCE: [(&str, &str, &str, Column); 8] = [
    ("pres", "pressure", "hPa", Column::Pressure),
    ("tdry", "temperature", "degC", Column::Temperature),
    ("rh", "relative humidity", "percent", Column::Humidity),
    ("wspd", "wind speed", "m/s", Column::Speed),
    ("wdir", "wind direction", "degree", Column::Direction),
    ("lat", "latitude", "degrees", Column::Latitude),
    ("lon", "longitude", "degrees", Column::Longitude),
    ("alt", "altitude above MSL", "meters", Column::Altitude),
];

/// Attributes of the file; ASPEN writes numbers as text, and empty attributes without data.
const ATTRIBUTES: [(&str, &str); 34] = [
    ("_NCProperties", "version=2,netcdf=4.9.2,hdf5=1.14.3"),
    ("Conventions", "CF-1.6"),
    ("RepoRevision", "V4.0.2"),
    ("RepoBranch", "master"),
    ("featureType", "trajectory"),
    ("Agency", ""),
    ("AltInterpSpan", "60"),
    ("AspenVersion", "Aspen V4.0.2"),
    ("BlendLength", "4"),
    ("ChuteArea", "900"),
    ("ConfigSetName", "editsonde"),
    ("DatasetDOI", ""),
    ("DiscardBadCrcData", "1"),
    ("DiscardBadSondeId", "0"),
    ("DoQC", "1"),
    ("DragCoef", "0.61"),
    ("DropSondeMass", "320"),
    ("DropsondeHitSfc", "1"),
    ("Flight", "SYNTHETIC01"),
    ("GPSPosQCDev", "0.01"),
    ("IgnoreLaunchAlt", "0"),
    ("ObsNum", "99"),
    ("PlatformId", "NASA872"),
    ("PlatformType", "Global Hawk"),
    ("PosInterpSpan", "60"),
    ("PresEquilTime", "5.95"),
    ("ProcessingTime", "01 Jan 2013 00:00 UTC"),
    ("Project", "HS3 SYNTHETIC"),
    ("QCDisclaimer", ""),
    ("RHEquilTime", "38.76"),
    ("SfcAltitude", "0"),
    ("SondeModel", "RD94"),
    ("WindEquilTime", "10"),
    ("WindSats", "6"),
];

/// Writes the file.
pub(crate) fn write(recipe: &Recipe, path: &Path) -> hdf5::Result<()> {
    let file = File::create(path)?;
    for sounding in recipe.truth() {
        Writer { recipe, sounding: &sounding, file: &file }.write()?;
    }
    file.close()?;
    mend_types(path).map_err(|error| error.to_string().into())
}

/// Changes types to forms that the safe interface cannot create.
///
/// Strings become NUL-terminated, because otherwise no dataset is recognised as a dimension scale. The type of a
/// string is eight bytes of the file: 0x13 for class 3 in version 1, three bytes of flags whose lowest bit is 1 for
/// padded and 0 for terminated, and the size. The first type of a 32-bit float, which is that of the phantom scale
/// `obs`, becomes big-endian: the lowest of its flags. The object headers written here are of the oldest version and
/// have no checksum (HDF5 File Format Specification, IV.A.2.d). No value of this file has such bytes.
fn mend_types(path: &Path) -> std::io::Result<()> {
    let mut bytes = std::fs::read(path)?;
    let mut is_first = true;
    for start in 0..bytes.len().saturating_sub(7) {
        match bytes.get_mut(start..start + 8) {
            Some([0x13, flags @ 1, 0, 0, 1..=160, 0, 0, 0]) => *flags = 0,
            Some([0x11, flags @ 0x20, 0x1f, 0, 4, 0, 0, 0]) if is_first => {
                *flags |= 1;
                is_first = false;
            }
            _ => {}
        }
    }
    std::fs::write(path, bytes)
}

struct Writer<'a> {
    recipe: &'a Recipe,
    sounding: &'a Sounding,
    file: &'a File,
}

impl Writer<'_> {
    fn write(&self) -> hdf5::Result<()> {
        self.attributes()?;
        self.trajectory()?;
        self.clock()?;
        self.phantom("obs", 1)?;
        for variable in VARIABLES {
            self.variable(variable)?;
        }
        if let Some(aircraft) = &self.sounding.aircraft {
            self.single("reference_time", "reference observation time", &self.since(), -1_i32, -999)?;
            self.references("reference", aircraft)?;
        }
        if self.recipe.has(Anomaly::SurfaceVariables) {
            self.phantom("surface", 2)?;
            if let Some(row) = self.sounding.rows.iter().find(|row| row.extrapolated) {
                self.references("surface", row)?;
            }
        }
        Ok(())
    }

    /// Units of time: the launch, truncated to the second.
    fn since(&self) -> String {
        self.sounding.launch.strftime("seconds since %Y-%m-%d %H:%M:%S UTC").to_string()
    }

    fn attributes(&self) -> hdf5::Result<()> {
        for (name, value) in ATTRIBUTES {
            text(self.file, name, value)?;
        }
        let sounding = self.sounding;
        let name = sounding.launch.strftime("D%Y%m%d_%H%M%S").to_string();
        let flag = if self.recipe.has(Anomaly::DryBias) { "; TDDryBiasCorrApplied" } else { "" };
        text(self.file, "Comment", &format!("SYNTHETIC Good Drop0xA{flag}"))?;
        text(self.file, "SondeId", &sounding.sonde)?;
        let description = format!("{name}.{} {} HS3 SYNTHETIC", sounding.channel, sounding.sonde);
        text(self.file, "SoundingDescription", &description)
    }

    /// A name that was never written: a single NUL.
    fn trajectory(&self) -> hdf5::Result<()> {
        let dataset = self.file.new_dataset::<FixedAscii<1>>().create("trajectory")?;
        text(&dataset, "cf_role", "trajectory_id")
    }

    fn clock(&self) -> hdf5::Result<()> {
        let launch = self
            .file
            .new_dataset_builder()
            .fill_value(-2_147_483_647_i32)
            .empty::<i32>()
            .create("launch_time")?;
        launch.write_scalar(&0)?;
        text(&launch, "long_name", "sounding launch time")?;
        text(&launch, "units", &self.since())?;
        // Times are 32-bit floats converted to 64 bits; a missing time is netCDF's default fill value.
        let times = self
            .sounding
            .rows
            .iter()
            .map(|row| row.time.map_or(9.969_209_968_386_869e36, |time| f64::from(time as f32)));
        let times: Array1<f64> = times.collect();
        let time = self.create("time", &times, 9.969_209_968_386_869e36_f64)?;
        scale(&time, "time", 0)?;
        text(&time, "long_name", "time since launch time")?;
        text(&time, "units", &self.since())?;
        text(&time, "calendar", "standard")?;
        text(&time, "axis", "T")
    }

    /// A dimension without a variable.
    fn phantom(&self, name: &str, identifier: i32) -> hdf5::Result<()> {
        let dataset = self.file.new_dataset::<f32>().shape(1).create(name)?;
        scale(&dataset, &format!("{PHANTOM}{:10}", 1), identifier)
    }

    fn variable(&self, variable: Variable) -> hdf5::Result<()> {
        let [name, long_name, units, standard_name] = variable;
        let si = SI.into_iter().find(|(of, ..)| *of == name && self.recipe.has(Anomaly::SiUnits));
        let (_, name_here, units, factor, offset) = si.unwrap_or((name, name, units, 1.0, 0.0));
        let values = self
            .sounding
            .rows
            .iter()
            .map(|row| value(name, row).map_or(FILL, |value| (value * factor + offset) as f32));
        let dataset = self.create(name_here, &values.collect(), FILL)?;
        self.attach(&dataset, "time", 0)?;
        text(&dataset, "long_name", long_name)?;
        text(&dataset, "units", units)?;
        missing(&dataset, FILL)?;
        span(&dataset, name)?;
        if !matches!(name, "lat" | "lon" | "gpsalt") {
            text(&dataset, "coordinates", "lat lon gpsalt")?;
        }
        if !standard_name.is_empty() && !self.recipe.has(Anomaly::NoStandardNames) {
            text(&dataset, "standard_name", standard_name)?;
        }
        // ASPEN swaps the axes of latitude and longitude.
        match name {
            "lat" => text(&dataset, "axis", "X")?,
            "lon" => text(&dataset, "axis", "Y")?,
            "gpsalt" => text(&dataset, "axis", "Z")?,
            _ => {}
        }
        if matches!(name, "alt" | "gpsalt") {
            text(&dataset, "positive", "up")?;
        }
        Ok(())
    }

    fn references(&self, prefix: &str, row: &Row) -> hdf5::Result<()> {
        for (name, long_name, units, column) in REFERENCE {
            let value = row.get(column).map_or(FILL, |value| value as f32);
            let long_name = format!("{prefix} {long_name}");
            let dataset = self.single(&format!("{prefix}_{name}"), &long_name, units, value, FILL)?;
            span(&dataset, name)?;
            if name == "alt" {
                text(&dataset, "positive", "up")?;
            }
        }
        Ok(())
    }

    /// A variable with one value along `obs` or `surface`.
    fn single<T: H5Type + Clone>(
        &self,
        name: &str,
        long_name: &str,
        units: &str,
        value: T,
        fill: T,
    ) -> hdf5::Result<Dataset> {
        let (scale, identifier) = if name.starts_with("surface") { ("surface", 2) } else { ("obs", 1) };
        let builder = self.file.new_dataset_builder().no_chunk().fill_value(fill.clone());
        let dataset = builder.with_data(&Array1::from_elem(1, value)).create(name)?;
        self.attach(&dataset, scale, identifier)?;
        text(&dataset, "long_name", long_name)?;
        text(&dataset, "units", units)?;
        missing(&dataset, fill)?;
        Ok(dataset)
    }

    fn create<T: H5Type>(&self, name: &str, values: &Array1<T>, fill: T) -> hdf5::Result<Dataset> {
        let builder = self.file.new_dataset_builder().fill_value(fill);
        let builder = if self.recipe.has(Anomaly::Compressed) && !values.is_empty() {
            builder.chunk(values.len().min(1000)).shuffle().deflate(4)
        } else {
            builder.no_chunk()
        };
        builder.with_data(values).create(name)
    }

    /// Attaches a scale to a dataset, with the attributes of both netCDF and HDF5.
    fn attach(&self, dataset: &Dataset, scale: &str, identifier: i32) -> hdf5::Result<()> {
        let reference: ObjectReference1 = self.file.reference(scale)?;
        let list = arr1(&[VarLenArray::from_slice(&[reference])]);
        dataset.new_attr_builder().with_data(&list).create("DIMENSION_LIST")?;
        dataset.new_attr_builder().with_data(&arr1(&[identifier])).create("_Netcdf4Coordinates")?;
        Ok(())
    }
}

/// The value of a variable in a row; quantities that EOL text lacks are computed from others.
fn value(name: &str, row: &Row) -> Option<f64> {
    let column = match name {
        "pres" => Column::Pressure,
        "tdry" => Column::Temperature,
        "dp" => Column::DewPoint,
        "rh" => Column::Humidity,
        "u_wind" => Column::Eastward,
        "v_wind" => Column::Northward,
        "wspd" => Column::Speed,
        "wdir" => Column::Direction,
        "dz" => Column::Descent,
        "lat" => Column::Latitude,
        "lon" => Column::Longitude,
        "alt" => Column::Altitude,
        "gpsalt" => Column::GpsAltitude,
        "w_wind" => return row.updraft,
        _ => {
            let (pressure, temperature) = (row.get(Column::Pressure)?, row.get(Column::Temperature)?);
            if name == "theta" {
                return Some(atmosphere::potential_temperature_k(pressure, temperature));
            }
            let humidity = row.get(Column::Humidity)?;
            let virtual_k = atmosphere::virtual_temperature_k(pressure, temperature, humidity);
            return Some(match name {
                "mr" => atmosphere::mixing_ratio(pressure, temperature, humidity),
                "vt" => virtual_k,
                "theta_v" => atmosphere::potential_temperature_k(pressure, virtual_k - 273.15),
                _ => atmosphere::equivalent_temperature_k(pressure, temperature, humidity),
            });
        }
    };
    row.get(column)
}

/// Turns a dataset into a dimension scale.
fn scale(dataset: &Dataset, name: &str, identifier: i32) -> hdf5::Result<()> {
    text(dataset, "CLASS", "DIMENSION_SCALE\0")?;
    text(dataset, "NAME", &format!("{name}\0"))?;
    if !name.starts_with(PHANTOM) {
        dataset.new_attr_builder().with_data(&arr1(&[identifier])).create("_Netcdf4Coordinates")?;
    }
    dataset.new_attr::<i32>().create("_Netcdf4Dimid")?.write_scalar(&identifier)
}

/// Writes the fill value as attributes.
fn missing<T: H5Type + Clone>(dataset: &Dataset, fill: T) -> hdf5::Result<()> {
    let fill = Array1::from_elem(1, fill);
    dataset.new_attr_builder().with_data(&fill).create("missing_value")?;
    dataset.new_attr_builder().with_data(&fill).create("_FillValue")?;
    Ok(())
}

/// Writes the valid range of latitudes and longitudes.
fn span(dataset: &Dataset, name: &str) -> hdf5::Result<()> {
    let limit = match name {
        "lat" => 90.0_f32,
        "lon" => 180.0,
        _ => return Ok(()),
    };
    dataset.new_attr_builder().with_data(&arr1(&[-limit, limit])).create("valid_range")?;
    Ok(())
}

/// Writes text as a fixed-length string of its own length; empty text has a type but no data.
fn text(location: &Location, name: &str, value: &str) -> hdf5::Result<()> {
    let descriptor = TypeDescriptor::FixedAscii(value.len().max(1));
    let builder = location.new_attr_builder().empty_as(&descriptor);
    if value.is_empty() {
        builder.shape(Extents::Null).create(name)?;
        return Ok(());
    }
    let value = FixedAscii::<160>::from_ascii(value).map_err(|error| error.to_string())?;
    builder.create(name)?.write_scalar(&value)
}
