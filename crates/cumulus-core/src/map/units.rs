//! Units as sources spell them, and what takes values to the unit of the product.
//!
//! [`parse`] reads every spelling that UDUNITS takes for what the products of this project hold, and the usual ones that it
//! does not take. Ratios are kept as two numbers, so that conversions between decimal multiples are exact to the last bit:
//! hectopascals are pascals divided by 100, not multiplied by a number near 0.01.

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

    /// The product in lowest terms, as far as both are whole numbers; `None` where it is no number.
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

/// 1 where either is no whole number that f64 holds exactly.
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

/// A unit: what it measures, and how it becomes the base unit, `value * magnitude + offset`.
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

    /// The product; a zero of its own is lost in it, as a gradient has none.
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

    /// True where both measure the same.
    #[must_use]
    pub fn is_compatible(&self, other: &Self) -> bool {
        self.dimension == other.dimension
    }

    /// What takes values from this unit to `other`; `None` where they measure different things.
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

/// The unit that `text` spells; `None` if it is unknown or counts from an instant.
#[must_use]
pub fn parse(text: &str) -> Option<Unit> {
    read(text).map(|reading| reading.unit)
}

/// `text` where UDUNITS takes it for the unit that it means here, else a spelling of that unit which it takes.
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

/// True for texts that mean "no unit" or "unknown unit": `1` where a variable has no physical unit.
#[must_use]
pub fn says_nothing(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["", "-", "--", "---", "n/a", "na", "none", "null", "unknown", "?", "undefined", "tbd"];
    WORDS.contains(&text.trim().to_lowercase().as_str())
}

/// How values in one unit become values in another: `value * numerator / denominator + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    numerator: f64,
    denominator: f64,
    offset: f64,
}

impl Conversion {
    /// Values stay as they are.
    pub const NONE: Self = Self { numerator: 1.0, denominator: 1.0, offset: 0.0 };

    /// The value in the other unit; the same bits where both are one unit.
    #[must_use]
    pub fn of(self, value: f64) -> f64 {
        if self == Self::NONE { value } else { value * self.numerator / self.denominator + self.offset }
    }

    /// True where values stay as they are.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// Units by the names that products give them.
const OF_PRODUCTS: [&str; 9] = ["hPa", "degC", "%", "m s-1", "degree", "m", "s", "g kg-1", "K"];

/// The unit that `text` spells, by the name that products use.
#[must_use]
pub fn canonical(text: &str) -> &str {
    let text = text.trim();
    let Some(unit) = parse(text) else { return text };
    OF_PRODUCTS.iter().find(|name| parse(name) == Some(unit)).map_or(text, |name| name)
}

/// The conversion from a source's unit to the product's; `None` if it is unknown.
#[must_use]
pub fn conversion(from: &str, to: &str) -> Option<Conversion> {
    if from.trim() == to.trim() {
        return Some(Conversion::NONE);
    }
    parse(from)?.conversion_to(&parse(to)?)
}

/// The unit of values whose source states none, inferred from their magnitude: kelvins are above 150, pascals above
/// 2000, fractions at most 1.5. Any other value is taken to be in the product's unit.
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
