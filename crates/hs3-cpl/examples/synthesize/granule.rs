//! Writes the file: the datasets of a CPL granule in their variants.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    reason = "every number here is made up to fit its type"
)]

use std::path::Path;

use clap::ValueEnum;
use hdf5::File;
use hdf5::types::FixedAscii;
use ndarray::Array1;

use crate::anomaly::Anomaly;
use crate::arrays::each;
use crate::scene::{self, Noise};

/// Max number of layers of a record.
const MAX_LAYERS: usize = 10;
/// Wavelengths of the lidar in nanometres.
const WAVELENGTHS: [u32; 3] = [355, 532, 1064];
/// Detector channels.
const CHANNELS: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProductKind {
    Atb,
    Op,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Floats {
    F4,
    F8,
}

/// Kind of backscatter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Data {
    /// Noise on a profile: hardly two values are the same.
    Noise,
    /// Photon counts times range squared: few different values at each range.
    Counts,
    /// Zeros, which are made as fast as they are written: where only the size of a granule matters.
    Zeros,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Integers {
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Layout {
    Compact,
    PerRecord,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Storage {
    Contiguous,
    Gzip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strings {
    Fixed,
    OneElement,
    Variable,
    Codes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scalars {
    Scalar,
    OneElement,
}

/// A granule to write.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) product: ProductKind,
    pub(crate) records: usize,
    pub(crate) first: usize,
    pub(crate) bins: usize,
    pub(crate) floats: Floats,
    pub(crate) data: Data,
    pub(crate) integers: Integers,
    pub(crate) layout: Layout,
    pub(crate) storage: Storage,
    pub(crate) strings: Strings,
    pub(crate) scalars: Scalars,
    pub(crate) anomalies: Vec<Anomaly>,
    pub(crate) seed: u64,
    /// Additional datasets by name and shape, filled with noise.
    pub(crate) extra: Vec<(String, Vec<usize>)>,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            product: ProductKind::Atb,
            records: 40,
            first: 5300,
            bins: 97,
            floats: Floats::F8,
            data: Data::Noise,
            integers: Integers::I16,
            layout: Layout::Compact,
            storage: Storage::Contiguous,
            strings: Strings::Fixed,
            scalars: Scalars::Scalar,
            anomalies: Vec::new(),
            seed: 12_203,
            extra: Vec::new(),
        }
    }
}

impl Recipe {
    fn has(&self, anomaly: Anomaly) -> bool {
        self.anomalies.contains(&anomaly)
    }

    /// Writes the granule.
    pub(crate) fn write(&self, path: &Path) -> hdf5::Result<()> {
        let file = File::create(path)?;
        let writer = Writer { recipe: self, file: &file };
        writer.clock()?;
        writer.sizes()?;
        writer.positions()?;
        writer.navigation()?;
        writer.layers()?;
        match self.product {
            ProductKind::Atb => writer.backscatter()?,
            ProductKind::Op => writer.optical_properties()?,
        }
        for (name, shape) in &self.extra {
            writer.array(name, shape, |record, row| {
                let mut noise = Noise::new(self.seed, name, record);
                row.fill_with(|| noise.normal());
            })?;
        }
        if self.has(Anomaly::Attributes) {
            writer.attributes()?;
        }
        file.close()
    }

    fn sentinel(&self) -> f64 {
        if self.has(Anomaly::OldSentinels) { -9999.0 } else { -999.0 }
    }

    fn has_sentinels(&self) -> bool {
        self.has(Anomaly::Sentinels) || self.has(Anomaly::OldSentinels)
    }

    /// Whole seconds since midnight of the first record's day.
    fn seconds(&self) -> Vec<i64> {
        let mut seconds = scene::clock_seconds(self.first, self.records);
        if self.has(Anomaly::Midnight) || self.has(Anomaly::NewYear) {
            let middle = seconds[self.records / 2];
            for second in &mut seconds {
                *second += 86_400 - middle;
            }
        }
        seconds
    }

    /// Day of year of the first record.
    fn day(&self) -> f64 {
        if self.has(Anomaly::NewYear) { 366.0 } else { 250.0 }
    }
}

pub(crate) struct Writer<'recipe> {
    pub(crate) recipe: &'recipe Recipe,
    pub(crate) file: &'recipe File,
}

impl Writer<'_> {
    fn clock(&self) -> hdf5::Result<()> {
        let recipe = self.recipe;
        let seconds = recipe.seconds();
        self.integers("Hour", &[recipe.records], &each(&seconds, |second| second / 3600 % 24))?;
        self.integers("Minute", &[recipe.records], &each(&seconds, |second| second / 60 % 60))?;
        self.integers("Second", &[recipe.records], &each(&seconds, |second| second % 60))?;
        let fractions = scene::second_fractions(&seconds, recipe.seed);
        let days: Vec<f64> = seconds
            .iter()
            .zip(fractions)
            .map(|(&second, fraction)| recipe.day() + (second as f64 + fraction) / 86_400.0)
            .collect();
        self.double("Start_JDay", days[0])?;
        self.double("End_JDay", days[recipe.records - 1])?;
        if !recipe.has(Anomaly::NoDayOfYear) {
            self.write("Dec_JDay", &[recipe.records], days)?;
        }
        let day_of_month = if recipe.has(Anomaly::TakeOffDate) { "05" } else { "06" };
        let date =
            if recipe.has(Anomaly::NewYear) { "31Dec12".to_owned() } else { format!("{day_of_month}Sep12") };
        self.text("Date", &date)?;
        self.text("Project", "HS3 SYNTHETIC ")
    }

    fn sizes(&self) -> hdf5::Result<()> {
        let recipe = self.recipe;
        let miscount = usize::from(recipe.has(Anomaly::Miscount));
        let sizes = [
            ("NumRecs", recipe.records + miscount),
            ("NumBins", recipe.bins),
            ("NumWave", WAVELENGTHS.len()),
            ("NumChans", CHANNELS),
            ("MaxLayers", MAX_LAYERS),
        ];
        for (name, size) in sizes {
            self.single(name, size as i32)?;
        }
        let bins = recipe.bins;
        self.array("Bin_Alt", &[bins], |bin, row| row[0] = scene::bin_altitude_km(bin, bins))?;
        self.float("Bin_Width", scene::bin_width_km(bins) * 1000.0)?;
        match recipe.layout {
            Layout::Compact => {
                self.float("Frame_Top", 22.0)?;
                self.float("Hori_Res", 200.0)
            }
            Layout::PerRecord => {
                self.array("Frame_Top", &[recipe.records], |_, row| row[0] = 22.0)?;
                self.array("Hori_Res", &[recipe.records], |record, row| row[0] = 195.0 + (record % 10) as f64)
            }
        }
    }

    fn positions(&self) -> hdf5::Result<()> {
        let recipe = self.recipe;
        let seconds = scene::clock_seconds(0, recipe.first + recipe.records);
        let start = if recipe.has(Anomaly::Antimeridian) { 179.99 } else { -62.0 };
        // 170 m/s towards east-north-east.
        let flown = |record: usize| {
            (seconds[recipe.first + record] - seconds[recipe.first]) as f64 * 170.0 / 111_195.0
        };
        let bad = |record: usize| {
            let slot =
                record.checked_sub(7).filter(|slot| recipe.has(Anomaly::Positions) && slot % 6 == 0)?;
            let kinds = [
                (0.0, 0.0),
                (95.0, -60.0),
                (f64::NAN, -60.0),
                (recipe.sentinel(), recipe.sentinel()),
                (25.0, -40.0),
            ];
            kinds.get(slot / 6).copied()
        };
        self.array("Latitude", &[recipe.records], |record, row| {
            row[0] = bad(record).map_or(22.0 + 0.3 * flown(record), |pair| pair.0);
        })?;
        self.array("Longitude", &[recipe.records], |record, row| {
            let longitude = start + 1.02 * flown(record);
            let wrapped = if longitude > 180.0 { longitude - 360.0 } else { longitude };
            row[0] = bad(record).map_or(wrapped, |pair| pair.1);
        })
    }

    fn navigation(&self) -> hdf5::Result<()> {
        let recipe = self.recipe;
        let length = recipe.records + usize::from(recipe.has(Anomaly::Edges));
        let lost = |record: usize| recipe.has_sentinels() && record % 19 == 4;
        let sentinel = recipe.sentinel();
        self.array("Plane_Alt", &[length], |record, row| {
            row[0] = if lost(record) { sentinel } else { scene::plane_altitude_km(recipe.first + record) };
        })?;
        self.array("Plane_Heading", &[length], |record, row| {
            row[0] = (355.0 + 0.5 * record as f64).rem_euclid(360.0);
        })?;
        self.noisy("Plane_Pitch", &[length], 2.5, 0.2)?;
        self.noisy("Plane_Roll", &[length], 0.0, 1.5)?;
        self.array("Solar_Azimuth_Angle", &[recipe.records], |record, row| {
            row[0] = if lost(record) { sentinel } else { 280.0 + 0.004 * record as f64 };
        })?;
        self.array("Solar_Elevation_Angle", &[recipe.records], |record, row| {
            row[0] = if lost(record) { sentinel } else { -12.0 - 0.004 * record as f64 };
        })
    }

    fn layers(&self) -> hdf5::Result<()> {
        let recipe = self.recipe;
        self.array("Gnd_Hgt", &[recipe.records], |_, row| row[0] = 0.0)?;
        let layers: Vec<Vec<(f64, f64, i32)>> =
            (0..recipe.records).map(|record| scene::layers_km(recipe.first + record)).collect();
        self.integers("NumLayers", &[recipe.records], &each(&layers, |layers| layers.len() as i64))?;
        let empty_class = if recipe.has_sentinels() { recipe.sentinel() as i64 } else { 0 };
        let classes: Vec<i64> = layers
            .iter()
            .flat_map(|layers| {
                (0..MAX_LAYERS).map(|slot| layers.get(slot).map_or(empty_class, |layer| i64::from(layer.2)))
            })
            .collect();
        self.integers("Layer_Type", &[recipe.records, MAX_LAYERS], &classes)?;
        let empty = if recipe.has_sentinels() { recipe.sentinel() } else { 0.0 };
        self.array("Layer_Top_Alt", &[recipe.records, MAX_LAYERS], |record, row| {
            for (slot, value) in row.iter_mut().enumerate() {
                *value = layers[record].get(slot).map_or(empty, |layer| layer.0);
            }
        })?;
        self.array("Layer_Bot_Alt", &[recipe.records, MAX_LAYERS], |record, row| {
            for (slot, value) in row.iter_mut().enumerate() {
                *value = layers[record].get(slot).map_or(empty, |layer| layer.1);
            }
        })
    }

    fn backscatter(&self) -> hdf5::Result<()> {
        let recipe = self.recipe;
        let (records, bins) = (recipe.records, recipe.bins);
        for wavelength in WAVELENGTHS {
            let name = format!("ATB_{wavelength}");
            self.array(&name, &[records, bins], |record, row| {
                let mut noise = Noise::new(recipe.seed, &name, record);
                let record_of_day = recipe.first + record;
                let profile = match recipe.data {
                    Data::Noise => scene::backscatter(wavelength, record_of_day, bins, &mut noise),
                    Data::Counts => scene::counts(record_of_day, bins, &mut noise),
                    Data::Zeros => vec![0.0; bins],
                };
                row.copy_from_slice(&profile);
                if recipe.has(Anomaly::Missing) && record % 11 == 3 {
                    row[bins / 2] = f64::NAN;
                    row[bins / 3] = f64::INFINITY;
                    row[bins / 4] = f64::NEG_INFINITY;
                }
            })?;
        }
        self.array("Depol_Ratio", &[records, bins], |record, row| {
            let mut noise = Noise::new(recipe.seed, "Depol_Ratio", record);
            match recipe.data {
                Data::Noise => row.fill_with(|| 0.05 + 0.3 * noise.normal()),
                // The ratio of two small counts.
                Data::Counts => {
                    row.fill_with(|| noise.poisson(2.0) / (1.0 + noise.poisson(8.0)));
                }
                Data::Zeros => row.fill(0.0),
            }
            if recipe.has(Anomaly::Missing) && record % 13 == 2 {
                row[bins - 1] = f64::NAN;
            }
        })?;
        self.profiles_of_the_day()
    }

    /// Arrays whose shape in real HS3 files is not known.
    fn profiles_of_the_day(&self) -> hdf5::Result<()> {
        let recipe = self.recipe;
        let (records, bins) = (recipe.records, recipe.bins);
        let weather = |bin: usize| scene::weather(scene::bin_altitude_km(bin, bins));
        match recipe.layout {
            Layout::Compact => {
                self.array("Mole_Back", &[WAVELENGTHS.len(), bins], |wavelength, row| {
                    molecular_profile(WAVELENGTHS[wavelength], row);
                })?;
                self.array("Pressure", &[bins], |bin, row| row[0] = weather(bin).0)?;
                self.array("Temperature", &[bins], |bin, row| row[0] = weather(bin).1)?;
                self.array("RH", &[bins], |bin, row| row[0] = weather(bin).2)?;
                self.integers("Saturate", &[records, CHANNELS], &vec![0; records * CHANNELS])?;
                for wavelength in WAVELENGTHS {
                    self.float(&format!("Cali_{wavelength}"), f64::from(wavelength) * 1e9)?;
                }
            }
            Layout::PerRecord => {
                self.array("Mole_Back", &[records, WAVELENGTHS.len(), bins], |_, row| {
                    for (profile, wavelength) in row.chunks_exact_mut(bins).zip(WAVELENGTHS) {
                        molecular_profile(wavelength, profile);
                    }
                })?;
                let each_bin = |row: &mut [f64], part: fn((f64, f64, f64)) -> f64| {
                    for (bin, value) in row.iter_mut().enumerate() {
                        *value = part(weather(bin));
                    }
                };
                self.array("Pressure", &[records, bins], |_, row| each_bin(row, |weather| weather.0))?;
                self.array("Temperature", &[records, bins], |_, row| each_bin(row, |weather| weather.1))?;
                self.array("RH", &[records, bins], |_, row| each_bin(row, |weather| weather.2))?;
                let saturated: Vec<i64> =
                    (0..records * CHANNELS * bins).map(|index| i64::from(index % 997 == 0)).collect();
                self.integers("Saturate", &[records, CHANNELS, bins], &saturated)?;
                for wavelength in WAVELENGTHS {
                    self.array(&format!("Cali_{wavelength}"), &[records], |record, row| {
                        row[0] = f64::from(wavelength) * 1e9 + record as f64;
                    })?;
                }
            }
        }
        Ok(())
    }

    /// The variables of real OP products are not known; these names are invented, and marked as such.
    fn optical_properties(&self) -> hdf5::Result<()> {
        let recipe = self.recipe;
        let (records, bins) = (recipe.records, recipe.bins);
        self.array("Sample_Extinction_532", &[records, bins], |record, row| {
            let mut noise = Noise::new(recipe.seed, "extinction", record);
            let layers = scene::layers_km(recipe.first + record);
            for (bin, value) in row.iter_mut().enumerate() {
                let altitude = scene::bin_altitude_km(bin, bins);
                let inside = layers.iter().any(|(top, bottom, _)| altitude <= *top && altitude >= *bottom);
                *value = if inside { 0.1 + 0.01 * noise.normal() } else { 0.0 };
            }
            if recipe.has(Anomaly::Missing) && record % 11 == 3 {
                row[bins / 2] = f64::NAN;
            }
        })?;
        self.noisy("Sample_Optical_Depth_532", &[records, MAX_LAYERS], 0.3, 0.02)?;
        self.noisy("Sample_Lidar_Ratio_532", &[records, MAX_LAYERS], 25.0, 2.0)?;
        self.noisy("Sample_Column_Optical_Depth", &[records, WAVELENGTHS.len()], 0.6, 0.05)
    }

    fn attributes(&self) -> hdf5::Result<()> {
        let text = |text: &str| FixedAscii::<64>::from_ascii(text).unwrap_or_default();
        self.file.new_attr::<FixedAscii<64>>().create("Contact")?.write_scalar(&text("the CPL team"))?;
        self.file.new_attr::<f64>().create("Version")?.write_scalar(&1.25)?;
        let dataset = self.file.dataset("Plane_Pitch")?;
        dataset.new_attr::<FixedAscii<64>>().create("units")?.write_scalar(&text("rad"))?;
        dataset.new_attr::<FixedAscii<64>>().create("sensor")?.write_scalar(&text("INS 2"))?;
        if let Some((name, _)) = self.recipe.extra.first() {
            let dataset = self.file.dataset(name)?;
            dataset.new_attr::<FixedAscii<64>>().create("units")?.write_scalar(&text("m s-1"))?;
            dataset
                .new_attr::<f64>()
                .shape(2)
                .create("valid_range")?
                .write(&Array1::from(vec![-9.0, 9.0]))?;
        }
        Ok(())
    }
}

fn molecular_profile(wavelength_nm: u32, row: &mut [f64]) {
    let bins = row.len();
    for (bin, value) in row.iter_mut().enumerate() {
        *value = scene::molecular(wavelength_nm, scene::bin_altitude_km(bin, bins));
    }
}
