//! The `impacts-hiwrap` command.

fn main() -> std::process::ExitCode {
    cumulus_core::cli::main(&impacts_hiwrap::COLLECTION)
}
