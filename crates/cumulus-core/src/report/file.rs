//! Writes and reads the file of a run report.
//!
//! The report is written while the run goes on, one granule a line, so that the run need not remember its granules. It
//! gets its name when it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tempfile::NamedTempFile;

use super::{GranuleReport, Header, Ignored, LAYOUT, Report, Totals};
use crate::remote::{self, Copy};
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_store::{Address, Facts, Store, Stores};

/// Name of a report that goes to standard output.
const STANDARD_OUTPUT: &str = "-";

/// How the names of reports begin that are not complete.
const UNDER_WAY: &str = ".report-";

/// Age from which on an incomplete report that no run has locked is a leftover: between creation and lock is a moment.
const LEFTOVER: Duration = Duration::from_secs(60);

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
    /// A file that is stored as an object at the end.
    Object(BufWriter<NamedTempFile>, Arc<dyn Store>, Address),
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
        let file = tempfile::Builder::new()
            .prefix(UNDER_WAY)
            .permissions(fs::Permissions::from_mode(PERMISSIONS))
            .tempfile_in(folder)?;
        // A file system without locks only keeps the leftovers of killed runs.
        let _ = file.as_file().lock();
        Ok(Self::New(BufWriter::new(file)))
    }

    /// Opens a report in a store, which is asked whether it can be written.
    fn in_store(address: Address, stores: &Stores) -> Result<Self, Failure> {
        remote::check_writable(&address)?;
        let store = remote::open(stores, &address)?;
        let writable = store.try_writing(&address.key);
        writable.map_err(|error| remote::writing(Stage::Report, &address, error))?;
        let file = remote::temporary_file(stores).map_err(|error| remote::not_here(Stage::Report, error))?;
        Ok(Self::Object(BufWriter::new(file), store, address))
    }

    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::New(writer) | Self::Object(writer, ..) => writer,
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
    pub fn create(path: &Path, header: &Header, stores: &Stores) -> Result<Self, Failure> {
        // A link to a file stays a link.
        let resolved = path.canonicalize().ok().filter(|_| path.is_symlink());
        let path = resolved.as_deref().unwrap_or(path);
        let target = match remote::address(path)? {
            Some(address) => Target::in_store(address, stores)?,
            None => Target::open(path).map_err(|error| unwritable(path, error))?,
        };
        let mut report = Self { path: path.to_owned(), target, granules: 0, error: None };
        report.write(|writer| {
            writer.write_all(fields(header)?.as_bytes())?;
            writer.write_all(b",\n\"granules\": [")
        });
        Ok(report)
    }

    /// Removes what killed runs left in a folder that is for reports only.
    pub fn sweep(folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let is_old = |file: &File| {
                let written = file.metadata().and_then(|there| there.modified());
                written.is_ok_and(|written| written.elapsed().is_ok_and(|age| age > LEFTOVER))
            };
            let is_leftover = entry.file_name().as_encoded_bytes().starts_with(UNDER_WAY.as_bytes())
                && File::open(entry.path()).is_ok_and(|file| is_old(&file) && file.try_lock().is_ok());
            if is_leftover {
                // Another run may have been faster.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Checks that a report at `path` can be written, and leaves nothing there.
    ///
    /// # Errors
    /// As for [`Self::create`].
    pub fn try_out(path: &Path, stores: &Stores) -> Result<(), Failure> {
        if let Some(address) = remote::address(path)? {
            return Target::in_store(address, stores).map(drop);
        }
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
            (None, Target::Object(writer, store, address)) => {
                let file = writer.into_inner().map_err(|error| unwritable(&path, error.into_error()))?;
                return store_report(file, &*store, &address);
            }
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

/// Stores a report. One that cannot be stored stays on this machine, because it says what a night has done.
fn store_report(file: NamedTempFile, store: &dyn Store, address: &Address) -> Result<(), Failure> {
    let Err(error) = store.upload(file.path(), &address.key, "application/json", &Facts::default()) else {
        return Ok(());
    };
    let failure = remote::writing(Stage::Report, address, error);
    match file.keep() {
        Ok((_, kept)) => Err(failure.hint(format!("the report is in {}", kept.display()))),
        Err(_) => Err(failure),
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

/// Reads the report at `path`, which may be an address.
///
/// # Errors
/// As for [`read`], or the object cannot be read.
pub fn read_anywhere(path: &Path, stores: &Stores) -> Result<Report, Failure> {
    read_as(Copy::of(path, stores)?.path(), &path.display().to_string())
}

/// Reads the report at `path`.
///
/// # Errors
/// The file cannot be read, is not a report, or has another layout.
pub fn read(path: &Path) -> Result<Report, Failure> {
    read_as(path, &path.display().to_string())
}

/// Reads the report at `path`, which an operator knows as `place`.
fn read_as(path: &Path, place: &str) -> Result<Report, Failure> {
    let refused = |found: String| {
        Failure::new(Stage::Report, place, "is not a run report that can be read")
            .class(Class::Usage)
            .found(found)
            .expected(format!("a file of layout {LAYOUT}, as --report writes it"))
    };
    let text = fs::read(path).map_err(|error| Failure::argument(Stage::Report, place, error))?;
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
            let mut file = ReportFile::create(&path, &header(), &Stores::default()).unwrap();
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
    fn what_a_killed_run_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        let open = ReportFile::create(&path, &header(), &Stores::default()).unwrap();
        let old = folder.path().metadata().unwrap().modified().unwrap() - 2 * LEFTOVER;
        let age = |path: &Path| File::options().write(true).open(path).unwrap().set_modified(old).unwrap();
        for entry in fs::read_dir(folder.path()).unwrap() {
            age(&entry.unwrap().path());
        }
        for name in [".report-old", ".report-new", "report-old.json"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        age(&folder.path().join(".report-old"));
        age(&folder.path().join("report-old.json"));
        ReportFile::sweep(folder.path());
        assert!(!folder.path().join(".report-old").exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        open.finish(&[], &Totals::default()).unwrap();
        assert!(path.exists());
    }

    #[test]
    fn a_full_device_is_an_error() {
        let file = ReportFile::create(Path::new("/dev/full"), &header(), &Stores::default()).unwrap();
        let failure = file.finish(&[], &Totals::default()).unwrap_err();
        assert_eq!(failure.class, Class::OutputUnwritable, "{failure}");
    }
}
