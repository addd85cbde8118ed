//! Attributes of one variable.
//!
//! Attributes from the product's row take precedence; those of the source are added by [`super::carried`]. A variable
//! without a row is described by its source alone.

use jiff::civil::Date;

use super::{carried, flags};

use crate::collection::{Constant, Product, Role, Statistic, TimeSpec, Units, VariableSpec};
use crate::map::bind::BoundVariable;
use crate::map::decode::{Decoder, Statistics};
use crate::map::reading::{Reading, stated_units};
use crate::map::time::{Method, TimeAxis};
use cumulus_model::attributes::{Attribute, Attributes};
use cumulus_model::values::ElementType;
use cumulus_model::warning::Warning;

/// The remark on a variable whose unit is neither stated nor inferred.
pub(super) const UNSTATED: &str = "units not stated in the source";

/// The remark on a variable whose unit is inferred from its values.
pub(super) const MAGNITUDE: &str =
    "units inferred from the magnitude of the values; not stated in the source";

/// The remark on times that are no coordinate variable.
const ORDER: &str = "Not strictly increasing in every granule: records keep the order of the source.";

/// Said of a variable whose source packs it in a way that cannot be undone.
const PACKED: &str = "packed values as stored in the source; its scale_factor or add_offset cannot be read";

/// Attributes of time; `has_seconds` is true if the source's wall clock has them.
pub(super) fn time(time: &TimeAxis, product: &Product, has_seconds: bool) -> Attributes {
    let comment = match &product.time {
        TimeSpec::SinceLaunch => "seconds since the launch of the sonde, strictly increasing".to_owned(),
        TimeSpec::Since { dataset, .. } => format!("from {dataset} of the source. {ORDER}"),
        TimeSpec::Parts { .. } => {
            format!("from {} of the source. {ORDER}", product.time.clocks().join(", "))
        }
        TimeSpec::ClockAndDayOfYear { hour, minute, second, day_of_year, .. } => {
            let clock = if has_seconds {
                format!("{hour}, {minute} and {second}")
            } else {
                format!("{hour} and {minute}")
            };
            clock_comment(time.method, &clock, day_of_year)
        }
    };
    let mut attributes = Attributes::from_iter([
        Attribute::text("long_name", "time of the record"),
        Attribute::text("standard_name", "time"),
        Attribute::text(
            "units",
            format!("seconds since {} UTC", time.epoch.strftime("%Y-%m-%d %H:%M:%S%.f")),
        ),
        Attribute::text("calendar", "standard"),
        Attribute::text("coverage_content_type", "coordinate"),
        Attribute::text("comment", comment),
    ]);
    if matches!(product.time, TimeSpec::SinceLaunch) {
        attributes.set(Attribute::text("axis", "T"));
    }
    attributes
}

/// Returns a comment on the source of time, and on why time is not a coordinate variable.
fn clock_comment(method: Method, clock: &str, day_of_year: &str) -> String {
    let comment = match method {
        Method::DecimalDay => {
            format!("{day_of_year} to the millisecond; it agrees with {clock} within 1.5 s on every record")
        }
        Method::WallClock => format!("{clock}; the day is from {day_of_year}"),
        Method::WallClockUnwrapped | Method::SinceLaunch | Method::Since => {
            format!("{clock}; a day is added wherever the clock goes back by more than 12 hours")
        }
    };
    format!("{comment}. {ORDER}")
}

pub(super) fn wavelength(nanometres: f64) -> Attributes {
    Attributes::from_iter([
        Attribute::text("long_name", format!("wavelength of the {nanometres} nm measurements")),
        Attribute::text("standard_name", "radiation_wavelength"),
        Attribute::text("units", "nm"),
        Attribute::text("coverage_content_type", "coordinate"),
    ])
}

