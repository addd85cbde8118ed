//! Exit codes of the program, after `sysexits.h`.

use cumulus_model::error::Class;

/// Every granule is converted or up to date.
pub const EXIT_SUCCESS: u8 = 0;
/// The arguments are invalid.
pub const EXIT_USAGE: u8 = 2;
/// Some granules are permanently invalid (`EX_DATAERR` of sysexits.h).
pub const EXIT_BAD_GRANULE: u8 = 65;
/// No granule was found (`EX_NOINPUT`).
pub const EXIT_NO_GRANULE: u8 = 66;
/// There is a bug in the program (`EX_SOFTWARE`).
pub const EXIT_INTERNAL: u8 = 70;
/// The output folder cannot be written (`EX_CANTCREAT`).
pub const EXIT_OUTPUT_UNWRITABLE: u8 = 73;
/// Something failed that can succeed on a retry (`EX_TEMPFAIL`).
pub const EXIT_RETRYABLE: u8 = 75;

/// Failure classes and their exit codes, in order of precedence: if several apply, the first one is used.
const PRECEDENCE: [(Class, u8); 7] = [
    (Class::Usage, EXIT_USAGE),
    (Class::Internal, EXIT_INTERNAL),
    (Class::OutputUnwritable, EXIT_OUTPUT_UNWRITABLE),
    (Class::DeviceFull, EXIT_RETRYABLE),
    (Class::Retryable, EXIT_RETRYABLE),
    (Class::BadGranule, EXIT_BAD_GRANULE),
    (Class::NoGranule, EXIT_NO_GRANULE),
];

/// Returns the exit code for these failure classes: the one with the highest precedence, or success if there are none.
#[must_use]
pub fn exit_code(classes: impl IntoIterator<Item = Class>) -> u8 {
    let classes: Vec<Class> = classes.into_iter().collect();
    PRECEDENCE.iter().find(|(class, _)| classes.contains(class)).map_or(EXIT_SUCCESS, |&(_, code)| code)
}

/// Returns the exit code with the higher precedence.
#[must_use]
pub fn more_pressing(one: u8, other: u8) -> u8 {
    let rank = |code: u8| PRECEDENCE.iter().position(|&(_, known)| known == code).unwrap_or(PRECEDENCE.len());
    if rank(one) <= rank(other) { one } else { other }
}

/// Returns what an operator should do after a run with this exit code.
#[must_use]
pub fn advice(exit_code: u8) -> Option<&'static str> {
    Some(match exit_code {
        EXIT_USAGE => "correct the command",
        EXIT_BAD_GRANULE => "look at the failed granules and their hints before another run",
        EXIT_NO_GRANULE => "check INPUT",
        EXIT_INTERNAL => "report the bug, with its granule and this log",
        EXIT_OUTPUT_UNWRITABLE => "correct what cannot be written, then run again",
        EXIT_RETRYABLE => "run again with the same arguments; what is published is skipped",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_pressing_class_decides() {
        assert_eq!(exit_code([]), 0);
        assert_eq!(exit_code([Class::BadGranule, Class::Retryable]), 75);
        assert_eq!(exit_code([Class::Retryable, Class::OutputUnwritable, Class::BadGranule]), 73);
        assert_eq!(exit_code([Class::OutputUnwritable, Class::Internal]), 70);
        assert_eq!(exit_code([Class::NoGranule]), 66);
        assert_eq!(
            [(0, 73), (65, 73), (75, 73), (70, 73)].map(|(one, other)| more_pressing(one, other)),
            [73, 73, 73, 70]
        );
    }
}
