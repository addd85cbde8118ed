//! Every file of the fuzz corpus, and mutations of each, survive a round trip.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod round_trip;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/encode");
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("a corpus").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a corpus file")).collect()
}

#[test]
fn every_file_of_the_corpus_is_read_back() {
    let files = corpus();
    assert!(files.len() >= 10, "{} corpus files", files.len());
    for bytes in &files {
        round_trip::check(bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn changed_files_of_the_corpus_are_read_back(
        file in prop::sample::select(corpus()),
        keep in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        appended in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let mut bytes = file;
        // The largest files are covered by the test above; their mutations would be slow.
        bytes.truncate(1 << 14);
        if !bytes.is_empty() {
            bytes.truncate(1 + keep.index(bytes.len()));
            for (place, byte) in changes {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
        }
        bytes.extend(appended);
        round_trip::check(&bytes);
    }
}
