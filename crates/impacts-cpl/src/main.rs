//! The `impacts-cpl` command.

fn main() -> std::process::ExitCode {
    cumulus_core::cli::main(&impacts_cpl::COLLECTION)
}
