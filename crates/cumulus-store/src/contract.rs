//! What every store must do, as one check that tests run on each of them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::{CHANGED, Facts, Object, Store};

/// What differs between stores that are right.
#[derive(Clone, Copy, Debug)]
pub struct Abilities {
    /// Whether facts are stored with objects.
    pub keeps_facts: bool,
}

/// Checks a store whose folder `folder` is empty. `scratch` is a folder for files.
///
/// # Panics
/// The store does not keep the contract.
pub fn check(store: &dyn Store, folder: &str, scratch: &Path, abilities: Abilities) {
    let key = |name: &str| format!("{folder}/{name}");
    let file = scratch.join("file");
    let put = |name: &str, bytes: &[u8], facts: &Facts| -> Object {
        fs::write(&file, bytes).unwrap();
        store.upload(&file, &key(name), "application/x-netcdf", facts).unwrap()
    };
    let names = |inside: &str| {
        let mut names = Vec::new();
        let mut add = |object: Object| {
            names.push((object.key, object.size));
            Ok(())
        };
        store.list(inside, &mut add).unwrap();
        names
    };
    let bytes_of = |name: &str| {
        let mut bytes = Vec::new();
        let digest = store.download(&key(name), None, &mut bytes).unwrap();
        assert_eq!(digest.size, bytes.len() as u64);
        bytes
    };

    // Nothing is there.
    assert_eq!(names(folder), []);
    assert_eq!(store.look(&key("a/x")).unwrap(), None);
    assert_eq!(store.read(&key("a/x"), 10).unwrap(), None);
    let missing = store.download(&key("a/x"), None, &mut Vec::new()).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound, "{missing}");
    store.remove(&key("a/x")).unwrap();

    // What is stored is there as it was.
    let facts = Facts {
        sha256: Some("ab".repeat(32)),
        source: Some("s3://b/granules/x y.h5".to_owned()),
        source_etag: Some("\"tag\"".to_owned()),
    };
    let first = put("a/x", b"first", &facts);
    assert_eq!((first.size, bytes_of("a/x").as_slice()), (5, b"first".as_slice()));
    let seen = store.look(&key("a/x")).unwrap().unwrap();
    assert_eq!((&seen.key, seen.size, &seen.etag), (&key("a/x"), 5, &first.etag));
    if abilities.keeps_facts {
        assert_eq!(seen.facts, facts);
    }
    let (object, bytes) = store.read(&key("a/x"), 3).unwrap().unwrap();
    assert_eq!((object.size, bytes.as_slice()), (5, b"fir".as_slice()));
    put("a/empty", b"", &Facts::default());
    assert_eq!(store.read(&key("a/empty"), 3).unwrap().unwrap().1, b"");
    assert_eq!(bytes_of("a/empty"), b"");

    // Another upload takes its place, whole, and its tag tells.
    let second = put("a/x", b"second", &Facts::default());
    assert_eq!(bytes_of("a/x"), b"second");
    if let (Some(old), Some(new)) = (&first.etag, &second.etag) {
        assert_ne!(old, new);
        let mut bytes = Vec::new();
        let changed = store.download(&key("a/x"), Some(old), &mut bytes).unwrap_err();
        assert_eq!((changed.kind(), bytes.as_slice()), (CHANGED, b"".as_slice()), "{changed}");
        store.download(&key("a/x"), Some(new), &mut bytes).unwrap();
        assert_eq!(bytes, b"second");
    }
    let same = put("a/x", b"second", &Facts::default());
    assert_eq!(store.look(&key("a/x")).unwrap().unwrap().etag, same.etag);

    // A folder has what is inside it, and not what only begins with its name.
    put("a/b/z é+%20", b"z", &Facts::default());
    put("ab", b"", &Facts::default());
    let mut inside = names(&key("a"));
    inside.sort();
    assert_eq!(inside, [(key("a/b/z é+%20"), 1), (key("a/empty"), 0), (key("a/x"), 6)]);
    assert_eq!(bytes_of("a/b/z é+%20"), b"z");
    let mut read = 0;
    let ask = &mut |object: Object| {
        read += store.read(&object.key, u64::MAX)?.map_or(0, |(_, bytes)| bytes.len());
        Ok(())
    };
    store.list(&key("a"), ask).unwrap();
    assert_eq!(read, 7);

    // A large object goes in parts and comes back as it was.
    let large: Vec<u8> =
        (0..20_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let object = put("large", &large, &facts);
    assert!(bytes_of("large") == large);
    let seen = store.look(&key("large")).unwrap().unwrap();
    assert_eq!((seen.size, &seen.etag), (20_000_000, &object.etag));
    if abilities.keeps_facts {
        assert_eq!(seen.facts, facts);
    }

    // Trying leaves nothing; removing leaves nothing.
    store.try_writing(&key("tried")).unwrap();
    assert_eq!(store.look(&key("tried")).unwrap(), None);
    store.remove(&key("a/x")).unwrap();
    assert_eq!(store.look(&key("a/x")).unwrap(), None);
    assert!(!names(folder).iter().any(|(name, _)| name.ends_with("tried") || name.ends_with("a/x")));
    let stop = || Err(std::io::Error::other("enough"));
    let stopped = store.list(folder, &mut |_| stop()).unwrap_err();
    assert_eq!(stopped.to_string(), "enough");
    let Err(error) = store.upload(&scratch.join("absent"), &key("y"), "text/plain", &Facts::default()) else {
        panic!("a file that is not there was uploaded")
    };
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(store.look(&key("y")).unwrap(), None);
}
