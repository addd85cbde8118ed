//! Stores behind the crate `object_store`: S3, HTTP, and for tests a folder or memory.
//!
//! The only module with async code. Its runtime is one for the whole program and starts when the first store is opened.

mod clients;
mod failure;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use cumulus_model::digest::{FileDigest, RunningDigest};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, GetResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMultipartOptions, PutOptions, PutPayload,
};
use tokio::runtime::{Builder, Runtime};

use self::failure::told;
use crate::{Address, CHANGED, Facts, Object, Scheme, Settings, Store};

/// Size from which on a file is uploaded in parts. One request of 16 MiB takes a second at 130 Mbit/s, which is what a
/// failed attempt costs.
const PARTS_FROM: u64 = 16 << 20;

/// Smallest size of a part; S3 takes parts of 5 MiB and more.
const PART: u64 = 8 << 20;

/// Maximum number of parts of an object, by S3's limits.
const MAX_PARTS: u64 = 10_000;

/// Number of parts that are on their way at once.
const PARTS_AT_ONCE: usize = 4;

/// Threads of the runtime: they only move bytes.
const THREADS: usize = 2;

/// Names under which [`Facts`] are stored.
const SHA256: &str = "sha256";
const SOURCE: &str = "source";
const SOURCE_ETAG: &str = "source-etag";

/// A store behind `object_store`.
#[derive(Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// The same store with few retries, until it has answered once: an operator waits to hear that an address is wrong.
    impatient: Arc<dyn ObjectStore>,
    has_answered: AtomicBool,
    /// Whether facts are stored with objects; a folder cannot.
    keeps_facts: bool,
    /// Whether keys are parts of a URL, with escapes.
    has_escapes: bool,
}

impl Objects {
    /// Opens the store of an address; nothing is asked of it yet.
    ///
    /// # Errors
    /// A setting is invalid, or the runtime cannot be started.
    pub fn open(address: &Address, settings: &Settings) -> io::Result<Self> {
        runtime()?;
        let store = clients::client(address, settings, &clients::patient())?;
        let impatient = clients::client(address, settings, &clients::impatient())?;
        let has_escapes = address.scheme != Scheme::S3;
        Ok(Self { store, impatient, has_answered: AtomicBool::new(false), keeps_facts: true, has_escapes })
    }

    /// A store that is there already, for tests.
    #[cfg(feature = "testing")]
    pub fn of(store: Arc<dyn ObjectStore>) -> Self {
        Self {
            impatient: Arc::clone(&store),
            store,
            has_answered: AtomicBool::new(false),
            keeps_facts: true,
            has_escapes: false,
        }
    }

    /// The same store, for one that cannot keep facts.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn without_facts(self) -> Self {
        Self { keeps_facts: false, ..self }
    }

    /// Returns a key for the client, which adds escapes to those of a URL.
    fn key(&self, key: &str) -> io::Result<Key> {
        let parsed = if self.has_escapes { Key::from_url_path(key) } else { Key::parse(key) };
        parsed.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
    }

    fn client(&self) -> &dyn ObjectStore {
        if self.has_answered.load(Ordering::Relaxed) { &*self.store } else { &*self.impatient }
    }

    /// Waits for the answer of the store.
    fn wait<Output>(&self, future: impl Future<Output = io::Result<Output>>) -> io::Result<Output> {
        let result = runtime()?.block_on(future);
        if result.is_ok() {
            self.has_answered.store(true, Ordering::Relaxed);
        }
        result
    }

    async fn get(&self, key: &str, options: GetOptions) -> io::Result<Option<GetResult>> {
        match self.client().get_opts(&self.key(key)?, options).await {
            Ok(result) => Ok(Some(result)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(told(&error)),
        }
    }

    async fn upload_parts(
        &self,
        file: &mut File,
        size: u64,
        key: &Key,
        attributes: Attributes,
    ) -> io::Result<Option<String>> {
        let options = PutMultipartOptions { attributes, ..PutMultipartOptions::default() };
        let mut upload =
            self.client().put_multipart_opts(key, options).await.map_err(|error| told(&error))?;
        match put_parts(&mut *upload, file, size).await {
            Ok(()) => match upload.complete().await {
                Ok(result) => Ok(result.e_tag),
                Err(error) => Err(given_up(&mut *upload, told(&error)).await),
            },
            Err(error) => Err(given_up(&mut *upload, error).await),
        }
    }
}