/// Returns the attributes of a numeric variable; `coordinates` is its CF attribute, `decoder` how its values are
/// decoded, and `reading` how the values of its source were interpreted.
pub(super) fn attributes(
    bound: &BoundVariable<'_>,
    reading: Option<&Reading>,
    product: &Product,
    decoder: &Decoder<'_>,
    coordinates: &str,
    day_zero: Date,
    warnings: &mut Vec<Warning>,
) -> Attributes {
    let (target, fill) = (decoder.target(), decoder.fill);
    let mut attributes = match bound.row {
        Some(row) => from_row(bound, row, product, target, day_zero),
        None => Attributes::from_iter([
            Attribute::text("long_name", bound.long_name()),
            Attribute::text("units", "1"),
            Attribute::text("comment", UNSTATED),
        ]),
    };
    if !coordinates.is_empty() {
        attributes.set(Attribute::text("coordinates", coordinates));
    }
    if reading.is_some_and(|reading| !reading.is_as_named) {
        attributes.remove("standard_name");
    }
    flags::believe(bound, &mut attributes, target, warnings);
    carried::of_variable(bound, reading, &mut attributes, target, fill, warnings);
    if let Some(note_of_reading) = reading.and_then(|reading| reading.note.as_deref()) {
        attributes.remark(note_of_reading);
    }
    let is_flag = attributes.contains("flag_meanings");
    if bound.row.is_none() && is_flag && stated_units(bound.dataset).is_none() {
        attributes.remove("units");
        attributes.withdraw(UNSTATED);
    }
    if reading.is_some_and(|reading| reading.is_packed) {
        attributes.remove("standard_name");
        attributes.remove("units");
        attributes.withdraw(UNSTATED);
        attributes.withdraw(MAGNITUDE);
        attributes.remark(PACKED);
    }
    attributes
}

fn from_row(
    bound: &BoundVariable<'_>,
    row: &VariableSpec,
    product: &Product,
    target: ElementType,
    day_zero: Date,
) -> Attributes {
    let mut attributes = Attributes::from_iter([Attribute::text("long_name", bound.long_name())]);
    if let Some(standard_name) = row.standard_name {
        attributes.set(Attribute::text("standard_name", standard_name));
    }
    attributes.extend(row.units.of_table().map(|units| Attribute::text("units", units)));
    match row.units {
        Units::DayOfYear => {
            attributes.set(Attribute::text("units", format!("days since {day_zero} 00:00:00 UTC")));
            attributes.set(Attribute::text("calendar", "standard"));
        }
        Units::Unstated => attributes.set(Attribute::text("units", "1")),
        Units::Fixed(_) | Units::Altitude(_) | Units::None | Units::ByMagnitude { .. } => {}
    }
    if row.role == Role::VerticalCoordinate {
        attributes.set(Attribute::text("positive", "up"));
        attributes.set(Attribute::text("axis", "Z"));
    }
    for (name, value) in row.attributes {
        attributes.set(match value {
            Constant::Text(text) => Attribute::text(*name, *text),
            Constant::Numbers(numbers) => Attribute::numbers(*name, target, numbers),
        });
    }
    if !row.attributes.iter().any(|(name, _)| *name == "coverage_content_type") {
        attributes.set(Attribute::text("coverage_content_type", content_type(bound, row, product)));
    }
    if let Some(comment) = row.comment {
        attributes.remark(row.filled(comment, &bound.dataset.path));
    }
    if row.units == Units::Unstated {
        attributes.remark(UNSTATED);
    }
    if let Units::ByMagnitude { .. } = row.units {
        attributes.remark(MAGNITUDE);
    }
    attributes
}

