//! Any structure that is read from arbitrary bytes is rejected, or its file conforms to the specification.

mod any_file;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn any_bytes_describe_a_sound_file(bytes in prop::collection::vec(0_u8..128, 0..400)) {
        any_file::check(&bytes);
    }
}

/// Arbitrary bytes rarely give small and legal structures.
#[test]
fn letters_describe_files_that_are_not_refused() {
    let mut written = 0;
    for seed in 0..=255_u8 {
        let letters = (0..=255_u8).cycle().take(400);
        let bytes: Vec<u8> = letters
            .map(|place| b'a' + seed.wrapping_mul(31).wrapping_add(place.wrapping_mul(7)) % 26)
            .collect();
        written += u32::from(any_file::check(&bytes));
    }
    assert!(written > 20, "{written} of 256");
}
