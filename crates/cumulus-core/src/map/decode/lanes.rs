//! Missing values replaced and counted many at a time, where nothing but the value itself decides.

use super::Statistics;
use crate::map::LARGEST_SENTINEL;

/// Values looked at side by side, without a branch: what the processor's vector registers hold, a few times over.
pub(super) const LANES: usize = 16;

/// Groups of values looked at together: they stay in the cache, and their number fits into any counter.
pub(super) const GROUPS: usize = 256;

/// What the lanes have seen, each kind of it side by side, where the compiler finds vectors. Every step is one
/// comparison: two in one step would leave the vector registers.
struct Lanes<T> {
    least: [T; LANES],
    most: [T; LANES],
    from_least: [u32; LANES],
    above_all: [u32; LANES],
    below_all: [u32; LANES],
    not_a_number: [u32; LANES],
}

impl<T: Element> Lanes<T> {
    fn new() -> Self {
        let [from_least, above_all, below_all, not_a_number] = [[0; LANES]; 4];
        let (least, most) = ([T::MOST; LANES], [T::LEAST; LANES]);
        Self { least, most, from_least, above_all, below_all, not_a_number }
    }

    /// Replaces all values of `group` but the finite ones from `least` up, and counts them. What is not a number is
    /// neither above nor below anything.
    #[inline]
    fn replace(&mut self, group: &mut [T; LANES], least: T, fill: T) {
        for (seen, &value) in self.least.iter_mut().zip(&*group) {
            let value = if value >= least { value } else { T::MOST };
            *seen = if value < *seen { value } else { *seen };
        }
        // Where any value is kept, one that is too small is not the largest.
        for (seen, &value) in self.most.iter_mut().zip(&*group) {
            let value = if value > T::MOST { T::LEAST } else { value };
            *seen = if value > *seen { value } else { *seen };
        }
        for (count, &value) in self.from_least.iter_mut().zip(&*group) {
            *count += u32::from(value >= least);
        }
        for (count, &value) in self.above_all.iter_mut().zip(&*group) {
            *count += u32::from(value > T::MOST);
        }
        for (count, &value) in self.below_all.iter_mut().zip(&*group) {
            *count += u32::from(value < T::LEAST);
        }
        for (count, &value) in self.not_a_number.iter_mut().zip(&*group) {
            *count += u32::from(value.is_not_a_number());
        }
        for value in &mut *group {
            *value = if *value >= least { *value } else { fill };
        }
        for value in group {
            *value = if *value > T::MOST { fill } else { *value };
        }
    }
}

/// Replaces what is below `least`, infinite or no number, and counts: the same as value by value where no record is
/// invalid, but several times faster. At most [`GROUPS`] groups.
pub(super) fn replace<T: Element>(
    groups: &mut [[T; LANES]],
    least: T,
    threshold: f64,
    statistics: &mut Statistics,
    fill: T,
) {
    if threshold < f64::INFINITY {
        let above = |value: &&T| **value >= least && **value <= T::MOST && value.to_f64() > threshold;
        statistics.above_threshold += groups.as_flattened().iter().filter(above).count() as u64;
    }
    let mut lanes = Lanes::new();
    for group in &mut *groups {
        lanes.replace(group, least, fill);
    }
    let sum = |counts: [u32; LANES]| counts.iter().map(|&count| u64::from(count)).sum::<u64>();
    let above_all = sum(lanes.above_all);
    let kept = sum(lanes.from_least) - above_all;
    let infinite = above_all + sum(lanes.below_all);
    let not_a_number = sum(lanes.not_a_number);
    let values = groups.as_flattened();
    statistics.valid += kept;
    statistics.not_a_number += not_a_number;
    statistics.infinite += infinite;
    statistics.sentinel += values.len() as u64 - kept - not_a_number - infinite;
    if kept == 0 {
        return;
    }
    let least = lanes.least.map(Element::to_f64).into_iter().fold(f64::INFINITY, f64::min);
    let most = lanes.most.map(Element::to_f64).into_iter().fold(f64::NEG_INFINITY, f64::max);
    // Comparison knows one zero, the total order of the statistics two; which one it was matters only where it is
    // the least or the most of all. No fill value is a zero.
    let zeros = || values.iter().map(|value| value.to_f64()).filter(|value| *value == 0.0);
    let minimum = if least == 0.0 { zeros().min_by(f64::total_cmp) } else { Some(least) };
    let maximum = if most == 0.0 { zeros().max_by(f64::total_cmp) } else { Some(most) };
    statistics.merge(&Statistics { minimum, maximum, ..Statistics::default() });
}

/// The classic types, as far as finding missing values needs them.
pub(super) trait Element: Copy + PartialOrd {
    /// Smallest value that is finite.
    const LEAST: Self;
    /// Largest value that is finite.
    const MOST: Self;
    /// Smallest value above [`LARGEST_SENTINEL`].
    const ABOVE_SENTINELS: Self;

    fn to_f64(self) -> f64;

    fn is_not_a_number(self) -> bool;
}

macro_rules! element {
    ($kind:ty, $above_sentinels:expr, $is_not_a_number:expr) => {
        impl Element for $kind {
            const LEAST: Self = Self::MIN;
            const MOST: Self = Self::MAX;
            const ABOVE_SENTINELS: Self = $above_sentinels;

            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            fn is_not_a_number(self) -> bool {
                $is_not_a_number(self)
            }
        }
    };
}
// A byte has no sentinels: variables that have any are widened first.
element!(i8, Self::MIN, |_| false);
element!(i16, -899, |_| false);
element!(i32, -899, |_| false);
element!(f32, (-900.0_f32).next_up(), f32::is_nan);
element!(f64, LARGEST_SENTINEL.next_up(), f64::is_nan);
