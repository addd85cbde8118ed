//! The track of a granule: time and position of each record.
//!
//! The track is read before the data, because time and position of a record can only be checked against those of its
//! neighbours. It contains a few numbers per record, and no profiles.

use jiff::SignedDuration;

use crate::collection::{ObservedSpec, Product, Role, TimeSpec};
use crate::granule::Identity;
use crate::map::interpreted::InterpretedSource;
use crate::map::position::{self, Extent, InvalidPositions};
use crate::map::time::parts::Parts;
use crate::map::time::{self, Clocks, TimeAxis};
use crate::map::{self, altitudes, edges, text};
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_model::source::Content;
use cumulus_model::values::ElementType;
use cumulus_model::warning::{Code, Warning};

/// Maximum difference between the date in a name and that of the first record.
const MAX_BETWEEN_DATES: SignedDuration = SignedDuration::from_hours(24);

/// Range of the vertical coordinate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vertical {
    /// Lowest value.
    pub lowest: f64,
    /// Highest value.
    pub highest: f64,
    /// Unit of both.
    pub units: &'static str,
}

/// Time and position of each record.
#[derive(Clone, Debug)]
pub struct Track {
    /// The time of every record.
    pub time: TimeAxis,
    /// Longitude of every record in -180 to 180 degrees east; `None` if the source already has that range.
    pub wrapped_longitude: Option<Vec<f64>>,
    /// One flag per record, true if its position is invalid.
    pub invalid: Vec<bool>,
    /// Number of invalid positions, by reason.
    pub invalid_counts: InvalidPositions,
    /// Bounding box of the valid positions; `None` if there are none.
    pub extent: Option<Extent>,
    /// Some valid positions in the order of records, as latitude and longitude in degrees, for a picture of the track.
    pub outline: Vec<[f64; 2]>,
    /// Paths of the datasets that are coordinates of records, in addition to time.
    pub coordinates: Vec<&'static str>,
    /// Range of the altitude of records, if altitude is one of these coordinates.
    pub vertical: Option<Vertical>,
    /// The flight date as text from the granule.
    pub date_text: Option<String>,
}

/// Maximum number of positions in the outline of a track.
const MAX_OUTLINE: usize = 32;

/// Returns valid positions at equal distances in the order of records, the first and the last among them, rounded to a
/// hundredth of a degree.
fn outline(latitude: &[f64], longitude: &[f64], invalid: &[bool]) -> Vec<[f64; 2]> {
    let pairs = latitude.iter().zip(longitude).zip(invalid).filter(|(_, invalid)| !**invalid);
    let valid: Vec<[f64; 2]> = pairs
        .map(|((&latitude, &longitude), _)| {
            [latitude, longitude].map(|degrees| (degrees * 100.0).round() / 100.0)
        })
        .collect();
    let last = valid.len().saturating_sub(1);
    let points = valid.len().min(MAX_OUTLINE);
    let mut outline: Vec<[f64; 2]> = (0..points)
        .filter_map(|point| valid.get(point * last / points.saturating_sub(1).max(1)).copied())
        .collect();
    outline.dedup();
    outline
}

/// Reads the clocks and positions of all records and derives the track.
///
/// # Errors
/// Those of [`time::derive`]; or a clock or position array is missing or does not have one value per record.
pub fn derive(
    source: &dyn InterpretedSource,
    identity: &Identity,
    records: usize,
    time: Option<&TimeAxis>,
    warnings: &mut Vec<Warning>,
) -> Result<Track, Failure> {
    let _span = tracing::info_span!("track").entered();
    let product = identity.product;
    let (time, date_text) = if let Some(time) = time {
        (time.clone(), None)
    } else {
        of_records(source, identity, records, warnings)?
    };
    let coordinate = |name| {
        position_of(source, product, name, records)?.ok_or_else(|| {
            Failure::new(Stage::Map, name, "is missing").expected("the position of each record")
        })
    };
    let latitude = coordinate(product.position.latitude)?;
    let mut longitude = coordinate(product.position.longitude)?;
    let wrapped = position::wrap(&mut longitude);
    if wrapped > 0 {
        let message = format!(
            "{wrapped} of {records} longitudes are beyond 180 degrees; those of the product are from -180 to 180"
        );
        warnings
            .push(Warning::at(Code::LongitudesWrapped, product.position.longitude, message).count(wrapped));
    }
    let (invalid, invalid_counts) =
        position::flag_invalid(&latitude, &longitude, &time.clock_seconds, product.position.fastest_m_per_s);
    let extent = match &product.observed {
        Some(observed) => observed_extent(source, observed, warnings)?,
        None => Extent::of(&latitude, &longitude, &invalid),
    };
    if extent.is_none() {
        let message = "no record has a valid position; the metadata have no horizontal extent";
        warnings.push(Warning::of_granule(Code::NoPosition, message));
    } else if invalid_counts.total() > 0 {
        let message = format!(
            "{} of {records} positions are invalid and set to _FillValue ({} missing, {} out of range, {} zero, {} spikes)",
            invalid_counts.total(),
            invalid_counts.missing,
            invalid_counts.out_of_range,
            invalid_counts.zero,
            invalid_counts.spike
        );
        warnings.push(Warning::of_granule(Code::PositionsInvalid, message).count(invalid_counts.total()));
    }
    if time.backward_steps > 0 {
        let message = format!("time goes back {} times; records keep their order", time.backward_steps);
        warnings.push(Warning::of_granule(Code::TimeGoesBack, message).count(time.backward_steps));
    }
    let mut coordinates = vec![product.position.latitude, product.position.longitude];
    // If time is a coordinate variable, data without a position must not have coordinates for it (CF-1.6, 9.6).
    if matches!(product.time, TimeSpec::SinceLaunch) && extent.is_none() {
        coordinates.clear();
    }
    let vertical = vertical(source, product, records)?;
    coordinates.extend(product.position.altitude.filter(|_| vertical.is_some()));
    let outline = outline(&latitude, &longitude, &invalid);
    let wrapped_longitude = (wrapped > 0).then_some(longitude);
    Ok(Track {
        time,
        wrapped_longitude,
        invalid,
        invalid_counts,
        extent,
        outline,
        coordinates,
        vertical,
        date_text,
    })
}

