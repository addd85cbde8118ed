use super::*;
use proptest::prelude::*;

#[test]
fn spellings_of_one_unit_change_no_bit() {
    let families: [&[&str]; 14] = [
        &["hPa", "mb", "mbar", "millibar", "millibars", "hectopascal", "HPA", "100 Pa", "Pa*100"],
        &["degC", "C", "deg C", "degree_Celsius", "degrees celsius", "Celsius", "deg_c", "degrees_C", "°C"],
        &["%", "percent", "pct", "0.01", "1e-2"],
        &[
            "m s-1",
            "m/s",
            "m s^-1",
            "ms-1",
            "meters/second",
            "m s**-1",
            "m*s^-1",
            "m.s-1",
            "m·s⁻¹",
            "m per s",
        ],
        &[
            "degree",
            "deg",
            "degrees",
            "degrees_true",
            "degT",
            "degrees_north",
            "degrees N",
            "deg_N",
            "degrees E",
        ],
        &["m", "meters", "meter", "metres", "metre", "gpm", "METERS"],
        &["s", "sec", "second", "seconds"],
        &["g kg-1", "gram/kg", "g/kg", "gram kg-1", "1e-3", "g kg^-1"],
        &["K", "kelvin", "degK", "deg K", "Kelvins"],
        &[
            "km-1 sr-1",
            "1/(km sr)",
            "km^{-1} sr^{-1}",
            "km-1.sr-1",
            "/km/sr",
            "(km sr)-1",
            "(km sr)^-1",
            "1/km/sr",
        ],
        &["1", "unitless", "None", "none", "#", "dimensionless", "count", "counts", "m/m"],
        &["knot", "knots", "kt", "kts", "Knots"],
        &["Pa", "Pascal", "pascals", "PASCAL", "N m-2", "kg m-1 s-2", "J/m3"],
        &["um", "µm", "μm", "micron", "microns", "micrometer", "1e-6 m", "10^-6 m"],
    ];
    for family in families {
        for one in family {
            // UDUNITS does not accept a leading slash either.
            let one = one.strip_prefix('/').map_or_else(|| (*one).to_owned(), |rest| format!("1/{rest}"));
            let conversion = conversion(&one, family[0]).unwrap_or_else(|| panic!("{one} is unknown"));
            assert!(conversion.is_none(), "{one} is not {}: {conversion:?}", family[0]);
            assert_eq!(conversion.of(0.1 + 0.2).to_bits(), (0.1_f64 + 0.2).to_bits());
        }
    }
}

/// Expected values are from UDUNITS 2.2.28; `scripts/conformance/check_units.py` compares thousands of pairs with it.
#[test]
fn other_units_are_converted_as_udunits_converts_them() {
    for (value, from, to, expected) in [
        (101_325.0, "Pa", "hPa", 1013.25),
        (1013.25, "hPa", "Pa", 101_325.0),
        (101.325, "kPa", "hPa", 1013.25),
        (29.92, "inHg", "hPa", 1_013.207_481_190_027_1),
        (273.15, "K", "degC", 0.0),
        (-60.0, "degree_Celsius", "K", 213.15),
        (212.0, "degF", "degC", 100.0),
        (1.0, "knot", "m s-1", 0.514_444_444_444_444_4),
        (36.0, "km/h", "m/s", 10.0),
        (1000.0, "ft", "m", 304.8),
        (1.0, "nautical_mile", "km", 1.852),
        (20_000.0, "m", "km", 20.0),
        (1e-6, "m-1 sr-1", "km-1 sr-1", 1e-3),
        (2.0, "Mm-1 sr-1", "km-1 sr-1", 2e-3),
        (1.0, "radian", "degree", 57.295_779_513_082_32),
        (0.5, "1", "%", 50.0),
        (60.0, "degrees_west", "degrees_east", -60.0),
        (-60.0, "degrees_E", "deg west", 60.0),
        (0.012, "kg kg-1", "g kg-1", 12.0),
        (532.0, "nm", "um", 0.532),
        (1.0, "cm-3", "m-3", 1e6),
        (90.0, "minutes", "h", 1.5),
        (3.0, "mW m-2 nm-1", "W m-2 um-1", 3.0),
    ] {
        let found = conversion(from, to).unwrap_or_else(|| panic!("{from} to {to}")).of(value);
        assert!((found - expected).abs() <= expected.abs() * 1e-13 + 1e-12, "{value} {from}: {found} {to}");
    }
}

