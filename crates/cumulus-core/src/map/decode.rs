//! Blocks of source values as blocks of output values: one type rule, one missing-value rule, counted.
//!
//! The rules, for every collection: an integer type outside the netCDF classic model becomes the next classic
//! type that holds its values; NaN, infinities and what stands for a missing value become `_FillValue`; every other
//! value keeps its bits.

mod simd;

use ndarray::ArrayD;
use serde::{Deserialize, Serialize};

use self::simd::Element;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::values::{ElementType, Values};

/// Largest magnitude below which f64 holds every integer: 2^53.
const MAX_EXACT_INTEGER: u64 = 1 << 53;

/// What is done to the values of one variable.
#[derive(Clone, Debug)]
pub struct Decoder<'track> {
    /// Name of the variable, for messages.
    pub name: String,
    /// Element type of the source.
    pub from: ElementType,
    /// What stands for a missing value, besides numbers that are not finite.
    pub sentinels: Sentinels,
    /// `_FillValue` of the output, where the variable has one.
    pub fill: Option<f64>,
    /// Records whose value is replaced although it is finite: invalid positions.
    pub invalid: Option<&'track [bool]>,
    /// Values above this are counted, for units inferred from the median.
    pub threshold: f64,
}

/// What stands for a missing value among finite numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Sentinels {
    /// Nothing.
    Nothing,
    /// All numbers at or below this.
    AtOrBelow(f64),
    /// These numbers.
    Equal(Vec<f64>),
}

impl Sentinels {
    /// True where `number` stands for a missing value.
    #[must_use]
    pub fn has(&self, number: f64) -> bool {
        match self {
            Self::Nothing => false,
            Self::AtOrBelow(limit) => number <= *limit,
            Self::Equal(listed) => listed.contains(&number),
        }
    }
}

/// What was seen while decoding one variable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Values that are not missing.
    pub valid: u64,
    /// NaN in the source.
    pub not_a_number: u64,
    /// Infinities in the source.
    pub infinite: u64,
    /// Values of the source that stand for a missing one.
    pub sentinel: u64,
    /// Finite values replaced because their position is invalid.
    pub invalid: u64,
    /// Smallest value that is not missing.
    pub minimum: Option<f64>,
    /// Largest value that is not missing.
    pub maximum: Option<f64>,
    /// Values above the decoder's threshold.
    #[serde(skip)]
    pub above_threshold: u64,
}

impl Statistics {
    /// Values that are `_FillValue` in the output.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.not_a_number + self.infinite + self.sentinel + self.invalid
    }

    /// Adds what was seen of other rows of the same variable; the order makes no difference.
    pub fn merge(&mut self, other: &Self) {
        let Self { valid, not_a_number, infinite, sentinel, invalid, minimum, maximum, above_threshold } =
            other;
        self.valid += valid;
        self.not_a_number += not_a_number;
        self.infinite += infinite;
        self.sentinel += sentinel;
        self.invalid += invalid;
        self.above_threshold += above_threshold;
        let seen = |one: Option<f64>, two: &Option<f64>| one.into_iter().chain(*two);
        self.minimum = seen(self.minimum, minimum).min_by(f64::total_cmp);
        self.maximum = seen(self.maximum, maximum).max_by(f64::total_cmp);
    }

    fn see(&mut self, value: f64, threshold: f64) {
        self.valid += 1;
        // A total order: -0.0 and 0.0 must not depend on which came first.
        self.minimum = Some(
            self.minimum.map_or(value, |least| if value.total_cmp(&least).is_lt() { value } else { least }),
        );
        self.maximum = Some(
            self.maximum.map_or(value, |most| if value.total_cmp(&most).is_gt() { value } else { most }),
        );
        self.above_threshold += u64::from(value > threshold);
    }
}