/// Extent of the pixels; `None`, with a warning further on, if none has a valid place.
///
/// # Errors
/// A place is missing, or the two have different shapes.
fn observed_extent(
    source: &dyn InterpretedSource,
    observed: &ObservedSpec,
    warnings: &mut Vec<Warning>,
) -> Result<Option<Extent>, Failure> {
    let degrees = |path: &'static str| {
        let dataset = source.description().dataset(path).ok_or_else(|| {
            Failure::new(Stage::Map, path, "is missing").expected("the place of each pixel")
        })?;
        let reading = source.reading(dataset);
        let mut degrees = map::numbers(source, dataset)?;
        for value in &mut degrees {
            if reading.is_some_and(|reading| reading.is_missing(*value)) {
                *value = f64::NAN;
            }
        }
        Ok((degrees, &dataset.shape))
    };
    let (latitude, shape) = degrees(observed.latitude)?;
    let (mut longitude, other) = degrees(observed.longitude)?;
    if shape != other {
        return Err(Failure::new(Stage::Map, observed.longitude, "has another shape than the latitude")
            .found(format!("{other:?}"))
            .expected(format!("{shape:?}"))
            .hint("the granule is damaged or of another product; ask the producer"));
    }
    position::wrap(&mut longitude);
    let is_missing = |latitude: f64, longitude: f64| latitude.is_nan() || longitude.is_nan();
    let is_on_globe = |latitude: f64, longitude: f64| {
        (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude)
    };
    let pairs = || latitude.iter().zip(&longitude).map(|(&latitude, &longitude)| (latitude, longitude));
    let invalid: Vec<bool> = pairs().map(|(latitude, longitude)| !is_on_globe(latitude, longitude)).collect();
    let outside = pairs().filter(|&(latitude, longitude)| {
        !is_missing(latitude, longitude) && !is_on_globe(latitude, longitude)
    });
    let outside = outside.count();
    if outside > 0 {
        let message = format!("{outside} of {} pixels have a place out of range", latitude.len());
        warnings.push(Warning::at(Code::PositionsInvalid, observed.latitude, message).count(outside as u64));
    }
    Ok(Extent::of(&latitude, &longitude, &invalid))
}

/// The time of every record by the product's table, and the flight date as the granule writes it.
fn of_records(
    source: &dyn InterpretedSource,
    identity: &Identity,
    records: usize,
    warnings: &mut Vec<Warning>,
) -> Result<(TimeAxis, Option<String>), Failure> {
    match identity.product.time {
        TimeSpec::Since { dataset, unit, ref origin } => {
            let time = time::since::derive(source, dataset, unit, origin, records, identity.date)?;
            compare_dates(&time, identity, warnings);
            return Ok((time, None));
        }
        TimeSpec::Parts { date, clock, second, millisecond } => {
            let parts = Parts { date, clock, second, millisecond };
            let time = time::parts::derive(source, &parts, records, identity.date)?;
            compare_dates(&time, identity, warnings);
            return Ok((time, None));
        }
        TimeSpec::ClockAndDayOfYear { .. } | TimeSpec::SinceLaunch => {}
    }
    let (clocks, date_text) = clocks(source, identity, records, warnings)?;
    Ok((time::derive(&clocks, warnings)?, date_text))
}

