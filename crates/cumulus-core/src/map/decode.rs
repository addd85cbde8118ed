//! Converts blocks of source values to blocks of output values, and counts missing values.
//!
//! The rules are the same for every collection: an integer type outside the netCDF classic model becomes the next
//! classic type that can represent its values; NaN, infinities, sentinels and values at invalid positions become
//! `_FillValue`; every other value of a classic type keeps its bits.

mod simd;

use ndarray::ArrayD;
use serde::{Deserialize, Serialize};

use self::simd::Element;
use cumulus_model::error::{Failure, Stage};
use cumulus_model::values::{ElementType, Values};

/// Maximum magnitude up to which f64 represents every integer exactly: 2^53.
const MAX_EXACT_INTEGER: u64 = 1 << 53;

/// How the values of one variable are decoded.
#[derive(Clone, Debug)]
pub struct Decoder<'track> {
    /// Name of the variable, for messages.
    pub name: String,
    /// Element type of the source.
    pub from: ElementType,
    /// Missing values, in addition to NaN and infinities.
    pub sentinels: Sentinels,
    /// `_FillValue` of the output, if the variable has one.
    pub fill: Option<f64>,
    /// One flag per record, true if its position is invalid, so that even finite values are replaced.
    pub invalid: Option<&'track [bool]>,
    /// Threshold above which values are counted, for units inferred from the median.
    pub threshold: f64,
}

/// The finite numbers that are missing values.
#[derive(Clone, Debug, PartialEq)]
pub enum Sentinels {
    /// No numbers.
    Nothing,
    /// All numbers at or below this.
    AtOrBelow(f64),
    /// These numbers.
    Equal(Vec<f64>),
}

impl Sentinels {
    /// Returns true if `number` is a sentinel.
    #[must_use]
    pub fn has(&self, number: f64) -> bool {
        match self {
            Self::Nothing => false,
            Self::AtOrBelow(limit) => number <= *limit,
            Self::Equal(listed) => listed.contains(&number),
        }
    }
}

/// Statistics of one variable, collected while it is decoded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Statistics {
    /// Number of values that are not missing.
    pub valid: u64,
    /// Number of NaN in the source.
    pub not_a_number: u64,
    /// Number of infinities in the source.
    pub infinite: u64,
    /// Number of sentinels in the source.
    pub sentinel: u64,
    /// Number of finite values replaced because their position is invalid.
    pub invalid: u64,
    /// Minimum of the values that are not missing.
    pub minimum: Option<f64>,
    /// Maximum of the values that are not missing.
    pub maximum: Option<f64>,
    /// Number of values above the decoder's threshold.
    #[serde(skip)]
    pub above_threshold: u64,
}

impl Statistics {
    /// Returns the number of values that are `_FillValue` in the output.
    #[must_use]
    pub fn missing(&self) -> u64 {
        self.not_a_number + self.infinite + self.sentinel + self.invalid
    }

    /// Adds the statistics of other rows of the same variable; the result does not depend on the order.
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
        // A total order, so that the result does not depend on whether -0.0 or 0.0 comes first.
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
    /// Returns the element type of the output.
    #[must_use]
    pub fn target(&self) -> ElementType {
        match self.from.classic() {
            // The fill value may not fit into a byte.
            ElementType::I8 if self.fill.is_some_and(|fill| !(-128.0..=127.0).contains(&fill)) => {
                ElementType::I16
            }
            classic => classic,
        }
    }

    /// Converts a block to its output type, replaces missing values and adds to the statistics.
    ///
    /// # Shape
    /// The result has the shape of `values`; `first_row` is the record of its first row.
    ///
    /// # Errors
    /// A 64-bit integer cannot be represented exactly in any classic type.
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
            // `widen` returns none of the other types.
            _ => {}
        }
        Ok(values)
    }

    /// Converts values to the classic type.
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
        // Missing values need not be exact.
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

    /// Returns true if any value is a listed sentinel.
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
