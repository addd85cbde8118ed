//! Checks that a file contains the fall of a dropsonde, and warns if the fall is incomplete.
//!
//! A file of another instrument may have columns of the same names. A dropsonde measures pressure, temperature or
//! wind while it falls: over the whole file, its pressure increases or its altitude decreases with time.

use super::Arranger;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::warning::{Code, Warning};

/// Standard names of the quantities that a sonde measures.
const MEASURED: [&str; 5] =
    ["air_pressure", "air_temperature", "eastward_wind", "northward_wind", "wind_speed"];

/// Standard names of heights.
const HEIGHTS: [&str; 2] = ["geopotential_height", "altitude"];

/// Minimum trend of a fall: either the difference of last and first rows as a fraction of the whole range, or the rank
/// correlation with the row order.
const MIN_SHARE: f64 = 0.5;

/// First and last heights are medians of one in this many rows at either end, so that single values have no effect.
const END_SHARE: usize = 20;

/// Maximum final altitude in metres of a complete fall. Contact is often lost slightly above the surface; a fall that
/// ends higher was cut short, or was over mountains.
const NEAR_SURFACE_M: f64 = 500.0;

/// Minimum final pressure in hPa of a complete fall without altitudes: at 850 hPa a sonde is above 1000 m even in the
/// deepest hurricane.
const NEAR_SURFACE_HPA: f64 = 850.0;

/// Minimum ranges of pressure (hPa) and height (m); below them, nothing has moved.
const MIN_FALL_HPA: f64 = 5.0;
const MIN_FALL_M: f64 = 50.0;

/// The course of a vertical coordinate over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Falls,
    Rises,
    Rests,
    /// First and last rows are at about the same height, and others are not.
    Wanders,
}

/// Returns the course of a vertical coordinate that increases downwards; `None` if it has fewer than two values.
fn course(depths: &[f64], least_range: f64) -> Option<Course> {
    let known: Vec<f64> = depths.iter().copied().filter(|depth| !depth.is_nan()).collect();
    let (most, deepest) = (known.iter().copied().reduce(f64::min)?, known.iter().copied().reduce(f64::max)?);
    if known.len() < 2 {
        return None;
    }
    let range = deepest - most;
    if range < least_range {
        return Some(Course::Rests);
    }
    let count = known.len().div_ceil(END_SHARE);
    let middle = |rows: &[f64]| {
        let mut rows = rows.to_vec();
        rows.sort_by(f64::total_cmp);
        rows.get(rows.len() / 2).copied()
    };
    let (first, last) = (middle(known.get(..count)?)?, middle(known.get(known.len() - count..)?)?);
    let trends = [(last - first) / range, rank_correlation(&known)];
    // The trend of the ends is robust to hours on the surface, the rank correlation to gaps and outliers.
    Some(if trends.iter().any(|&trend| trend >= MIN_SHARE) {
        Course::Falls
    } else if trends.iter().any(|&trend| trend <= -MIN_SHARE) {
        Course::Rises
    } else {
        Course::Wanders
    })
}

/// Returns Spearman's rank correlation of values with their order: 1 if they always increase, -1 if they always
/// decrease.
#[expect(clippy::cast_precision_loss, reason = "rows of one sounding")]
fn rank_correlation(values: &[f64]) -> f64 {
    let mut order: Vec<usize> = (0..values.len()).collect();
    let at = |row: usize| values.get(row).copied().unwrap_or(f64::NAN);
    order.sort_by(|&left, &right| at(left).total_cmp(&at(right)));
    let squares: f64 = order.iter().enumerate().map(|(rank, &row)| (rank as f64 - row as f64).powi(2)).sum();
    let count = values.len() as f64;
    1.0 - 6.0 * squares / (count * (count * count - 1.0))
}

