//! How the values of one dataset are converted, and its attributes adapted.

use ndarray::ArrayD;

use crate::collection::{MissingPolicy, Presence, Product, Role, VariableSpec};
use crate::map::FILL;
use crate::map::decode::Sentinels;
use crate::map::reading::{self, Reading, Scaling, Unit};
use crate::map::units::Conversion;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Content, Dataset, SourceAttribute, SourceValue};
use cumulus_model::values::{ElementType, Values};
use cumulus_model::warning::{Code, Warning};

/// Maximum magnitude up to which f64 represents every integer exactly: 2^53.
const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// How stored numbers are converted to the values that are returned.
pub(super) struct Plan {
    /// The dataset as described by the source.
    pub(super) original: Dataset,
    /// Element type of the returned values.
    pub(super) target: ElementType,
    /// Added to negative numbers if signed integers represent unsigned ones, else 0.
    span: f64,
    /// Stored numbers that are missing values; `marker` is returned for them.
    fills: Vec<f64>,
    marker: f64,
    scaling: Option<Scaling>,
    conversion: Option<Conversion>,
}

impl Plan {
    /// Converts stored values to those that are returned.
    pub(super) fn apply(&self, values: &Values) -> Result<Values, Failure> {
        let shape = values.shape().to_vec();
        let is_exact = self.scaling.is_none() && self.conversion.is_none() && !self.original_is_float();
        let mut lost = None;
        let numbers: Vec<f64> = values
            .to_f64()
            .into_iter()
            .map(|stored| {
                let stored = self.unsigned(stored);
                if self.fills.contains(&stored) {
                    return self.marker;
                }
                if is_exact && stored.abs() > MAX_EXACT_INTEGER {
                    lost = Some(stored);
                }
                self.understood(stored)
            })
            .collect();
        if let Some(lost) = lost {
            let place = self.original.path.as_str();
            return Err(Failure::new(Stage::Map, place, "has an integer that fits no classic netCDF type")
                .found(lost)
                .expected("magnitudes up to 2^53")
                .hint("ask the producer to store it as two variables or as text"));
        }
        as_type(self.target, &shape, numbers).ok_or_else(|| {
            Failure::new(Stage::Map, &self.original.path, "changed its shape while it was read")
        })
    }

    fn original_is_float(&self) -> bool {
        matches!(&self.original.content, Content::Numbers(kind) if kind.is_float())
    }

    fn unsigned(&self, stored: f64) -> f64 {
        if stored < 0.0 { stored + self.span } else { stored }
    }

    /// Unpacks a stored number and converts it to the unit of the table.
    fn understood(&self, stored: f64) -> f64 {
        let value = match self.scaling {
            Some(Scaling { scale, offset }) => stored * scale + offset,
            None => stored,
        };
        self.conversion.map_or(value, |conversion| conversion.of(value))
    }
}

/// Converts numbers to an element type, rounding to single precision if needed; `None` if their count does not match
/// `shape`.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a plan's type holds its values, or rounds them as was stated"
)]
fn as_type(target: ElementType, shape: &[usize], numbers: Vec<f64>) -> Option<Values> {
    let array = ArrayD::from_shape_vec(shape, numbers).ok()?;
    Some(match target {
        ElementType::I8 => Values::I8(array.mapv(|number| number as i8)),
        ElementType::I16 => Values::I16(array.mapv(|number| number as i16)),
        ElementType::I32 => Values::I32(array.mapv(|number| number as i32)),
        ElementType::F32 => Values::F32(array.mapv(|number| number as f32)),
        _ => Values::F64(array),
    })
}

