//! A fixture for end-to-end tests: a folder of granules, a folder for products, and the command.
//!
//! A test suite names its command and writes its own granules; the rest is the same for every collection.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it is"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub use cumulus_model::testing::{say, skip};
use tempfile::TempDir;

/// Time stamp of all products in tests, 2020-09-13T12:26:40Z in seconds since 1970.
const EPOCH: &str = "1600000000";

/// A temporary folder that contains `input`, and the command that creates `output` in it.
#[derive(Debug)]
pub struct Operator {
    program: PathBuf,
    folder: TempDir,
}

/// The result of a run.
#[derive(Debug)]
pub struct Run {
    /// Exit code; `None` if the process was ended by a signal.
    pub code: Option<i32>,
    /// All of standard output.
    pub stdout: String,
    /// All of standard error: the log.
    pub stderr: String,
}

impl Operator {
    /// Creates an operator of `program` with an empty `input` folder.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("input")).unwrap();
        Self { program: program.into(), folder }
    }

    /// Returns the temporary folder that contains all others.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the folder of granules.
    #[must_use]
    pub fn input(&self) -> PathBuf {
        self.folder.path().join("input")
    }

    /// Returns the folder of products, which the first run creates.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.folder.path().join("output")
    }

    /// Returns the command without arguments, in the operator's folder and with a clean environment.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(self.folder.path()).env_clear().env("SOURCE_DATE_EPOCH", EPOCH);
        // A child process of another test thread may still hold the lock of the granule just written.
        command.env("HDF5_USE_FILE_LOCKING", "FALSE");
        command
    }

    /// Runs the command with these arguments.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::from(self.command().args(arguments).output().unwrap())
    }

    /// Converts `input` into `output`.
    #[must_use]
    pub fn convert(&self) -> Run {
        self.run(&["input", "output"])
    }

    /// Returns the report in `report.json`, with its granules sorted by path.
    #[must_use]
    pub fn report(&self) -> serde_json::Value {
        let text = fs::read(self.folder.path().join("report.json")).unwrap();
        let mut report: serde_json::Value = serde_json::from_slice(&text).unwrap();
        if let Some(granules) = report["granules"].as_array_mut() {
            let path = |granule: &serde_json::Value| granule["path"].as_str().map(str::to_owned);
            granules.sort_by_key(path);
        }
        report
    }

    /// Returns the names of all entries of the output folder, including hidden ones, sorted.
    #[must_use]
    pub fn products(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.output()) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Returns the output of netCDF's own `ncdump` for a product; panics if `ncdump` fails.
    #[expect(clippy::must_use_candidate, reason = "that it can be read may be all that is asked")]
    pub fn ncdump(&self, arguments: &[&str], product: &str) -> String {
        let output = Command::new("ncdump")
            .args(arguments)
            .arg(self.output().join(product))
            .output()
            .expect("ncdump is installed by scripts/setup");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
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
    /// Returns the log lines that contain `text`.
    #[must_use]
    pub fn lines_with(&self, text: &str) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.contains(text)).collect()
    }

    /// Returns the lines of standard output that contain `text`.
    #[must_use]
    pub fn lines_of_output(&self, text: &str) -> Vec<&str> {
        self.stdout.lines().filter(|line| line.contains(text)).collect()
    }

    /// Returns the error lines about granules and about the run, without the closing line, which is one too if the run
    /// failed.
    #[must_use]
    pub fn errors(&self) -> Vec<&str> {
        self.stderr
            .lines()
            .filter(|line| line.contains(" ERROR ") && !line.contains(" converted, "))
            .collect()
    }

    /// Asserts that the exit code is 0, and returns the same run.
    #[expect(clippy::must_use_candidate, reason = "to ask is enough")]
    pub fn succeeded(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }
}
