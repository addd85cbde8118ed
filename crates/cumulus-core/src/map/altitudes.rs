//! Infers the unit of altitudes without a stated unit from the magnitudes of all altitudes of a granule together.
//!
//! Existing readers of the same instrument's files disagree on kilometres or metres, and a granule may mix both. The
//! values of frame and aircraft nearly always determine their own unit; those of a surface or a layer near the ground
//! are small in either unit, so they get the unit of the others. Values keep their bits; only the inferred unit is
//! written.

use std::ops::Range;

use crate::collection::{AltitudeOf, Product, Units};
use crate::map::decode::Sentinels;
use crate::map::interpreted::{Interpreted, InterpretedSource};
use crate::map::reading::{self, Reading, stated_units};
use crate::map::units;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Content, Dataset, Source};
use cumulus_model::values::ElementType;
use cumulus_model::warning::{Code, Warning};

/// Maximum altitude in km of an aircraft or a frame around one; the top of a frame in metres is always a larger number.
const HIGHEST_KM: f64 = 60.0;

/// Maximum altitude of a surface in km (Mount Everest: 8.85).
const HIGHEST_SURFACE_KM: f64 = 9.0;

/// Minimum altitude in km of an aircraft in flight; the same number in metres would be on the ground.
const LOWEST_FLIGHT_KM: f64 = 2.0;

/// Minimum thickness of a layer in metres: it is at least one range bin, which is about 30 m in this family of lidars,
/// so a smaller number is in km.
const THINNEST_LAYER_M: f64 = 20.0;

/// Maximum number that can be an altitude in any unit; larger ones are ignored.
const MAX_ALTITUDE: f64 = 1e6;

/// Block size in rows for reading a dataset.
const ROWS: usize = 16_384;

/// A unit of altitudes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AltitudeUnit {
    /// km.
    Kilometre,
    /// m.
    Metre,
}

impl AltitudeUnit {
    /// Returns the UDUNITS spelling.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kilometre => "km",
            Self::Metre => "m",
        }
    }

    /// Returns the unit of this name, in any spelling; `None` if it is neither.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let unit = units::parse(text)?;
        [Self::Kilometre, Self::Metre].into_iter().find(|known| units::parse(known.name()) == Some(unit))
    }

    /// Returns the unit in which altitudes of this reading are written.
    #[must_use]
    pub fn written(reading: Option<&Reading>) -> Self {
        reading.and_then(|reading| reading.units.as_deref()).and_then(Self::of).unwrap_or(Self::Kilometre)
    }

    /// Converts a value in this unit to km.
    #[must_use]
    pub fn in_km(self, value: f64) -> f64 {
        match self {
            Self::Kilometre => value,
            Self::Metre => value / 1000.0,
        }
    }
}

/// Returns the unit in which a coordinate with these `units` in the table is written; `None` if the table has none.
#[must_use]
pub fn written(units: Units, reading: Option<&Reading>) -> Option<&'static str> {
    match units {
        Units::Altitude(_) => Some(AltitudeUnit::written(reading).name()),
        units => units.of_table(),
    }
}

/// One altitude dataset of the granule.
struct Altitude {
    dataset: Dataset,
    of: AltitudeOf,
    /// Unit of the values if the source states one (always km, because they were converted).
    stated: Option<AltitudeUnit>,
    /// Maximum of the values that may be altitudes, as returned by the source.
    largest: Option<f64>,
    /// Unit stated or inferred from its own values or those of the other altitudes.
    unit: Option<AltitudeUnit>,
}