/// Ends an upload that failed, so that its parts are not kept and paid for. What cannot be ended now, the rules of the
/// bucket remove.
async fn given_up(upload: &mut dyn MultipartUpload, error: io::Error) -> io::Error {
    let _ = upload.abort().await;
    error
}

async fn put_parts(upload: &mut dyn MultipartUpload, file: &mut File, size: u64) -> io::Result<()> {
    let part = PART.max(size.div_ceil(MAX_PARTS));
    let mut under_way = FuturesUnordered::new();
    let mut sent = 0;
    while sent < size {
        let mut bytes = Vec::new();
        file.take(part).read_to_end(&mut bytes)?;
        if bytes.is_empty() {
            return Err(io::Error::other("the file became shorter while it was read"));
        }
        sent += bytes.len() as u64;
        under_way.push(upload.put_part(PutPayload::from(bytes)));
        if under_way.len() >= PARTS_AT_ONCE
            && let Some(result) = under_way.next().await
        {
            result.map_err(|error| told(&error))?;
        }
    }
    while let Some(result) = under_way.next().await {
        result.map_err(|error| told(&error))?;
    }
    Ok(())
}

/// Returns the runtime, which is started the first time.
fn runtime() -> io::Result<&'static Runtime> {
    static RUNTIME: OnceLock<io::Result<Runtime>> = OnceLock::new();
    RUNTIME
        .get_or_init(|| {
            // Two users of TLS in one program must agree on who computes; the logs use this one too.
            let _ = rustls::crypto::ring::default_provider().install_default();
            Builder::new_multi_thread().worker_threads(THREADS).thread_name("stores").enable_all().build()
        })
        .as_ref()
        .map_err(|error| io::Error::new(error.kind(), error.to_string()))
}

fn object(meta: ObjectMeta, attributes: &Attributes) -> Object {
    let fact = |name: &'static str| {
        attributes.get(&Attribute::Metadata(name.into())).map(|value| value.as_ref().to_owned())
    };
    let facts = Facts { sha256: fact(SHA256), source: fact(SOURCE), source_etag: fact(SOURCE_ETAG) };
    let modified = Some(meta.last_modified.into());
    Object { key: meta.location.to_string(), size: meta.size, etag: meta.e_tag, modified, facts }
}

/// Returns the facts as attributes. What a header cannot hold is left out: facts save work, and are never needed.
fn attributes(content_type: &str, facts: &Facts) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::ContentType, content_type.to_owned().into());
    let named = [(SHA256, &facts.sha256), (SOURCE, &facts.source), (SOURCE_ETAG, &facts.source_etag)];
    for (name, value) in named {
        let fits =
            |value: &&String| value.len() <= 1024 && value.bytes().all(|byte| (0x20..0x7F).contains(&byte));
        if let Some(value) = value.as_ref().filter(fits) {
            attributes.insert(Attribute::Metadata(name.into()), value.clone().into());
        }
    }
    attributes
}

impl Store for Objects {
    fn list(&self, folder: &str, each: &mut dyn FnMut(Object) -> io::Result<()>) -> io::Result<()> {
        let folder = if folder.is_empty() { None } else { Some(self.key(folder)?) };
        if !self.has_answered.load(Ordering::Relaxed) {
            let mut first = self.impatient.list(folder.as_ref());
            self.wait(async { first.next().await.transpose().map_err(|error| told(&error)) })?;
        }
        let mut objects = self.store.list(folder.as_ref());
        // `each` is not called inside the runtime, so that it can ask the store.
        while let Some(meta) =
            self.wait(async { objects.next().await.transpose().map_err(|error| told(&error)) })?
        {
            each(object(meta, &Attributes::new()))?;
        }
        Ok(())
    }

    fn look(&self, key: &str) -> io::Result<Option<Object>> {
        self.wait(async {
            let result = self.get(key, GetOptions::new().with_head(true)).await?;
            Ok(result.map(|result| object(result.meta, &result.attributes)))
        })
    }

