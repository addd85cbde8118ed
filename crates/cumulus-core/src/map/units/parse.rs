//! Parses units from text: names with prefixes and powers, multiplied and divided from left to right, as in UDUNITS.

use super::names::{NAMED, Named, PREFIXES};
use super::{Magnitude, Unit};

/// A unit, and a spelling of it that UDUNITS accepts.
pub(super) struct Reading {
    pub(super) unit: Unit,
    pub(super) spelled: String,
}

/// Parses `text`, which must not have leading or trailing spaces.
pub(super) fn unit(text: &str) -> Option<Reading> {
    if let Some(reading) = special(text) {
        return Some(reading);
    }
    let plain = plain(text);
    let mut parser = Parser { rest: &plain, factors: Vec::new(), is_standard: plain == text };
    let unit = parser.product(1, 0)?;
    if !parser.rest.is_empty() {
        return None;
    }
    let spelled = match parser.factors.join(" ") {
        _ if parser.is_standard => text.to_owned(),
        nothing if nothing.is_empty() => "1".to_owned(),
        factors => factors,
    };
    Some(Reading { unit, spelled })
}

/// Looks up a spelling that UDUNITS does not accept or interprets as another unit.
fn special(text: &str) -> Option<Reading> {
    let lower = text.to_lowercase();
    let is = |named: &&Named| {
        named.others.contains(&lower.as_str())
            || lower.strip_suffix('s').is_some_and(|singular| named.others.contains(&singular))
    };
    // `kt` and `kts` are also UDUNITS spellings, so keep a text that is a symbol of the unit.
    let named = NAMED.iter().find(is)?;
    let spelled = if named.symbols.contains(&text) { text } else { named.symbols.first()? };
    Some(Reading { unit: named.unit(), spelled: (*spelled).to_owned() })
}

/// Rewrites powers in braces, superscripts, `**`, `per` and middle dots in plain ASCII.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut is_raised = false;
    for character in text.chars() {
        let raised = "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|digit| digit == character);
        if let Some(digit) = raised.and_then(|digit| char::from_digit(u32::try_from(digit).ok()?, 10)) {
            if !is_raised {
                plain.push('^');
            }
            plain.push(digit);
        } else {
            match character {
                '⁻' if !is_raised => plain.push_str("^-"),
                '−' => plain.push('-'),
                '·' | '⋅' | '×' => plain.push('*'),
                '{' if plain.ends_with('^') => {}
                '}' => {}
                other => plain.push(other),
            }
        }
        is_raised = raised.is_some() || character == '⁻';
    }
    plain.replace("**", "^").replace(" per ", "/")
}

struct Parser<'text> {
    rest: &'text str,
    /// Factors parsed so far, as UDUNITS spells them.
    factors: Vec<String>,
    is_standard: bool,
}

/// Maximum nesting depth of parentheses.
const DEEPEST: usize = 8;

