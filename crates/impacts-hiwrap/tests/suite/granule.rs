//! A granule as HIWRAP's producer writes it, from what public readers of such files use and print and, for time and
//! positions, from one of the archive, and not from the tables, so that a test can disagree with them: groups, units and
//! descriptions in datasets of their own, two bands.

#![allow(clippy::allow_attributes, dead_code, reason = "each program uses a part of it")]

use std::path::Path;

use hdf5::types::VarLenUnicode;
use hdf5::{File, H5Type, Result};

/// Records, two a second from 15:54:12.25 UTC on 1 February 2020.
pub(crate) const RECORDS: usize = 14;
/// Range gates of 26.25 m.
pub(crate) const GATES: usize = 64;
/// The bands.
pub(crate) const BANDS: [&str; 2] = ["Ku", "Ka"];
/// Seconds since 1970 of the first record.
pub(crate) const FIRST_TIME: f64 = 1_580_572_452.25;
/// The seconds of the day of the first record.
pub(crate) const FIRST_SECOND: f64 = 15.0 * 3600.0 + 54.0 * 60.0 + 12.25;

/// A small number as a float.
pub(crate) fn number(index: usize) -> f64 {
    f64::from(u32::try_from(index).unwrap_or(u32::MAX))
}

/// A number in single precision, as positions and planes are stored.
#[expect(clippy::cast_possible_truncation, reason = "rounded as in the files")]
pub(crate) fn single(number: f64) -> f32 {
    number as f32
}

/// Distance of a gate in metres.
pub(crate) fn range(gate: usize) -> f64 {
    150.0 + 26.25 * number(gate)
}

/// Latitude of a record.
pub(crate) fn latitude(record: usize) -> f32 {
    single(33.5 + 0.001 * number(record))
}

/// Longitude of a record.
pub(crate) fn longitude(record: usize) -> f32 {
    single(-79.1 + 0.0005 * number(record))
}

/// Reflectivity of a gate in dBZ; not a number below the noise.
pub(crate) fn reflectivity(band: &str, record: usize, gate: usize) -> f32 {
    let of_band = if band == "Ku" { 3.0 } else { 0.0 };
    if (record + gate).is_multiple_of(9) {
        return f32::NAN;
    }
    single(of_band - 20.0 + 0.5 * number(gate) + 0.25 * number(record))
}

/// Doppler velocity of a gate in m/s.
pub(crate) fn velocity(_band: &str, record: usize, gate: usize) -> f32 {
    single(0.125 * number(gate % 16) - 0.0625 * number(record))
}

/// Depolarization of a gate in decibels.
pub(crate) fn depolarization(_band: &str, _record: usize, gate: usize) -> f32 {
    single(-30.0 + 0.25 * number(gate % 32))
}

/// Writes the granule.
pub(crate) fn write(path: &Path) -> Result<()> {
    write_with(path, "dBZ")
}

/// Writes the granule with this unit of reflectivity.
pub(crate) fn write_with(path: &Path, unit_of_reflectivity: &str) -> Result<()> {
    let file = Writer(File::create(path)?);
    file.information()?;
    file.navigation()?;
    file.array("Time/Data/TimeUTC", &[RECORDS], |record, _| FIRST_TIME + 0.5 * number(record))?;
    file.described(
        "Time/Information/TimeUTC",
        "seconds",
        "Seconds since 1970-01-01 00:00 UTC",
        "_description",
    )?;
    file.array("Products/Information/Range", &[1, GATES], |_, gate| range(gate))?;
    file.described("Products/Information/Range", "m", "Range from the aircraft", "_description")?;
    file.array("Products/Information/AircraftMotion", &[RECORDS], |record, _| 0.125 * number(record))?;
    file.described("Products/Information/AircraftMotion", "m/s", "Motion along the beam", "_description")?;
    for band in BANDS {
        file.band(band, unit_of_reflectivity)?;
    }
    file.0.close()
}

struct Writer(File);

impl Writer {
    /// An array with the value of each element by its row and its place in the row.
    fn array<T: H5Type>(&self, path: &str, shape: &[usize], value: impl Fn(usize, usize) -> T) -> Result<()> {
        let row = shape.iter().skip(1).product::<usize>();
        let rows = shape.first().copied().unwrap_or(1);
        let places = (0..rows).flat_map(|index| (0..row).map(move |place| (index, place)));
        let values: Vec<T> = places.map(|(index, place)| value(index, place)).collect();
        self.0.new_dataset::<T>().shape(shape.to_vec()).create(self.in_group(path)?)?.write_raw(&values)
    }

