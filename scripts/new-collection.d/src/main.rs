//! The `new-collection` command.

fn main() -> std::process::ExitCode {
    cumulus_core::cli::main(&new_collection::COLLECTION)
}
