//! Status flags that mark the measured values of a profile: between the aircraft and the surface, and not missing.
//!
//! Data of a downward-looking lidar have zeros in the bins above the aircraft, and noise in those below the surface.
//! Both are kept unchanged, and both bias every mean; the status of each value lets a reader exclude them.

use crate::map::interpreted::InterpretedSource;
use ndarray::ArrayD;

use crate::collection::{Midpoint, ProfileSpec};
use crate::map::altitudes::AltitudeUnit;
use crate::map::{self, edges};
use cumulus_model::error::Failure;
use cumulus_model::source::Content;
use cumulus_model::values::Values;

/// A measured value.
pub const MEASURED: i8 = 0;
/// A bin above the aircraft, or one of the zeros directly below such bins.
pub const ABOVE_AIRCRAFT: i8 = 1;
/// A bin below the surface.
pub const BELOW_SURFACE: i8 = 2;
/// `_FillValue`.
pub const MISSING: i8 = 3;

/// The codes and their meanings, for CF's `flag_values` and `flag_meanings`.
pub const MEANINGS: [(i8, &str); 4] = [
    (MEASURED, "measured"),
    (ABOVE_AIRCRAFT, "above_aircraft"),
    (BELOW_SURFACE, "below_surface"),
    (MISSING, "missing"),
];

/// The numbers of bins above the aircraft and below the surface in each record.
#[derive(Debug)]
pub struct Geometry {
    bins: usize,
    /// True if the first bin is the highest.
    descends: bool,
    /// Number of bins above the aircraft, and below the surface, per record.
    above: Vec<usize>,
    below: Vec<usize>,
}

impl Geometry {
    /// Reads the geometry of all records; `None` if the source has no altitudes of bins.
    ///
    /// If the altitude of the aircraft or the surface is missing, no bin counts as above or below it.
    ///
    /// # Errors
    /// A dataset cannot be read.
    pub fn of(
        source: &dyn InterpretedSource,
        spec: &ProfileSpec,
        records: usize,
    ) -> Result<Option<Self>, Failure> {
        let Some(mut sorted) = kilometres(source, spec.altitude)? else { return Ok(None) };
        let (Some(&first), Some(&last)) = (sorted.first(), sorted.last()) else { return Ok(None) };
        let descends = first > last;
        if !descends {
            sorted.reverse();
        }
        let of_records = |name| -> Result<Vec<f64>, Failure> {
            Ok(at_records(kilometres(source, name)?.unwrap_or_default(), records))
        };
        let count = |values: Vec<f64>, count: &dyn Fn(f64) -> usize| {
            let known = |value: f64| if value.is_nan() { 0 } else { count(value) };
            let mut counts: Vec<usize> = values.into_iter().map(known).collect();
            counts.resize(records, 0);
            counts
        };
        let above =
            count(of_records(spec.platform)?, &|aircraft| sorted.partition_point(|&bin| bin > aircraft));
        let bins = sorted.len();
        let below =
            count(of_records(spec.surface)?, &|surface| bins - sorted.partition_point(|&bin| bin >= surface));
        Ok(Some(Self { bins, descends, above, below }))
    }

    /// Returns the status of each value, in the buffer `room` if that has the right shape.
    ///
    /// # Shape
    /// `values` and the result are rows of one value per bin; `first_row` is the record of the first row.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a fill value fits the type that has it")]
    pub fn status(
        &self,
        values: &Values,
        first_row: usize,
        fill: Option<f64>,
        room: Option<Values>,
    ) -> Values {
        let mut status = match room {
            Some(Values::I8(room)) if room.shape() == values.shape() => room,
            _ => ArrayD::zeros(values.shape()),
        };
        match values {
            Values::I8(array) => self.rows(array, fill.map(|fill| fill as i8), first_row, &mut status),
            Values::I16(array) => self.rows(array, fill.map(|fill| fill as i16), first_row, &mut status),
            Values::I32(array) => self.rows(array, fill.map(|fill| fill as i32), first_row, &mut status),
            Values::F32(array) => self.rows(array, fill.map(|fill| fill as f32), first_row, &mut status),
            Values::F64(array) => self.rows(array, fill, first_row, &mut status),
            // Sinks do not accept other types.
            _ => {}
        }
        Values::I8(status)
    }

