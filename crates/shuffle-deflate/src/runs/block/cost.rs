//! Estimates the size of a block without making its code, to decide if two pieces should share one.

/// Fractional bits of a logarithm.
const FRACTION: u32 = 16;

/// Logarithms to base 2 of 1 + n / 1024, with [`FRACTION`] bits. They are integers, so that every processor gives the
/// same result.
const LOGARITHMS: [u32; 1024] = {
    let mut table = [0; 1024];
    let mut index = 0;
    while index < 1024 {
        // Squaring doubles the logarithm, and the next bit is 1 if the square is at least 2.
        let mut square = (1024 + index as u64) << 20;
        let mut bit = 0;
        while bit < FRACTION {
            square = (square >> 15) * (square >> 15);
            table[index] <<= 1;
            if square >> 31 != 0 {
                table[index] += 1;
                square >>= 1;
            }
            bit += 1;
        }
        index += 1;
    }
    table
};

/// Logarithm to base 2 with [`FRACTION`] bits, accurate to 0.001; 0 for 0.
fn logarithm(number: u32) -> u64 {
    if number == 0 {
        return 0;
    }
    let whole = number.ilog2();
    let fraction = ((u64::from(number) << 10) >> whole) & 1023;
    (u64::from(whole) << FRACTION) + u64::from(LOGARITHMS[fraction as usize])
}

/// Number of bits that an ideal code needs for symbols of these frequencies.
pub(super) fn entropy(frequencies: &[u32]) -> u64 {
    let total: u32 = frequencies.iter().sum();
    let sum: u64 = frequencies.iter().map(|&count| u64::from(count) * logarithm(count)).sum();
    (u64::from(total) * logarithm(total)).saturating_sub(sum) >> FRACTION
}
