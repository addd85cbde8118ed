//! Parses units as spelled by sources, and converts values to the unit of the product.
//!
//! [`parse`] reads every spelling that UDUNITS accepts for the quantities in the products of this project, and common
//! spellings that it does not accept. Ratios are kept as two numbers, so that conversions between decimal multiples are
//! exact to the last bit: hectopascals are pascals divided by 100, not multiplied by a number near 0.01.

mod names;
mod parse;

use names::Dimension;

/// A ratio to the base unit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Magnitude {
    numerator: f64,
    denominator: f64,
}

impl Magnitude {
    const ONE: Self = Self { numerator: 1.0, denominator: 1.0 };

    fn ten_to(exponent: i32) -> Self {
        let power = 10_f64.powi(exponent.abs());
        if exponent < 0 {
            Self { numerator: 1.0, denominator: power }
        } else {
            Self { numerator: power, denominator: 1.0 }
        }
    }

    fn inverse(self) -> Self {
        Self { numerator: self.denominator, denominator: self.numerator }
    }

    /// Returns the product, in lowest terms if both parts are integers; `None` if it overflows or underflows.
    fn times(self, other: Self) -> Option<Self> {
        let mut numerator = self.numerator * other.numerator;
        let mut denominator = self.denominator * other.denominator;
        let common = greatest_common_divisor(numerator, denominator);
        numerator /= common;
        denominator /= common;
        let is_ratio = |number: f64| number.is_normal();
        (is_ratio(numerator) && is_ratio(denominator)).then_some(Self { numerator, denominator })
    }
}

/// Returns the greatest common divisor, or 1 if either number is not an integer that f64 represents exactly.
fn greatest_common_divisor(one: f64, other: f64) -> f64 {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let is_whole = |number: f64| number.fract() == 0.0 && (1.0..=LARGEST).contains(&number);
    if !(is_whole(one) && is_whole(other)) {
        return 1.0;
    }
    let (mut larger, mut smaller) = (one, other);
    while smaller > 0.0 {
        (larger, smaller) = (smaller, larger % smaller);
    }
    larger
}

/// A unit: its physical dimension, and its conversion to the base unit, `value * magnitude + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    dimension: Dimension,
    magnitude: Magnitude,
    offset: f64,
}

impl Unit {
    const fn number(magnitude: Magnitude) -> Self {
        Self { dimension: [0; 11], magnitude, offset: 0.0 }
    }

    /// Returns the product of two units. The offset of a temperature scale is dropped, because a gradient has none.
    fn times(self, other: Self) -> Option<Self> {
        let mut dimension = self.dimension;
        for (power, other) in dimension.iter_mut().zip(other.dimension) {
            *power = power.checked_add(other)?;
        }
        Some(Self { dimension, magnitude: self.magnitude.times(other.magnitude)?, offset: 0.0 })
    }

    fn power(self, power: i8) -> Option<Self> {
        if power == 1 {
            return Some(self);
        }
        let base = if power < 0 {
            let dimension = self.dimension.map(|power| -power);
            Self { dimension, magnitude: self.magnitude.inverse(), offset: 0.0 }
        } else {
            self
        };
        (0..power.unsigned_abs()).try_fold(Self::number(Magnitude::ONE), |product, _| product.times(base))
    }

    /// Returns true if both have the same physical dimension.
    #[must_use]
    pub fn is_compatible(&self, other: &Self) -> bool {
        self.dimension == other.dimension
    }

    /// Returns the conversion of values from this unit to `other`; `None` if they are incompatible.
    #[must_use]
    pub fn conversion_to(&self, other: &Self) -> Option<Conversion> {
        if !self.is_compatible(other) {
            return None;
        }
        let ratio = self.magnitude.times(other.magnitude.inverse())?;
        let offset = (self.offset - other.offset) * other.magnitude.denominator / other.magnitude.numerator;
        Some(Conversion { numerator: ratio.numerator, denominator: ratio.denominator, offset })
    }
}

/// Parses a unit; returns `None` if it is unknown or counts from an instant.
#[must_use]
pub fn parse(text: &str) -> Option<Unit> {
    read(text).map(|reading| reading.unit)
}

/// Returns `text` if UDUNITS interprets it as the same unit, else a spelling of that unit that UDUNITS accepts.
#[must_use]
pub fn standard(text: &str) -> Option<String> {
    read(text).map(|reading| reading.spelled)
}

fn read(text: &str) -> Option<parse::Reading> {
    let text = text.trim();
    let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text).trim();
    let text = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text).trim();
    if text.is_empty() || text.len() > 200 {
        return None;
    }
    parse::unit(text)
}

/// Returns true for words that mean that there is no unit or that it is unknown.
#[must_use]
pub fn says_nothing(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["", "-", "--", "---", "n/a", "na", "none", "null", "unknown", "?", "undefined", "tbd"];
    WORDS.contains(&text.trim().to_lowercase().as_str())
}

/// A conversion from one unit to another: `value * numerator / denominator + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    numerator: f64,
    denominator: f64,
    offset: f64,
}

impl Conversion {
    /// The conversion that leaves values unchanged.
    pub const NONE: Self = Self { numerator: 1.0, denominator: 1.0, offset: 0.0 };

    /// Returns the value in the other unit; bit-identical if both are the same unit.
    #[must_use]
    pub fn of(self, value: f64) -> f64 {
        if self == Self::NONE { value } else { value * self.numerator / self.denominator + self.offset }
    }

    /// Returns true if values stay unchanged.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// Units as spelled in products.
const OF_PRODUCTS: [&str; 9] = ["hPa", "degC", "%", "m s-1", "degree", "m", "s", "g kg-1", "K"];

/// Returns the spelling that products use for the unit `text`; `text` itself if there is none.
#[must_use]
pub fn canonical(text: &str) -> &str {
    let text = text.trim();
    let Some(unit) = parse(text) else { return text };
    OF_PRODUCTS.iter().find(|name| parse(name) == Some(unit)).map_or(text, |name| name)
}

/// Returns the conversion from a source's unit to the product's; `None` if either is unknown or they are incompatible.
#[must_use]
pub fn conversion(from: &str, to: &str) -> Option<Conversion> {
    if from.trim() == to.trim() {
        return Some(Conversion::NONE);
    }
    parse(from)?.conversion_to(&parse(to)?)
}

/// Infers the unit of values whose source states none from their maximum: kelvins are above 150, pascals above 2000,
/// fractions at most 1.5. In all other cases, values are assumed to be in the product's unit `to`.
#[must_use]
pub fn guessed<'units>(values: &[f64], to: &'units str) -> &'units str {
    let most = values.iter().copied().filter(|value| value.is_finite()).reduce(f64::max);
    match (canonical(to), most) {
        ("degC", Some(most)) if most > 150.0 => "K",
        ("hPa", Some(most)) if most > 2000.0 => "Pa",
        ("%", Some(most)) if most <= 1.5 => "1",
        _ => to,
    }
}

#[cfg(test)]
mod tests;
