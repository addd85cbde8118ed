//! The scene that the synthetic lidar measures: the sky, the ground, the aircraft, the clock.

#![expect(clippy::cast_precision_loss, reason = "records and bins are few")]

use std::f64::consts::PI;

/// Seconds of the day at the first record of 12203a: 00:57:07.
const FIRST_SECOND: i64 = 3427;

/// Steps of 12203a that differ from one second, by the index of the record before the step, from a public notebook
/// that prints all its time stamps.
const IRREGULAR_STEPS: [(usize, i64); 52] = [
    (2926, 0),
    (2927, 2),
    (3890, 2),
    (3891, 0),
    (3902, 2),
    (3905, 0),
    (3908, 2),
    (3911, 0),
    (3912, 2),
    (3915, 0),
    (3916, 2),
    (3917, 0),
    (3918, 2),
    (3919, 0),
    (3920, 2),
    (3925, 0),
    (3926, 2),
    (3930, 0),
    (3932, 2),
    (3949, 0),
    (3950, 2),
    (4132, 0),
    (4133, 2),
    (5278, 0),
    (5279, 2),
    (5304, 0),
    (5305, 2),
    (5317, 0),
    (5318, 2),
    (5330, 0),
    (5331, 2),
    (5343, 0),
    (5344, 2),
    (5356, 0),
    (5357, 2),
    (5369, 0),
    (5370, 2),
    (7745, 1561),
    (10369, 0),
    (10370, 2),
    (10382, 0),
    (10383, 2),
    (10395, 0),
    (10396, 2),
    (10408, 0),
    (10409, 2),
    (10421, 0),
    (10422, 2),
    (10434, 0),
    (10435, 2),
    (10447, 0),
    (10448, 2),
];

/// Whole seconds since midnight of `records` records of the pattern, starting with record `first`.
pub(crate) fn clock_seconds(first: usize, records: usize) -> Vec<i64> {
    let step =
        |record| IRREGULAR_STEPS.iter().find(|(before, _)| *before == record).map_or(1, |&(_, step)| step);
    let mut second = FIRST_SECOND + (0..first).map(step).sum::<i64>();
    (first..first + records)
        .map(|record| {
            let now = second;
            second += step(record);
            now
        })
        .collect()
}

/// Fraction of the second at which each record was taken, in ascending order within one second.
pub(crate) fn second_fractions(seconds: &[i64], seed: u64) -> Vec<f64> {
    let mut noise = Noise::new(seed, "clock", 0);
    let mut previous = (i64::MIN, 0.0);
    seconds
        .iter()
        .map(|&second| {
            let earliest = if second == previous.0 { previous.1 } else { 0.05 };
            previous = (second, earliest + (0.95 - earliest) * noise.uniform());
            previous.1
        })
        .collect()
}

/// Noise that is reproducible on every machine (`SplitMix64`; Steele, Lea and Flood 2014).
pub(crate) struct Noise(u64);

