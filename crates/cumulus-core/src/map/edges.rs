//! Midpoints of navigation that is stored at record edges: N + 1 values for N records (in CPL files of 2022 and later).

use crate::collection::Midpoint;
use crate::map::{FILL, MAX_SENTINEL};

/// Returns the value of each record, the middle of its two edges; [`FILL`] if either edge is missing.
///
/// # Shape
/// The result has one value fewer than `edges`.
#[must_use]
pub fn midpoints(edges: &[f64], rule: Midpoint) -> Vec<f64> {
    edges
        .iter()
        .zip(edges.iter().skip(1))
        .map(|(&before, &after)| {
            let missing = |value: f64| !value.is_finite() || value <= MAX_SENTINEL;
            if missing(before) || missing(after) {
                return FILL;
            }
            match rule {
                Midpoint::Arithmetic => f64::midpoint(before, after),
                Midpoint::Circular => {
                    let turn = (after - before + 540.0).rem_euclid(360.0) - 180.0;
                    (before + turn / 2.0).rem_euclid(360.0)
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_cross_north_by_the_shorter_way() {
        assert_eq!(midpoints(&[350.0, 20.0, 10.0], Midpoint::Circular), [5.0, 15.0]);
        assert_eq!(midpoints(&[10.0, 350.0], Midpoint::Circular), [0.0]);
    }

    #[test]
    fn a_missing_edge_makes_both_its_records_missing() {
        assert_eq!(midpoints(&[1.0, -999.0, 3.0, 4.0], Midpoint::Arithmetic), [FILL, FILL, 3.5]);
        assert_eq!(midpoints(&[f64::NAN, 1.0], Midpoint::Arithmetic), [FILL]);
    }
}
