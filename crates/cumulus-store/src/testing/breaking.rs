//! A store that breaks where a test wants it.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cumulus_model::digest::FileDigest;

use crate::{Facts, Object, Store};

/// Passes everything on to another store, until a number of changes were made; every later one fails, as if the program
/// had been killed before it.
#[derive(Debug)]
pub struct Breaking {
    inner: Arc<dyn Store>,
    left: AtomicUsize,
}

impl Breaking {
    /// A store that makes this number of changes.
    pub fn after(changes: usize, inner: Arc<dyn Store>) -> Self {
        Self { inner, left: AtomicUsize::new(changes) }
    }

    fn change(&self) -> io::Result<()> {
        self.left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .map(drop)
            .map_err(|_| io::Error::other("broken by the test"))
    }
}

impl Store for Breaking {
    fn list(&self, folder: &str, each: &mut dyn FnMut(Object) -> io::Result<()>) -> io::Result<()> {
        self.inner.list(folder, each)
    }

    fn look(&self, key: &str) -> io::Result<Option<Object>> {
        self.inner.look(key)
    }

    fn read(&self, key: &str, most: u64) -> io::Result<Option<(Object, Vec<u8>)>> {
        self.inner.read(key, most)
    }

    fn download(&self, key: &str, etag: Option<&str>, to: &mut dyn Write) -> io::Result<FileDigest> {
        self.inner.download(key, etag, to)
    }

    fn upload(&self, from: &Path, key: &str, content_type: &str, facts: &Facts) -> io::Result<Object> {
        self.change()?;
        self.inner.upload(from, key, content_type, facts)
    }

    fn remove(&self, key: &str) -> io::Result<()> {
        self.change()?;
        self.inner.remove(key)
    }

    fn try_writing(&self, key: &str) -> io::Result<()> {
        self.inner.try_writing(key)
    }
}