/// Determines the units of all altitudes of a granule and sets them in `source`.
///
/// # Errors
/// A stated unit that makes the altitude of an aircraft or frame impossible; or a dataset that cannot be read.
pub fn decide(
    source: &mut Interpreted,
    product: &Product,
    warnings: &mut Vec<Warning>,
) -> Result<(), Failure> {
    let mut altitudes = Vec::new();
    for dataset in &source.description().datasets {
        let Some(Units::Altitude(of)) = product.row(&dataset.path).map(|row| row.units) else { continue };
        if !matches!(dataset.content, Content::Numbers(_)) || dataset.is_empty() {
            continue;
        }
        // Skip numbers that cannot be unpacked and those whose stated unit is not a length.
        if source.reading(dataset).is_none_or(|reading| reading.units.is_some() || reading.is_packed) {
            continue;
        }
        let dataset = dataset.clone();
        let is_stated = stated(source, &dataset).is_some_and(|text| units::parse(text).is_some());
        let largest = largest(source, &dataset)?;
        // Values with a stated unit were converted to km.
        let stated = is_stated.then_some(AltitudeUnit::Kilometre);
        altitudes.push(Altitude { unit: stated, dataset, of, stated, largest });
    }
    for altitude in &mut altitudes {
        check_stated(source, altitude)?;
        altitude.unit = altitude.unit.or_else(|| own_evidence(altitude));
    }
    decide_layers(source, &mut altitudes)?;
    // The platform comes first, because the surface belongs to the navigation rather than to the profiles.
    let leading = [AltitudeOf::Platform, AltitudeOf::Frame]
        .into_iter()
        .find_map(|of| altitudes.iter().find(|altitude| altitude.of == of && altitude.unit.is_some())?.unit);
    for altitude in &mut altitudes {
        altitude.unit = altitude.unit.or(leading);
    }
    warn(&altitudes, warnings);
    for altitude in altitudes.iter().filter(|altitude| altitude.stated.is_none()) {
        state(source, altitude, product);
    }
    Ok(())
}

/// Rejects a frame or an aircraft whose stated unit makes it too high, or a frame that it makes too low.
fn check_stated(source: &Interpreted, altitude: &Altitude) -> Result<(), Failure> {
    let (Some(_), Some(largest)) = (altitude.stated, altitude.largest) else { return Ok(()) };
    let is_frame = altitude.of == AltitudeOf::Frame;
    let is_above = matches!(altitude.of, AltitudeOf::Frame | AltitudeOf::Platform) && largest > HIGHEST_KM;
    let is_below = is_frame && largest < HIGHEST_KM / 1000.0;
    if !(is_above || is_below) {
        return Ok(());
    }
    let stated = stated(source, &altitude.dataset).unwrap_or_default();
    Err(Failure::new(Stage::Map, &altitude.dataset.path, "contradicts its own unit")
        .found(format!("values up to {largest} km by the unit that is stated, {stated:?}"))
        .expected(format!("altitudes of {HIGHEST_KM} m to {HIGHEST_KM} km"))
        .hint("the unit or the values are false; ask the producer"))
}

/// Returns the unit that the values of one altitude determine by themselves, if any.
fn own_evidence(altitude: &Altitude) -> Option<AltitudeUnit> {
    let largest = altitude.largest?;
    match altitude.of {
        _ if largest > HIGHEST_KM => Some(AltitudeUnit::Metre),
        AltitudeOf::Frame => Some(AltitudeUnit::Kilometre),
        AltitudeOf::Platform => (largest >= LOWEST_FLIGHT_KM).then_some(AltitudeUnit::Kilometre),
        AltitudeOf::Surface => (largest > HIGHEST_SURFACE_KM).then_some(AltitudeUnit::Metre),
        AltitudeOf::LayerTop | AltitudeOf::LayerBottom => None,
    }
}

/// Determines the common unit of tops and bottoms of layers: no layer is above the frame or thinner than a bin.
fn decide_layers(source: &Interpreted, altitudes: &mut [Altitude]) -> Result<(), Failure> {
    let is_layer =
        |altitude: &&Altitude| matches!(altitude.of, AltitudeOf::LayerTop | AltitudeOf::LayerBottom);
    let original = |altitude: &Altitude| stated(source, &altitude.dataset).and_then(AltitudeUnit::of);
    let highest = altitudes
        .iter()
        .filter(|altitude| !is_layer(altitude))
        .filter_map(|altitude| Some(altitude.unit?.in_km(altitude.largest?)))
        .reduce(f64::max)
        .unwrap_or(HIGHEST_KM);
    let layers: Vec<&Altitude> = altitudes.iter().filter(is_layer).collect();
    let stated = layers.iter().find_map(|altitude| altitude.stated.and_then(|_| original(altitude)));
    let open = || layers.iter().filter(|altitude| altitude.stated.is_none());
    let is_above = open().any(|altitude| altitude.largest.is_some_and(|largest| largest > highest));
    let unit = if stated.is_some() {
        stated
    } else if is_above {
        Some(AltitudeUnit::Metre)
    } else {
        let find = |of: AltitudeOf| layers.iter().find(|altitude| altitude.of == of);
        let pair = find(AltitudeOf::LayerTop).zip(find(AltitudeOf::LayerBottom));
        let thinnest =
            pair.map(|(top, bottom)| thinnest(source, &top.dataset, &bottom.dataset)).transpose()?;
        thinnest.flatten().filter(|&thinnest| thinnest < THINNEST_LAYER_M).map(|_| AltitudeUnit::Kilometre)
    };
    for altitude in
        altitudes.iter_mut().filter(|altitude| is_layer(&&**altitude) && altitude.stated.is_none())
    {
        altitude.unit = unit;
    }
    Ok(())
}

