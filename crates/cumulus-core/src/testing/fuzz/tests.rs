use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use super::*;

/// Bytes with a meaning to the text parser: line ends, column separators, signs, missing values.
const TOKENS: [&[u8]; 16] = [
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b",",
    b":",
    b"/",
    b"-",
    b".",
    b"-999.00",
    b"-9999",
    b"1e400",
    b"NaN",
    b"AVAPS-D01 ",
    b"------- -------",
    b"\xff",
];

/// Maximum size in bytes of a corpus file that is mutated and of a mutant, which bounds the cost of a mutation.
const MAX_BYTES: usize = 1 << 14;

/// A deterministic random number generator: `SplitMix64` (Steele, Lea and Flood 2014, figure 16).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a random number from 0 to `end` - 1.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("less than a usize")
    }

    /// Returns a random range of `bytes`, at most 63 bytes long.
    fn part(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len() + 1);
        start..(start + self.below(64)).min(bytes.len())
    }
}

/// Returns `bytes` with one to four random changes; inserted foreign parts are taken from `other`.
fn mutant(bytes: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        let place = numbers.below(bytes.len() + 1);
        match numbers.below(7) {
            0 => bytes.truncate(place),
            1 => {
                let bit = 1 << numbers.below(8);
                if let Some(byte) = bytes.get_mut(place) {
                    *byte ^= bit;
                }
            }
            2 => {
                let token = TOKENS[numbers.below(TOKENS.len())];
                bytes.splice(place..place, token.iter().copied());
            }
            3 => {
                let token = TOKENS[numbers.below(TOKENS.len())];
                bytes.splice(place..(place + token.len()).min(bytes.len()), token.iter().copied());
            }
            4 => {
                let part = numbers.part(&bytes);
                bytes.drain(part);
            }
            5 => {
                let part = numbers.part(&bytes);
                let copied = bytes[part].to_vec();
                bytes.splice(place..place, copied);
            }
            _ => {
                let foreign = &other[numbers.part(other)];
                bytes.splice(place..place, foreign.iter().copied());
            }
        }
    }
    bytes.truncate(MAX_BYTES);
    bytes
}

/// Runs `target` on every file of its corpus and on `mutants` mutations of each.
fn run(name: &str, mutants: usize, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(name);
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let files: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).expect("a corpus file")).collect();
    assert!(files.len() >= 10, "{} corpus files", files.len());
    let mut numbers = Numbers(1);
    let check = |bytes: &[u8], what: &str| {
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| target(bytes)));
        assert!(outcome.is_ok(), "{what}: {:?}", String::from_utf8_lossy(bytes));
    };
    for (path, bytes) in paths.iter().zip(&files) {
        check(bytes, &path.display().to_string());
        if bytes.len() > MAX_BYTES {
            continue;
        }
        for number in 0..mutants {
            let other = &files[numbers.below(files.len())];
            check(&mutant(bytes, other, &mut numbers), &format!("{}, mutant {number}", path.display()));
        }
    }
}

#[test]
fn texts_of_dropsondes_and_their_mutants_are_read_or_refused() {
    run("sounding", 500, sounding);
}
