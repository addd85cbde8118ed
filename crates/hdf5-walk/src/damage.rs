//! Damages a sound file byte by byte and checks that a walk detects it.

use super::bytes::count;
use super::checksum::lookup3;
use super::regions::{Region, Use};
use super::walk;

/// A change of one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The address of the changed byte.
    pub address: u64,
    /// The bits that are flipped.
    pub mask: u8,
    /// The structure that the byte belongs to.
    pub structure: &'static str,
}

/// The result of many changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Number of changes tried.
    pub tried: u64,
    /// Changes for which no fault was found.
    pub unnoticed: Vec<Change>,
}

/// Flips bits of every metadata and padding byte in turn: with each mask, at every `step`-th address. Returns `None`
/// if the file is not sound. With `reseal`, the checksum of the changed structure is recomputed, so that only the
/// checks of the fields themselves can detect the change; then texts and numbers that may have any value pass.
#[must_use]
pub fn damage(file: &[u8], masks: &[u8], step: usize, reseal: bool) -> Option<Outcome> {
    let summary = walk(file).ok()?;
    let mut outcome = Outcome::default();
    let mut damaged = file.to_vec();
    let mut reached = 0;
    for region in &summary.regions {
        let name = match region.used_for {
            Use::Metadata(name) => name,
            Use::Values => {
                reached = region.end;
                continue;
            }
        };
        let places = (reached..region.start).map(|address| (address, "padding"));
        for (address, structure) in
            places.chain((region.start..region.end).map(|address| (address, name))).step_by(step)
        {
            for &mask in masks {
                if !turn(&mut damaged, address, mask) {
                    continue;
                }
                let sum = if reseal { seal(&mut damaged, region) } else { None };
                outcome.tried = outcome.tried.saturating_add(1);
                // If the checksum itself was changed, recomputing it restores the file.
                if damaged != file && walk(&damaged).is_ok() {
                    outcome.unnoticed.push(Change { address, mask, structure });
                }
                if let Some((range, before)) = sum
                    && let Some(place) = damaged.get_mut(range)
                {
                    place.copy_from_slice(&before);
                }
                turn(&mut damaged, address, mask);
            }
        }
        reached = region.end;
    }
    Some(outcome)
}

/// Flips bits of one byte; returns false if that changes nothing.
fn turn(file: &mut [u8], address: u64, mask: u8) -> bool {
    let byte = usize::try_from(address).ok().and_then(|address| file.get_mut(address));
    byte.is_some_and(|byte| {
        *byte ^= mask;
        mask != 0
    })
}

/// Writes the checksum at the end of a region that has one, and returns the previous bytes.
fn seal(file: &mut [u8], region: &Region) -> Option<(std::ops::Range<usize>, [u8; 4])> {
    if !matches!(region.used_for, Use::Metadata("superblock" | "object header" | "continuation block")) {
        return None;
    }
    let (start, end) = (usize::try_from(region.start).ok()?, usize::try_from(region.end).ok()?);
    let sealed = end.checked_sub(4)?;
    let sum = lookup3(file.get(start..sealed)?).to_le_bytes();
    let place = file.get_mut(sealed..end)?;
    let before = <[u8; 4]>::try_from(&*place).ok()?;
    place.copy_from_slice(&sum);
    Some((sealed..end, before))
}

/// Walks a file truncated to many lengths, all of which must give a fault, and returns the lengths that do not.
#[must_use]
pub fn cut(file: &[u8], step: usize) -> Vec<u64> {
    let lengths = (0..file.len()).step_by(step.max(1));
    let sound = lengths.filter(|&length| file.get(..length).is_some_and(|part| walk(part).is_ok()));
    sound.map(count).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, Variant};
    use super::super::walk;
    use super::{Outcome, cut, damage};

    fn sample() -> Vec<u8> {
        sample::file(Variant::Sound)
    }

    #[test]
    fn every_changed_byte_of_metadata_is_noticed() {
        let masks: Vec<u8> = (0..8).map(|bit| 1 << bit).chain([0xff]).collect();
        for variant in [Variant::Sound, Variant::Continued] {
            let file = sample::file(variant);
            let outcome = damage(&file, &masks, 1, false).unwrap_or_default();
            assert!(outcome.tried > 40_000, "{}", outcome.tried);
            assert_eq!(outcome.unnoticed, []);
        }
    }

    /// With recomputed checksums, only fields that may have any value pass: texts, the fill value, estimates.
    #[test]
    fn fields_are_checked_besides_the_checksum() {
        let Outcome { tried, unnoticed } =
            damage(&sample(), &[1, 0x10, 0x80, 0xff], 1, true).unwrap_or_default();
        let outside: Vec<_> = unnoticed.iter().filter(|change| change.structure != "object header").collect();
        // The version of the superblock may be 2 or 3.
        assert_eq!(outside, [&super::Change { address: 8, mask: 1, structure: "superblock" }]);
        let share = unnoticed.len() * 100 / usize::try_from(tried).unwrap_or(1);
        assert!(share <= 3, "{share} percent of {tried} changes pass: {unnoticed:?}");
    }

    #[test]
    fn a_file_that_is_cut_off_is_faulty() {
        assert_eq!(cut(&sample(), 1), [0; 0]);
    }

    /// Random bytes, alone and after the start of a sound file, must not make the walk panic or hang.
    #[test]
    fn random_bytes_do_not_panic() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let sound = sample();
        for _ in 0..2_000 {
            let length = usize::try_from(next() % 3_000).unwrap_or(0);
            let noise: Vec<u8> =
                std::iter::repeat_with(|| next().to_le_bytes()).flatten().take(length).collect();
            assert!(walk(&noise).is_err());
            let mut file = sound.clone();
            for _ in 0..=next() % 8 {
                let at = usize::try_from(next()).unwrap_or(0) % file.len();
                if let Some(byte) = file.get_mut(at) {
                    *byte = next().to_le_bytes()[0];
                }
            }
            let _ = walk(&file);
        }
    }
}
