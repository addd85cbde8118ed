//! Fills coordinates of rows without a fix: fixes are rarer than other measurements, and CF requires a position for
//! each value.

use std::ops::Range;

/// The source of a row's coordinate; the numbers are those of `flag_values`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub(super) enum Status {
    /// Reported by the sonde.
    #[default]
    Reported = 0,
    /// Interpolated in time between two fixes, or constant after the last fix.
    Interpolated = 1,
    /// Position of the launch, or of the first fix.
    Launch = 2,
    /// Unknown, because there is no fix.
    Missing = 3,
    /// Interpolated between two fixes with a long gap.
    InterpolatedLongGap = 4,
}

impl Status {
    /// Returns the less certain of two statuses, for positions made of several coordinates.
    #[must_use]
    pub(super) fn less_certain(self, other: Self) -> Self {
        let rank = |status| match status {
            Self::Reported => 0,
            Self::Interpolated => 1,
            Self::InterpolatedLongGap => 2,
            Self::Launch => 3,
            Self::Missing => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

/// Fills missing values (NaN) of a coordinate: by linear interpolation in time between fixes, with the first fix before
/// it, and with the last fix after it. Returns the filled values, and the status of each.
///
/// # Shape
/// `times` (strictly increasing), `values` and both results have the same length.
///
/// # Units
/// `longest_gap_s` is in seconds: longer gaps are filled too, but have another status. With `turn`, values are angles
/// of that period (360 degrees): the shorter way round is taken, and interpolated values are in -turn/2..turn/2.
#[must_use]
pub(super) fn fill(
    times: &[f64],
    values: &[f64],
    longest_gap_s: f64,
    turn: Option<f64>,
) -> (Vec<f64>, Vec<Status>) {
    let mut filled = values.to_vec();
    let mut statuses = vec![Status::Reported; values.len()];
    let fixes: Vec<usize> =
        values.iter().enumerate().filter(|(_, value)| !value.is_nan()).map(|(row, _)| row).collect();
    let (Some(&first), Some(&last)) = (fixes.first(), fixes.last()) else {
        statuses.fill(Status::Missing);
        return (filled, statuses);
    };
    let mut set = |rows: Range<usize>, status: Status, value: &dyn Fn(usize) -> f64| {
        for row in rows {
            if let (Some(place), Some(told)) = (filled.get_mut(row), statuses.get_mut(row)) {
                (*place, *told) = (value(row), status);
            }
        }
    };
    let at = |row: usize| values.get(row).copied().unwrap_or(f64::NAN);
    let time = |row: usize| times.get(row).copied().unwrap_or(f64::NAN);
    set(0..first, Status::Launch, &|_| at(first));
    set(last + 1..values.len(), Status::Interpolated, &|_| at(last));
    for (&before, &after) in fixes.iter().zip(fixes.iter().skip(1)) {
        let gap = time(after) - time(before);
        let mut step = at(after) - at(before);
        if let Some(turn) = turn {
            step -= turn * (step / turn).round();
        }
        let status = if gap > longest_gap_s { Status::InterpolatedLongGap } else { Status::Interpolated };
        set(before + 1..after, status, &|row| {
            let value = at(before) + step * (time(row) - time(before)) / gap;
            turn.map_or(value, |turn| wrapped(value, turn))
        });
    }
    (filled, statuses)
}

/// Wraps `angle` to -turn/2..turn/2.
fn wrapped(angle: f64, turn: f64) -> f64 {
    if angle.abs() <= turn / 2.0 { angle } else { angle - turn * (angle / turn).round() }
}

#[cfg(test)]
mod tests {
    use super::Status::{Interpolated, InterpolatedLongGap, Launch, Reported};
    use super::*;

    const GAP: f64 = f64::NAN;

    #[test]
    fn gaps_are_filled_and_told_apart() {
        let times = [0.0, 1.0, 2.0, 3.0, 100.0, 200.0, 201.0];
        let (filled, statuses) = fill(&times, &[GAP, 10.0, GAP, 12.0, GAP, 14.0, GAP], 60.0, None);
        assert_eq!(filled, [10.0, 10.0, 11.0, 12.0, 12.0 + 2.0 * 97.0 / 197.0, 14.0, 14.0]);
        assert_eq!(
            statuses,
            [Launch, Reported, Interpolated, Reported, InterpolatedLongGap, Reported, Interpolated]
        );
    }

    #[test]
    fn longitudes_take_the_short_way_over_the_date_line() {
        let (filled, _) = fill(&[0.0, 1.0, 2.0, 3.0], &[179.5, GAP, GAP, -179.0], 60.0, Some(360.0));
        assert_eq!(filled, [179.5, 180.0, -179.5, -179.0]);
    }

    #[test]
    fn without_a_fix_there_is_nothing_to_fill_with() {
        let (filled, statuses) = fill(&[0.0, 1.0], &[GAP, GAP], 60.0, None);
        assert!(filled.iter().all(|value| value.is_nan()));
        assert_eq!(statuses, [Status::Missing; 2]);
    }
}