/// Returns how `dataset` is interpreted, and the conversion of its values, if any, and adapts its attributes.
pub(super) fn of(
    dataset: &mut Dataset,
    element_type: ElementType,
    product: &'static Product,
    warnings: &mut Vec<Warning>,
) -> Result<(Reading, Option<Plan>), Failure> {
    let row = product.row(&dataset.path);
    let masked = [product.position.latitude, product.position.longitude].contains(&dataset.path.as_str());
    if row.is_some_and(|row| row.role == Role::Text) {
        return Ok((Reading::by_table(row, product, element_type, masked), None));
    }
    let original = dataset.clone();
    let is_place = masked || row.is_some_and(VariableSpec::is_coordinate);
    let (span, element_type_read) = unsigned(dataset, element_type);
    let (scaling, is_packed) = packing(dataset, row, is_place, warnings)?;
    let unit = unit(dataset, row, is_packed, masked, is_place, warnings)?;
    let conversion = match unit {
        Unit::Converted(conversion) => Some(conversion),
        _ => None,
    };
    let is_made = scaling.is_some() || conversion.is_some();

    let policy = reading::policy(row, product, element_type_read);
    let mut fills = stated_fills(dataset, element_type_read, span, warnings);
    let stated_fill = fills.first().copied();
    if conversion.is_some() && scaling.is_none() {
        fills.extend(policy.map(reading::in_another_unit).unwrap_or_default());
    }
    if let Some(MissingPolicy::Stored(listed)) = policy.filter(|_| is_made) {
        fills.extend(listed);
    }
    let target = if is_made { made_type(element_type_read, scaling, conversion) } else { element_type_read };
    let mut reading = Reading::by_table(row, product, target, masked);
    let below = |policy: Option<MissingPolicy>| matches!(policy, Some(MissingPolicy::AtOrBelow(_)));
    if is_made && !below(policy_of(row, product)) {
        // Sentinels were matched with the stored numbers; among the converted values the same numbers may be data.
        reading.fill = Some(reading::NETCDF_FILL);
        reading.sentinels = Sentinels::Equal(vec![reading::NETCDF_FILL]);
    } else if !is_made && let Some(fill) = stated_fill {
        let own = reading.fill.is_none() || reading.fill == Some(reading::NETCDF_FILL);
        if own {
            reading.fill = Some(fill);
            reading.sentinels = Sentinels::Equal(vec![fill]);
        }
    }
    if let (ElementType::F32, Some(fill)) = (target, reading.fill) {
        #[expect(clippy::cast_possible_truncation, reason = "as it is stored")]
        let single = f64::from(fill as f32);
        if let Sentinels::Equal(listed) = &mut reading.sentinels {
            listed.push(single);
        }
        reading.fill = Some(single);
    }
    let marker = reading.fill.unwrap_or(FILL);
    let needs_mapping = fills.iter().any(|&fill| !reading.sentinels.has(fill));
    match unit {
        Unit::Stated(text) | Unit::Unknown(text) => reading.units = Some(text),
        Unit::Contradicts(text) if !masked => {
            reading.units = Some(text);
            reading.is_as_named = false;
        }
        _ => {}
    }
    reading.is_packed = is_packed;
    if is_made {
        let done = [scaling.map(|_| "unpacked"), conversion.map(|_| "converted from source_units")];
        let done: Vec<&str> = done.into_iter().flatten().collect();
        reading.note = Some(format!("values are {}", done.join(" and ")));
    }
    let target = if is_made { target } else { holding(target, marker) };
    let plan = (is_made || span != 0.0 || needs_mapping).then_some(Plan {
        original,
        target,
        span,
        fills,
        marker,
        scaling,
        conversion,
    });
    let same =
        Plan { original: dataset.clone(), target, span, fills: Vec::new(), marker, scaling, conversion };
    valid_range(dataset, plan.as_ref().unwrap_or(&same), element_type_read, warnings);
    Ok((reading, plan))
}

fn policy_of(row: Option<&VariableSpec>, product: &Product) -> Option<MissingPolicy> {
    reading::policy(row, product, ElementType::F64)
}

/// Returns the classic type that can represent the numbers of `element_type` and `marker`.
fn holding(element_type: ElementType, marker: f64) -> ElementType {
    match element_type.classic() {
        ElementType::I8 if !(-128.0..=127.0).contains(&marker) => ElementType::I16,
        classic => classic,
    }
}

