//! Publishes complete products in a store.
//!
//! A store has no rename, so the metadata object is the mark of a complete product: an earlier one is removed first, then
//! the data are stored, then the metadata. So metadata always stand beside the data that they describe, unless another run
//! replaces both at this moment; therefore both objects are checked after publication. What a rival put there is kept if
//! it is whole, and replaced if it is not.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::context::Context;
use crate::earlier::{self, Document, Earlier, Published};
use crate::granule::Granule;
use crate::metadata::{Origin, echo10};
use crate::product_name::output_names;
use crate::remote;
use cumulus_model::digest::FileDigest;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_store::{Address, Facts, Object, Store, Stores};

/// Maximum size of a metadata document in bytes; ours have a few thousand.
const MAX_DOCUMENT: u64 = 16 << 20;

/// Number of times that a product is published before a rival that replaces it each time is a failure.
const TRIES: u32 = 5;

/// Time before the second attempt; doubled before every later one. Tests have no rival to wait for.
const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 1 } else { 250 });

/// MIME types of data (NASA's Unified Metadata Model) and of metadata.
const TYPES: [&str; 2] = ["application/x-netcdf", "application/xml"];

/// OUTPUT in a store.
#[derive(Clone, Debug)]
pub struct OutputStore {
    store: Arc<dyn Store>,
    address: Address,
}

/// A product ready to be published in a store.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Paths of the staged files: data and metadata.
    pub files: [PathBuf; 2],
    /// Their paths inside OUTPUT.
    pub names: [String; 2],
    /// SHA-256 of the data.
    pub sha256: String,
    /// Address and tag of the granule, if it is in a store, with which the next run finds it unchanged.
    pub source: Option<(String, String)>,
}

impl OutputStore {
    /// Opens OUTPUT at `address`.
    ///
    /// # Errors
    /// A setting is invalid, or this program is built without stores.
    pub fn open(stores: &Stores, address: &Address) -> Result<Self, Failure> {
        Ok(Self { store: remote::open(stores, address)?, address: address.clone() })
    }

    /// Checks that products could be published for `program`, and leaves nothing there.
    ///
    /// # Errors
    /// The store cannot be reached, or refuses.
    pub fn try_out(&self, program: &str) -> Result<(), Failure> {
        let place = self.address.join(&format!(".{program}"));
        self.store
            .try_writing(&place.key)
            .map_err(|error| remote::writing(Stage::Publish, &self.address, error))
    }

    /// Returns the state of the published product of a granule. `checksum` reads the granule, where that is necessary.
    ///
    /// # Errors
    /// The granule cannot be read, or the store cannot be asked.
    pub fn earlier(
        &self,
        granule: &Granule,
        context: &Context<'_>,
        checksum: impl FnOnce() -> Result<FileDigest, Failure>,
    ) -> Result<Earlier, Failure> {
        let (data, metadata) = output_names(granule, &context.options.metadata_suffix);
        let published = InStore::of(&self.store, self.address.join(&data), self.address.join(&metadata));
        let checksum = |stated: &Origin| match published.known_digest(granule, stated) {
            Some(known) => Ok(known),
            None => checksum(),
        };
        Ok(earlier::look(&published, context, checksum)?.0)
    }

    /// Publishes a product.
    ///
    /// # Errors
    /// The store refuses or fails, or other runs replace the product each time.
    pub fn publish(&self, upload: &Upload) -> Result<(), Failure> {
        let mut patience = PATIENCE;
        for _ in 0..TRIES {
            // What a rival put there is as good as ours if it is whole.
            if self.put(upload)? || matches!(self.found(upload)?, Found::Same | Found::Whole) {
                return Ok(());
            }
            std::thread::sleep(patience);
            patience *= 2;
        }
        let place = self.address.join(&upload.names[0]);
        Err(Failure::new(Stage::Publish, place.to_string(), "is replaced by another run again and again")
            .class(Class::Retryable)
            .expected("one run at a time for a granule, unless their products are the same")
            .hint("end the other run, or use a manifest, so that all runs make the same products"))
    }

