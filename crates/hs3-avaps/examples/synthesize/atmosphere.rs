//! The air that the sonde falls through: four kinds of columns in hydrostatic balance.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "two thousand levels"
)]

use clap::ValueEnum;

/// Gas constant of dry air in J kg-1 K-1.
const DRY_AIR: f64 = 287.05;
/// Standard gravity in m s-2; heights are geopotential.
const GRAVITY: f64 = 9.806_65;
/// Distance between levels in metres.
const STEP_M: f64 = 10.0;
/// Number of levels, from sea level to 22 km.
const LEVELS: usize = 2201;

/// A kind of weather.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Environment {
    /// The eyewall of a hurricane: saturated, 75 m/s.
    #[value(alias = "eyewall")]
    Storm,
    /// The Saharan air layer: dry and warm between 850 and 500 hPa.
    Sal,
    /// The outflow of a storm: moist above 9 km, winds from the storm.
    Outflow,
    /// Clear subtropics with a trade inversion.
    Clear,
}

/// Height in km, temperature in degC, relative humidity in percent, wind speed in m/s, wind direction in degrees.
type Node = [f64; 5];

impl Environment {
    fn nodes(self) -> &'static [Node] {
        match self {
            Self::Storm => &[
                [0.0, 26.0, 92.0, 46.0, 118.0],
                [0.5, 23.5, 97.0, 75.0, 124.0],
                [1.5, 20.0, 99.0, 72.0, 130.0],
                [4.0, 8.5, 98.0, 62.0, 141.0],
                [8.0, -13.5, 96.0, 44.0, 150.0],
                [12.0, -46.0, 82.0, 22.0, 168.0],
                [14.5, -66.0, 66.0, 9.0, 205.0],
                [16.3, -78.0, 45.0, 6.0, 262.0],
                [18.0, -72.0, 4.0, 8.0, 96.0],
                [22.0, -60.0, 1.5, 14.0, 90.0],
            ],
            Self::Sal => &[
                [0.0, 26.5, 78.0, 8.0, 75.0],
                [1.2, 18.5, 86.0, 10.0, 82.0],
                [1.7, 22.0, 34.0, 16.0, 93.0],
                [3.8, 8.0, 22.0, 19.0, 97.0],
                [5.4, -4.0, 26.0, 12.0, 101.0],
                [5.9, -6.5, 58.0, 9.0, 110.0],
                [10.0, -34.0, 20.0, 7.0, 240.0],
                [15.8, -74.0, 12.0, 12.0, 266.0],
                [17.5, -69.0, 3.0, 5.0, 180.0],
                [22.0, -59.0, 1.5, 13.0, 92.0],
            ],
            Self::Outflow => &[
                [0.0, 27.8, 80.0, 11.0, 205.0],
                [0.7, 22.3, 91.0, 14.0, 198.0],
                [4.5, 0.8, 55.0, 9.0, 176.0],
                [8.8, -23.0, 48.0, 6.0, 225.0],
                [10.5, -35.0, 84.0, 21.0, 247.0],
                [12.8, -54.0, 88.0, 37.0, 251.0],
                [15.2, -72.0, 52.0, 14.0, 263.0],
                [16.6, -79.0, 30.0, 6.0, 298.0],
                [18.2, -71.0, 3.0, 8.0, 80.0],
                [22.0, -60.0, 1.5, 15.0, 88.0],
            ],
            Self::Clear => &[
                [0.0, 25.2, 72.0, 7.0, 64.0],
                [1.6, 12.6, 90.0, 9.0, 71.0],
                [1.9, 15.8, 24.0, 8.0, 77.0],
                [4.0, 3.5, 11.0, 5.0, 118.0],
                [7.5, -18.0, 28.0, 9.0, 221.0],
                [11.5, -48.0, 33.0, 26.0, 248.0],
                [14.0, -62.0, 19.0, 31.0, 255.0],
                [16.0, -70.0, 11.0, 15.0, 261.0],
                [18.0, -66.0, 2.5, 4.0, 190.0],
                [22.0, -57.0, 1.5, 11.0, 95.0],
            ],
        }
    }

    fn surface_pressure_hpa(self) -> f64 {
        match self {
            Self::Storm => 951.0,
            Self::Sal => 1014.2,
            Self::Outflow => 1007.6,
            Self::Clear => 1019.3,
        }
    }

    /// Standard deviation of the vertical wind in m/s.
    pub(crate) fn updraft_deviation(self) -> f64 {
        if self == Self::Storm { 2.2 } else { 0.35 }
    }

    /// Temperature (degC), relative humidity (%), wind speed (m/s) and direction (degrees) at a height in metres.
    fn weather(self, height_m: f64) -> [f64; 4] {
        let height = (height_m / 1000.0).clamp(0.0, 22.0);
        let nodes = self.nodes();
        let above = nodes.iter().position(|node| node[0] > height).unwrap_or(nodes.len() - 1);
        let (low, high) = (nodes[above - 1], nodes[above]);
        let share = (height - low[0]) / (high[0] - low[0]);
        [1, 2, 3, 4].map(|index| low[index] + share * (high[index] - low[index]))
    }
}