/// Applies `_Unsigned` of netCDF classic, which marks signed integers whose bits are those of unsigned ones. Returns
/// the number to add to negative values, and the unsigned type.
fn unsigned(dataset: &mut Dataset, element_type: ElementType) -> (f64, ElementType) {
    let is_true = |attribute: &SourceAttribute| {
        attribute.name == "_Unsigned"
            && matches!(&attribute.value, SourceValue::Text(text) if text.trim().eq_ignore_ascii_case("true"))
    };
    if !dataset.attributes.iter().any(is_true) {
        return (0.0, element_type);
    }
    let meant = match element_type {
        ElementType::I8 => (256.0, ElementType::U8),
        ElementType::I16 => (65_536.0, ElementType::U16),
        ElementType::I32 => (4_294_967_296.0, ElementType::U32),
        ElementType::I64 => (18_446_744_073_709_551_616.0, ElementType::U64),
        same => (0.0, same),
    };
    dataset.attributes.retain(|attribute| !is_true(attribute));
    meant
}

/// Returns the packing, and true if values are packed but cannot be unpacked.
fn packing(
    dataset: &Dataset,
    row: Option<&VariableSpec>,
    is_place: bool,
    warnings: &mut Vec<Warning>,
) -> Result<(Option<Scaling>, bool), Failure> {
    let stated = |name: &str| dataset.attributes.iter().find(|attribute| attribute.name == name);
    let is_unstated = matches!(&dataset.content, Content::Numbers(kind) if !kind.is_float())
        && stated("scale_factor").or(stated("add_offset")).is_none();
    let name = match reading::scaling(dataset) {
        Ok(_) if is_unstated && row.is_some_and(|row| row.is_packed) => "scale_factor",
        Ok(scaling) => return Ok((scaling, false)),
        Err(name) => name,
    };
    let shown = stated(name).map_or_else(
        || "nothing".to_owned(),
        |stated| match &stated.value {
            SourceValue::Text(text) => format!("{text:?}"),
            SourceValue::Numbers(values) => format!("{:?}", values.to_f64()),
        },
    );
    if is_place || row.is_some_and(|row| row.presence == Presence::Required) {
        return Err(Failure::new(
            Stage::Map,
            &dataset.path,
            format!("is packed, and its {name} is not a usable number"),
        )
        .found(shown)
        .expected("one finite number, not zero for scale_factor")
        .hint("the granule is damaged; ask the producer"));
    }
    let message = format!(
        "is packed, and its {name} {shown} is not usable; the packed values are carried without a unit"
    );
    warnings.push(Warning::at(Code::PackingUnreadable, dataset.path.as_str(), message));
    Ok((None, true))
}

/// Compares the dataset's unit with the table's. Its attributes become `units` for a unit that is kept, and
/// `source_units` for one that is not.
fn unit(
    dataset: &mut Dataset,
    row: Option<&VariableSpec>,
    is_packed: bool,
    is_position: bool,
    is_place: bool,
    warnings: &mut Vec<Warning>,
) -> Result<Unit, Failure> {
    let Some((name, stated)) = reading::stated_units(dataset) else { return Ok(Unit::OfTable) };
    let (name, stated) = (name.to_owned(), stated.to_owned());
    let table = row.map_or(String::new(), |row| format!("{:?}", row.units));
    let unit = if is_packed { Unit::OfTable } else { reading::unit(&stated, row) };
    let place = dataset.path.clone();
    let warn = |code, message: String| Warning::at(code, place.as_str(), message);
    let table = match row.map(|row| row.units) {
        Some(crate::collection::Units::Fixed(units)) => units.to_owned(),
        _ => table,
    };
    match &unit {
        Unit::Contradicts(_) if is_place && (!is_position || crate::map::units::parse(&stated).is_some()) => {
            return Err(Failure::new(Stage::Map, &dataset.path, "has a unit of another quantity")
                .found(format!("{stated:?}"))
                .expected(format!("{table:?}, or a unit that can be converted to it"))
                .hint("ask the producer what the numbers are"));
        }
        Unit::Contradicts(_) if is_position => {
            let message = format!("states {stated:?}, which is not a unit; {table} is assumed");
            warnings.push(warn(Code::UnitsDisagree, message));
        }
        Unit::Contradicts(_) => {
            let message = format!(
                "states the unit {stated:?}, which is not {table} and cannot be converted; values and unit are kept as stated"
            );
            warnings.push(warn(Code::UnitsDisagree, message));
        }
        Unit::Converted(_) => {
            warnings
                .push(warn(Code::UnitsConverted, format!("values are converted from {stated:?} to {table}")));
        }
        Unit::Unknown(_) => {
            warnings.push(warn(
                Code::UnitsUnknown,
                format!("states the unknown unit {stated:?}; written as stated"),
            ));
        }
        Unit::OfTable | Unit::Stated(_) => {}
    }
    let written = match &unit {
        Unit::Stated(text) | Unit::Unknown(text) => Some(text),
        Unit::Contradicts(text) if !is_position => Some(text),
        _ => None,
    };
    let text = |name: &str, text: &str| SourceAttribute {
        name: name.to_owned(),
        value: SourceValue::Text(text.to_owned()),
    };
    let mut said = Vec::new();
    if let Some(written) = written {
        said.push(text("units", written));
    }
    if written != Some(&stated) {
        said.push(text("source_units", &stated));
    }
    if let Some(index) = dataset.attributes.iter().position(|attribute| attribute.name == name) {
        dataset.attributes.splice(index..=index, said);
    }
    Ok(unit)
}