    /// Stores both objects, and returns whether both are there afterwards as they were stored. What is there already, byte
    /// for byte, is not stored again: another run of the same manifest may just have done that.
    fn put(&self, upload: &Upload) -> Result<bool, Failure> {
        let [data, metadata] = upload.names.each_ref().map(|name| self.address.join(name));
        let refused = |place: &Address, error: io::Error| remote::writing(Stage::Publish, place, error);
        // Nothing is removed for a product that is not there any more, as when the run ends at once.
        for file in &upload.files {
            std::fs::File::open(file)
                .map_err(|error| Failure::writing(Stage::Publish, file.display().to_string(), error))?;
        }
        match self.found(upload)? {
            Found::Nothing => {}
            Found::Same => return Ok(true),
            // Metadata never stand beside data that they do not describe.
            Found::Whole | Found::Other => {
                self.store.remove(&metadata.key).map_err(|error| refused(&metadata, error))?;
            }
        }
        let (source, source_etag) = upload.source.clone().unzip();
        let facts = [
            Facts { sha256: Some(upload.sha256.clone()), ..Facts::default() },
            Facts { sha256: None, source, source_etag },
        ];
        let mut stored = Vec::new();
        for (((file, place), content_type), facts) in
            upload.files.iter().zip([&data, &metadata]).zip(TYPES).zip(&facts)
        {
            let object = self.store.upload(file, &place.key, content_type, facts);
            stored.push(object.map_err(|error| refused(place, error))?);
        }
        for (object, place) in stored.iter().zip([&data, &metadata]) {
            if !self.look(place)?.is_some_and(|there| is_same(&there, object)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns what is published in the place of a product, by this run or by another one.
    fn found(&self, upload: &Upload) -> Result<Found, Failure> {
        let [data, metadata] = upload.names.each_ref().map(|name| self.address.join(name));
        let published = InStore::of(&self.store, data, metadata);
        let theirs = match published.document()? {
            Document::Absent => return Ok(Found::Nothing),
            Document::Unreadable => return Ok(Found::Other),
            Document::Text(theirs) => theirs,
        };
        let staged = &upload.files[1];
        let ours = std::fs::read_to_string(staged)
            .map_err(|error| Failure::writing(Stage::Publish, staged.display().to_string(), error))?;
        let is_described = published.data_digest()?.is_some_and(|data| echo10::describes(&theirs, &data));
        Ok(match echo10::origin(&theirs) == echo10::origin(&ours) {
            _ if !is_described => Found::Other,
            _ if theirs == ours => Found::Same,
            true => Found::Whole,
            false => Found::Other,
        })
    }

    fn look(&self, place: &Address) -> Result<Option<Object>, Failure> {
        self.store.look(&place.key).map_err(|error| remote::reading(Stage::Publish, place, error))
    }

    /// Removes objects from OUTPUT in this order, and returns whether any existed.
    ///
    /// # Errors
    /// The store refuses or fails.
    pub fn remove(&self, names: &[&str]) -> Result<bool, Failure> {
        let mut some = false;
        for name in names {
            let place = self.address.join(name);
            if self.look(&place)?.is_some() {
                let removed = self.store.remove(&place.key);
                removed.map_err(|error| remote::writing(Stage::Publish, &place, error))?;
                some = true;
            }
        }
        Ok(some)
    }
}

/// What is in the place of a product.
enum Found {
    /// No metadata; there may be data.
    Nothing,
    /// The same product, byte for byte.
    Same,
    /// A whole product of the same source, version and options.
    Whole,
    /// Anything else.
    Other,
}

/// Returns true if an object has the bytes of the one that was stored, by its tag or else by the checksum stored with it.
fn is_same(there: &Object, stored: &Object) -> bool {
    let is_same_tag = match (&there.etag, &stored.etag) {
        (Some(there), Some(stored)) => there == stored,
        _ => there.facts.sha256 == stored.facts.sha256,
    };
    there.size == stored.size && is_same_tag
}

/// What is published of a granule in a store.
#[derive(Debug)]
struct InStore {
    store: Arc<dyn Store>,
    data: Address,
    metadata: Address,
    /// Address and tag of the granule of which the product was made, known with the metadata.
    source: OnceLock<(Option<String>, Option<String>)>,
    /// The data object, once it was asked for.
    data_object: OnceLock<Option<Object>>,
}

impl InStore {
    fn of(store: &Arc<dyn Store>, data: Address, metadata: Address) -> Self {
        Self {
            store: Arc::clone(store),
            data,
            metadata,
            source: OnceLock::new(),
            data_object: OnceLock::new(),
        }
    }

    /// Returns the checksum of a granule in a store without reading it: the manifest's, or that of the product, if it was
    /// made of this same object. The latter is known after [`Published::document`].
    fn known_digest(&self, granule: &Granule, stated: &Origin) -> Option<FileDigest> {
        if !remote::is_address(&granule.path) {
            return None;
        }
        let expected = granule.expected.as_ref()?;
        expected.digest().or_else(|| {
            let (source, etag) = self.source.get()?;
            let is_same =
                source.as_deref() == granule.path.to_str() && etag.is_some() && *etag == expected.etag;
            is_same.then(|| FileDigest { size: expected.size, sha256: stated.source_sha256.clone() })
        })
    }

    fn data_object(&self) -> Result<Option<&Object>, Failure> {
        if let Some(known) = self.data_object.get() {
            return Ok(known.as_ref());
        }
        let found = self.store.look(&self.data.key).map_err(Self::unreadable(&self.data))?;
        Ok(self.data_object.get_or_init(|| found).as_ref())
    }

    fn unreadable(place: &Address) -> impl Fn(io::Error) -> Failure {
        move |error| remote::reading(Stage::Publish, place, error)
    }
}

impl Published for InStore {
    fn document(&self) -> Result<Document, Failure> {
        let read =
            self.store.read(&self.metadata.key, MAX_DOCUMENT).map_err(Self::unreadable(&self.metadata))?;
        let Some((object, bytes)) = read else { return Ok(Document::Absent) };
        let _ = self.source.set((object.facts.source, object.facts.source_etag));
        Ok(String::from_utf8(bytes).map_or(Document::Unreadable, Document::Text))
    }

    fn has_data(&self) -> Result<bool, Failure> {
        Ok(self.data_size()?.is_some())
    }

    fn data_size(&self) -> Result<Option<u64>, Failure> {
        Ok(self.data_object()?.map(|object| object.size))
    }

    /// The checksum that is stored with the data, which the store verified when it received them. Data without one are
    /// read.
    fn data_digest(&self) -> Result<Option<FileDigest>, Failure> {
        let Some(object) = self.data_object()? else { return Ok(None) };
        if let Some(sha256) = object.facts.sha256.clone() {
            return Ok(Some(FileDigest { size: object.size, sha256 }));
        }
        match self.store.download(&self.data.key, None, &mut io::sink()) {
            Ok(digest) => Ok(Some(digest)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Self::unreadable(&self.data)(error)),
        }
    }
}

#[cfg(test)]
mod tests;
