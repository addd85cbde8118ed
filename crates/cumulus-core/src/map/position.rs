//! Finds the valid positions of a track, and their extent.
//!
//! A latitude and its longitude are valid or invalid together. A pair is invalid if either is not finite, is a sentinel
//! or is out of range, if both are exactly zero, or if it belongs to a spike: moving to it from the last valid pair and
//! from it to the next valid pair would both exceed the maximum ground speed, while those two pairs are consistent.
//! Receivers that lose a fix may be wrong for several fixes, so a spike may last up to a minute; a longer one is a new
//! place, unless it is a single fix. Spikes are searched among the pairs that pass the other rules. Each interval is
//! taken as one second longer than the clock's, so that a duplicate second is not a spike. Latitude at or below zero is
//! *not* invalid: that rule of older tools loses the southern hemisphere.

use serde::{Deserialize, Serialize};

/// Mean radius of the Earth in metres (IUGG 1980, R1).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// Maximum duration in seconds of a spike of several fixes, from the last valid pair before it to the first after it.
const MAX_SPIKE_S: i64 = 60;

/// Maximum number of fixes in a spike, 60 s at 20 Hz. Without it, a clock that stands still makes the search quadratic.
const MAX_SPIKE_FIXES: usize = 1200;

/// Number of pairs set to `_FillValue`, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvalidPositions {
    /// NaN, infinite, or at or below -900, in either coordinate.
    pub missing: u64,
    /// Beyond 90 degrees of latitude or 180 of longitude.
    pub out_of_range: u64,
    /// Exactly 0 N 0 E.
    pub zero: u64,
    /// Too far from the valid pairs before and after, which are consistent with each other.
    pub spike: u64,
}

impl InvalidPositions {
    /// Returns the total number of invalid pairs.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.missing + self.out_of_range + self.zero + self.spike
    }
}

/// Wraps longitudes to -180 to 180 if the granule uses another range, and returns how many were changed.
///
/// A granule may count eastward from 0 to 360, or continue past 180 where its track crosses the antimeridian. The
/// decision is made once per granule: if it has longitudes beyond 180 degrees and also longitudes of the other sign,
/// that is an error and not a convention, and nothing is changed.
///
/// # Units
/// Degrees east.
pub fn wrap(longitude: &mut [f64]) -> usize {
    let beyond = |degrees: f64| (180.0..=360.0).contains(&degrees.abs()) && degrees.abs() > 180.0;
    let on = |side: f64| longitude.iter().any(|&degrees| degrees * side > 0.0 && degrees.abs() <= 360.0);
    let goes_beyond = |side: f64| longitude.iter().any(|&degrees| degrees * side > 0.0 && beyond(degrees));
    let turn = if goes_beyond(1.0) && !on(-1.0) {
        -360.0
    } else if goes_beyond(-1.0) && !on(1.0) {
        360.0
    } else {
        return 0;
    };
    let mut count = 0;
    for degrees in longitude.iter_mut().filter(|degrees| beyond(**degrees)) {
        *degrees += turn;
        count += 1;
    }
    count
}

/// Returns one flag per record, true if the position is invalid, and the number of invalid positions by reason.
///
/// # Shape
/// `latitude`, `longitude` and `seconds` have the same length.
///
/// # Units
/// Degrees north, degrees east, integer seconds, metres per second.
#[must_use]
pub fn flag_invalid(
    latitude: &[f64],
    longitude: &[f64],
    seconds: &[i64],
    fastest_m_per_s: f64,
) -> (Vec<bool>, InvalidPositions) {
    let mut counts = InvalidPositions::default();
    let mut invalid: Vec<bool> = latitude
        .iter()
        .zip(longitude)
        .map(|(&latitude, &longitude)| {
            let missing = |value: f64| !value.is_finite() || value <= super::MAX_SENTINEL;
            let reason = if missing(latitude) || missing(longitude) {
                &mut counts.missing
            } else if latitude.abs() > 90.0 || longitude.abs() > 180.0 {
                &mut counts.out_of_range
            } else if latitude == 0.0 && longitude == 0.0 {
                &mut counts.zero
            } else {
                return false;
            };
            *reason += 1;
            true
        })
        .collect();

    let fixes: Vec<Fix> = latitude
        .iter()
        .zip(longitude)
        .zip(seconds)
        .enumerate()
        .filter(|(record, _)| invalid.get(*record) == Some(&false))
        .map(|(record, ((&latitude, &longitude), &second))| Fix { record, latitude, longitude, second })
        .collect();
    let mut good = 0;
    while good < fixes.len() {
        let spike = spike_after(&fixes, good, fastest_m_per_s);
        for fix in fixes.iter().skip(good + 1).take(spike) {
            if let Some(flag) = invalid.get_mut(fix.record) {
                *flag = true;
                counts.spike += 1;
            }
        }
        good += spike + 1;
    }
    (invalid, counts)
}

