//! Parses decimal numbers as instruments print them, exactly and fast.
//!
//! If the digits of a number form an integer of at most 2^53, its value is that integer divided by a power of ten.
//! Both are exact in f64 and the division rounds once, so the result is the nearest f64, the same as from
//! `str::parse` (Clinger 1990, "How to read floating point numbers accurately"). All other numbers are parsed by
//! `str::parse`.

/// Powers of ten that are exact in f64.
const POWERS_OF_TEN: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// Largest integer up to which f64 represents all integers exactly.
const EXACT: u64 = 1 << 53;

/// Max digits that always fit into 64 bits.
const SAFE_DIGITS: usize = 19;

/// A number and the number of decimals it was printed with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Number {
    pub(super) value: f64,
    /// Digits after the decimal point.
    pub(super) decimals: u8,
}

/// Parses the number at the start of `text`, `[+-]digits[.digits]`, and returns the rest.
#[inline]
pub(super) fn leading(text: &[u8]) -> Option<(Number, &[u8])> {
    let sign = text.first()?;
    let mut rest = if matches!(sign, b'-' | b'+') { text.get(1..)? } else { text };
    let (mut digits, mut mantissa) = (0, 0);
    while let [byte @ b'0'..=b'9', after @ ..] = rest {
        mantissa = append(mantissa, *byte);
        digits += 1;
        rest = after;
    }
    let mut decimals = 0_usize;
    if let [b'.', after @ ..] = rest {
        rest = after;
        while let [byte @ b'0'..=b'9', after @ ..] = rest {
            mantissa = append(mantissa, *byte);
            decimals += 1;
            rest = after;
        }
    }
    digits += decimals;
    if digits == 0 {
        return None;
    }
    let value = match POWERS_OF_TEN.get(decimals) {
        Some(power) if digits <= SAFE_DIGITS && mantissa <= EXACT => {
            #[expect(clippy::cast_precision_loss, reason = "at most 2^53, which f64 holds")]
            let size = mantissa as f64 / power;
            if *sign == b'-' { -size } else { size }
        }
        _ => parse_slowly(text.get(..text.len() - rest.len())?)?,
    };
    Some((Number { value, decimals: u8::try_from(decimals).unwrap_or(u8::MAX) }, rest))
}

/// Parses `text` as a number, trimmed; exponents are accepted, `nan` and `inf` are not.
pub(super) fn whole(text: &[u8]) -> Option<Number> {
    let text = text.trim_ascii();
    let (number, rest) = leading(text)?;
    if rest.is_empty() {
        return Some(number);
    }
    matches!(rest, [b'e' | b'E', ..])
        .then(|| parse_slowly(text))
        .flatten()
        .map(|value| Number { value, ..number })
}

#[inline]
fn append(mantissa: u64, digit: u8) -> u64 {
    mantissa.wrapping_mul(10).wrapping_add(u64::from(digit & 15))
}

fn parse_slowly(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bits(text: &str) -> Option<u64> {
        whole(text.as_bytes()).map(|number| number.value.to_bits())
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in
            ["", "-", ".", "+.", "nan", "inf", "-inf", "1e", "1e999", "1..2", "1 2", "--1", "0x10", "1,5"]
        {
            assert_eq!(bits(text), None, "{text}");
        }
        assert_eq!(bits("-0.00"), Some((-0.0_f64).to_bits()));
        assert_eq!(whole(b" 5. "), Some(Number { value: 5.0, decimals: 0 }));
        assert_eq!(whole(b"9e+09"), Some(Number { value: 9e9, decimals: 0 }));
    }

    proptest! {
        #[test]
        fn equals_the_standard_library(text in "[+-]?([0-9]{1,25}(\\.[0-9]{0,25})?|\\.[0-9]{1,25})") {
            prop_assert_eq!(bits(&text), text.parse().ok().map(f64::to_bits));
        }

        #[test]
        fn equals_the_standard_library_at_printed_widths(text in "-?[0-9]{1,6}\\.[0-9]{1,6}(e[+-]?[0-9]{1,2})?") {
            prop_assert_eq!(bits(&text), text.parse().ok().map(f64::to_bits));
        }

        #[test]
        fn near_the_limit_of_exact_integers(mantissa in (EXACT - 1000)..(EXACT + 1000), decimals in 0_usize..16) {
            let digits = mantissa.to_string();
            let (whole, fraction) = digits.split_at(digits.len() - decimals);
            let text = format!("{whole}.{fraction}");
            prop_assert_eq!(bits(&text), text.parse().ok().map(f64::to_bits));
        }
    }
}