/// Properties of the air at one height.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Air {
    pub(crate) pressure_hpa: f64,
    pub(crate) temperature_c: f64,
    pub(crate) humidity_percent: f64,
    pub(crate) eastward: f64,
    pub(crate) northward: f64,
    pub(crate) density: f64,
}

/// A column of air.
#[derive(Clone, Debug)]
pub(crate) struct Atmosphere {
    environment: Environment,
    /// Logarithm of the pressure in hPa, every ten metres.
    logarithms: Vec<f64>,
}

impl Atmosphere {
    /// Integrates the hydrostatic equation upwards from sea level, with the virtual temperature of each step.
    pub(crate) fn new(environment: Environment) -> Self {
        let mut logarithm = environment.surface_pressure_hpa().ln();
        let logarithms = (0..LEVELS)
            .map(|level| {
                let here = logarithm;
                let [temperature, humidity, ..] = environment.weather((level as f64 + 0.5) * STEP_M);
                let virtual_k = virtual_temperature_k(here.exp(), temperature, humidity);
                logarithm -= GRAVITY * STEP_M / (DRY_AIR * virtual_k);
                here
            })
            .collect();
        Self { environment, logarithms }
    }

    /// The air at a height in metres.
    pub(crate) fn at(&self, height_m: f64) -> Air {
        let level = (height_m.max(0.0) / STEP_M).min(LEVELS as f64 - 2.0);
        let below = level.floor() as usize;
        let (low, high) = (self.logarithms[below], self.logarithms[below + 1]);
        // Below sea level the lowest layer is extrapolated.
        let share = height_m / STEP_M - below as f64;
        let pressure_hpa = (low + share * (high - low)).exp();
        let [temperature_c, humidity_percent, speed, direction] = self.environment.weather(height_m);
        let virtual_k = virtual_temperature_k(pressure_hpa, temperature_c, humidity_percent);
        let angle = direction.to_radians();
        Air {
            pressure_hpa,
            temperature_c,
            humidity_percent,
            eastward: -speed * angle.sin(),
            northward: -speed * angle.cos(),
            density: 100.0 * pressure_hpa / (DRY_AIR * virtual_k),
        }
    }
}

/// Saturation vapour pressure over liquid water in hPa (Bolton 1980, equation 10).
pub(crate) fn saturation_hpa(temperature_c: f64) -> f64 {
    6.112 * (17.67 * temperature_c / (temperature_c + 243.5)).exp()
}

/// Dew point in degC, by inverting Bolton's formula; `None` for dry air.
pub(crate) fn dew_point_c(temperature_c: f64, humidity_percent: f64) -> Option<f64> {
    if humidity_percent <= 0.0 {
        return None;
    }
    let logarithm = (humidity_percent / 100.0 * saturation_hpa(temperature_c) / 6.112).ln();
    Some(243.5 * logarithm / (17.67 - logarithm))
}

/// Mass of water vapour per mass of dry air in g/kg.
pub(crate) fn mixing_ratio(pressure_hpa: f64, temperature_c: f64, humidity_percent: f64) -> f64 {
    let vapour = humidity_percent / 100.0 * saturation_hpa(temperature_c);
    622.0 * vapour / (pressure_hpa - vapour)
}

/// Virtual temperature in K.
pub(crate) fn virtual_temperature_k(pressure_hpa: f64, temperature_c: f64, humidity_percent: f64) -> f64 {
    let ratio = mixing_ratio(pressure_hpa, temperature_c, humidity_percent) / 1000.0;
    (temperature_c + 273.15) * (1.0 + ratio / 0.622) / (1.0 + ratio)
}

/// Potential temperature in K.
pub(crate) fn potential_temperature_k(pressure_hpa: f64, temperature_c: f64) -> f64 {
    (temperature_c + 273.15) * (1000.0 / pressure_hpa).powf(0.286)
}

/// Equivalent potential temperature in K (Bolton 1980, equations 22 and 38).
pub(crate) fn equivalent_temperature_k(pressure_hpa: f64, temperature_c: f64, humidity_percent: f64) -> f64 {
    let kelvin = temperature_c + 273.15;
    let ratio = mixing_ratio(pressure_hpa, temperature_c, humidity_percent) / 1000.0;
    let condensation =
        1.0 / (1.0 / (kelvin - 55.0) - (humidity_percent.max(0.1) / 100.0).ln() / 2840.0) + 55.0;
    kelvin
        * (1000.0 / pressure_hpa).powf(0.2854 * (1.0 - 0.28 * ratio))
        * ((3376.0 / condensation - 2.54) * ratio * (1.0 + 0.81 * ratio)).exp()
}