/// Returns the number of fixes after the valid fix `good` that are a spike.
fn spike_after(fixes: &[Fix], good: usize, fastest_m_per_s: f64) -> usize {
    let too_fast = |from: &Fix, to: &Fix| from.speed_to(to) > fastest_m_per_s;
    let mut rest = fixes.iter().skip(good);
    let Some(before) = rest.next() else { return 0 };
    let mut last = before;
    for (count, fix) in rest.enumerate() {
        let is_long = (fix.second - before.second).abs() > MAX_SPIKE_S && count > 1;
        if is_long || count > MAX_SPIKE_FIXES {
            return 0;
        }
        if !too_fast(before, fix) {
            // If the step back is slow enough too, the aircraft really was there.
            return if too_fast(last, fix) { count } else { 0 };
        }
        last = fix;
    }
    0
}

/// A position and its time.
struct Fix {
    record: usize,
    latitude: f64,
    longitude: f64,
    second: i64,
}

impl Fix {
    #[expect(clippy::cast_precision_loss, reason = "a flight lasts far less than 2^53 seconds")]
    fn speed_to(&self, other: &Self) -> f64 {
        let interval = (other.second - self.second).abs() + 1;
        distance_m((self.latitude, self.longitude), (other.latitude, other.longitude)) / interval as f64
    }
}

/// Returns the great-circle distance in metres between two (latitude, longitude) pairs in degrees, by the haversine
/// formula, which is accurate for near points.
fn distance_m(from: (f64, f64), to: (f64, f64)) -> f64 {
    let half_latitude = (to.0 - from.0).to_radians() / 2.0;
    let half_longitude = (to.1 - from.1).to_radians() / 2.0;
    let haversine = half_latitude.sin().powi(2)
        + from.0.to_radians().cos() * to.0.to_radians().cos() * half_longitude.sin().powi(2);
    2.0 * EARTH_RADIUS_M * haversine.sqrt().min(1.0).asin()
}

/// The bounding box of the valid positions in latitude and longitude.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    /// Minimum latitude, degrees north.
    pub south: f64,
    /// Maximum latitude, degrees north.
    pub north: f64,
    /// Western edge, degrees east. Greater than `east` if the box crosses the antimeridian.
    pub west: f64,
    /// Eastern edge, degrees east.
    pub east: f64,
}

impl Extent {
    /// Returns the extent of the pairs that are not flagged invalid; `None` if there are none.
    ///
    /// The range of longitudes is the complement of the widest empty arc, so a track across the antimeridian gets a
    /// narrow box and not one around the world.
    #[must_use]
    pub fn of(latitude: &[f64], longitude: &[f64], invalid: &[bool]) -> Option<Self> {
        let valid = || {
            latitude
                .iter()
                .zip(longitude)
                .zip(invalid)
                .filter(|(_, invalid)| !**invalid)
                .map(|(pair, _)| pair)
        };
        let south = valid().map(|pair| *pair.0).reduce(f64::min)?;
        let north = valid().map(|pair| *pair.0).reduce(f64::max)?;
        let mut longitudes: Vec<f64> = valid().map(|pair| *pair.1).collect();
        longitudes.sort_by(f64::total_cmp);
        let (&least, &greatest) = (longitudes.first()?, longitudes.last()?);
        let mut widest = least + 360.0 - greatest;
        let (mut west, mut east) = (least, greatest);
        for pair in longitudes.windows(2) {
            let [before, after] = pair else { continue };
            if after - before > widest {
                widest = after - before;
                (west, east) = (*after, *before);
            }
        }
        Some(Self { south, north, west, east })
    }

