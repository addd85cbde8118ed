//! The `hs3-cpl` command.

fn main() -> std::process::ExitCode {
    cumulus_core::cli::main(&hs3_cpl::COLLECTION)
}