/// Returns the missing values that the source states, in its own type; numbers that the type cannot represent are
/// skipped.
fn stated_fills(
    dataset: &Dataset,
    element_type: ElementType,
    span: f64,
    warnings: &mut Vec<Warning>,
) -> Vec<f64> {
    let mut fills: Vec<f64> = Vec::new();
    for name in ["_FillValue", "missing_value"] {
        let Some(stated) = reading::numbers(dataset, name) else { continue };
        let Ok(numbers) = stated else {
            let message = format!("{name} is not a number; not used");
            warnings.push(Warning::at(Code::ValueUnreadable, dataset.path.as_str(), message));
            continue;
        };
        for number in numbers {
            let number = if number < 0.0 { number + span } else { number };
            let Some(number) = stored_as(number, element_type) else { continue };
            if !fills.contains(&number) {
                fills.push(number);
            }
        }
    }
    fills
}

/// Returns `number` as stored in the type; `None` if the type cannot represent it.
#[expect(clippy::cast_possible_truncation, reason = "the value of single precision is what is wanted")]
fn stored_as(number: f64, element_type: ElementType) -> Option<f64> {
    let (least, most) = match element_type {
        ElementType::F32 => return Some(f64::from(number as f32)).filter(|single| single.is_finite()),
        ElementType::F64 => return Some(number).filter(|number| number.is_finite()),
        ElementType::I8 => (-128.0, 127.0),
        ElementType::U8 => (0.0, 255.0),
        ElementType::I16 => (-32_768.0, 32_767.0),
        ElementType::U16 => (0.0, 65_535.0),
        ElementType::I32 => (-2_147_483_648.0, 2_147_483_647.0),
        ElementType::U32 => (0.0, 4_294_967_295.0),
        ElementType::I64 => (-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_808.0),
        ElementType::U64 => (0.0, 18_446_744_073_709_551_616.0),
    };
    (number.fract() == 0.0 && (least..=most).contains(&number)).then_some(number)
}

/// Returns the type of converted values: single precision if the source has it, or if it can distinguish all steps of
/// 8-bit or 16-bit packed numbers, else double precision.
fn made_type(stored: ElementType, scaling: Option<Scaling>, conversion: Option<Conversion>) -> ElementType {
    if stored == ElementType::F32 && scaling.is_none() {
        return ElementType::F32;
    }
    let most = match stored {
        ElementType::I8 | ElementType::U8 => 255.0,
        ElementType::I16 | ElementType::U16 => 65_535.0,
        _ => return ElementType::F64,
    };
    let value = |stored: f64| {
        let value = scaling.map_or(stored, |scaling| stored * scaling.scale + scaling.offset);
        conversion.map_or(value, |conversion| conversion.of(value))
    };
    let step = (value(1.0) - value(0.0)).abs();
    let largest = value(most).abs().max(value(-most).abs());
    // The rounding error of a 24-bit mantissa must be less than an eighth of a step.
    if largest * f64::from(f32::EPSILON) < step / 8.0 { ElementType::F32 } else { ElementType::F64 }
}

