//! Finds the granules of an INPUT that is in a store.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{Candidate, Discovered, Input, Refused, Verdict, no_granule, verdict};
use crate::collection::Collection;
use crate::granule::Expected;
use crate::remote;
use cumulus_model::error::{Class, Failure, Stage};
use cumulus_sounding as sounding;
use cumulus_store::{Address, Object, Scheme, Store, Stores};

/// Number of objects that are asked for at once.
const AT_ONCE: usize = 16;

/// What stores answered for addresses that are single granules by their names, by address.
pub(super) type Answers = HashMap<String, io::Result<Option<Object>>>;

/// Asks for all INPUT arguments that are single granules by their names, many at once: a list may name a million.
pub(super) fn ask(collection: &Collection, inputs: &[Input], stores: &Stores) -> Result<Answers, Failure> {
    let mut asked = Vec::new();
    for input in inputs.iter().filter(|input| input.expected.is_none()) {
        let Some(address) = remote::address(Path::new(&input.text))? else { continue };
        if is_granule_by_name(collection, &address) {
            asked.push((&input.text, remote::open(stores, &address)?, address));
        }
    }
    let next = AtomicUsize::new(0);
    let answers = Mutex::new(Answers::with_capacity(asked.len()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(asked.len()) {
            scope.spawn(|| {
                while let Some((text, store, address)) = asked.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let answer = store.look(&address.key);
                    answers.lock().unwrap_or_else(PoisonError::into_inner).insert((*text).clone(), answer);
                }
            });
        }
    });
    Ok(answers.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Returns true for an address that is asked for before it is listed: the name of a granule tells that it is one, most other
/// keys of S3 are folders, and others servers cannot list.
fn is_granule_by_name(collection: &Collection, address: &Address) -> bool {
    let is_named = matches!(verdict(collection, address.name()), Verdict::Granule);
    !address.key.is_empty() && (is_named || address.scheme != Scheme::S3)
}

/// Searches an INPUT that is an address: a granule, a folder of S3, or a pattern of S3.
pub(super) fn look_into(
    collection: &Collection,
    input: &Input,
    address: &Address,
    recursive: bool,
    stores: &Stores,
    answers: &mut Answers,
    found: &mut Discovered,
) -> Result<(), Failure> {
    if let Some(expected) = &input.expected {
        // A manifest says everything; a million granules are not asked for one by one.
        found.candidates.push(candidate(address, input.folder.clone(), (**expected).clone()));
        return Ok(());
    }
    let store = remote::open(stores, address)?;
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => no_granule(collection, &input.text, &error.to_string()),
        _ => remote::reading(Stage::Plan, address, error),
    };
    let answer = answers.remove(&input.text).transpose().map_err(unreadable)?;
    let was_asked = answer.is_some();
    if let Some(object) = answer.flatten() {
        found.candidates.push(candidate(address, input.folder.clone(), expected(&object)));
        return Ok(());
    }
    if address.scheme != Scheme::S3 {
        return Err(no_granule(collection, &input.text, "no such file; folders cannot be listed over HTTP"));
    }
    let before = found.candidates.len() + found.ignored.len();
    let mut search = Search { collection, store: &*store, found, folders_left: BTreeSet::new() };
    let listed = if address.key.contains(['*', '?', '[']) {
        search.pattern(address)?
    } else {
        search.folder(address, &input.folder, recursive)
    };
    let folders_left = search.folders_left.len();
    listed.map_err(unreadable)?;
    found.folders_left += folders_left;
    let is_empty = found.candidates.len() + found.ignored.len() + folders_left == before;
    if is_empty && !was_asked && !address.key.is_empty() {
        let object = store.look(&address.key).map_err(unreadable)?;
        found
            .candidates
            .extend(object.map(|object| candidate(address, input.folder.clone(), expected(&object))));
    }
    Ok(())
}

fn candidate(address: &Address, folder: String, expected: Expected) -> Candidate {
    Candidate { path: address.to_string().into(), folder, expected: Some(Box::new(expected)) }
}

fn expected(object: &Object) -> Expected {
    Expected { size: object.size, sha256: None, etag: object.etag.clone(), is_listed: true }
}

/// A search in one store.
struct Search<'run> {
    collection: &'run Collection,
    store: &'run dyn Store,
    found: &'run mut Discovered,
    folders_left: BTreeSet<String>,
}

impl Search<'_> {
    fn folder(&mut self, root: &Address, known_folder: &str, recursive: bool) -> io::Result<()> {
        let store = self.store;
        store.list(&root.key, &mut |object| {
            let address = root.with_key(&object.key);
            let inside = root.inside(&address).unwrap_or_default().to_owned();
            let (folder, _) = inside.rsplit_once('/').unwrap_or(("", &inside));
            match folder.split('/').next().filter(|folder| !folder.is_empty()) {
                Some(first) if !recursive => {
                    if !first.starts_with('.') {
                        self.folders_left.insert(first.to_owned());
                    }
                    Ok(())
                }
                _ => {
                    let folder = [known_folder, folder].into_iter().filter(|part| !part.is_empty());
                    self.object(&address, &inside, folder.collect::<Vec<_>>().join("/"), &object);
                    Ok(())
                }
            }
        })
    }

    /// Searches for objects that match a pattern, in the folder before its first special character.
    fn pattern(&mut self, pattern: &Address) -> Result<io::Result<()>, Failure> {
        let options = glob::MatchOptions {
            require_literal_separator: true,
            require_literal_leading_dot: true,
            ..glob::MatchOptions::new()
        };
        let matcher = glob::Pattern::new(&pattern.key).map_err(|error| {
            Failure::new(Stage::Plan, pattern.to_string(), "is not a pattern")
                .class(Class::Usage)
                .found(&error)
                .expected("a pattern such as 's3://bucket/granules/*_ATB_*.hdf5'")
        })?;
        let literal = pattern.key.split(['*', '?', '[']).next().unwrap_or_default();
        let root = pattern.with_key(literal.rsplit_once('/').map_or("", |(folder, _)| folder));
        let store = self.store;
        Ok(store.list(&root.key, &mut |object| {
            if !matcher.matches_with(&object.key, options) {
                return Ok(());
            }
            let address = root.with_key(&object.key);
            let inside = root.inside(&address).unwrap_or_default().to_owned();
            let folder = inside.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
            self.object(&address, &inside, folder, &object);
            Ok(())
        }))
    }

    /// Adds an object as a candidate or as an ignored file. `inside` is its path inside INPUT.
    fn object(&mut self, address: &Address, inside: &str, folder: String, object: &Object) {
        if inside.split('/').any(|part| part.starts_with('.')) {
            return;
        }
        let path = address.to_string();
        match verdict(self.collection, address.name()) {
            Verdict::Granule => self.found.candidates.push(candidate(address, folder, expected(object))),
            Verdict::Ignored(reason) => self.found.ignore(Path::new(&path), reason),
            Verdict::ByContents => {
                match self.store.read(&object.key, sounding::MARKS_WITHIN as u64) {
                    Ok(Some((_, bytes))) if sounding::detect(&bytes).is_some() => {
                        self.found.candidates.push(candidate(address, folder, expected(object)));
                    }
                    Ok(_) => self.found.ignore(Path::new(&path), super::NEITHER),
                    // One that cannot be read does not hide the others.
                    Err(error) => self.found.unreadable.push(Refused {
                        path: path.into(),
                        folder,
                        failure: remote::reading(Stage::Read, address, error),
                    }),
                }
            }
        }
    }
}
