//! Reproducible pseudo-random noise.

#![expect(clippy::cast_precision_loss, reason = "53 bits fit")]

/// Noise that is reproducible on every machine (`SplitMix64`; Steele, Lea and Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Noise(u64);

impl Noise {
    /// Creates a separate stream for each purpose.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let name = purpose.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(byte.into()));
        Self(seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ name.rotate_left(17))
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

    /// Normally distributed with mean 0 and deviation 1 (sum of twelve uniforms).
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Autocorrelated noise, smooth over some steps.
#[derive(Clone, Debug)]
pub(crate) struct Drift {
    noise: Noise,
    value: f64,
    memory: f64,
    deviation: f64,
}

impl Drift {
    /// Creates noise of this standard deviation, with an autocorrelation of `memory` (0 to 1) from step to step.
    pub(crate) fn new(noise: Noise, deviation: f64, memory: f64) -> Self {
        Self { noise, value: 0.0, memory, deviation }
    }

    /// Returns the value at the next step.
    pub(crate) fn step(&mut self) -> f64 {
        let fresh = (1.0 - self.memory * self.memory).sqrt() * self.deviation;
        self.value = self.memory * self.value + fresh * self.noise.normal();
        self.value
    }
}
