//! An operator at work: a folder of soundings, a folder for products, and the command.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use tempfile::TempDir;

use crate::recipe::Recipe;

/// 2020-09-13T12:26:40Z, the time stamp of everything made in tests.
pub(crate) const EPOCH: &str = "1600000000";

pub(crate) struct Operator {
    folder: TempDir,
}

/// What a run left behind.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn succeeded(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }
}

impl Operator {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("input")).unwrap();
        Self { folder }
    }

    pub(crate) fn input(&self, name: &str) -> PathBuf {
        self.folder.path().join("input").join(name)
    }

    pub(crate) fn output(&self, name: &str) -> PathBuf {
        self.folder.path().join("output").join(name)
    }

    /// Writes a sounding under this name.
    pub(crate) fn sounding(&self, name: &str, recipe: &Recipe) {
        recipe.write(&self.input(name)).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hs3-avaps"));
        command.current_dir(self.folder.path()).env_clear().env("SOURCE_DATE_EPOCH", EPOCH);
        let output = command.args(arguments).output().unwrap();
        Run {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Converts `input` into `output`, with the full check.
    pub(crate) fn convert(&self) -> Run {
        self.run(&["input", "output", "--check", "full"])
    }

    /// Names of all entries of the output folder, hidden ones included, sorted.
    pub(crate) fn products(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path().join("output")).into_iter().flatten();
        let mut names: Vec<String> =
            entries.map(|entry: io::Result<_>| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// All values of a variable of a product.
    pub(crate) fn values(&self, product: &str, variable: &str) -> Vec<f64> {
        let file = hdf5::File::open(self.output(product)).unwrap();
        file.dataset(variable).unwrap().read_raw().unwrap()
    }

    /// What netCDF's own `ncdump` says of a product.
    pub(crate) fn ncdump(&self, arguments: &[&str], product: &str) -> String {
        ncdump(arguments, &self.output(product))
    }
}

fn ncdump(arguments: &[&str], product: &Path) -> String {
    let output = Command::new("ncdump").args(arguments).arg(product).output();
    let output = output.expect("ncdump is installed by scripts/setup");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
