use std::ops::Range;
use std::path::PathBuf;

use ::hdf5::{DatasetBuilder, FileBuilder};
use ndarray::Array2;
use tempfile::TempDir;

use super::super::{Hdf5Source, Rows};
use cumulus_model::source::Source;

const ROWS: usize = 1003;
const BINS: usize = 17;

/// A file with one dataset `x` of f32. `create` configures the file and `build` the dataset.
struct Sample {
    path: PathBuf,
    _folder: TempDir,
}

impl Sample {
    fn new(
        create: impl FnOnce(&mut FileBuilder),
        build: impl FnOnce(DatasetBuilder) -> DatasetBuilder,
        is_written: bool,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.hdf5");
        let mut options = FileBuilder::new();
        create(&mut options);
        let file = options.create(&path).unwrap();
        let builder = build(file.new_dataset_builder());
        let dataset = builder.empty::<f32>().shape((ROWS, BINS)).create("x").unwrap();
        if is_written {
            dataset.write(&values()).unwrap();
        }
        file.close().unwrap();
        Self { path, _folder: folder }
    }

    /// Compares rows read by position with rows read by libhdf5; returns true if they could be read by position.
    fn check(&self) -> bool {
        let source = Hdf5Source::open(&self.path).unwrap();
        let dataset = source.description().dataset("x").unwrap();
        let stored = source.stored(dataset).unwrap();
        let ranges: [Range<usize>; 7] =
            [0..ROWS, 0..1, 99..101, 100..200, 37..777, 1000..ROWS, ROWS - 1..ROWS];
        let mut is_direct = None;
        for range in ranges {
            let rows =
                Rows { stored, file: source.file.as_ref(), shape: &dataset.shape, range: range.clone() };
            let expected = rows.through_library::<f32>().unwrap();
            let found = rows.directly(vec![f32::NAN; 1000]);
            assert_eq!(*is_direct.get_or_insert(found.is_some()), found.is_some(), "{range:?}");
            assert!(found.is_none_or(|found| found == expected), "{range:?}");
            assert_eq!(source.rows(dataset, range).unwrap(), cumulus_model::values::Values::F32(expected));
        }
        is_direct.unwrap()
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn values() -> Array2<f32> {
    Array2::from_shape_fn((ROWS, BINS), |(row, bin)| (row * BINS + bin) as f32 * 0.37 - 50.0)
}

fn no_option(_: &mut FileBuilder) {}

#[test]
fn plain_storage_is_read_by_position_and_as_libhdf5_reads_it() {
    type Build = fn(DatasetBuilder) -> DatasetBuilder;
    let plain: [(&str, Build); 6] = [
        ("contiguous", |builder| builder.no_chunk()),
        ("chunked", |builder| builder.chunk((100, BINS))),
        ("deflate", |builder| builder.chunk((100, BINS)).deflate(4)),
        ("shuffle", |builder| builder.chunk((100, BINS)).shuffle()),
        ("shuffle and deflate", |builder| builder.chunk((100, BINS)).shuffle().deflate(4)),
        ("one large chunk", |builder| builder.chunk((ROWS, BINS)).shuffle().deflate(1)),
    ];
    for (name, build) in plain {
        assert!(Sample::new(no_option, build, true).check(), "{name}");
        // The latest file format has other chunk indexes.
        let latest = |builder: &mut FileBuilder| {
            builder.with_fapl(|access| access.libver_latest());
        };
        assert!(Sample::new(latest, build, true).check(), "{name}, latest");
    }
}

#[test]
fn whatever_is_unusual_is_left_to_libhdf5() {
    type Build = fn(DatasetBuilder) -> DatasetBuilder;
    let unusual: [(&str, Build); 3] = [
        ("checksums", |builder| builder.chunk((100, BINS)).shuffle().deflate(4).fletcher32()),
        ("checksums alone", |builder| builder.chunk((100, BINS)).fletcher32()),
        ("parts of rows", |builder| builder.chunk((100, 5)).deflate(4)),
    ];
    for (name, build) in unusual {
        assert!(!Sample::new(no_option, build, true).check(), "{name}");
    }
}

#[test]
fn what_was_never_written_has_fill_values() {
    assert!(!Sample::new(no_option, DatasetBuilder::no_chunk, false).check());
    assert!(!Sample::new(no_option, |builder| builder.chunk((100, BINS)).deflate(4), false).check());
}

#[test]
fn a_user_block_is_left_to_libhdf5() {
    let with_user_block = |builder: &mut FileBuilder| {
        builder.with_fcpl(|creation| creation.userblock(512));
    };
    assert!(!Sample::new(with_user_block, DatasetBuilder::no_chunk, true).check());
    assert!(!Sample::new(with_user_block, |builder| builder.chunk((100, BINS)).deflate(4), true).check());
}

#[test]
fn another_type_is_left_to_libhdf5() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.hdf5");
    let file = FileBuilder::new().create(&path).unwrap();
    file.new_dataset_builder().with_data(&values().mapv(f64::from)).create("x").unwrap();
    file.close().unwrap();
    let source = Hdf5Source::open(&path).unwrap();
    let dataset = source.description().dataset("x").unwrap();
    let stored = source.stored(dataset).unwrap();
    let rows = Rows { stored, file: source.file.as_ref(), shape: &dataset.shape, range: 0..3 };
    // No more bytes are read than the rows have.
    assert!(rows.directly(Vec::<f32>::new()).is_none());
    assert!(rows.directly(Vec::<f64>::new()).is_some());
}

#[test]
fn a_damaged_chunk_is_refused_by_libhdf5_in_its_own_words() {
    let sample = Sample::new(no_option, |builder| builder.chunk((100, BINS)).shuffle().deflate(4), true);
    let mut bytes = std::fs::read(&sample.path).unwrap();
    let length = bytes.len();
    // The middle of the file is part of some chunk's compressed stream.
    for byte in &mut bytes[length / 2..length / 2 + 64] {
        *byte = !*byte;
    }
    std::fs::write(&sample.path, bytes).unwrap();
    let source = Hdf5Source::open(&sample.path).unwrap();
    let dataset = source.description().dataset("x").unwrap();
    let failure = source.rows(dataset, 0..ROWS).unwrap_err();
    assert!(failure.to_string().contains("cannot be read"), "{failure}");
}
