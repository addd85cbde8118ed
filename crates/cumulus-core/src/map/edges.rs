//! Midpoints of navigation that is stored at record edges: N + 1 values for N records (in CPL files of 2022 and later).

use crate::collection::Midpoint;

/// Returns the value of each record, the middle of its two edges; NaN if either edge is missing.
///
/// # Shape
/// The result has one value fewer than `edges`.
#[must_use]
pub fn midpoints(edges: &[f64], rule: Midpoint, is_missing: impl Fn(f64) -> bool) -> Vec<f64> {
    edges
        .iter()
        .zip(edges.iter().skip(1))
        .map(|(&before, &after)| {
            if is_missing(before) || is_missing(after) {
                return f64::NAN;
            }
            // The shorter way from one angle to the other.
            let turn = (after - before + 540.0).rem_euclid(360.0) - 180.0;
            match rule {
                Midpoint::Arithmetic => f64::midpoint(before, after),
                Midpoint::Circular => (before + turn / 2.0).rem_euclid(360.0),
                Midpoint::Longitude => (before + turn / 2.0 + 180.0).rem_euclid(360.0) - 180.0,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn middles(edges: &[f64], rule: Midpoint) -> Vec<f64> {
        midpoints(edges, rule, |value| !value.is_finite() || value <= -999.0)
    }

    #[test]
    fn headings_cross_north_by_the_shorter_way() {
        assert_eq!(middles(&[350.0, 20.0, 10.0], Midpoint::Circular), [5.0, 15.0]);
        assert_eq!(middles(&[10.0, 350.0], Midpoint::Circular), [0.0]);
    }

    #[test]
    fn longitudes_cross_the_antimeridian_and_stay_in_range() {
        assert_eq!(middles(&[179.0, -179.5, -179.0], Midpoint::Longitude), [179.75, -179.25]);
        assert_eq!(middles(&[179.5, 180.5, 182.5], Midpoint::Longitude), [-180.0, -178.5]);
        assert_eq!(middles(&[-60.0, -60.5], Midpoint::Longitude), [-60.25]);
    }

    #[test]
    fn a_missing_edge_makes_both_its_records_missing() {
        let shown = |edges: &[f64]| format!("{:?}", middles(edges, Midpoint::Arithmetic));
        assert_eq!(shown(&[1.0, -999.0, 3.0, 4.0]), "[NaN, NaN, 3.5]");
        assert_eq!(shown(&[f64::NAN, 1.0]), "[NaN]");
    }

    /// What is missing depends on the source: 1e20 may be, and -4000 may not.
    #[test]
    fn only_the_sources_own_missing_values_are_missing() {
        let middles = midpoints(&[-4000.0, -4010.0, 1e20], Midpoint::Arithmetic, |value| value >= 1e20);
        assert_eq!(middles.first(), Some(&-4005.0));
        assert!(middles.last().is_some_and(|middle| middle.is_nan()), "{middles:?}");
    }
}