    /// Creates the groups of a path, which it returns.
    fn in_group<'path>(&self, path: &'path str) -> Result<&'path str> {
        let groups = path.rmatch_indices('/').map(|(end, _)| path.get(..end).unwrap_or_default());
        let absent: Vec<&str> = groups.take_while(|group| self.0.group(group).is_err()).collect();
        for group in absent.into_iter().rev() {
            self.0.create_group(group)?;
        }
        Ok(path)
    }

    /// A text in an array of one element.
    fn text(&self, path: &str, text: &str) -> Result<()> {
        let text: VarLenUnicode = text.parse().map_err(|_| hdf5::Error::from("no text"))?;
        let dataset = self.0.new_dataset::<VarLenUnicode>().shape([1]).create(self.in_group(path)?)?;
        dataset.write_raw(&[text])
    }

    /// The unit and the description of a dataset, in datasets beside it.
    fn described(&self, path: &str, units: &str, description: &str, ending: &str) -> Result<()> {
        self.text(&format!("{path}_units"), units)?;
        self.text(&format!("{path}{ending}"), description)
    }

    fn information(&self) -> Result<()> {
        for (name, text) in [
            ("Aircraft", "NASA ER-2"),
            ("ExperimentName", "IMPACTS SYNTHETIC"),
            ("FlightDate", "2020-02-01"),
            ("L1B_Revision", "C"),
            ("RadarName", "HIWRAP"),
        ] {
            self.text(&format!("Information/{name}"), text)?;
        }
        Ok(())
    }

    fn navigation(&self) -> Result<()> {
        self.array("Navigation/Data/Latitude", &[RECORDS], |record, _| latitude(record))?;
        self.array("Navigation/Data/Longitude", &[RECORDS], |record, _| longitude(record))?;
        self.described("Navigation/Information/Latitude", "degrees", "Latitude", "_description")?;
        self.described("Navigation/Information/Longitude", "degrees", "Longitude", "_description")?;
        let quantities: [(&str, f64, &str, &str); 13] = [
            ("Height", 19_800.0, "m", "Altitude above mean sea level"),
            ("Heading", 42.0, "degrees", "Heading, clockwise from north"),
            ("Pitch", 2.0, "degrees", "Pitch, positive up"),
            ("Roll", -0.5, "degrees", "Roll, positive for a right turn"),
            ("Drift", 1.0, "degrees", "Drift angle"),
            ("Track", 43.0, "degrees", "Track, clockwise from north"),
            ("EastVelocity", 140.0, "m/s", "Eastward velocity"),
            ("NorthVelocity", 150.0, "m/s", "Northward velocity"),
            ("UpVelocity", 0.0, "m/s", "Upward velocity"),
            ("dxdr", 0.01, "unitless", "Change of x along the beam"),
            ("dydr", 0.02, "unitless", "Change of y along the beam"),
            ("dzdr", -0.99, "unitless", "Change of z along the beam"),
            ("NominalDistance", 0.0, "km", "Distance along the nominal track"),
        ];
        for (name, first, units, description) in quantities {
            self.array(&format!("Navigation/Data/{name}"), &[RECORDS], |record, _| {
                single(first + 0.125 * number(record))
            })?;
            // As granules of 2020 spell it.
            let ending = if name == "NominalDistance" { "_desciption" } else { "_description" };
            self.described(&format!("Navigation/Information/{name}"), units, description, ending)?;
        }
        Ok(())
    }

    fn band(&self, band: &str, unit_of_reflectivity: &str) -> Result<()> {
        let shape = [RECORDS, GATES];
        let (data, information) =
            (format!("Products/{band}/Combined/Data"), format!("Products/{band}/Combined/Information"));
        let plane = |name: &str, units: &str, description: &str, value: fn(&str, usize, usize) -> f32| {
            self.array(&format!("{data}/{name}"), &shape, |record, gate| value(band, record, gate))?;
            self.described(&format!("{information}/{name}"), units, description, "_description")
        };
        plane("dBZe", unit_of_reflectivity, "Equivalent reflectivity", reflectivity)?;
        plane("Velocity_corrected", "m/s", "Doppler velocity, positive up", velocity)?;
        plane("SpectrumWidth", "m/s", "Spectrum width", velocity)?;
        plane("LDR", "dB", "Linear depolarization ratio", depolarization)?;
        self.array(&format!("{information}/ChannelMask"), &shape, |_, gate| i16::from(gate > 30))?;
        self.text(&format!("{information}/ChannelMask_description"), "0: low power, 1: high power")
    }
}
