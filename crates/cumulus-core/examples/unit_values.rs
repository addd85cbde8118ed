//! Prints conversions between units, for comparison with another library: `unit_values < PAIRS`.
//!
//! Each input line has two units, separated by a tab. The output line has 0, 1 and 250 of the first unit converted to
//! the second, or `none` if there is no conversion, then a tab and the spelling of the first unit in products.

use std::io::{self, BufRead, Write};

use cumulus_core::map::units;

fn main() -> io::Result<()> {
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (from, to) = line.split_once('\t').unwrap_or((&line, ""));
        let conversion = units::parse(from)
            .zip(units::parse(to))
            .and_then(|(from, to)| from.conversion_to(&to))
            .map_or_else(
                || "none".to_owned(),
                |conversion| format!("{:?}", [0.0, 1.0, 250.0].map(|value| conversion.of(value))),
            );
        writeln!(output, "{conversion}\t{}", units::standard(from).unwrap_or_default())?;
    }
    Ok(())
}
