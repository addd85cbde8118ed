use super::*;
use ndarray::{Array1, IxDyn};
use proptest::prelude::*;

const FILL: f64 = -999.0;
const BELOW: Sentinels = Sentinels::AtOrBelow(-900.0);

fn decoder(from: ElementType) -> Decoder<'static> {
    let (sentinels, fill) = if from.is_float() { (BELOW, Some(FILL)) } else { (Sentinels::Nothing, None) };
    Decoder { name: "x".to_owned(), from, sentinels, fill, invalid: None, threshold: 0.0 }
}

fn vector<T>(values: Vec<T>) -> ArrayD<T> {
    Array1::from(values).into_dyn()
}

#[test]
fn missing_floats_become_fill_and_are_counted_by_kind() {
    let source = vector(vec![1.5_f32, f32::NAN, f32::INFINITY, -999.0, -9999.0, -899.5, -0.0]);
    let mut statistics = Statistics::default();
    let decoded = decoder(ElementType::F32).decode(Values::F32(source), 0, &mut statistics).unwrap();
    let Values::F32(decoded) = decoded else { panic!("type changed") };
    let bits: Vec<u32> = decoded.iter().map(|value| value.to_bits()).collect();
    let expected = [1.5_f32, -999.0, -999.0, -999.0, -999.0, -899.5, -0.0].map(f32::to_bits);
    assert_eq!(bits, expected);
    assert_eq!(
        (statistics.valid, statistics.not_a_number, statistics.infinite, statistics.sentinel),
        (3, 1, 1, 2)
    );
    assert_eq!((statistics.minimum, statistics.maximum), (Some(-899.5), Some(1.5)));
}

#[test]
fn integers_keep_their_values_unless_the_row_declares_a_sentinel() {
    let source = || Values::I16(vector(vec![3_i16, -999, -9999]));
    let mut statistics = Statistics::default();
    let kept = decoder(ElementType::I16).decode(source(), 0, &mut statistics).unwrap();
    assert_eq!(kept, source());
    let declared = Decoder { sentinels: BELOW, fill: Some(FILL), ..decoder(ElementType::I16) };
    let replaced = declared.decode(source(), 0, &mut statistics).unwrap();
    assert_eq!(replaced, Values::I16(vector(vec![3, -999, -999])));
    assert_eq!(statistics.sentinel, 2);
}

#[test]
fn a_64_bit_integer_beyond_2_to_the_53_is_refused_by_name() {
    let source = Values::U64(vector(vec![1, MAX_EXACT_INTEGER + 1]));
    let failure = decoder(ElementType::U64).decode(source, 0, &mut Statistics::default()).unwrap_err();
    assert!(failure.to_string().contains("9007199254740993"), "{failure}");
}

#[test]
fn zeros_of_both_signs_at_either_end() {
    let edges = |numbers: [f64; 3]| {
        let values = Values::F64(vector(numbers.repeat(100)));
        let mut statistics = Statistics::default();
        decoder(ElementType::F64).decode(values, 0, &mut statistics).unwrap();
        [statistics.minimum, statistics.maximum].map(|edge| edge.unwrap().to_bits())
    };
    let bits = |edges: [f64; 2]| edges.map(f64::to_bits);
    assert_eq!(edges([0.0, 1.0, 0.0]), bits([0.0, 1.0]));
    assert_eq!(edges([0.0, 1.0, -0.0]), bits([-0.0, 1.0]));
    assert_eq!(edges([-0.0, -1.0, 0.0]), bits([-1.0, 0.0]));
    assert_eq!(edges([-0.0, -1.0, -0.0]), bits([-1.0, -0.0]));
    assert_eq!(edges([-0.0, 0.0, -999.0]), bits([-0.0, 0.0]));
}

/// Generates arbitrary values, with many edge cases.
fn awkward() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -2.0..2.0_f64,
        1 => Just(0.0),
        1 => Just(-0.0),
        1 => prop::sample::select(vec![
            f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -899.999, -900.0, -900.1, -999.0, f64::MAX, f64::MIN,
            f64::from(f32::MAX), f64::from(f32::MIN), f64::MIN_POSITIVE, 1e-40, 32767.0, -32768.0,
        ]),
        1 => any::<u64>().prop_map(f64::from_bits),
    ]
}

proptest! {
    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "any value will do")]
    fn many_values_at_once_give_what_one_at_a_time_gives(
        numbers in prop::collection::vec(awkward(), 1..100),
        repeated in 1_usize..60,
        sentinel in any::<bool>(),
        listed in any::<bool>(),
        threshold in prop_oneof![Just(f64::INFINITY), Just(1.0), Just(0.0)],
    ) {
        let numbers: Vec<f64> = numbers.iter().copied().cycle().take(numbers.len() * repeated).collect();
        // A mask without invalid records selects the slow path, which must have the same result.
        let none_invalid = vec![false; numbers.len()];
        let cases = [
            Values::F64(vector(numbers.clone())),
            Values::F32(vector(numbers.iter().map(|&number| number as f32).collect())),
            Values::I32(vector(numbers.iter().map(|&number| number as i32).collect())),
            Values::I16(vector(numbers.iter().map(|&number| number as i16).collect())),
            Values::I8(vector(numbers.iter().map(|&number| number as i8).collect())),
        ];
        for values in cases {
            let mut fast = Decoder { threshold, ..decoder(values.element_type()) };
            if sentinel {
                fast.sentinels = BELOW;
                fast.fill = Some(FILL);
            }
            if listed {
                fast.sentinels = Sentinels::Equal(vec![-999.0, 1e-40]);
                fast.fill = Some(FILL);
            }
            let slow = Decoder { invalid: Some(&none_invalid), ..fast.clone() };
            if slow.target() != fast.target() {
                continue;
            }
            let [mut of_fast, mut of_slow] = [Statistics::default(), Statistics::default()];
            let decoded = fast.decode(values.clone(), 0, &mut of_fast).unwrap();
            let expected = slow.decode(values, 0, &mut of_slow).unwrap();
            prop_assert_eq!(decoded.bytes(), expected.bytes());
            let zeros = |seen: &Statistics| [seen.minimum, seen.maximum].map(|edge| edge.map(f64::to_bits));
            prop_assert_eq!(zeros(&of_fast), zeros(&of_slow));
            prop_assert_eq!(of_fast, of_slow);
        }
    }
}

proptest! {
    #[test]
    fn every_finite_value_above_the_sentinels_keeps_its_bits(
        values in prop::collection::vec(any::<u64>().prop_map(f64::from_bits), 1..200),
        rows in 1_usize..5,
    ) {
        let length = values.len() / rows * rows;
        prop_assume!(length > 0);
        let source =
            ArrayD::from_shape_vec(IxDyn(&[rows, length / rows]), values[..length].to_vec()).unwrap();
        let mut statistics = Statistics::default();
        let decoded =
            decoder(ElementType::F64).decode(Values::F64(source.clone()), 7, &mut statistics).unwrap();
        let Values::F64(decoded) = decoded else { panic!("type changed") };
        for (before, after) in source.iter().zip(&decoded) {
            let kept = before.is_finite() && *before > -900.0;
            prop_assert_eq!(after.to_bits(), if kept { before.to_bits() } else { FILL.to_bits() });
        }
        prop_assert_eq!(statistics.valid + statistics.missing(), length as u64);
    }
}
