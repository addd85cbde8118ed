//! Chunks of values as HDF5 stores them under shuffle + deflate: a zlib stream (RFC 1950) of the shuffled bytes.
//!
//! Pure and single-threaded: bytes enter, bytes leave, and the same bytes always give the same stream. An
//! [`Encoder`] owns its scratch memory, so each thread has one.
//!
//! # Why an encoder of our own
//!
//! In noise nothing repeats but runs of fill values, and a search for more costs time and even bytes: matches of
//! three or four bytes that chance made need a code of their own. Counts, on the other hand, repeat, and only a
//! real search sees it. Ratio and MB/s of one core (EPYC, Zen 5), shuffle and checksum included, on chunks of
//! 1000 x 900 values made by `benches/encode/samples.rs`:
//!
//! | data | [`Strategy::Runs`] | libdeflate 1 | libdeflate 4 | libdeflate 6 | zlib 4, ratio |
//! |---|---|---|---|---|---|
//! | noise on a profile, fill values below ground, f32 | 1.471, 750 | 1.453, 180 | 1.460, 140 | 1.467, 110 | 1.452 |
//! | the same, f64 | 1.376, 860 | 1.369, 170 | 1.370, 140 | 1.374, 130 | 1.366 |
//! | photon counts x range squared, f32 | 2.187, 480 | 2.480, 200 | 2.562, 130 | 2.611, 80 | 2.487 |
//!
//! [`Encoder::choose`] finds out from its bytes which kind a variable is. `examples/encode_ratios.rs` prints the table
//! anew; the MB/s above are the best of `benches/encode.rs`.
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

/// zlib's header (RFC 1950, 2.2): deflate with a window of 32 KiB, made by the fastest algorithm, no dictionary.
const HEADER: [u8; 2] = [0x78, 0x01];

/// Where both results are equal within this part of their size, the faster strategy wins.
const NEARLY_EQUAL: usize = 1000;

/// Bytes of a chunk that do not count either: HDF5 spends as many on its place in the index alone.
const NEGLIGIBLE: usize = 8;

/// How a chunk is searched for what repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// Runs of one byte only: for noise, where nothing else repeats.
    Runs,
    /// Anything seen in the last 32 KiB, by libdeflate: for any repetition.
    Matches,
}

/// Upper bound on the compressed size of `bytes` input bytes: deflate stores what it cannot compress, at five bytes for
/// each 65,535 (RFC 1951, 3.2.4), and encoders differ by a little.
#[must_use]
pub fn longest_stream(bytes: usize) -> usize {
    bytes + bytes / 1000 + 1024
}

/// How hard libdeflate searches: 1 is fast, 9 small.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(u8);

impl Level {
    /// Level `level`, or `None` unless it is 1 to 9. Level 0 means no compression, and needs no encoder.
    #[must_use]
    pub const fn new(level: u8) -> Option<Self> {
        if matches!(level, 1..=9) { Some(Self(level)) } else { None }
    }

    /// The level as HDF5's deflate filter stores it.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// Turns chunks into what HDF5 stores for shuffle + deflate. Owns its scratch memory; one a thread.
pub struct Encoder {
    level: Level,
    /// Made when first needed: it weighs more than all the rest.
    matches: Option<Compressor>,
    runs: Runs,
    shuffled: Vec<u8>,
    stream: Vec<u8>,
}

impl Encoder {
    /// An encoder whose [`Strategy::Matches`] works at libdeflate's `level`.
    #[must_use]
    pub fn new(level: Level) -> Self {
        Self { level, matches: None, runs: Runs::new(), shuffled: Vec::new(), stream: Vec::new() }
    }

    /// The level that it was made for.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The zlib stream of the shuffled bytes of `raw`: a chunk's values in little-endian order, `element_size`
    /// bytes each. Valid until the next call.
    pub fn encode(&mut self, raw: &[u8], element_size: usize, strategy: Strategy) -> &[u8] {
        shuffle(raw, element_size, &mut self.shuffled);
        match strategy {
            Strategy::Runs => self.encode_runs(element_size),
            Strategy::Matches => {
                // libdeflate has every level from 1 to 12.
                let level = CompressionLvl::new(i32::from(self.level.0)).unwrap_or_default();
                let matches = self.matches.get_or_insert_with(|| Compressor::new(level));
                self.stream.resize(matches.zlib_compress_bound(self.shuffled.len()), 0);
                match matches.zlib_compress(&self.shuffled, &mut self.stream) {
                    Ok(length) => self.stream.get(..length).unwrap_or_default(),
                    // There was room for the worst case, so this is never seen.
                    Err(_) => self.encode_runs(element_size),
                }
            }
        }
    }

    /// Which strategy suits a variable, by a few of its chunks or parts of them.
    pub fn choose(&mut self, samples: &[&[u8]], element_size: usize) -> Strategy {
        samples.iter().map(|sample| self.sizes(sample, element_size)).sum::<Sizes>().choice()
    }

    /// How large a sample becomes by either strategy.
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

/// How large samples of a variable become by either strategy.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sizes {
    runs: usize,
    matches: usize,
    samples: usize,
}

impl Sizes {
    /// The strategy with the smaller result, the faster where both are nearly equal. Only the bytes decide, never a
    /// clock, so a product does not depend on who makes it.
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