impl Noise {
    /// Creates a separate stream for each record of each variable.
    pub(crate) fn new(seed: u64, variable: &str, record: usize) -> Self {
        let name = variable.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(byte.into()));
        Self(seed ^ name.rotate_left(17) ^ (record as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Uniformly distributed between 0 and 1.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normally distributed with mean 0 and deviation 1: the sum of twelve uniforms, because the last bit of
    /// transcendental functions may differ between machines.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }

    /// A Poisson-distributed count (Knuth 1969: multiplies uniforms until the product is below exp(-mean)).
    pub(crate) fn poisson(&mut self, mean: f64) -> f64 {
        let limit = (-mean).exp();
        let mut product = self.uniform();
        let mut count = 0.0;
        while product > limit {
            product *= self.uniform();
            count += 1.0;
        }
        count
    }
}

/// Height in km of each of `bins` range bins: 29.9792 m, the range of 200 ns, for 900 bins. With fewer bins each is
/// higher, so that the frame always extends from 22 km to below the ground.
pub(crate) fn bin_width_km(bins: usize) -> f64 {
    0.029_979_2 * 900.0 / bins as f64
}

/// Altitude in km of range bin `bin` of `bins`.
pub(crate) fn bin_altitude_km(bin: usize, bins: usize) -> f64 {
    22.0 - bin_width_km(bins) * bin as f64
}

/// Altitude of the aircraft in km.
pub(crate) fn plane_altitude_km(record: usize) -> f64 {
    17.5 + 0.8 * (record as f64 / 900.0).sin()
}

/// Top and bottom in km of the layers below the aircraft, uppermost first, with their class.
pub(crate) fn layers_km(record: usize) -> Vec<(f64, f64, i32)> {
    let slow = record as f64 / 700.0;
    let cirrus = 12.8 + 0.9 * slow.sin();
    let mut layers = vec![(cirrus, cirrus - 1.1 - 0.4 * (3.0 * slow).cos(), 3)];
    if record % 1300 < 900 {
        layers.push((4.2 + 0.3 * (2.0 * slow).sin(), 2.9, 2));
    }
    layers.push((1.4 + 0.2 * slow.cos(), 0.05, 1));
    layers
}

/// Molecular backscatter at sea level in km-1 sr-1.
fn molecular_at_sea_level(wavelength_nm: u32) -> f64 {
    let at_532 = 1.5e-3;
    match wavelength_nm {
        355 => at_532 * 5.0,
        532 => at_532,
        _ => at_532 / 16.0,
    }
}

/// Molecular backscatter in km-1 sr-1 at an altitude, with a scale height of 8 km.
pub(crate) fn molecular(wavelength_nm: u32, altitude_km: f64) -> f64 {
    molecular_at_sea_level(wavelength_nm) * (-altitude_km / 8.0).exp()
}

/// One profile of total attenuated backscatter in km-1 sr-1.
pub(crate) fn backscatter(wavelength_nm: u32, record: usize, bins: usize, noise: &mut Noise) -> Vec<f64> {
    let plane = plane_altitude_km(record);
    let layers = layers_km(record);
    let deviation = match wavelength_nm {
        355 => 8e-4,
        532 => 3e-4,
        _ => 2e-4,
    };
    // Molecular extinction is 8 pi / 3 times the backscatter.
    let extinction_ratio = 8.0 * PI / 3.0;
    let mut depth = 0.0;
    (0..bins)
        .map(|bin| {
            let altitude = bin_altitude_km(bin, bins);
            if altitude > plane {
                return 0.0;
            }
            let error = deviation * noise.normal();
            if altitude < -bin_width_km(bins) {
                return error;
            }
            let in_layer = layers.iter().find(|(top, bottom, _)| altitude <= *top && altitude >= *bottom);
            let particles = match in_layer {
                Some((_, _, 3)) => 0.02,
                Some((_, _, 2)) => 2e-3,
                Some(_) => 4e-3,
                None => 0.0,
            };
            let clear = molecular(wavelength_nm, altitude);
            depth += (clear * extinction_ratio + particles * 25.0) * bin_width_km(bins);
            let transmission = (-2.0 * depth).exp();
            let surface = if altitude < 0.0 { 2.5 } else { 0.0 };
            (clear + particles + surface) * transmission + error
        })
        .collect()
}

/// One profile of photon counts times range squared in km2, zero above the aircraft.
pub(crate) fn counts(record: usize, bins: usize, noise: &mut Noise) -> Vec<f64> {
    let plane = plane_altitude_km(record);
    (0..bins)
        .map(|bin| {
            // The range is rounded to bins, so that the same count at the same range gives the same value.
            let bins_above = ((22.0 - plane) / bin_width_km(bins)).ceil();
            let range_km = (bin as f64 - bins_above + 1.0) * bin_width_km(bins);
            if range_km <= 0.0 {
                return 0.0;
            }
            let squared = (0.5 + range_km) * (0.5 + range_km);
            noise.poisson(0.3 + 30.0 / squared) * squared
        })
        .collect()
}

/// Air pressure in hPa, temperature in K and relative humidity in percent at an altitude.
pub(crate) fn weather(altitude_km: f64) -> (f64, f64, f64) {
    let altitude = altitude_km.max(-0.5);
    let temperature = (300.0 - 6.5 * altitude).max(200.0);
    (1013.0 * (-altitude / 7.6).exp(), temperature, (80.0 - 4.0 * altitude).max(2.0))
}
