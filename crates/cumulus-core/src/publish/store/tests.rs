//! Publication in a store: broken off at every change, and beside a rival.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use cumulus_model::digest;
use cumulus_store::testing::{Hooked, memory};

use super::*;

/// A product whose data are `text`, staged in `folder`.
fn staged(folder: &Path, text: &str) -> Upload {
    let files = ["data.nc", "metadata.xml"].map(|name| folder.join(format!("{}-{name}", text.len())));
    fs::write(&files[0], text).unwrap();
    let found = digest::of_file(&files[0]).unwrap();
    let document = format!(
        "<?granule-origin program=\"test\" version=\"1\" source-sha256=\"s\" options-sha256=\"o\"?>\n\
         <DataGranuleSizeInBytes>{}</DataGranuleSizeInBytes><Value>{}</Value>",
        found.size, found.sha256
    );
    fs::write(&files[1], document).unwrap();
    Upload { files, names: ["a.nc", "a.nc.xml"].map(str::to_owned), sha256: found.sha256, source: None }
}

fn output(store: Arc<dyn Store>) -> OutputStore {
    OutputStore { store, address: "s3://bucket/out".parse().unwrap() }
}

fn text(store: &dyn Store, name: &str) -> Option<String> {
    store.read(&format!("out/{name}"), u64::MAX).unwrap().map(|(_, bytes)| String::from_utf8(bytes).unwrap())
}

/// Asserts that metadata, if there are any, describe the data.
fn is_sound(store: &dyn Store) {
    let Some(document) = text(store, "a.nc.xml") else { return };
    let data = text(store, "a.nc").unwrap();
    assert!(document.contains(&digest::of_text(&data)), "{data}");
}

#[test]
fn whatever_change_is_the_last_one_metadata_describe_their_data() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (staged(folder.path(), "old"), staged(folder.path(), "newer"));
    for earlier in [None, Some(&old)] {
        for changes in 0.. {
            let store = memory();
            if let Some(old) = earlier {
                output(Arc::clone(&store)).publish(old).unwrap();
            }
            let broken = output(Arc::new(Hooked::breaking_after(changes, Arc::clone(&store)))).publish(&new);
            is_sound(&*store);
            if broken.is_ok() {
                assert_eq!(changes, if earlier.is_some() { 3 } else { 2 });
                break;
            }
            output(Arc::clone(&store)).publish(&new).unwrap();
            is_sound(&*store);
            assert_eq!(text(&*store, "a.nc").as_deref(), Some("newer"));
        }
    }
}

/// Returns a store on `inner` in which another run stores its own objects as soon as ours has stored its metadata: each
/// time the last of `rival`, as long as there is something.
fn with_rival(inner: &Arc<dyn Store>, rival: Vec<Vec<(Upload, usize)>>) -> Arc<dyn Store> {
    let (rivals, rival) = (Arc::clone(inner), Mutex::new(rival));
    Arc::new(Hooked::after_upload(Arc::clone(inner), move |key| {
        if !key.ends_with("a.nc.xml") {
            return;
        }
        for (upload, file) in rival.lock().unwrap().pop().into_iter().flatten() {
            let facts = Facts { sha256: (file == 0).then(|| upload.sha256.clone()), ..Facts::default() };
            let key = format!("out/{}", upload.names[file]);
            rivals.upload(&upload.files[file], &key, "", &facts).unwrap();
        }
    }))
}

#[test]
fn what_a_rival_leaves_whole_is_kept_and_what_it_leaves_torn_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (staged(folder.path(), "ours"), staged(folder.path(), "theirs"));
    let whole = vec![(theirs.clone(), 0), (theirs.clone(), 1)];
    let torn = vec![(theirs.clone(), 0)];
    for (rival, kept) in
        [(vec![whole], "theirs"), (vec![torn.clone()], "ours"), (vec![torn.clone(), torn.clone()], "ours")]
    {
        let store = memory();
        output(with_rival(&store, rival)).publish(&ours).unwrap();
        is_sound(&*store);
        assert_eq!(text(&*store, "a.nc").as_deref(), Some(kept));
    }
    let always = vec![torn; TRIES as usize];
    let failure = output(with_rival(&memory(), always)).publish(&ours).unwrap_err();
    assert_eq!(failure.class, Class::Retryable, "{failure}");
    assert!(
        failure.place == "s3://bucket/out/a.nc" && failure.to_string().contains("another run"),
        "{failure}"
    );
}
