//! A granule as the lidar's producer writes it since 2022, from what public readers of such files print and depend on, and
//! not from the tables, so that a test can disagree with them: 833 bins, navigation and positions at record edges, text as
//! character codes.

#![allow(clippy::allow_attributes, dead_code, reason = "each program uses a part of it")]

use std::path::Path;

use hdf5::{File, H5Type, Result};

/// Records, one a second from 18:03:20 UTC on 13 January 2023.
pub(crate) const RECORDS: usize = 12;
/// Range bins from 20 km down to 4.9 km below the sea.
pub(crate) const BINS: usize = 833;
/// Slots for layers.
pub(crate) const LAYERS: usize = 10;
/// Detector channels.
pub(crate) const CHANNELS: usize = 4;
/// Wavelengths in nanometres.
pub(crate) const WAVELENGTHS: [u16; 3] = [355, 532, 1064];
/// Seconds of the day of the first record.
pub(crate) const FIRST_SECOND: usize = 18 * 3600 + 3 * 60 + 20;
/// Missing value.
pub(crate) const MISSING: f64 = -999.0;

/// A small number as a float.
pub(crate) fn number(index: usize) -> f64 {
    f64::from(u32::try_from(index).unwrap_or(u32::MAX))
}

/// Altitude of a bin in km.
pub(crate) fn altitude(bin: usize) -> f64 {
    20.0 - 0.029_979 * number(bin)
}

/// Latitude at an edge: the aircraft flies north. The edge before record 5 is missing.
pub(crate) fn latitude(edge: usize) -> f64 {
    if edge == 5 { MISSING } else { 38.0 + 0.0018 * number(edge) }
}

/// Longitude at an edge, missing where the latitude is.
pub(crate) fn longitude(edge: usize) -> f64 {
    if edge == 5 { MISSING } else { -75.0 - 0.0004 * number(edge) }
}

/// Heading at an edge: it turns through north.
pub(crate) fn heading(edge: usize) -> f64 {
    (357.0 + 0.5 * number(edge)).rem_euclid(360.0)
}

/// Backscatter at a wavelength: nothing above the aircraft, infinite in one bin.
pub(crate) fn backscatter(nanometres: u16, record: usize, bin: usize) -> f64 {
    match (altitude(bin) > 19.8, record, bin) {
        (true, ..) => 0.0,
        (_, 3, 400) => f64::INFINITY,
        _ => f64::from(nanometres) * 1e-6 * (1.0 + number(bin % 7)) - 2e-4 * number(record % 3),
    }
}

/// Depolarization; missing in record 2.
pub(crate) fn depolarization(record: usize, bin: usize) -> f64 {
    if record == 2 { MISSING } else { 0.05 + 0.001 * number(bin % 11) }
}

/// Writes the granule.
pub(crate) fn write(path: &Path) -> Result<()> {
    let file = Writer(File::create(path)?);
    file.clock()?;
    file.sizes()?;
    file.navigation()?;
    file.layers()?;
    file.profiles()?;
    file.0.close()
}

struct Writer(File);

impl Writer {
    /// An array with the value of each element by its row and its place in the row.
    fn array<T: H5Type>(&self, name: &str, shape: &[usize], value: impl Fn(usize, usize) -> T) -> Result<()> {
        let row = shape.iter().skip(1).product::<usize>();
        let rows = shape.first().copied().unwrap_or(1);
        let values: Vec<T> = (0..rows)
            .flat_map(|index| (0..row).map(move |place| (index, place)))
            .map(|(index, place)| value(index, place))
            .collect();
        let builder = self.0.new_dataset::<T>();
        let dataset = if row > 1 {
            builder.chunk(shape.to_vec()).deflate(4).shape(shape.to_vec()).create(name)?
        } else {
            builder.shape(shape.to_vec()).create(name)?
        };
        dataset.write_raw(&values)
    }

    fn single<T: H5Type>(&self, name: &str, value: &T) -> Result<()> {
        self.0.new_dataset::<T>().create(name)?.write_scalar(value)
    }

    /// Text as an array of character codes.
    fn codes(&self, name: &str, text: &str) -> Result<()> {
        self.0.new_dataset_builder().with_data(text.as_bytes()).create(name).map(drop)
    }

