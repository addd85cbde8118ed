//! A store that calls a test before and after changes.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cumulus_model::digest::FileDigest;

use crate::{Facts, Object, Store};

/// Passes everything on to another store, and calls the test around changes.
pub struct Hooked {
    inner: Arc<dyn Store>,
    before_change: Box<dyn Fn() -> io::Result<()> + Send + Sync>,
    after_upload: Box<dyn Fn(&str) + Send + Sync>,
}

impl Hooked {
    /// A store that makes this number of changes; every later one fails, as if the program had been killed before it.
    pub fn breaking_after(changes: usize, inner: Arc<dyn Store>) -> Self {
        let left = AtomicUsize::new(changes);
        let before_change = move || {
            left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .map(drop)
                .map_err(|_| io::Error::other("broken by the test"))
        };
        Self { inner, before_change: Box::new(before_change), after_upload: Box::new(|_| ()) }
    }

    /// A store that calls `after_upload` with the key of each object that was stored.
    pub fn after_upload(inner: Arc<dyn Store>, after_upload: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { inner, before_change: Box::new(|| Ok(())), after_upload: Box::new(after_upload) }
    }
}

impl fmt::Debug for Hooked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Hooked").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Store for Hooked {
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
        (self.before_change)()?;
        let stored = self.inner.upload(from, key, content_type, facts)?;
        (self.after_upload)(key);
        Ok(stored)
    }

    fn remove(&self, key: &str) -> io::Result<()> {
        (self.before_change)()?;
        self.inner.remove(key)
    }

    fn try_writing(&self, key: &str) -> io::Result<()> {
        self.inner.try_writing(key)
    }
}