    /// Returns true if a point is inside the box or on its edge.
    #[must_use]
    pub fn contains(&self, latitude: f64, longitude: f64) -> bool {
        let in_longitude = if self.west <= self.east {
            (self.west..=self.east).contains(&longitude)
        } else {
            longitude >= self.west || longitude <= self.east
        };
        (self.south..=self.north).contains(&latitude) && in_longitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FASTEST: f64 = 400.0;

    fn track(latitude: &[f64], longitude: &[f64]) -> (Vec<bool>, InvalidPositions) {
        let seconds: Vec<i64> = (0..).take(latitude.len()).collect();
        flag_invalid(latitude, longitude, &seconds, FASTEST)
    }

    #[test]
    fn each_reason_is_counted_once() {
        let (invalid, counts) = track(
            &[20.0, f64::NAN, 20.0, 91.0, 0.0, -999.0, 20.0, 25.0, 20.001],
            &[-60.0, -60.0, -60.0, -60.0, 0.0, -60.0, -60.0, -60.0, -60.0],
        );
        assert_eq!(invalid, [false, true, false, true, true, true, false, true, false]);
        assert_eq!(counts, InvalidPositions { missing: 2, out_of_range: 1, zero: 1, spike: 1 });
    }

    #[test]
    fn longitudes_beyond_180_are_turned_where_that_is_the_convention_of_the_granule() {
        let wrapped = |longitude: &[f64]| {
            let mut longitude = longitude.to_vec();
            let count = wrap(&mut longitude);
            (longitude, count)
        };
        assert_eq!(wrapped(&[300.0, 359.5, 0.5, 360.0, -999.0]), (vec![-60.0, -0.5, 0.5, 0.0, -999.0], 3));
        assert_eq!(wrapped(&[179.5, 180.0, 180.5]), (vec![179.5, 180.0, -179.5], 1));
        assert_eq!(wrapped(&[-179.5, -180.5, f64::NAN]).1, 1);
        // With a longitude of the other sign it is an error, and is left for the range check.
        assert_eq!(wrapped(&[-60.0, 200.0]), (vec![-60.0, 200.0], 0));
        assert_eq!(wrapped(&[-60.0, 60.0, 180.0, -180.0]).1, 0);
        assert_eq!(wrapped(&[10.0, 400.0]), (vec![10.0, 400.0], 0));
    }

    proptest! {
        #[test]
        fn a_track_is_the_same_place_however_its_longitudes_are_counted(
            degrees in prop::collection::vec(-180.0..180.0_f64, 1..40),
        ) {
            let mut eastward: Vec<f64> = degrees.iter().map(|degrees| degrees.rem_euclid(360.0)).collect();
            wrap(&mut eastward);
            for (found, expected) in eastward.iter().zip(&degrees) {
                prop_assert!((found - expected).abs() < 1e-9, "{found} {expected}");
            }
        }
    }

    #[test]
    fn the_southern_hemisphere_and_the_equator_are_valid() {
        let (invalid, _) = track(&[0.001, 0.0, -0.001], &[-60.0, -60.0, -60.0]);
        assert_eq!(invalid, [false; 3]);
    }

    #[test]
    fn a_jump_that_lasts_is_a_new_place_not_a_spike() {
        let (invalid, _) = track(&[20.0, 20.0, 25.0, 25.0], &[-60.0; 4]);
        assert_eq!(invalid, [false; 4]);
    }

    #[test]
    fn several_fixes_far_off_are_a_spike_and_a_good_one_between_two_is_none() {
        let (invalid, counts) = track(&[20.0, 22.0, 22.0001, 22.0002, 20.001, 22.0, 20.002], &[-60.0; 7]);
        assert_eq!(invalid, [false, true, true, true, false, true, false]);
        assert_eq!(counts.spike, 4);
    }

    #[test]
    fn a_spike_is_no_longer_than_a_minute_unless_it_is_one_fix() {
        let away = |count: usize| {
            let mut latitude = vec![25.0; count + 2];
            latitude[0] = 20.0;
            latitude[count + 1] = 20.0;
            track(&latitude, &vec![-60.0; count + 2]).1.spike
        };
        assert_eq!((away(59), away(60)), (59, 0));
        let (invalid, _) = flag_invalid(&[20.0, 89.0, 20.0], &[-60.0; 3], &[0, 100, 200], FASTEST);
        assert_eq!(invalid, [false, true, false]);
    }

    #[test]
    fn an_aircraft_that_flies_back_really_was_away() {
        let (invalid, _) = track(&[20.0, 20.008, 20.005, 20.002], &[-60.0; 4]);
        assert_eq!(invalid, [false; 4]);
    }

    #[test]
    fn a_duplicate_second_is_not_a_spike() {
        // 0.003 degrees of latitude are 334 m: possible within the extra second, impossible within 0 s.
        let (invalid, _) = flag_invalid(&[20.0, 20.003, 20.0], &[-60.0; 3], &[5, 5, 5], FASTEST);
        assert_eq!(invalid, [false; 3]);
    }

    #[test]
    fn a_track_across_the_antimeridian_has_a_narrow_box() {
        let extent = Extent::of(&[10.0; 3], &[179.5, -179.5, 179.9], &[false; 3]).unwrap();
        assert_eq!((extent.west, extent.east), (179.5, -179.5));
    }

    proptest! {
        #[test]
        fn the_extent_contains_every_valid_point(
            points in prop::collection::vec((-90.0..=90.0_f64, -180.0..=180.0_f64, any::<bool>()), 1..60)
        ) {
            let latitude: Vec<f64> = points.iter().map(|point| point.0).collect();
            let longitude: Vec<f64> = points.iter().map(|point| point.1).collect();
            let invalid: Vec<bool> = points.iter().map(|point| point.2).collect();
            match Extent::of(&latitude, &longitude, &invalid) {
                None => prop_assert!(invalid.iter().all(|&flag| flag)),
                Some(extent) => {
                    for (latitude, longitude, invalid) in points {
                        prop_assert!(invalid || extent.contains(latitude, longitude));
                    }
                    let width = (extent.east - extent.west).rem_euclid(360.0);
                    let least = longitude.iter().zip(&invalid).filter(|pair| !pair.1);
                    let plain = least.clone().map(|pair| *pair.0).fold(f64::MIN, f64::max)
                        - least.map(|pair| *pair.0).fold(f64::MAX, f64::min);
                    prop_assert!(width <= plain + 1e-9);
                }
            }
        }
    }
}
