//! `hs3-avaps INPUT OUTPUT`: see `--help`.

fn main() -> std::process::ExitCode {
    cumulus_core::cli::main(&hs3_avaps::COLLECTION)
}
