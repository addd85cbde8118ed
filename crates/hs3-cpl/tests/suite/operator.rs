//! An operator at work: a folder of granules, a folder for products, and the command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::granule::{ProductKind, Recipe};

/// 2020-09-13T12:26:40Z, the time stamp of everything made in tests.
pub(crate) const EPOCH: &str = "1600000000";

/// Says something that the test runner shows even if the test passes.
pub(crate) fn say(text: &str) {
    use std::io::Write;
    writeln!(std::io::stderr().lock(), "{text}").unwrap();
}

pub(crate) struct Operator {
    folder: TempDir,
}

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Operator {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("input")).unwrap();
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn input(&self) -> PathBuf {
        self.folder.path().join("input")
    }

    pub(crate) fn output(&self) -> PathBuf {
        self.folder.path().join("output")
    }

    /// Writes a granule under its producer's name.
    pub(crate) fn granule(&self, sortie: &str, recipe: &Recipe) -> PathBuf {
        let product = match recipe.product {
            ProductKind::Atb => "ATB",
            ProductKind::Op => "OP",
        };
        let path = self.input().join(format!("HS3_CPL_{product}_{sortie}_20120906.hdf5"));
        recipe.write(&path).unwrap();
        path
    }

    /// Runs the command with these arguments, in the operator's folder.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hs3-cpl"));
        command.current_dir(self.folder.path()).env_clear().env("SOURCE_DATE_EPOCH", EPOCH);
        // A child of another test thread may still hold the lock of the granule just written.
        command.env("HDF5_USE_FILE_LOCKING", "FALSE");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::from(self.command().args(arguments).output().unwrap())
    }

    /// Converts `input` into `output`.
    pub(crate) fn convert(&self) -> Run {
        self.run(&["input", "output"])
    }

    /// Names of all entries of the output folder, hidden ones included, sorted.
    pub(crate) fn products(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.output()) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Run {
    /// The log lines that contain `text`.
    pub(crate) fn lines_with(&self, text: &str) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.contains(text)).collect()
    }

    pub(crate) fn succeeded(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }
}

impl Operator {
    /// What netCDF's own `ncdump` says of a product.
    pub(crate) fn ncdump(&self, arguments: &[&str], product: &str) -> String {
        let output = Command::new("ncdump")
            .args(arguments)
            .arg(self.output().join(product))
            .output()
            .expect("ncdump is installed by scripts/setup");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}
