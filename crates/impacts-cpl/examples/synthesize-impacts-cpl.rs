//! Writes a synthetic granule, used as the sample: `cargo run -p impacts-cpl --example synthesize-impacts-cpl
//! -- FILE`.

#[path = "../tests/suite/granule.rs"]
mod granule;

use std::process::ExitCode;

#[expect(clippy::print_stderr, reason = "a command that says what is wrong")]
fn main() -> ExitCode {
    let Some(file) = std::env::args_os().nth(1) else {
        eprintln!("names the file to write");
        return ExitCode::from(2);
    };
    match granule::write(file.as_ref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            ExitCode::FAILURE
        }
    }
}