    fn rows<T: Copy + PartialEq + Default>(
        &self,
        values: &ArrayD<T>,
        fill: Option<T>,
        first_row: usize,
        status: &mut ArrayD<i8>,
    ) {
        let (Some(values), Some(status)) = (values.as_slice(), status.as_slice_mut()) else { return };
        let bins = self.bins.max(1);
        for (row, (values, status)) in values.chunks(bins).zip(status.chunks_mut(bins)).enumerate() {
            let of_record = |counts: &[usize]| counts.get(first_row + row).copied().unwrap_or(0).min(bins);
            let above = of_record(&self.above);
            let below = of_record(&self.below).min(bins - above);
            let is_zero = |value: &&T| **value == T::default();
            // Zeros that continue down from the top are not measurements either, whatever the aircraft's altitude.
            let middle = bins - below;
            let above = above
                + if self.descends {
                    values.get(above..middle).unwrap_or_default().iter().take_while(is_zero).count()
                } else {
                    values
                        .get(below..bins - above)
                        .unwrap_or_default()
                        .iter()
                        .rev()
                        .take_while(is_zero)
                        .count()
                };
            let (high, low) = if self.descends { (above, below) } else { (below, above) };
            let (first, last) =
                if self.descends { (ABOVE_AIRCRAFT, BELOW_SURFACE) } else { (BELOW_SURFACE, ABOVE_AIRCRAFT) };
            status.fill(MEASURED);
            status.get_mut(..high).unwrap_or_default().fill(first);
            status.get_mut(bins - low..).unwrap_or_default().fill(last);
            if let Some(fill) = fill {
                for (status, &value) in status.iter_mut().zip(values) {
                    *status = if value == fill { MISSING } else { *status };
                }
            }
        }
    }
}

/// Returns altitudes of records, midpoints if they are stored at record edges, with NaN for missing ones; empty for any
/// other length.
fn at_records(values: Vec<f64>, records: usize) -> Vec<f64> {
    match values.len() {
        length if length == records => values,
        length if length == records + 1 => edges::midpoints(&values, Midpoint::Arithmetic, f64::is_nan),
        _ => Vec::new(),
    }
}

/// Reads a dataset of altitudes in km, with NaN for missing values; `None` if there is no such numeric dataset.
fn kilometres(source: &dyn InterpretedSource, name: &str) -> Result<Option<Vec<f64>>, Failure> {
    let dataset = source.description().dataset(name);
    let Some(dataset) = dataset.filter(|dataset| matches!(dataset.content, Content::Numbers(_))) else {
        return Ok(None);
    };
    let reading = source.reading(dataset);
    let unit = AltitudeUnit::written(reading);
    let is_missing = |value: f64| reading.map_or(!value.is_finite(), |reading| reading.is_missing(value));
    let values = map::numbers(source, dataset)?.into_iter();
    Ok(Some(values.map(|value| if is_missing(value) { f64::NAN } else { unit.in_km(value) }).collect()))
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    const FILL: f64 = -999.0;

    fn status(geometry: &Geometry, values: &[f32]) -> Vec<i8> {
        let values = Array2::from_shape_vec((values.len() / geometry.bins, geometry.bins), values.to_vec());
        match geometry.status(&Values::F32(values.unwrap_or_default().into_dyn()), 1, Some(FILL), None) {
            Values::I8(status) => status.into_iter().collect(),
            _ => Vec::new(),
        }
    }

    fn geometry(descends: bool, above: &[usize], below: &[usize]) -> Geometry {
        Geometry { bins: 6, descends, above: above.to_vec(), below: below.to_vec() }
    }

    #[test]
    fn geometry_decides_and_what_is_missing_is_so_everywhere() {
        let found = status(&geometry(true, &[9, 2], &[9, 1]), &[0.0, -999.0, 1.0, -999.0, 0.0, 7.0]);
        assert_eq!(found, [ABOVE_AIRCRAFT, MISSING, MEASURED, MISSING, MEASURED, BELOW_SURFACE]);
    }

    #[test]
    fn bins_may_count_upwards() {
        let found = status(&geometry(false, &[0, 1], &[0, 2]), &[7.0, 7.0, 0.0, 1.0, 0.0, 0.0]);
        let expected = [BELOW_SURFACE, BELOW_SURFACE, MEASURED, MEASURED, ABOVE_AIRCRAFT, ABOVE_AIRCRAFT];
        assert_eq!(found, expected);
    }

    #[test]
    fn zeros_from_the_top_are_above_an_aircraft_of_unknown_altitude() {
        let found = status(
            &geometry(true, &[0, 0, 0], &[0, 0, 0]),
            &[0.0, 0.0, 1.0, 0.0, 2.0, 3.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
        );
        assert_eq!(found.iter().filter(|&&one| one == ABOVE_AIRCRAFT).count(), 2);
        assert_eq!(found.get(6..), Some(&[MEASURED; 6][..]));
    }

    #[test]
    fn a_record_beside_a_missing_edge_has_no_altitude() {
        let found = at_records(vec![18.0, 20.0, f64::NAN, 20.0], 3);
        assert_eq!(found.first(), Some(&19.0));
        assert!(found.iter().skip(1).all(|altitude| altitude.is_nan()), "{found:?}");
    }

    #[test]
    fn an_aircraft_above_or_below_all_bins() {
        let all = status(&geometry(true, &[0, 6], &[0, 6]), &[1.0; 6]);
        assert_eq!(all, [ABOVE_AIRCRAFT; 6]);
        let none = status(&geometry(true, &[0, 0], &[0, 6]), &[1.0; 6]);
        assert_eq!(none, [BELOW_SURFACE; 6]);
    }
}