/// Warns if the records are of another day than the name of the granule states: a wrong unit or origin of times moves them
/// by years. A name may state the day of the take-off, which is the day before after midnight.
fn compare_dates(time: &TimeAxis, identity: &Identity, warnings: &mut Vec<Warning>) {
    let Some(named) = identity.date else { return };
    let first = time.epoch.date();
    if first.duration_since(named).abs() > MAX_BETWEEN_DATES {
        let message =
            format!("the name of the granule states {named}, its first record {first}; the records are used");
        warnings.push(Warning::of_granule(Code::DatesDisagree, message));
    }
}

fn clocks(
    source: &dyn InterpretedSource,
    identity: &Identity,
    records: usize,
    warnings: &mut Vec<Warning>,
) -> Result<(Clocks, Option<String>), Failure> {
    let TimeSpec::ClockAndDayOfYear { hour, minute, second, day_of_year, first_day, last_day, date } =
        &identity.product.time
    else {
        return Err(Failure::new(Stage::Map, identity.product.name, "has no clock").class(Class::Internal));
    };
    let required = |name: &'static str| {
        per_record(source, name, records)?
            .ok_or_else(|| Failure::new(Stage::Map, name, "is missing").expected("the clock of each record"))
    };
    let date_text = text::single(source, date).unwrap_or_else(|failure| {
        warnings.push(Warning::at(Code::ValueUnreadable, *date, format!("{failure}; not used")));
        None
    });
    if date_text.as_deref().is_some_and(|text| crate::date::parse_date(text).is_none()) {
        let message = format!("{:?} is not a date; not used", date_text.as_deref().unwrap_or_default());
        warnings.push(Warning::at(Code::DateUnreadable, *date, message));
    }
    let days_are_single = source
        .description()
        .dataset(day_of_year)
        .is_some_and(|dataset| dataset.content == Content::Numbers(ElementType::F32));
    let clocks = Clocks {
        hours: required(hour)?,
        minutes: required(minute)?,
        seconds: per_record(source, second, records)?,
        days: per_record(source, day_of_year, records)?,
        days_are_single,
        first_day: map::single(source, first_day, warnings),
        last_day: map::single(source, last_day, warnings),
        date: date_text.as_deref().and_then(crate::date::parse_date),
        file_date: identity.date,
    };
    Ok((clocks, date_text))
}

/// Returns the range of altitudes of all records; `None` if altitude is not a coordinate of records or has no valid
/// value.
fn vertical(
    source: &dyn InterpretedSource,
    product: &Product,
    records: usize,
) -> Result<Option<Vertical>, Failure> {
    let Some(name) = product.position.altitude else { return Ok(None) };
    let reading = source.description().dataset(name).and_then(|dataset| source.reading(dataset));
    let units = product.row(name).and_then(|row| altitudes::written(row.units, reading));
    let Some(units) = units else { return Ok(None) };
    let altitude = per_record(source, name, records)?.unwrap_or_default();
    let known = || altitude.iter().copied().filter(|value| value.is_finite());
    let range = known().reduce(f64::min).zip(known().reduce(f64::max));
    Ok(range.map(|(lowest, highest)| Vertical { lowest, highest, units }))
}

/// Returns the degrees of each record, midpoints if the product's table allows a dataset at record edges and this one is;
/// `None` if there is no such dataset.
fn position_of(
    source: &dyn InterpretedSource,
    product: &Product,
    name: &str,
    records: usize,
) -> Result<Option<Vec<f64>>, Failure> {
    let dataset = source.description().dataset(name);
    let role = product.row(name).map(|row| row.role);
    let at_edges = dataset.filter(|dataset| dataset.shape.len() == 1 && dataset.len() > records);
    let (Some(dataset), Some(Role::Navigation(midpoint))) = (at_edges, role) else {
        return per_record(source, name, records);
    };
    let reading = source.reading(dataset);
    let is_missing = |value: f64| reading.map_or(!value.is_finite(), |reading| reading.is_missing(value));
    let edges = map::numbers(source, dataset)?;
    let used = edges.get(..=records).unwrap_or(&edges);
    Ok(Some(edges::midpoints(used, midpoint, is_missing)))
}

/// Returns all values of a dataset with one value per record; `None` if there is no such dataset.
fn per_record(
    source: &dyn InterpretedSource,
    name: &str,
    records: usize,
) -> Result<Option<Vec<f64>>, Failure> {
    let Some(dataset) = source.description().dataset(name) else { return Ok(None) };
    if dataset.len() != records {
        return Err(Failure::new(Stage::Map, name, "does not have one value per record")
            .found(format!("{:?}", dataset.shape))
            .expected(format!("[{records}]"))
            .hint("the granule is damaged or of another product; ask the producer"));
    }
    Ok(Some(map::numbers(source, dataset)?))
}
