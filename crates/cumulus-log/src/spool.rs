//! The spool file: events that could not be sent, one per line, for the next run.
//!
//! Several runs may share one spool file. A run that replays it renames the file to a name of its own and keeps it
//! locked. A replay file that is not locked belongs to a run that died, and the next run takes it over. An event may
//! therefore arrive twice, with the same event id at the collector, but a replay that is interrupted loses none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Max bytes of a spool file; events beyond it are dropped.
const MAX_BYTES: u64 = 64 << 20;

/// Logs contain names of granules and paths, which other users need not read.
const MODE: u32 = 0o600;

/// Suffix of the spool file's name during replay, before the id of the run.
const REPLAY: &str = ".replay-";

#[derive(Debug)]
pub(crate) struct Spool {
    path: PathBuf,
}

impl Spool {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Appends lines and returns how many were written; the rest exceeds [`MAX_BYTES`].
    ///
    /// # Errors
    /// Returns an error if the file cannot be written.
    pub(crate) fn append(&self, lines: &[Arc<str>]) -> io::Result<usize> {
        if lines.is_empty() {
            return Ok(0);
        }
        let mut file = self.opened()?;
        let mut size = file.metadata()?.len();
        let mut text = String::new();
        let mut kept = 0;
        for line in lines {
            size += line.len() as u64 + 1;
            if size > MAX_BYTES {
                break;
            }
            text.push_str(line);
            text.push('\n');
            kept += 1;
        }
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        Ok(kept)
    }

    /// Opens and locks the spool file. Another run may rename it between opening and locking, so the path is checked
    /// again.
    fn opened(&self) -> io::Result<File> {
        use std::os::unix::fs::MetadataExt;
        loop {
            let file = OpenOptions::new().append(true).create(true).mode(MODE).open(&self.path)?;
            file.lock()?;
            let of = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
            if fs::metadata(&self.path)
                .is_ok_and(|named| file.metadata().is_ok_and(|own| of(own) == of(named)))
            {
                return Ok(file);
            }
        }
    }

    /// Takes over the spool file or one that a dead run left; returns `None` if there is neither. `id` is the id of
    /// this run.
    pub(crate) fn take(&self, id: &str) -> Option<Replay> {
        self.orphans().into_iter().find_map(|path| Replay::open(path).ok().flatten()).or_else(|| {
            let file = self.path.exists().then(|| self.opened()).and_then(Result::ok)?;
            let path = PathBuf::from(format!("{}{REPLAY}{id}", self.path.display()));
            fs::rename(&self.path, &path).ok()?;
            // `open` reopens the file for reading; dropping the old descriptor releases its lock.
            drop(file);
            Replay::open(path).ok().flatten()
        })
    }

    fn orphans(&self) -> Vec<PathBuf> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let Some(name) = self.path.file_name() else { return Vec::new() };
        let prefix = format!("{}{REPLAY}", name.to_string_lossy());
        let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        paths
    }
}

/// A spool file that is being replayed.
#[derive(Debug)]
pub(crate) struct Replay {
    path: PathBuf,
    lines: BufReader<File>,
}

impl Replay {
    /// Returns `None` if another run has locked the file.
    fn open(path: PathBuf) -> io::Result<Option<Self>> {
        let file = File::open(&path)?;
        Ok(file.try_lock().is_ok().then(|| Self { path, lines: BufReader::new(file) }))
    }

    /// The next lines, limited in number and, approximately, in bytes; empty at the end of the file.
    pub(crate) fn batch(&mut self, (bytes, events): (usize, usize)) -> Vec<Arc<str>> {
        let mut batch: Vec<Arc<str>> = Vec::new();
        let mut taken = 0;
        let mut line = Vec::new();
        while taken < bytes && batch.len() < events {
            line.clear();
            if self.lines.read_until(b'\n', &mut line).is_err() || !line.ends_with(b"\n") {
                // A line without a line end is incomplete: its run died while writing it.
                break;
            }
            line.pop();
            taken += line.len();
            let text = String::from_utf8_lossy(&line);
            if !text.is_empty() {
                batch.push(text.into());
            }
        }
        batch
    }

    /// Removes the file. All its events have been delivered, or spooled again.
    ///
    /// # Errors
    /// Returns an error if the file cannot be removed; it would be replayed again and again.
    pub(crate) fn finish(self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: (usize, usize) = (1 << 20, 3);

    fn lines(range: std::ops::Range<usize>) -> Vec<Arc<str>> {
        range.map(|number| format!("event {number}").into()).collect()
    }

    #[test]
    fn what_is_appended_is_replayed_once() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path().join("spool"));
        assert!(spool.take("a").is_none());
        spool.append(&lines(0..2)).unwrap();
        spool.append(&lines(2..5)).unwrap();
        let mut replay = spool.take("a").unwrap();
        assert!(spool.take("b").is_none(), "it is this run's");
        spool.append(&lines(5..6)).unwrap();
        assert_eq!(replay.batch(LIMITS), lines(0..3));
        assert_eq!(replay.batch(LIMITS), lines(3..5));
        assert_eq!(replay.batch(LIMITS), lines(0..0));
        replay.finish().unwrap();
        let mut replay = spool.take("c").unwrap();
        assert_eq!(replay.batch(LIMITS), lines(5..6));
        replay.finish().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_a_dead_run_left_is_taken_over_and_half_a_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path().join("spool"));
        fs::write(folder.path().join("spool.replay-dead"), "event 0\nevent 1\n{\"ha").unwrap();
        let mut replay = spool.take("a").unwrap();
        assert_eq!(replay.batch(LIMITS), lines(0..2));
        assert!(spool.take("b").is_none());
        assert!(replay.batch(LIMITS).is_empty());
        replay.finish().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn it_is_bounded_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::new(folder.path().join("spool"));
        let large: Vec<Arc<str>> = vec!["x".repeat(10 << 20).into(); 10];
        assert_eq!(spool.append(&large).unwrap(), 6);
        assert_eq!(spool.append(&large).unwrap(), 0);
        let metadata = fs::metadata(folder.path().join("spool")).unwrap();
        assert!(metadata.len() <= MAX_BYTES);
        assert_eq!(metadata.permissions().mode() & 0o777, MODE);
        assert!(Spool::new("/nowhere/spool".into()).append(&lines(0..1)).is_err());
    }
}