    fn clock(&self) -> Result<()> {
        let second = |record: usize| FIRST_SECOND + record;
        let part = |seconds: usize| i16::try_from(seconds).unwrap_or_default();
        self.array("Hour", &[RECORDS], |record, _| part(second(record) / 3600))?;
        self.array("Minute", &[RECORDS], |record, _| part(second(record) / 60 % 60))?;
        self.array("Second", &[RECORDS], |record, _| part(second(record) % 60))?;
        let day = |record: usize| 13.0 + number(second(record)) / 86_400.0;
        self.array("Dec_JDay", &[RECORDS], |record, _| day(record))?;
        self.single("Start_JDay", &day(0))?;
        self.single("End_JDay", &day(RECORDS - 1))?;
        self.codes("Date", "13 Jan 2023")?;
        self.codes("Project", "IMPACTS SYNTHETIC")?;
        self.codes("L1B_Version", "R0")
    }

    fn sizes(&self) -> Result<()> {
        for (name, size) in [
            ("NumRecs", RECORDS),
            ("NumBins", BINS),
            ("NumWave", 3),
            ("NumChans", CHANNELS),
            ("MaxLayers", LAYERS),
        ] {
            self.single(name, &i32::try_from(size).unwrap_or_default())?;
        }
        self.array("Bin_Alt", &[BINS], |bin, _| altitude(bin))?;
        self.single("Bin_Width", &29.979)?;
        self.single("Frame_Top", &20.0)?;
        self.single("Hori_Res", &200.0)
    }

    fn navigation(&self) -> Result<()> {
        let edges = [RECORDS + 1];
        self.array("Latitude", &edges, |edge, _| latitude(edge))?;
        self.array("Longitude", &edges, |edge, _| longitude(edge))?;
        self.array("Plane_Alt", &edges, |_, _| 19.8)?;
        self.array("Plane_Heading", &edges, |edge, _| heading(edge))?;
        self.array("Plane_Pitch", &edges, |edge, _| 2.0 + 0.01 * number(edge))?;
        self.array("Plane_Roll", &edges, |edge, _| 0.1 * number(edge))?;
        self.array("Solar_Azimuth_Angle", &[RECORDS], |record, _| 200.0 + 0.01 * number(record))?;
        self.array("Solar_Elevation_Angle", &[RECORDS], |record, _| 28.0 - 0.01 * number(record))
    }

    fn layers(&self) -> Result<()> {
        self.array("Gnd_Hgt", &[RECORDS], |_, _| 0.0)?;
        self.array("NumLayers", &[RECORDS], |_, _| 1_i16)?;
        let shape = [RECORDS, LAYERS];
        self.array("Layer_Type", &shape, |_, slot| if slot == 0 { 3_i16 } else { 0 })?;
        self.array("Layer_Top_Alt", &shape, |_, slot| if slot == 0 { 9.5 } else { MISSING })?;
        self.array("Layer_Bot_Alt", &shape, |_, slot| if slot == 0 { 6.25 } else { MISSING })
    }

    fn profiles(&self) -> Result<()> {
        let shape = [RECORDS, BINS];
        for nanometres in WAVELENGTHS {
            let name = format!("ATB_{nanometres}");
            self.array(&name, &shape, |record, bin| backscatter(nanometres, record, bin))?;
            self.single(&format!("Cali_{nanometres}"), &(f64::from(nanometres) * 1e9))?;
        }
        self.array("Depol_Ratio", &shape, depolarization)?;
        self.array("Mole_Back", &[WAVELENGTHS.len(), BINS], |wavelength, bin| {
            1e-3 / (1.0 + number(wavelength)) * (-altitude(bin) / 8.0).exp()
        })?;
        self.array("Pressure", &shape, |_, bin| 1013.0 * (-altitude(bin) / 8.0).exp())?;
        self.array("Temperature", &shape, |_, bin| 15.0 - 6.5 * altitude(bin).min(11.0))?;
        self.array("RH", &shape, |_, bin| 0.8 * (-altitude(bin).max(0.0) / 5.0).exp())?;
        self.array("Saturate", &[RECORDS, CHANNELS], |_, _| 0_i32)
    }
}
