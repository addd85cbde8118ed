//! Converts numbers as stored in an array to values (NetCDF Users Guide, "Attribute Conventions"): packed numbers are
//! unpacked; fill values and values outside the valid range become missing.

use cumulus_model::error::{Failure, Stage};
use cumulus_model::source::{Content, Dataset, SourceAttribute, SourceValue};
use cumulus_model::values::ElementType;

/// Values up to this one are missing in dropsonde files (-999, -9999), even if the file does not state it.
const MAX_SENTINEL: f64 = -900.0;

/// Max magnitude of a measurement: fill values of netCDF are about 1e37.
pub(super) const MAX_VALUE: f64 = 1e30;

/// How numbers of one array are converted to values.
#[derive(Clone, Debug)]
pub(super) struct Packing {
    /// Factor and offset; `None` if numbers are not packed.
    scale: Option<(f64, f64)>,
    /// Fill values, as stored.
    fills: Vec<f64>,
    /// Smallest and largest valid number.
    valid: (f64, f64),
    /// True if the valid range is about unpacked values, not about stored numbers.
    valid_is_unpacked: bool,
    /// True if the valid range is about angles, which repeat after a full turn.
    turns: bool,
    element_type: ElementType,
    /// Added to negative numbers to make them unsigned, if the file states that they are unsigned.
    wraps_at: Option<f64>,
}

impl Packing {
    /// The packing stated by the attributes of `dataset`.
    ///
    /// # Errors
    /// Returns an error if the factor or offset is not a number, or the factor is zero.
    pub(super) fn of(dataset: &Dataset) -> Result<Self, Failure> {
        let Content::Numbers(element_type) = dataset.content else {
            return Err(Failure::new(Stage::Read, &dataset.path, "does not hold numbers"));
        };
        let attribute = |name: &str| dataset.attributes.iter().find(|attribute| attribute.name == name);
        let number = |name: &str| -> Result<Option<f64>, Failure> {
            let Some(attribute) = attribute(name) else { return Ok(None) };
            let number = numbers(attribute).into_iter().next().filter(|number| number.is_finite());
            number.map(Some).ok_or_else(|| {
                Failure::new(Stage::Read, format!("{}:{name}", dataset.path), "is no number")
                    .found(format!("{:?}", attribute.value))
                    .expected("a number to unpack values with")
                    .hint("ask the producer for a corrected file")
            })
        };
        let (factor, offset) = (number("scale_factor")?, number("add_offset")?);
        if factor == Some(0.0) {
            return Err(Failure::new(Stage::Read, format!("{}:scale_factor", dataset.path), "is zero")
                .expected("a number other than zero to unpack values with")
                .hint("ask the producer for a corrected file"));
        }
        let scale = (factor.is_some() || offset.is_some())
            .then(|| (factor.unwrap_or(1.0), offset.unwrap_or(0.0)))
            .filter(|scale| *scale != (1.0, 0.0));
        let mut fills: Vec<f64> =
            ["_FillValue", "missing_value"].into_iter().filter_map(attribute).flat_map(numbers).collect();
        if attribute("_FillValue").is_none() {
            fills.extend(default_fill(element_type));
        }
        let first = |name: &str| attribute(name).and_then(|attribute| numbers(attribute).into_iter().next());
        let range = attribute("valid_range").map(numbers).filter(|range| range.len() == 2);
        let valid = match range.as_deref() {
            Some([least, most]) => (*least, *most),
            _ => {
                (first("valid_min").unwrap_or(f64::NEG_INFINITY), first("valid_max").unwrap_or(f64::INFINITY))
            }
        };
        // A range in floats with packed integers is about unpacked values; any other is about stored numbers.
        let range_is_float = ["valid_range", "valid_min", "valid_max"].into_iter().filter_map(attribute).any(
            |attribute| matches!(&attribute.value, SourceValue::Numbers(values) if values.element_type().is_float()),
        );
        let is_unsigned = attribute("_Unsigned").is_some_and(
            |attribute| matches!(&attribute.value, SourceValue::Text(text) if text.trim() == "true"),
        );
        let wraps_at = match element_type {
            ElementType::I8 => Some(256.0),
            ElementType::I16 => Some(65_536.0),
            ElementType::I32 => Some(4_294_967_296.0),
            _ => None,
        };
        Ok(Self {
            scale,
            fills,
            valid,
            valid_is_unpacked: range_is_float && !element_type.is_float(),
            turns: is_longitude(dataset),
            element_type,
            wraps_at: wraps_at.filter(|_| is_unsigned),
        })
    }

    /// True for a fill value.
    pub(super) fn is_fill(&self, number: f64) -> bool {
        #[expect(
            clippy::float_cmp,
            clippy::cast_possible_truncation,
            reason = "fill values are stored, not computed"
        )]
        let is = |fill: f64| {
            fill == number || (self.element_type == ElementType::F32 && fill as f32 == number as f32)
        };
        !number.is_finite() || self.fills.iter().any(|&fill| is(fill))
    }

    /// True if numbers are packed.
    pub(super) fn is_packed(&self) -> bool {
        self.scale.is_some()
    }

    /// The value of a number that is not a fill value.
    pub(super) fn unpacked(&self, number: f64) -> f64 {
        let number = match self.wraps_at {
            Some(turn) if number < 0.0 => number + turn,
            _ => number,
        };
        self.scale.map_or(number, |(factor, offset)| number * factor + offset)
    }

    /// Converts `numbers` to values, NaN where missing, and counts those outside the valid range.
    pub(super) fn values(&self, numbers: Vec<f64>) -> (Vec<f64>, usize) {
        let mut invalid = 0;
        let values = numbers
            .into_iter()
            .map(|number| {
                if self.is_fill(number) {
                    return f64::NAN;
                }
                let value = self.unpacked(number);
                if value <= MAX_SENTINEL || value.abs() >= MAX_VALUE {
                    return f64::NAN;
                }
                let (least, most) = self.valid;
                let told = if self.valid_is_unpacked { value } else { number };
                let is_in = |told: f64| told >= least && told <= most;
                if is_in(told) || (self.turns && (is_in(told - 360.0) || is_in(told + 360.0))) {
                    return value;
                }
                invalid += 1;
                f64::NAN
            })
            .collect();
        (values, invalid)
    }
}

/// The numbers of an attribute, which some writers store as text.
fn numbers(attribute: &SourceAttribute) -> Vec<f64> {
    match &attribute.value {
        SourceValue::Numbers(values) => values.to_f64(),
        SourceValue::Text(text) => {
            text.split([' ', ',']).filter_map(|word| word.trim().parse().ok()).collect()
        }
    }
}

/// The fill value that netCDF uses if a file states none. Bytes have none.
fn default_fill(element_type: ElementType) -> Option<f64> {
    match element_type {
        ElementType::I16 => Some(-32_767.0),
        ElementType::I32 => Some(-2_147_483_647.0),
        ElementType::U16 => Some(65_535.0),
        ElementType::U32 => Some(4_294_967_295.0),
        _ => None,
    }
}

fn is_longitude(dataset: &Dataset) -> bool {
    dataset.name().to_ascii_lowercase().contains("lon")
        || dataset.attributes.iter().any(|attribute| {
            matches!(&attribute.value, SourceValue::Text(text) if text == "longitude" || text == "degrees_east")
        })
}