impl Decoder<'_> {
    /// Element type of the output.
    #[must_use]
    pub fn target(&self) -> ElementType {
        match self.from.classic() {
            // A byte may have no room for the fill value.
            ElementType::I8 if self.fill.is_some_and(|fill| !(-128.0..=127.0).contains(&fill)) => {
                ElementType::I16
            }
            classic => classic,
        }
    }

    /// The block in its output type, with missing values replaced and everything counted.
    ///
    /// # Shape
    /// As `values`; `first_row` is the record its first row belongs to.
    ///
    /// # Errors
    /// A 64-bit integer that no classic type holds exactly.
    #[expect(clippy::cast_possible_truncation, reason = "a fill value fits the type that has it")]
    pub fn decode(
        &self,
        values: Values,
        first_row: usize,
        statistics: &mut Statistics,
    ) -> Result<Values, Failure> {
        let mut values = self.widen(values)?;
        let fill = self.fill.unwrap_or_default();
        match &mut values {
            Values::F32(array) => self.replace(array, first_row, statistics, fill as f32),
            Values::F64(array) => self.replace(array, first_row, statistics, fill),
            Values::I16(array) => self.replace(array, first_row, statistics, fill as i16),
            Values::I32(array) => self.replace(array, first_row, statistics, fill as i32),
            Values::I8(array) => self.replace(array, first_row, statistics, fill as i8),
            // `widen` leaves none of the other types.
            _ => {}
        }
        Ok(values)
    }

    /// The same values in the classic type.
    #[expect(clippy::cast_precision_loss, reason = "checked to be exact")]
    fn widen(&self, values: Values) -> Result<Values, Failure> {
        Ok(match values {
            Values::I8(array) if self.target() == ElementType::I16 => Values::I16(array.mapv(i16::from)),
            Values::U8(array) => Values::I16(array.mapv(i16::from)),
            Values::U16(array) => Values::I32(array.mapv(i32::from)),
            Values::U32(array) => Values::F64(array.mapv(f64::from)),
            Values::I64(array) => Values::F64(self.exactly(&array, i64::unsigned_abs, |value| value as f64)?),
            Values::U64(array) => Values::F64(self.exactly(&array, |value| value, |value| value as f64)?),
            classic => classic,
        })
    }

    fn exactly<T: Copy + std::fmt::Display>(
        &self,
        array: &ArrayD<T>,
        magnitude: impl Fn(T) -> u64,
        convert: impl Fn(T) -> f64,
    ) -> Result<ArrayD<f64>, Failure> {
        // What is missing needs not be exact.
        let is_lost =
            |&&value: &&T| magnitude(value) > MAX_EXACT_INTEGER && !self.sentinels.has(convert(value));
        if let Some(value) = array.iter().find(is_lost) {
            return Err(Failure::new(
                Stage::Map,
                &self.name,
                "has an integer that fits no classic netCDF type",
            )
            .found(format!("{value} of type {}", self.from.name()))
            .expected("magnitudes up to 2^53")
            .hint("ask the producer to store it as two variables or as text"));
        }
        Ok(array.mapv(convert))
    }

    /// True where some value is one of those that stand for a missing one.
    fn has_listed<T: Element>(&self, values: &[T]) -> bool {
        let Sentinels::Equal(listed) = &self.sentinels else { return false };
        values.iter().any(|&value| listed.contains(&value.to_f64()))
    }

    fn replace<T: Element>(
        &self,
        array: &mut ArrayD<T>,
        first_row: usize,
        statistics: &mut Statistics,
        fill: T,
    ) {
        let row_length = array.shape().iter().skip(1).product::<usize>().max(1);
        let masked = |index: usize| {
            self.invalid
                .is_some_and(|invalid| invalid.get(first_row + index / row_length).copied().unwrap_or(false))
        };
        let one = |index: usize, value: &mut T, statistics: &mut Statistics| {
            let number = value.to_f64();
            if !number.is_finite() || self.sentinels.has(number) {
                if number.is_nan() {
                    statistics.not_a_number += 1;
                } else if number.is_infinite() {
                    statistics.infinite += 1;
                } else {
                    statistics.sentinel += 1;
                }
                *value = fill;
            } else if masked(index) {
                statistics.invalid += 1;
                *value = fill;
            } else {
                statistics.see(number, self.threshold);
            }
        };
        match array.as_slice_mut() {
            Some(values) if self.invalid.is_none() && !self.has_listed(values) => {
                let least = match &self.sentinels {
                    Sentinels::AtOrBelow(limit) => T::above(*limit),
                    Sentinels::Nothing | Sentinels::Equal(_) => T::LEAST,
                };
                let (groups, rest) = values.as_chunks_mut();
                for groups in groups.chunks_mut(simd::GROUPS) {
                    simd::replace(groups, least, self.threshold, statistics, fill);
                }
                for value in rest {
                    one(0, value, statistics);
                }
            }
            _ => {
                for (index, value) in array.iter_mut().enumerate() {
                    one(index, value, statistics);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
