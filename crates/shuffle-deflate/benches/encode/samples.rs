//! Three kinds of synthetic lidar data, generated for every measurement.

/// Rows and bins of a chunk, which is 3.6 MB as f32.
const ROWS: usize = 1000;
const BINS: usize = 900;

/// Bins below ground at the end of each row: a sixth of it.
const FILLED: usize = 150;

/// `SplitMix64` (Steele, Lea & Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniformly distributed between 0 and 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normally distributed (Box & Muller 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.uniform()).ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Poisson-distributed (Knuth), for small means.
    fn poisson(&mut self, mean: f64) -> f64 {
        let limit = (-mean).exp();
        let (mut count, mut product) = (0.0, self.uniform());
        while product > limit {
            count += 1.0;
            product *= self.uniform();
        }
        count
    }
}

fn profile(value: impl Fn(usize, usize, &mut Random) -> f64) -> Vec<f64> {
    let mut random = Random(1);
    let mut values = Vec::with_capacity(ROWS * BINS);
    for row in 0..ROWS {
        let ground = BINS - FILLED + (row / 7) % 20;
        for bin in 0..BINS {
            values.push(if bin < ground { value(row, bin, &mut random) } else { -999.0 });
        }
    }
    values
}

#[expect(clippy::cast_precision_loss, reason = "small integers")]
fn backscatter() -> Vec<f64> {
    profile(|row, bin, random| {
        let cloud = if (300..330).contains(&bin) && row % 400 < 150 { 2e-2 } else { 0.0 };
        (1e-3 * (bin as f64 / 300.0).exp() / 4.0 + cloud) * (1.0 + 0.3 * random.normal())
            + 2e-4 * random.normal()
    })
}

#[expect(clippy::cast_precision_loss, reason = "small integers")]
fn counts() -> Vec<f64> {
    profile(|_, bin, random| {
        let range_km = 0.5 + 0.03 * bin as f64;
        random.poisson(0.3 + 30.0 / (range_km * range_km)) * range_km * range_km
    })
}

#[expect(clippy::cast_possible_truncation, reason = "single precision is wanted")]
fn single(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect()
}

fn double(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The contents of a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Noise on a decaying profile, clouds, fill values below ground; f32.
    Noise,
    /// The same as f64.
    WideNoise,
    /// Photon counts times range squared, f32.
    Counts,
}

/// All kinds.
pub(crate) const KINDS: [Kind; 3] = [Kind::Noise, Kind::WideNoise, Kind::Counts];

/// Returns a chunk and its element size.
pub(crate) fn chunk(kind: Kind) -> (Vec<u8>, usize) {
    match kind {
        Kind::Noise => (single(&backscatter()), 4),
        Kind::WideNoise => (double(&backscatter()), 8),
        Kind::Counts => (single(&counts()), 4),
    }
}