impl Arranger<'_> {
    /// Rejects a sounding that is not of a dropsonde, and adds a warning if its fall ends above the surface.
    ///
    /// # Errors
    /// There is no quantity that a sonde measures, neither pressure nor height, or the course is not a fall.
    pub(super) fn judge(&self, place: &str, warnings: &mut Vec<Warning>) -> Result<(), Failure> {
        let refused = |found: String, expected: &str| {
            Failure::new(Stage::Map, place, "is not a dropsonde sounding")
                .found(found)
                .expected(expected)
                .hint("move the file out of INPUT; if it is a dropsonde's, ask the producer to correct it")
        };
        if !MEASURED.iter().any(|name| self.measured(name).is_some()) {
            return Err(refused(self.names(), "pressure, temperature or wind with one value per row"));
        }
        let pressure = self.measured("air_pressure");
        let height =
            HEIGHTS.iter().filter_map(|name| self.measured(name)).find(|heights| has_values(heights));
        if pressure.is_none() && HEIGHTS.iter().all(|name| self.measured(name).is_none()) {
            return Err(refused(self.names(), "pressure or altitude with one value per row"));
        }
        let by_pressure = pressure.and_then(|pressure| course(pressure, MIN_FALL_HPA));
        let depths = height.map(|heights| heights.iter().map(|height| -height).collect::<Vec<f64>>());
        let by_height = depths.as_deref().and_then(|depths| course(depths, MIN_FALL_M));
        match by_pressure.or(by_height) {
            Some(Course::Rises) => {
                let found = "pressure that falls or an altitude that rises with time: a balloon, or an aircraft that climbs";
                Err(refused(
                    found.to_owned(),
                    "a fall: pressure that rises or an altitude that falls with time",
                ))
            }
            Some(Course::Wanders) if self.sounding.sonde_id.is_none() => {
                let found = "first and last rows at about one height, others not: an aircraft's flight";
                Err(refused(
                    found.to_owned(),
                    "a fall: pressure that rises or an altitude that falls with time",
                ))
            }
            // A file with a sonde ID is accepted, however badly it was recorded.
            Some(Course::Wanders) => {
                let message = "pressure and altitude go up and down; the rows as a whole are not a descent";
                warnings.push(Warning::of_granule(Code::NoFall, message));
                Ok(())
            }
            // A sonde that was recorded in the cabin is converted with a warning.
            Some(Course::Rests)
                if self.sounding.sonde_id.is_none() && self.sounding.launch_position.altitude_m.is_none() =>
            {
                Err(refused(
                    "pressure or altitude that stays the same".to_owned(),
                    "a fall from the aircraft",
                ))
            }
            Some(Course::Rests) | None => Ok(()),
            Some(Course::Falls) => {
                tell_where_it_ends(pressure, height, warnings);
                Ok(())
            }
        }
    }

    /// Returns the values of the first column with this standard name.
    fn measured(&self, standard_name: &str) -> Option<&[f64]> {
        let is = |name: Option<&str>| name == Some(standard_name);
        self.columns.iter().find(|(row, _)| is(row.standard_name)).map(|(_, values)| values.as_slice())
    }

    /// Lists the names of the source's columns, for a message.
    fn names(&self) -> String {
        const SHOWN: usize = 12;
        let names: Vec<&str> = self.sounding.columns.iter().map(|column| column.name.as_str()).collect();
        let shown = names.get(..SHOWN.min(names.len())).unwrap_or_default().join(", ");
        if names.len() > SHOWN {
            format!("columns {shown} and {} more", names.len() - SHOWN)
        } else {
            format!("columns {shown}")
        }
    }
}

/// Adds a warning if the fall ends above the surface.
fn tell_where_it_ends(pressure: Option<&[f64]>, height: Option<&[f64]>, warnings: &mut Vec<Warning>) {
    let lowest = height.and_then(|heights| known(heights).reduce(f64::min));
    let deepest = pressure.and_then(|pressure| known(pressure).reduce(f64::max));
    let told = match (lowest, deepest) {
        (Some(lowest), _) if lowest > NEAR_SURFACE_M => format!("{lowest:.0} m"),
        (None, Some(deepest)) if deepest < NEAR_SURFACE_HPA => format!("{deepest:.0} hPa"),
        _ => return,
    };
    let message = format!(
        "the fall ends at {told}, above the surface; the file may be truncated, or the sonde stopped sending"
    );
    warnings.push(Warning::of_granule(Code::Truncated, message));
}

fn known(values: &[f64]) -> impl Iterator<Item = f64> {
    values.iter().copied().filter(|value| !value.is_nan())
}

fn has_values(values: &[f64]) -> bool {
    known(values).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(depths: impl Iterator<Item = f64>) -> Option<Course> {
        course(&depths.collect::<Vec<f64>>(), MIN_FALL_HPA)
    }

    #[test]
    fn a_fall_is_told_from_a_climb_a_flight_and_a_rest() {
        let steps = || (0..100).map(f64::from);
        assert_eq!(of(steps().map(|step| 200.0 + 8.0 * step)), Some(Course::Falls));
        // A wrong value at one end, and gaps, make no difference.
        let disturbed = std::iter::once(1_013.0).chain(steps().map(|step| 200.0 + 8.0 * step));
        assert_eq!(of(disturbed.chain([f64::NAN])), Some(Course::Falls));
        // Only one row of the lower part is left; then a receiver that kept running after the splash.
        assert_eq!(of(steps().take(40).chain([200.0])), Some(Course::Falls));
        assert_eq!(of(steps().chain((0..2_000).map(|step| 99.0 + f64::from(step % 2)))), Some(Course::Falls));
        assert_eq!(of(steps().map(|step| 1_000.0 - 8.0 * step)), Some(Course::Rises));
        assert_eq!(of(steps().map(|step| 200.0 + (step - 50.0).abs() * 10.0)), Some(Course::Wanders));
        assert_eq!(of(steps().map(|step| 300.0 + (step % 2.0))), Some(Course::Rests));
        assert_eq!(of([500.0, f64::NAN].into_iter()), None);
    }
}
