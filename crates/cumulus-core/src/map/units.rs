//! Units as sources spell them, and what takes values to the unit of the product.

/// How values in one unit become values in another: `factor * value + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    factor: f64,
    offset: f64,
}

impl Conversion {
    const NONE: Self = Self { factor: 1.0, offset: 0.0 };

    /// The value in the other unit; the same bits where both are one unit.
    #[must_use]
    pub fn of(self, value: f64) -> f64 {
        if self == Self::NONE { value } else { self.factor * value + self.offset }
    }

    /// True where values stay as they are.
    #[must_use]
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

/// Spellings of one unit. `mb` is the millibar of meteorologists, not UDUNITS' millibarn.
const SPELLINGS: [(&str, &[&str]); 9] = [
    ("hPa", &["mb", "mbar", "millibar", "millibars", "hectopascal"]),
    ("degC", &["c", "deg c", "degree_celsius", "degrees celsius", "celsius", "deg_c"]),
    ("%", &["percent", "pct"]),
    ("m s-1", &["m/s", "m s^-1", "ms-1", "meters/second", "m s**-1"]),
    ("degree", &["deg", "degrees", "degree_true", "degrees_true", "degt"]),
    ("m", &["meters", "meter", "metres", "metre", "gpm"]),
    ("s", &["sec", "second", "seconds"]),
    ("g kg-1", &["gram/kg", "g/kg", "gram kg-1"]),
    ("K", &["kelvin", "degk", "deg k"]),
];

/// Units that differ by more than their name: from, to, factor, offset.
const CONVERSIONS: [(&str, &str, f64, f64); 6] = [
    ("Pa", "hPa", 0.01, 0.0),
    ("K", "degC", 1.0, -273.15),
    ("degC", "K", 1.0, 273.15),
    ("1", "%", 100.0, 0.0),
    ("kg kg-1", "g kg-1", 1000.0, 0.0),
    ("km", "m", 1000.0, 0.0),
];

/// The unit that `text` spells, by the name that products use.
#[must_use]
pub fn canonical(text: &str) -> &str {
    let text = text.trim();
    let spelled = |spellings: &[&str]| spellings.iter().any(|spelling| spelling.eq_ignore_ascii_case(text));
    if matches!(text, "degrees_north" | "degrees_east" | "degree_north" | "degree_east") {
        return "degree";
    }
    SPELLINGS
        .iter()
        .find(|(name, spellings)| name.eq_ignore_ascii_case(text) || spelled(spellings))
        .map_or(text, |(name, _)| name)
}

/// What takes values from a source's unit to the product's; `None` where nobody knows.
#[must_use]
pub fn conversion(from: &str, to: &str) -> Option<Conversion> {
    let (from, to) = (canonical(from), canonical(to));
    if from == to {
        return Some(Conversion::NONE);
    }
    CONVERSIONS
        .iter()
        .find(|(source, target, ..)| *source == from && *target == to)
        .map(|&(_, _, factor, offset)| Conversion { factor, offset })
}

/// The unit of values whose source states none, told by their magnitude: kelvins are above 150, pascals above
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
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_unit_change_no_bit() {
        for (from, to) in
            [("mb", "hPa"), ("C", "degC"), ("percent", "%"), ("m/s", "m s-1"), ("deg", "degrees_east")]
        {
            let conversion = conversion(from, to).unwrap();
            assert!(conversion.is_none(), "{from}");
            assert_eq!(conversion.of(0.1 + 0.2).to_bits(), (0.1_f64 + 0.2).to_bits());
        }
    }

    #[test]
    fn other_units_are_converted_or_refused() {
        let pressure = conversion("Pa", "hPa").unwrap().of(101_325.0);
        assert!((pressure - 1013.25).abs() < 1e-9);
        assert!((conversion("K", "degC").unwrap().of(273.15)).abs() < 1e-9);
        assert_eq!(conversion("furlong", "m"), None);
    }

    #[test]
    fn magnitudes_tell_a_unit_that_is_not_stated() {
        assert_eq!(guessed(&[f64::NAN, 290.0], "degC"), "K");
        assert_eq!(guessed(&[0.2, 0.99], "%"), "1");
        assert_eq!(guessed(&[850.0], "hPa"), "hPa");
    }
}
