//! Writes and reads the file of a run report.
//!
//! The report is written while the run goes on, one granule a line, so that the run need not remember its granules. It
//! gets its name when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;

use super::{GranuleReport, Header, Ignored, LAYOUT, Report, Totals};
use cumulus_model::error::{Class, Failure, Stage};

/// Name of a report that goes to standard output.
const STANDARD_OUTPUT: &str = "-";

/// Permissions of a new report before the umask, as for any other file.
const PERMISSIONS: u32 = 0o666;

/// A report being written.
#[derive(Debug)]
pub struct ReportFile {
    path: PathBuf,
    target: Target,
    granules: usize,
    /// The first error; nothing is written after it.
    error: Option<io::Error>,
}

#[derive(Debug)]
enum Target {
    /// A file that gets its name at the end.
    New(BufWriter<NamedTempFile>),
    /// A pipe, a terminal or a device that is there already.
    Existing(BufWriter<File>),
    StandardOutput(BufWriter<io::Stdout>),
}

impl Target {
    fn open(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        if path == Path::new(STANDARD_OUTPUT) {
            return Ok(Self::StandardOutput(BufWriter::new(io::stdout())));
        }
        // A name of an open file, such as /dev/stdout, is written through and never replaced.
        if ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder)) {
            return Ok(Self::Existing(BufWriter::new(File::options().write(true).open(path)?)));
        }
        match path.metadata() {
            Ok(there) if there.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(there) if !there.is_file() => {
                return Ok(Self::Existing(BufWriter::new(File::options().write(true).open(path)?)));
            }
            _ => {}
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        tempfile::Builder::new()
            .prefix(".report-")
            .permissions(fs::Permissions::from_mode(PERMISSIONS))
            .tempfile_in(folder)
            .map(|file| Self::New(BufWriter::new(file)))
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::New(writer) => writer,
            Self::Existing(writer) => writer,
            Self::StandardOutput(writer) => writer,
        }
    }
}

impl ReportFile {
    /// Begins a report at `path`, or on standard output for `-`.
    ///
    /// # Errors
    /// The file cannot be created.
    pub fn create(path: &Path, header: &Header) -> Result<Self, Failure> {
        // A link to a file stays a link.
        let resolved = path.canonicalize().ok().filter(|_| path.is_symlink());
        let path = resolved.as_deref().unwrap_or(path);
        let target = Target::open(path).map_err(|error| unwritable(path, error))?;
        let mut report = Self { path: path.to_owned(), target, granules: 0, error: None };
        report.write(|writer| {
            writer.write_all(fields(header)?.as_bytes())?;
            writer.write_all(b",\n\"granules\": [")
        });
        Ok(report)
    }

    /// Checks that a report at `path` can be written, and leaves nothing there.
    ///
    /// # Errors
    /// As for [`Self::create`].
    pub fn try_out(path: &Path) -> Result<(), Failure> {
        // Opening a named pipe would wait for its reader.
        if path.metadata().is_ok_and(|there| !there.is_file() && !there.is_dir()) {
            return Ok(());
        }
        Target::open(path).map(drop).map_err(|error| unwritable(path, error))
    }

    /// Adds a granule. An error is reported by [`Self::finish`].
    pub fn add(&mut self, granule: &GranuleReport) {
        let separator = if self.granules == 0 { "\n" } else { ",\n" };
        self.granules += 1;
        self.write(|writer| {
            writer.write_all(separator.as_bytes())?;
            Ok(serde_json::to_writer(writer, granule)?)
        });
    }

    /// Adds the end and gives the file its name.
    ///
    /// # Errors
    /// The report could not be written, now or before.
    pub fn finish(mut self, ignored: &[Ignored], totals: &Totals) -> Result<(), Failure> {
        self.write(|writer| {
            writer.write_all(b"\n],\n\"ignored\": ")?;
            serde_json::to_writer(&mut *writer, ignored)?;
            let totals = fields(totals)?;
            writer.write_all(b",\n")?;
            writer.write_all(totals.trim_start_matches("{\n").as_bytes())?;
            writer.write_all(b"\n}\n")?;
            writer.flush()
        });
        let Self { path, target, error, .. } = self;
        let finished = match (error, target) {
            (Some(error), _) => Err(error),
            (None, Target::New(writer)) => writer
                .into_inner()
                .map_err(io::IntoInnerError::into_error)
                .and_then(|file| Ok(file.persist(&path).map(drop)?)),
            (None, Target::Existing(_) | Target::StandardOutput(_)) => Ok(()),
        };
        finished.map_err(|error| unwritable(&path, error))
    }

    fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
        if self.error.is_none() {
            self.error = write(self.target.writer()).err();
        }
    }
}

/// Returns the fields of a structure as lines of a JSON object, without its closing brace.
fn fields(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(text.trim_end_matches('}').trim_end().to_owned())
}

fn unwritable(path: &Path, error: io::Error) -> Failure {
    // Whatever the reason is, the remedy is another file.
    Failure::writing(Stage::Report, path.display().to_string(), error)
        .class(Class::OutputUnwritable)
        .hint("name a file that can be written with --report")
}

/// Reads the report at `path`.
///
/// # Errors
/// The file cannot be read, is not a report, or has another layout.
pub fn read(path: &Path) -> Result<Report, Failure> {
    let place = path.display().to_string();
    let refused = |found: String| {
        Failure::new(Stage::Report, &place, "is not a run report that can be read")
            .class(Class::Usage)
            .found(found)
            .expected(format!("a file of layout {LAYOUT}, as --report writes it"))
    };
    let text = fs::read(path).map_err(|error| Failure::argument(Stage::Report, &place, error))?;
    let whole: serde_json::Value =
        serde_json::from_slice(&text).map_err(|error| refused(error.to_string()))?;
    match whole.get("layout").and_then(serde_json::Value::as_u64) {
        Some(layout) if layout == u64::from(LAYOUT) => {}
        Some(layout) => return Err(refused(format!("layout {layout}"))),
        None => return Err(refused("no layout".to_owned())),
    }
    serde_json::from_value(whole).map_err(|error| refused(error.to_string()))
}

#[cfg(test)]
mod tests {
    use cumulus_model::error::Failure;
    use jiff::Timestamp;

    use super::*;
    use crate::report::Status;

    fn header() -> Header {
        Header {
            layout: LAYOUT,
            program: "test".to_owned(),
            version: "1".to_owned(),
            inputs: vec!["in".to_owned()],
            output: "out".to_owned(),
            started: Timestamp::UNIX_EPOCH,
            directory: "/".to_owned(),
            layout_of_products: String::new(),
            options: crate::options::ContentOptions {
                level: 4,
                short_name: None,
                url_base: None,
                metadata_suffix: ".xml".to_owned(),
            },
            manifest: None,
        }
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        for granules in 0..3 {
            let path = folder.path().join("report.json");
            let mut file = ReportFile::create(&path, &header()).unwrap();
            for number in 0..granules {
                let failure = Failure::new(Stage::Read, "x", "is odd").found(number);
                file.add(&GranuleReport::refused(Path::new("in/x.h5"), "", failure));
            }
            let ignored = [Ignored { path: "in/y".into(), reason: "no".to_owned() }];
            file.finish(&ignored, &Totals { failed: granules, ..Totals::default() }).unwrap();
            let report = read(&path).unwrap();
            assert_eq!((report.granules.len(), report.totals.failed), (granules, granules));
            assert!(report.granules.iter().all(|granule| granule.status == Status::Failed));
            assert_eq!((report.header.program.as_str(), &report.ignored[..]), ("test", &ignored[..]));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn another_layout_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        for (text, told) in [("{\"layout\": 1}", "layout 1"), ("{}", "no layout"), ("", "EOF")] {
            fs::write(&path, text).unwrap();
            let failure = read(&path).unwrap_err();
            assert!(failure.class == Class::Usage && failure.to_string().contains(told), "{failure}");
        }
    }

    #[test]
    fn a_full_device_is_an_error() {
        let file = ReportFile::create(Path::new("/dev/full"), &header()).unwrap();
        let failure = file.finish(&[], &Totals::default()).unwrap_err();
        assert_eq!(failure.class, Class::OutputUnwritable, "{failure}");
    }
}
