//! Compresses chunks of values as HDF5 stores them with shuffle + deflate: as a zlib stream (RFC 1950) of the
//! shuffled bytes.
//!
//! Compression is single-threaded and deterministic: the same bytes always give the same stream. An [`Encoder`] owns
//! its scratch memory, so use one per thread.
//!
//! # Why an encoder of our own
//!
//! In noise, only runs of fill values repeat. Searching for other matches costs time and even bytes: random matches
//! of three or four bytes need codes of their own. Counts, in contrast, do repeat, and only a real search finds that.
//! Ratio and MB/s of one core (EPYC, Zen 5), including shuffle and checksum, on chunks of 1000 x 900 values made by
//! `benches/encode/samples.rs`:
//!
//! | data | [`Strategy::Runs`] | libdeflate 1 | libdeflate 4 | libdeflate 6 | zlib 4, ratio |
//! |---|---|---|---|---|---|
//! | noise on a profile, fill values below ground, f32 | 1.471, 750 | 1.453, 180 | 1.460, 140 | 1.467, 110 | 1.452 |
//! | the same, f64 | 1.376, 860 | 1.369, 170 | 1.370, 140 | 1.374, 130 | 1.366 |
//! | photon counts x range squared, f32 | 2.187, 480 | 2.480, 200 | 2.562, 130 | 2.611, 80 | 2.487 |
//!
//! [`Encoder::choose`] chooses the strategy of a variable from samples. `examples/encode_ratios.rs` prints the table
//! again; the MB/s above are the best of `benches/encode.rs`.
//!
//! # Example
//!
//! ```
//! use shuffle_deflate::{Encoder, Level, Strategy, unshuffle};
//!
//! let level = Level::new(4).ok_or("levels are 1 to 9")?;
//! let raw: Vec<u8> = (0..1000_u16).flat_map(|value| f32::from(value).to_le_bytes()).collect();
//! let mut encoder = Encoder::new(level);
//! let strategy = encoder.choose(&[&raw], 4);
//! let stream = encoder.encode(&raw, 4, strategy);
//! assert!(stream.len() < raw.len() / 2);
//!
//! let mut shuffled = vec![0; raw.len()];
//! libdeflater::Decompressor::new().zlib_decompress(stream, &mut shuffled)?;
//! let mut again = vec![0; raw.len()];
//! unshuffle(&shuffled, 4, &mut again);
//! assert_eq!(again, raw);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bits;
mod huffman;
mod runs;
mod shuffle;

pub use shuffle::{shuffle, unshuffle, unshuffle_elements};

use libdeflater::{CompressionLvl, Compressor};
use runs::Runs;

/// zlib header (RFC 1950, 2.2): deflate with a 32 KiB window, fastest algorithm, no dictionary.
const HEADER: [u8; 2] = [0x78, 0x01];

/// If the results differ by less than one part in this number, the faster strategy is chosen.
const NEARLY_EQUAL: usize = 1000;

/// Difference in bytes per chunk that is also ignored: HDF5 needs as many for the chunk's address in the index alone.
const NEGLIGIBLE: usize = 8;

/// How an encoder searches for repetitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Runs of one byte only: for noise, in which nothing else repeats.
    Runs,
    /// Matches in the last 32 KiB, by libdeflate: for data that repeat.
    Matches,
}

/// Upper bound on the compressed size of `bytes` input bytes. Deflate stores incompressible data with five extra
/// bytes per 65,535 (RFC 1951, 3.2.4), and encoders differ slightly.
#[must_use]
pub fn longest_stream(bytes: usize) -> usize {
    bytes + bytes / 1000 + 1024
}

/// Compression level of libdeflate: 1 is fastest, 9 smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(u8);

impl Level {
    /// Creates a level from 1 to 9; `None` for other numbers. Level 0 means no compression, which needs no encoder.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        if matches!(level, 1..=9) { Some(Self(level)) } else { None }
    }

    /// The level as stored by HDF5's deflate filter.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Compresses chunks for HDF5's shuffle + deflate filters. Owns its scratch memory; use one per thread.
pub struct Encoder {
    level: Level,
    /// Created on first use, because it is larger than all the rest.
    matches: Option<Compressor>,
    runs: Runs,
    shuffled: Vec<u8>,
    stream: Vec<u8>,
}

impl Encoder {
    /// Creates an encoder whose [`Strategy::Matches`] uses libdeflate at `level`.
    #[must_use]
    pub fn new(level: Level) -> Self {
        Self { level, matches: None, runs: Runs::new(), shuffled: Vec::new(), stream: Vec::new() }
    }

    /// The level of [`Strategy::Matches`].
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Returns the zlib stream of the shuffled bytes of `raw`: a chunk's values in little-endian order,
    /// `element_size` bytes each. The stream is valid until the next call.
    pub fn encode(&mut self, raw: &[u8], element_size: usize, strategy: Strategy) -> &[u8] {
        shuffle(raw, element_size, &mut self.shuffled);
        match strategy {
            Strategy::Runs => self.encode_runs(element_size),
            Strategy::Matches => {
                // libdeflate supports all levels from 1 to 12.
                let level = CompressionLvl::new(i32::from(self.level.0)).unwrap_or_default();
                let matches = self.matches.get_or_insert_with(|| Compressor::new(level));
                self.stream.resize(matches.zlib_compress_bound(self.shuffled.len()), 0);
                match matches.zlib_compress(&self.shuffled, &mut self.stream) {
                    Ok(length) => self.stream.get(..length).unwrap_or_default(),
                    // Unreachable: the buffer has the size of the worst case.
                    Err(_) => self.encode_runs(element_size),
                }
            }
        }
    }

    /// Chooses the strategy for a variable from samples: a few of its chunks or parts of them.
    pub fn choose(&mut self, samples: &[&[u8]], element_size: usize) -> Strategy {
        samples.iter().map(|sample| self.sizes(sample, element_size)).sum::<Sizes>().choice()
    }

    /// Compressed sizes of a sample with both strategies.
    pub fn sizes(&mut self, sample: &[u8], element_size: usize) -> Sizes {
        let mut size = |strategy| self.encode(sample, element_size, strategy).len();
        Sizes { runs: size(Strategy::Runs), matches: size(Strategy::Matches), samples: 1 }
    }

    fn encode_runs(&mut self, element_size: usize) -> &[u8] {
        let plane = self.shuffled.len().checked_div(element_size).unwrap_or_default();
        self.runs.start(&HEADER);
        self.runs.deflate(&self.shuffled, plane);
        self.runs.finish(&libdeflater::adler32(&self.shuffled).to_be_bytes())
    }
}

/// Compressed sizes of samples of a variable with both strategies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sizes {
    runs: usize,
    matches: usize,
    samples: usize,
}

impl Sizes {
    /// Returns the strategy with the smaller result, or the faster one if both are nearly equal. Only sizes decide,
    /// never timing, so a product does not depend on the machine.
    #[must_use]
    pub fn choice(self) -> Strategy {
        let tolerance = self.matches / NEARLY_EQUAL + NEGLIGIBLE * self.samples;
        if self.runs <= self.matches + tolerance { Strategy::Runs } else { Strategy::Matches }
    }
}

impl std::iter::Sum for Sizes {
    fn sum<I: Iterator<Item = Self>>(sizes: I) -> Self {
        sizes.fold(Self::default(), |sum, next| Self {
            runs: sum.runs + next.runs,
            matches: sum.matches + next.matches,
            samples: sum.samples + next.samples,
        })
    }
}

#[cfg(test)]
mod tests;