#[test]
fn what_measures_something_else_or_nothing_is_not_converted() {
    for (from, to) in [
        ("furlong per fortnight", "m s-1"),
        ("km-1", "km-1 sr-1"),
        ("degree", "1"),
        ("dBZ", "dB"),
        ("seconds since 1970-01-01", "s"),
        ("m", "s"),
        ("photons", "1"),
        ("m^", "m"),
        ("m^200", "m"),
        ("((((((((((m))))))))))", "m"),
        ("", "1"),
        ("m /", "m"),
    ] {
        assert_eq!(conversion(from, to), None, "{from} to {to}");
    }
}

#[test]
fn spellings_are_left_to_udunits_only_where_it_takes_them() {
    for (text, expected) in [
        ("m/s", "m/s"),
        ("counts", "counts"),
        ("dB", "0.1 lg(re 1)"),
        ("0.1 lg(re 1)", "0.1 lg(re 1)"),
        ("km-1 sr-1", "km-1 sr-1"),
        ("km^{-1} sr^{-1}", "km-1 sr-1"),
        ("mb", "hPa"),
        ("mb/s", "hPa s-1"),
        ("deg/s", "degree s-1"),
        ("unitless", "1"),
        ("None", "1"),
        ("deg N", "degrees_north"),
        ("C", "degree_Celsius"),
        ("ms-1", "m s-1"),
        ("KM", "km"),
    ] {
        assert_eq!(standard(text).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(standard("photons"), None);
}

#[test]
fn magnitudes_tell_a_unit_that_is_not_stated() {
    assert_eq!(guessed(&[f64::NAN, 290.0], "degC"), "K");
    assert_eq!(guessed(&[0.2, 0.99], "%"), "1");
    assert_eq!(guessed(&[850.0], "hPa"), "hPa");
}

proptest! {
    #[test]
    fn any_text_is_read_or_not_without_harm(text in "[ a-zA-Z0-9^*/(){}.%#°µ⁻¹_+-]{0,40}") {
        if let Some(spelled) = standard(&text) {
            prop_assert_eq!(parse(&spelled), parse(&text), "{} is spelled {}", text, spelled);
        }
    }

    #[test]
    fn a_conversion_is_undone_by_its_inverse(
        from in prop::sample::select(vec!["K", "degC", "degF"]),
        to in prop::sample::select(vec!["K", "degC", "degF"]),
        value in -200.0..400.0_f64,
    ) {
        let there = conversion(from, to).unwrap().of(value);
        let back = conversion(to, from).unwrap().of(there);
        prop_assert!((back - value).abs() < 1e-9);
    }

    #[test]
    fn products_of_units_convert_by_the_product_of_their_factors(
        powers in prop::collection::vec((prop::sample::select(vec!["km", "h", "g", "hPa", "sr"]), -3_i8..4), 1..4),
    ) {
        let base = |name: &str| match name { "km" => "m", "h" => "s", "g" => "kg", "hPa" => "Pa", other => other }.to_owned();
        let spell = |name: &dyn Fn(&str) -> String| {
            powers.iter().map(|(unit, power)| format!("{}{power}", name(unit))).collect::<Vec<_>>().join(" ")
        };
        let factor = |name: &str| match name { "km" => 1e3, "h" => 3600.0, "g" => 1e-3, "hPa" => 100.0, _ => 1.0_f64 };
        let expected: f64 = powers.iter().map(|(unit, power)| factor(unit).powi(i32::from(*power))).product();
        let found = conversion(&spell(&|name| name.to_owned()), &spell(&base)).unwrap().of(1.0);
        prop_assert!((found / expected - 1.0).abs() < 1e-12);
    }
}