/// Returns the unit that the source itself states, before any conversion.
fn stated<'source>(source: &'source Interpreted, dataset: &Dataset) -> Option<&'source str> {
    stated_units(source.original(&dataset.path)?).map(|(_, text)| text)
}

/// Adds one warning if any altitudes are in metres, with the names of those in metres and those in kilometres.
fn warn(altitudes: &[Altitude], warnings: &mut Vec<Warning>) {
    let named = |unit: AltitudeUnit| {
        let paths = altitudes.iter().filter(|altitude| altitude.unit == Some(unit));
        paths.map(|altitude| altitude.dataset.path.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (metres, kilometres) = (named(AltitudeUnit::Metre), named(AltitudeUnit::Kilometre));
    if metres.is_empty() {
        return;
    }
    let message = if kilometres.is_empty() {
        format!("altitudes have no unit and are metres by their magnitude: {metres}")
    } else {
        format!("altitudes are metres by their magnitude or unit ({metres}) and kilometres ({kilometres})")
    };
    warnings.push(Warning::of_granule(Code::AltitudesInMetres, message));
}

/// Sets the inferred unit of an altitude in the source.
fn state(source: &mut Interpreted, altitude: &Altitude, product: &Product) {
    let unit = altitude.unit.unwrap_or(AltitudeUnit::Kilometre);
    let note = match altitude.unit {
        Some(_) => {
            "units inferred from the magnitudes of all altitudes in the granule; not stated in the source"
        }
        None => "units assumed; neither stated in the source nor determined by the values",
    };
    // Bins of a frame far below the surface have numbers in metres that would be missing values in kilometres.
    let is_deep = unit == AltitudeUnit::Metre && altitude.of == AltitudeOf::Frame;
    let row = product.row(&altitude.dataset.path);
    let policy = reading::policy(row, product, ElementType::F64).filter(|_| is_deep);
    let sentinels = policy.map(|policy| Sentinels::Equal(reading::in_another_unit(policy)));
    source.tell_unit(&altitude.dataset.path, unit.name(), note, sentinels);
}

/// Returns the row ranges in which a dataset is read.
fn blocks(dataset: &Dataset) -> impl Iterator<Item = Range<usize>> {
    let rows = dataset.row_count();
    (0..rows).step_by(ROWS).map(move |start| start..rows.min(start + ROWS))
}

/// Reads some rows, with NaN for numbers that cannot be altitudes.
fn plausible(source: &Interpreted, dataset: &Dataset, rows: Range<usize>) -> Result<Vec<f64>, Failure> {
    let reading = source.reading(dataset);
    let is_known =
        |value: f64| value.abs() <= MAX_ALTITUDE && !reading.is_some_and(|reading| reading.is_missing(value));
    let values = source.rows(dataset, rows)?.to_f64();
    Ok(values.into_iter().map(|value| if is_known(value) { value } else { f64::NAN }).collect())
}

fn largest(source: &Interpreted, dataset: &Dataset) -> Result<Option<f64>, Failure> {
    let mut largest = None;
    for rows in blocks(dataset) {
        let known = plausible(source, dataset, rows)?.into_iter().filter(|value| !value.is_nan());
        largest = known.chain(largest).reduce(f64::max);
    }
    Ok(largest)
}

/// Returns the minimum positive thickness of layers whose bottom is above zero; `None` if there is none or if top and
/// bottom have different shapes.
fn thinnest(source: &Interpreted, top: &Dataset, bottom: &Dataset) -> Result<Option<f64>, Failure> {
    let mut thinnest = None;
    if top.shape != bottom.shape {
        return Ok(None);
    }
    for rows in blocks(top) {
        let tops = plausible(source, top, rows.clone())?;
        let bottoms = plausible(source, bottom, rows)?;
        let thickness = tops.iter().zip(&bottoms).filter(|(_, bottom)| **bottom > 0.0);
        let thickness = thickness.map(|(top, bottom)| top - bottom).filter(|&thickness| thickness > 0.0);
        thinnest = thickness.chain(thinnest).reduce(f64::min);
    }
    Ok(thinnest)
}
