//! Replaces and counts missing values, many at a time, if only the value itself determines whether it is missing.

use super::Statistics;

/// Number of values processed in parallel without branches: several vector registers of the processor.
pub(super) const LANES: usize = 16;

/// Maximum number of groups processed together: they stay in the cache, and their number fits into any counter.
pub(super) const GROUPS: usize = 256;

/// Returns the number of values that pass `test`.
fn count<T: Copy>(groups: &[[T; LANES]], test: impl Fn(T) -> bool) -> u64 {
    let mut counts = [0_u32; LANES];
    for group in groups {
        for (count, &value) in counts.iter_mut().zip(group) {
            *count += u32::from(test(value));
        }
    }
    counts.iter().map(|&count| u64::from(count)).sum()
}

/// Folds the values by `join`, lane by lane.
fn fold<T: Copy>(groups: &[[T; LANES]], start: T, join: impl Fn(T, T) -> T) -> [T; LANES] {
    let mut seen = [start; LANES];
    for group in groups {
        for (seen, &value) in seen.iter_mut().zip(group) {
            *seen = join(*seen, value);
        }
    }
    seen
}

/// Replaces and counts values that are below `least`, infinite or NaN. The result is the same as value by value if no
/// record is invalid, but several times faster. Takes at most [`GROUPS`] groups.
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
    // One pass per question: a fused loop spills vector registers, unpredictably.
    let length = groups.as_flattened().len() as u64;
    let infinite_above = count(groups, |value| value > T::MOST);
    let kept = count(groups, |value| value >= least) - infinite_above;
    let smallest = fold(groups, T::MOST, |seen, value| {
        let value = if value >= least { value } else { T::MOST };
        if value < seen { value } else { seen }
    });
    // If any value is kept, values below `least` cannot be the maximum, so they need no test.
    let largest = fold(groups, T::LEAST, |seen, value| {
        let value = if value > T::MOST { T::LEAST } else { value };
        if value > seen { value } else { seen }
    });
    statistics.valid += kept;
    if kept < length {
        let infinite = infinite_above + count(groups, |value| value < T::LEAST);
        let not_a_number = count(groups, Element::is_not_a_number);
        statistics.not_a_number += not_a_number;
        statistics.infinite += infinite;
        statistics.sentinel += length - kept - not_a_number - infinite;
        for value in groups.as_flattened_mut() {
            *value = if *value >= least { *value } else { fill };
            *value = if *value > T::MOST { fill } else { *value };
        }
    }
    if kept == 0 {
        return;
    }
    let least = smallest.map(Element::to_f64).into_iter().fold(f64::INFINITY, f64::min);
    let most = largest.map(Element::to_f64).into_iter().fold(f64::NEG_INFINITY, f64::max);
    // Comparison treats -0.0 and 0.0 as equal, the total order of the statistics does not; the sign matters only if
    // zero is the minimum or maximum. No fill value is zero.
    let zeros = || count(groups, |value| value == T::ZERO);
    let negative_zeros = || count(groups, Element::is_negative_zero);
    let zero = |is_negative| if is_negative { -0.0 } else { 0.0 };
    let minimum = Some(if least == 0.0 { zero(negative_zeros() > 0) } else { least });
    let maximum = Some(if most == 0.0 { zero(negative_zeros() == zeros()) } else { most });
    statistics.merge(&Statistics { minimum, maximum, ..Statistics::default() });
}

/// Operations on the classic types that finding missing values needs.
pub(super) trait Element: Copy + PartialOrd {
    /// Minimum finite value.
    const LEAST: Self;
    /// Zero, positive for floating-point types.
    const ZERO: Self;
    /// Maximum finite value.
    const MOST: Self;
    /// Returns the smallest value above `limit`.
    fn above(limit: f64) -> Self;

    fn to_f64(self) -> f64;

    fn is_not_a_number(self) -> bool;

    fn is_negative_zero(self) -> bool;
}

macro_rules! element {
    ($kind:ty, $zero:expr, $above:expr, $is_not_a_number:expr, $is_negative_zero:expr) => {
        impl Element for $kind {
            const LEAST: Self = Self::MIN;
            const ZERO: Self = $zero;
            const MOST: Self = Self::MAX;

            fn above(limit: f64) -> Self {
                $above(limit)
            }

            fn to_f64(self) -> f64 {
                f64::from(self)
            }

            fn is_not_a_number(self) -> bool {
                $is_not_a_number(self)
            }

            fn is_negative_zero(self) -> bool {
                $is_negative_zero(self)
            }
        }
    };
}

/// Returns the smallest integer above `limit`, saturated to the type.
macro_rules! whole_above {
    ($kind:ty) => {
        |limit: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "saturates, which is what is meant")]
            let above = (limit.floor() + 1.0) as $kind;
            above
        }
    };
}

fn single_above(limit: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, reason = "stepped up where it was rounded down")]
    let near = limit as f32;
    if f64::from(near) > limit { near } else { near.next_up() }
}

element!(i8, 0, whole_above!(i8), |_| false, |_| false);
element!(i16, 0, whole_above!(i16), |_| false, |_| false);
element!(i32, 0, whole_above!(i32), |_| false, |_| false);
element!(f32, 0.0, single_above, f32::is_nan, |value: f32| value.to_bits() == 1 << 31);
element!(f64, 0.0, f64::next_up, f64::is_nan, |value: f64| value.to_bits() == 1 << 63);