    fn read(&self, key: &str, most: u64) -> io::Result<Option<(Object, Vec<u8>)>> {
        self.wait(async {
            // A range would be refused of an empty object; the rest of a large one is not waited for.
            let Some(result) = self.get(key, GetOptions::new()).await? else { return Ok(None) };
            let found = object(result.meta.clone(), &result.attributes);
            let mut bytes = Vec::new();
            let mut pieces = result.into_stream();
            while (bytes.len() as u64) < most
                && let Some(piece) = pieces.next().await
            {
                bytes.extend_from_slice(&piece.map_err(|error| told(&error))?);
            }
            bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
            Ok(Some((found, bytes)))
        })
    }

    fn download(&self, key: &str, etag: Option<&str>, to: &mut dyn Write) -> io::Result<FileDigest> {
        self.wait(async {
            let mut digest = RunningDigest::default();
            let mut expected = None;
            let mut tag = etag.map(str::to_owned);
            // A connection that breaks in the middle is taken up again where it broke, if it is still the same object.
            for attempt in 0.. {
                let range = (digest.size() > 0).then(|| GetRange::Offset(digest.size()));
                // A weak tag never matches (RFC 9110, 13.1.1); it is compared below.
                let if_match = tag.clone().filter(|tag| !tag.starts_with("W/"));
                let options = GetOptions { range, if_match, ..GetOptions::default() };
                let result =
                    self.client().get_opts(&self.key(key)?, options).await.map_err(|error| told(&error))?;
                // A server need not know `If-Match`.
                if tag.is_some() && tag != result.meta.e_tag {
                    return Err(io::Error::new(CHANGED, "another object has its place now"));
                }
                let size = *expected.get_or_insert(result.meta.size);
                let has_tag = result.meta.e_tag.is_some();
                tag = tag.or_else(|| result.meta.e_tag.clone());
                let outcome = drain(result, &mut digest, to).await?;
                match outcome {
                    None if digest.size() == size => return Ok(digest.finish()),
                    _ if has_tag && attempt < RESUMPTIONS => {}
                    Some(error) => return Err(error),
                    None => {
                        let found = digest.size();
                        return Err(io::Error::other(format!("{found} bytes came of {size}")));
                    }
                }
            }
            Err(io::ErrorKind::Interrupted.into())
        })
    }

    fn upload(&self, from: &Path, key: &str, content_type: &str, facts: &Facts) -> io::Result<Object> {
        self.wait(async {
            let mut file = File::open(from)?;
            let size = file.metadata()?.len();
            let location = self.key(key)?;
            let attributes =
                if self.keeps_facts { attributes(content_type, facts) } else { Attributes::new() };
            let etag = if size >= PARTS_FROM {
                self.upload_parts(&mut file, size, &location, attributes).await?
            } else {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes)?;
                let options = PutOptions { attributes, ..PutOptions::default() };
                let payload = PutPayload::from(Bytes::from(bytes));
                self.client().put_opts(&location, payload, options).await.map_err(|error| told(&error))?.e_tag
            };
            Ok(Object { key: key.to_owned(), size, etag, modified: None, facts: facts.clone() })
        })
    }

    fn remove(&self, key: &str) -> io::Result<()> {
        self.wait(async {
            match self.client().delete(&self.key(key)?).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
                Err(error) => Err(told(&error)),
            }
        })
    }

    fn try_writing(&self, key: &str) -> io::Result<()> {
        self.wait(async {
            // An upload in parts that is never completed needs the right to write and leaves no object.
            let mut upload =
                self.client().put_multipart(&self.key(key)?).await.map_err(|error| told(&error))?;
            let _ = upload.abort().await;
            Ok(())
        })
    }
}

/// Number of times that a download is taken up again.
const RESUMPTIONS: u32 = 5;

/// Writes what comes to `to`, and returns the error that ended the connection early, if one did.
///
/// # Errors
/// `to` cannot be written.
async fn drain(
    result: GetResult,
    digest: &mut RunningDigest,
    to: &mut dyn Write,
) -> io::Result<Option<io::Error>> {
    let mut pieces = result.into_stream();
    while let Some(piece) = pieces.next().await {
        match piece {
            Ok(piece) => {
                to.write_all(&piece)?;
                digest.update(&piece);
            }
            Err(error) => return Ok(Some(told(&error))),
        }
    }
    Ok(None)
}
