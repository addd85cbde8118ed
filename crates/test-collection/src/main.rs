//! The command of the test collection.

fn main() -> std::process::ExitCode {
    cumulus_core::cli::main(&test_collection::COLLECTION)
}
