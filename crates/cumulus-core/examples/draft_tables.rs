//! Drafts the tables of a new collection from a granule, for `scripts/new-collection NAME --from GRANULE`.
//!
//! Standard output has the text of `lib.rs`, and after a line with `--` the datasets of the granule, one a line.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use cumulus_core::draft::Draft;

#[expect(clippy::print_stderr, reason = "a command that states what is wrong")]
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, granule] = arguments.as_slice() else {
        eprintln!("usage: draft_tables PROGRAM GRANULE");
        return ExitCode::from(2);
    };
    match Draft::of(program, Path::new(granule)) {
        Ok(Draft { tables, datasets }) => {
            let written = write!(std::io::stdout(), "{tables}--\n{}\n", datasets.join("\n"));
            ExitCode::from(u8::from(written.is_err()))
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