impl Parser<'_> {
    /// Parses factors until the end or a closing parenthesis; `sign` is -1 if all of them are in a denominator.
    fn product(&mut self, sign: i8, depth: usize) -> Option<Unit> {
        let mut product = self.factor(sign, depth)?;
        loop {
            let before = self.rest;
            self.rest = self.rest.trim_start();
            let Some(next) = self.rest.chars().next() else { return Some(product) };
            let divides = match next {
                ')' => return Some(product),
                '/' => true,
                '*' | '.' | '-' => false,
                _ if before.len() > self.rest.len() || next == '(' => {
                    product = product.times(self.factor(sign, depth)?)?;
                    continue;
                }
                _ => return None,
            };
            self.rest = self.rest.get(1..)?.trim_start();
            let factor = self.factor(if divides { -sign } else { sign }, depth)?;
            product = product.times(if divides { factor.power(-1)? } else { factor })?;
        }
    }

    fn factor(&mut self, sign: i8, depth: usize) -> Option<Unit> {
        if let Some(inner) = self.rest.strip_prefix('(') {
            if depth == DEEPEST {
                return None;
            }
            self.rest = inner.trim_start();
            let from = self.factors.len();
            let unit = self.product(sign, depth + 1)?;
            self.rest = self.rest.strip_prefix(')')?;
            let power = self.power()?;
            if power != 1 && self.factors.len() > from {
                let inner = self.factors.split_off(from).join(" ");
                self.factors.push(format!("({inner})^{power}"));
            }
            return unit.power(power);
        }
        if self.rest.starts_with(|first: char| first.is_ascii_digit()) {
            return self.number(sign);
        }
        let end = self.rest.find(|character: char| !is_of_name(character)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let (unit, spelled, is_standard) = named(name)?;
        self.is_standard &= is_standard;
        let power = self.power()?;
        let written = power.checked_mul(sign)?;
        if spelled != "1" {
            self.factors.push(if written == 1 { spelled } else { format!("{spelled}{written}") });
        }
        unit.power(power)
    }

    fn number(&mut self, sign: i8) -> Option<Unit> {
        let digits =
            |text: &str| text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
        let mut end = digits(self.rest);
        if let Some(fraction) = self.rest.get(end..)?.strip_prefix('.')
            && fraction.starts_with(|first: char| first.is_ascii_digit())
        {
            end += 1 + digits(fraction);
        }
        if let Some(exponent) = self.rest.get(end..)?.strip_prefix(['e', 'E']) {
            let signed = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            if signed.starts_with(|first: char| first.is_ascii_digit()) {
                end += 1 + (exponent.len() - signed.len()) + digits(signed);
            }
        }
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0)?;
        let power = if self.rest.starts_with('^') { self.power()? } else { 1 };
        // A number below one whose reciprocal is an integer is stored as a divisor, which is exact.
        let unit = match number.to_string().parse::<f64>().ok()? {
            small if small < 1.0 && (1.0 / small).fract() == 0.0 => {
                Unit::number(Magnitude { numerator: 1.0, denominator: 1.0 / small })
            }
            number => Unit::number(Magnitude { numerator: number, denominator: 1.0 }),
        };
        let unit = unit.power(power)?;
        if unit.magnitude != Magnitude::ONE {
            // UDUNITS requires `^` for powers of numbers.
            let written = power.checked_mul(sign)?;
            self.factors.push(if written == 1 { text.to_owned() } else { format!("{text}^{written}") });
        }
        Some(unit)
    }

    /// Parses the power after a name; 1 if there is none.
    fn power(&mut self) -> Option<i8> {
        let (has_caret, rest) = match self.rest.strip_prefix('^') {
            Some(rest) => (true, rest),
            None => (false, self.rest),
        };
        let digits = rest.strip_prefix(['-', '+']).unwrap_or(rest);
        let length = digits.find(|character: char| !character.is_ascii_digit()).unwrap_or(digits.len());
        if length == 0 {
            // `N-m`: a minus sign without a digit means multiplication.
            return (!has_caret).then_some(1);
        }
        let (power, rest) = rest.split_at_checked(rest.len() - digits.len() + length)?;
        self.rest = rest;
        power.parse().ok().filter(|power: &i8| (-12..=12).contains(power))
    }
}

fn is_of_name(character: char) -> bool {
    character.is_alphabetic() || matches!(character, '_' | '%' | '°' | '#' | '℃' | '℉' | '\'' | '"')
}

/// Returns the unit called `name`, a spelling for UDUNITS, and true if UDUNITS accepts `name` itself.
fn named(name: &str) -> Option<(Unit, String, bool)> {
    let as_written = |named: &Named| (named.unit(), name.to_owned(), true);
    if name.eq_ignore_ascii_case("mb") {
        return special(name).map(|reading| (reading.unit, reading.spelled, false));
    }
    if let Some(named) = NAMED.iter().find(|named| named.symbols.contains(&name)) {
        return Some(as_written(named));
    }
    if let Some(unit) = with_prefix(name, |named, rest| named.symbols.contains(&rest), |prefix| prefix.1) {
        return Some((unit, name.to_owned(), true));
    }
    let lower = name.to_lowercase();
    let is_name = |named: &Named, text: &str| {
        named.names.contains(&text)
            || text.strip_suffix('s').is_some_and(|singular| named.names.contains(&singular))
    };
    if let Some(named) = NAMED.iter().find(|named| is_name(named, &lower)) {
        return Some(as_written(named));
    }
    if let Some(unit) = with_prefix(&lower, is_name, |prefix| std::slice::from_ref(&prefix.0)) {
        return Some((unit, lower, true));
    }
    special(name).map(|reading| (reading.unit, reading.spelled, false))
}

/// Returns the unit that `name` denotes as a prefix followed by a unit name.
fn with_prefix<'table>(
    name: &str,
    is: impl Fn(&Named, &str) -> bool,
    spellings: impl Fn(&'table (&'static str, &'static [&'static str], i32)) -> &'table [&'static str],
) -> Option<Unit> {
    PREFIXES.iter().find_map(|prefix| {
        spellings(prefix).iter().find_map(|spelling| {
            let rest = name.strip_prefix(spelling)?;
            let named = NAMED.iter().find(|named| named.prefixed && is(named, rest))?;
            named.unit().times(Unit::number(Magnitude::ten_to(prefix.2)))
        })
    })
}