/// Converts `valid_min`, `valid_max` and `valid_range` like the values; contradictory ones get the prefix `source_`.
///
/// Those of packed integers are packed too, unless they are floating-point (netCDF User's Guide, appendix A).
fn valid_range(dataset: &mut Dataset, plan: &Plan, element_type: ElementType, warnings: &mut Vec<Warning>) {
    const NAMES: [&str; 3] = ["valid_range", "valid_min", "valid_max"];
    let limits = NAMES.map(|name| reading::numbers(dataset, name).and_then(Result::ok));
    let is_stated = |name: &str| dataset.attributes.iter().any(|attribute| attribute.name == name);
    if !NAMES.iter().any(|name| is_stated(name)) {
        return;
    }
    let is_sound = match (&limits[0], &limits[1], &limits[2]) {
        (Some(range), None, None) => matches!(range.as_slice(), [least, most] if least <= most),
        (None, Some(least), Some(most)) => {
            matches!((least.as_slice(), most.as_slice()), ([least], [most]) if least <= most)
        }
        (None, Some(limit), None) | (None, None, Some(limit)) => {
            matches!(limit.as_slice(), [limit] if !limit.is_nan())
        }
        _ => false,
    };
    let names_stated = NAMES.iter().filter(|name| is_stated(name)).count();
    let is_sound = is_sound && names_stated == limits.iter().flatten().count();
    if !is_sound {
        let message = "valid_min, valid_max or valid_range are inconsistent or not numbers; not used";
        warnings.push(Warning::at(Code::ValueUnreadable, dataset.path.as_str(), message));
    }
    let changes = plan.scaling.is_some() || plan.conversion.is_some() || plan.span != 0.0;
    // A conversion with a negative slope swaps the ends of the range.
    let descends = plan.understood(1.0) < plan.understood(0.0);
    for attribute in
        dataset.attributes.iter_mut().filter(|attribute| NAMES.contains(&attribute.name.as_str()))
    {
        if !is_sound {
            attribute.name = format!("source_{}", attribute.name);
            continue;
        }
        if !changes {
            continue;
        }
        let SourceValue::Numbers(values) = &attribute.value else { continue };
        let is_unpacked =
            plan.scaling.is_some() && !element_type.is_float() && values.element_type().is_float();
        let mut numbers: Vec<f64> = values
            .to_f64()
            .into_iter()
            .map(|limit| {
                if is_unpacked {
                    plan.conversion.map_or(limit, |conversion| conversion.of(limit))
                } else {
                    plan.understood(plan.unsigned(limit))
                }
            })
            .collect();
        if descends && !is_unpacked {
            numbers.reverse();
            attribute.name = match attribute.name.as_str() {
                "valid_min" => "valid_max".to_owned(),
                "valid_max" => "valid_min".to_owned(),
                same => same.to_owned(),
            };
        }
        if let Some(values) = as_type(plan.target, &[numbers.len()], numbers) {
            attribute.value = SourceValue::Numbers(values);
        }
    }
    if changes {
        for attribute in &mut dataset.attributes {
            if ["actual_range", "flag_values", "flag_masks"].contains(&attribute.name.as_str()) {
                attribute.name = format!("source_{}", attribute.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_serves_where_it_tells_all_steps_apart() {
        let scaling = |scale, offset| Some(Scaling { scale, offset });
        assert_eq!(made_type(ElementType::I16, scaling(0.01, 300.0), None), ElementType::F32);
        assert_eq!(made_type(ElementType::I16, scaling(0.01, 1e6), None), ElementType::F64);
        assert_eq!(made_type(ElementType::I32, scaling(0.01, 0.0), None), ElementType::F64);
        assert_eq!(made_type(ElementType::F32, None, None), ElementType::F32);
    }

    #[test]
    fn fills_are_those_that_the_type_can_hold() {
        assert_eq!(stored_as(1e20, ElementType::I16), None);
        assert_eq!(stored_as(0.5, ElementType::U8), None);
        assert_eq!(stored_as(-999.9, ElementType::F32), Some(f64::from(-999.9_f32)));
        assert_eq!(stored_as(f64::NAN, ElementType::F64), None);
    }
}
