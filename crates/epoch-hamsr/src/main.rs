//! The `epoch-hamsr` command.

fn main() -> std::process::ExitCode {
    cumulus_core::cli::main(&epoch_hamsr::COLLECTION)
}
