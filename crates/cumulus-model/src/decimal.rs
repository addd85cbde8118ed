//! Numbers as text in metadata.

/// Formats a number for metadata catalogues: no exponent, at most eight decimals, no negative zero. Eight decimals of
/// a degree are about a millimetre. Returns `None` if the number is not finite.
///
/// `xs:decimal`, the type of ECHO10 coordinates, has no exponent, and catalogues reject long fractions.
#[must_use]
pub fn decimal(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let text = format!("{number:.8}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    Some(if text == "-0" { "0" } else { text }.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_have_no_exponent_and_few_decimals() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1e-30, "0"),
            (-1e-30, "0"),
            (-4e-9, "0"),
            (6e-9, "0.00000001"),
            (-180.0, "-180"),
            (90.0, "90"),
            (100.0, "100"),
            (21.25, "21.25"),
            (f64::from(-54.079_4_f32), "-54.07939911"),
            (1e15, "1000000000000000"),
            (f64::MIN_POSITIVE, "0"),
        ];
        for (number, expected) in cases {
            assert_eq!(decimal(number).as_deref(), Some(expected), "{number:e}");
        }
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(decimal(number), None);
        }
    }

    proptest! {
        #[test]
        fn every_number_is_a_decimal_near_it(bits in any::<u64>(), degrees in -180.0..=180.0_f64) {
            for number in [f64::from_bits(bits), degrees] {
                let Some(text) = decimal(number) else { continue };
                let (whole, fraction) = text.split_once('.').unwrap_or((&text, "0"));
                prop_assert!(whole.trim_start_matches('-').chars().all(|digit| digit.is_ascii_digit()));
                prop_assert!(fraction.len() <= 8 && fraction.chars().all(|digit| digit.is_ascii_digit()));
                let back: f64 = text.parse().unwrap();
                prop_assert!((back - number).abs() <= 5e-9 + number.abs() * f64::EPSILON, "{number:e} {text}");
            }
        }
    }
}
