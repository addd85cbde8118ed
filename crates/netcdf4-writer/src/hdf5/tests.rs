use std::path::Path;

use proptest::prelude::*;

use super::checksum::lookup3;
use super::*;
use crate::error::TooLarge;

#[test]
fn checksums_are_those_of_the_published_algorithm() {
    // From the self-test of lookup3.c.
    assert_eq!(lookup3(b""), 0xdead_beef);
    assert_eq!(lookup3(b"Four score and seven years ago"), 0x1777_0551);
}

/// Walks every byte of the file at `path`.
fn walked(path: &Path) -> hdf5_walk::Summary {
    let bytes = std::fs::read(path).unwrap();
    hdf5_walk::walk(&bytes).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// Writes a file with one dataset: `rows` numbers in chunks of `chunk_rows`.
fn write(path: &Path, rows: usize, chunk_rows: usize) {
    // The writer requires that no chunk is longer than its dimension.
    let chunk_rows = chunk_rows.min(rows);
    let mut file = Appender::create(path).unwrap();
    let numbers: Vec<u32> = (0..u32::try_from(rows.next_multiple_of(chunk_rows)).unwrap()).collect();
    let chunks: Vec<Chunk> = numbers
        .chunks(chunk_rows)
        .map(|chunk| {
            let bytes: Vec<u8> = chunk.iter().flat_map(|number| number.to_le_bytes()).collect();
            let address = file.append(&bytes).unwrap();
            Chunk { address, bytes: bytes.len() }
        })
        .collect();
    let half = HalfNode::of(chunks.len());
    let grid = Grid { shape: &[chunk_rows], parts: 1 };
    let (nodes, index) = chunk_index(&chunks, grid, half, file.align().unwrap()).unwrap();
    file.append(&nodes).unwrap();
    let shape = [chunk_rows];
    let dataset = Object::new(vec![
        Message::dataspace(Dataspace::Simple(&[rows])).unwrap(),
        Message::datatype(Datatype::Integer(4)).unwrap(),
        Message::fill(None, true).unwrap(),
        Message::layout(Layout::Chunked { index, shape: &shape, element_size: 4 }).unwrap(),
    ]);
    let address = file.align().unwrap();
    file.append(&dataset.encode().unwrap()).unwrap();
    let mut messages = Message::group(1).to_vec();
    messages.push(Message::link(0, "numbers", address).unwrap());
    let root = file.align().unwrap();
    file.append(&Object::new(messages).encode().unwrap()).unwrap();
    file.finish(root, half).unwrap();
}

fn read(path: &Path) -> Vec<i32> {
    #[expect(clippy::disallowed_methods, reason = "what a test has written")]
    let file = ::hdf5::File::open(path).unwrap();
    file.dataset("numbers").unwrap().read_raw().unwrap()
}

#[test]
fn libhdf5_finds_every_chunk_through_an_index_of_three_levels() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chunks.h5");
    write(&path, 9001, 2);
    assert_eq!(read(&path), (0..9001).collect::<Vec<_>>());
    let summary = walked(&path);
    assert_eq!((summary.chunks, summary.tree_nodes), (4501, 71 + 2 + 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_number_of_chunks_is_found(rows in 1_usize..700, chunk_rows in 1_usize..9) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chunks.h5");
        write(&path, rows, chunk_rows);
        let expected: Vec<i32> = (0..i32::try_from(rows).unwrap()).collect();
        prop_assert_eq!(read(&path), expected);
        prop_assert_eq!(walked(&path).chunks, rows.div_ceil(chunk_rows) as u64);
    }
}

/// A single chunk that is longer than the dimension, which is rare among random numbers.
#[test]
fn a_chunk_is_no_longer_than_its_dimension() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chunks.h5");
    write(&path, 3, 6);
    assert_eq!(read(&path), [0, 1, 2]);
    assert_eq!(walked(&path).chunks, 1);
}

#[test]
fn a_file_that_was_not_finished_is_no_hdf5_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.h5");
    let mut file = Appender::create(&path).unwrap();
    file.append(&vec![1; 2 * BUFFER_BYTES]).unwrap();
    drop(file);
    #[expect(clippy::disallowed_methods, reason = "what a test has written")]
    let opened = ::hdf5::File::open(&path);
    assert!(opened.is_err());
}

#[test]
fn what_no_header_can_hold_is_refused() {
    let mut object = Object::default();
    let value = vec![b'x'; 70_000];
    object.attribute("long", Datatype::Text(70_000, Charset::Ascii), Dataspace::Scalar, &value).unwrap();
    assert_eq!(object.encode(), Err(TooLarge));
}

/// libhdf5 with assertions requires the minimum width of the length; 255 and 65,535 are the largest of their width.
#[test]
fn headers_say_their_length_in_as_few_bytes_as_hold_it() {
    // Returns version, width and messages of a header whose messages take `length` bytes.
    let header = |length: usize| {
        const MESSAGE: usize = 6;
        let mut messages = Vec::new();
        let mut left = length;
        while left > 0 {
            let bytes = left.min(60_000);
            messages.push(Message { kind: 0, flags: 0, order: 0, body: vec![0; bytes - MESSAGE] });
            left -= bytes;
        }
        Object::new(messages).encode().unwrap()
    };
    for (length, flag, width) in [(255, 0, 1), (256, 1, 2), (65_535, 1, 2), (65_536, 2, 4), (200_000, 2, 4)] {
        let header = header(length);
        assert_eq!(header[5] & 0b11, flag, "{length}");
        assert_eq!(header[5] & 0b1_0000, 0, "limits of attributes");
        assert_eq!(header.len(), 6 + width + length + 4);
    }
}
