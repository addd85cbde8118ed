//! The `hs3-avaps` command.

fn main() -> std::process::ExitCode {
    cumulus_core::cli::main(&hs3_avaps::COLLECTION)
}
