//! Answers how units convert, for another library to judge: `unit_values < PAIRS`.
//!
//! A line is two units with a tab between them. The answer is a line with what 0, 1 and 250 of the first are in the
//! second, or `none` where no conversion leads from one to the other, and the spelling of the first that products have.

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