/// Returns the `coverage_content_type` of a variable, a code of ISO 19115-1 (`MD_CoverageContentTypeCode`) that ACDD
/// uses.
fn content_type(bound: &BoundVariable<'_>, row: &VariableSpec, product: &Product) -> &'static str {
    let is_position = product.position.names().any(|name| name == row.name);
    match (row.role, row.units, bound.dimensions.is_empty()) {
        _ if is_position => "coordinate",
        _ if product.time.clocks().contains(&row.name) => "auxiliaryInformation",
        (Role::VerticalCoordinate | Role::Coordinate, ..) => "coordinate",
        (Role::Navigation(_), ..) => "auxiliaryInformation",
        (_, Units::Fixed(_) | Units::Altitude(_) | Units::ByMagnitude { .. }, false) => "physicalMeasurement",
        _ => "auxiliaryInformation",
    }
}

/// Attributes of navigation at record edges.
pub(super) fn edges(bound: &BoundVariable<'_>, reading: Option<&Reading>) -> Attributes {
    let long_name = bound.long_name();
    let mut attributes = Attributes::from_iter([Attribute::text(
        "long_name",
        format!("{long_name}, at the edges of records as in the source"),
    )]);
    let units = bound.row.and_then(|row| row.units.of_table());
    let stated = reading.and_then(|reading| reading.units.as_deref());
    if let Some(units) = stated.or(units) {
        // By their unit alone, CF takes degrees north and east for latitudes and longitudes of data, which have no edges.
        let is_place = ["degrees_north", "degrees_east"].contains(&units);
        attributes.set(Attribute::text("units", if is_place { "degree" } else { units }));
    }
    if let Some(row) = bound.row {
        // Without `positive`, checkers treat an altitude as a vertical coordinate of unknown direction.
        for (name, value) in row.attributes {
            if let ("positive", Constant::Text(text)) = (*name, value) {
                attributes.set(Attribute::text("positive", *text));
            }
        }
    }
    attributes
}

pub(super) fn text(bound: &BoundVariable<'_>, strings: &[String], coordinates: &str) -> Attributes {
    let long_name = bound.long_name();
    let mut attributes = Attributes::from_iter([Attribute::text("long_name", long_name)]);
    for (name, value) in bound.row.map_or(&[][..], |row| row.attributes) {
        if let Constant::Text(value) = value {
            attributes.set(Attribute::text(*name, *value));
        }
    }
    if let Some(comment) = bound.row.and_then(|row| row.comment) {
        attributes.remark(comment);
    }
    if !coordinates.is_empty() {
        attributes.set(Attribute::text("coordinates", coordinates));
    }
    if !strings.iter().all(|string| string.is_ascii()) {
        // netCDF-4, "_Encoding": how the bytes of a char array are to be read.
        attributes.set(Attribute::text("_Encoding", "utf-8"));
    }
    carried::of_variable(bound, None, &mut attributes, ElementType::I8, None, &mut Vec::new());
    attributes
}

/// Returns the rule for the unit if it is determined by the values and the source does not state it.
pub(super) fn units_by_magnitude(bound: &BoundVariable<'_>) -> Option<Units> {
    let stated = stated_units(bound.dataset).is_some_and(|(name, _)| name == "units");
    bound.row.map(|row| row.units).filter(|units| matches!(units, Units::ByMagnitude { .. }) && !stated)
}

/// Returns the `units` attribute that the values determine.
#[expect(clippy::cast_precision_loss, reason = "counts of values are far below 2^53")]
pub(super) fn told_units(units: Units, seen: &Statistics) -> Option<Attribute> {
    let Units::ByMagnitude { statistic, threshold, above, otherwise } = units else { return None };
    let exceeds = match statistic {
        Statistic::Maximum => seen.maximum.is_some_and(|maximum| maximum > threshold),
        Statistic::Median => seen.above_threshold as f64 * 2.0 > seen.valid as f64,
    };
    Some(Attribute::text("units", if exceeds { above } else { otherwise }))
}

/// Returns the attribute with the number of values that are `_FillValue`.
#[expect(clippy::cast_precision_loss, reason = "counts of values are far below 2^53")]
pub(super) fn missing_count(missing: u64) -> Attribute {
    let element_type =
        if missing <= u64::from(i32::MAX.unsigned_abs()) { ElementType::I32 } else { ElementType::F64 };
    Attribute::numbers("number_of_missing_values", element_type, &[missing as f64])
}
