//! Properties that hold for any granule, any folder, and any block size.

use std::fs;
use std::path::Path;

use cumulus_core::context::Context;
use cumulus_core::convert::{Outcome, convert};
use cumulus_core::granule::Granule;
use cumulus_core::options::{Check, ContentOptions, Reuse};
use cumulus_core::product_name::STAGED;
use cumulus_model::digest::of_file;
use hs3_cpl::COLLECTION;
use proptest::prelude::*;

use crate::anomaly::Anomaly;
use crate::granule::{Floats, Layout, ProductKind, Recipe, Storage};
use crate::operator::Operator;

/// Converts `source` in `folder` with blocks of `block_bytes` bytes; returns the bytes of data and metadata.
fn bytes(source: &Path, folder: &Path, block_bytes: usize) -> (Vec<u8>, Vec<u8>) {
    let options = ContentOptions {
        level: 4,
        short_name: None,
        url_base: None,
        metadata_suffix: ".meta.xml".to_owned(),
    };
    fs::create_dir_all(folder).unwrap();
    let context = Context {
        collection: &COLLECTION,
        options: &options,
        now: "2020-09-13T12:26:40Z".parse().unwrap(),
        folder,
        output: folder,
        reuse: Reuse::Never,
        check: Check::Full,
        block_bytes,
        digest: of_file,
    };
    let granule = Granule::at(source, "", &COLLECTION).unwrap();
    let Outcome::Converted(_) = convert(&granule, &context, &mut Vec::new()).unwrap() else {
        panic!("nothing was converted");
    };
    let [data, metadata] = STAGED.map(|name| {
        let bytes = fs::read(folder.join(name)).unwrap();
        fs::remove_file(folder.join(name)).unwrap();
        bytes
    });
    (data, metadata)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn block_size_and_place_never_show_in_the_bytes(
        records in 1_usize..400,
        bins in 1_usize..300,
        block_bytes in 1_usize..200_000,
        first in 0_usize..11_000,
        op in any::<bool>(),
        per_record in any::<bool>(),
        single in any::<bool>(),
        gzip in any::<bool>(),
    ) {
        let recipe = Recipe {
            product: if op { ProductKind::Op } else { ProductKind::Atb },
            records,
            bins,
            first,
            layout: if per_record { Layout::PerRecord } else { Layout::Compact },
            floats: if single { Floats::F4 } else { Floats::F8 },
            storage: if gzip { Storage::Gzip } else { Storage::Contiguous },
            anomalies: vec![Anomaly::Missing, Anomaly::Positions],
            ..Recipe::default()
        };
        let operator = Operator::new();
        let source = operator.granule("12203a", &recipe);
        let whole = bytes(&source, &operator.output(), 1 << 30);
        let pieces = bytes(&source, &operator.folder().join("else where"), block_bytes);
        prop_assert!(whole.0 == pieces.0, "data differ");
        prop_assert!(whole.1 == pieces.1, "metadata differ");
    }
}

#[test]
fn chunks_that_divide_nothing_evenly_keep_every_byte() {
    // 3000 records of 757 bins: several output chunks, an incomplete last one, and blocks that do not align with
    // them.
    let recipe = Recipe { records: 3000, bins: 757, floats: Floats::F4, ..Recipe::default() };
    let operator = Operator::new();
    let source = operator.granule("12203a", &recipe);
    let whole = bytes(&source, &operator.output(), 1 << 30);
    for block_bytes in [1 << 16, 1_234_567] {
        assert!(whole == bytes(&source, &operator.folder().join("other"), block_bytes), "{block_bytes}");
    }
}

#[test]
fn the_order_and_company_of_granules_never_show_in_the_bytes() {
    let operator = Operator::new();
    for (number, sortie) in ["12203a", "12203b", "12203c"].iter().enumerate() {
        operator.granule(sortie, &Recipe { seed: number as u64, ..Recipe::default() });
    }
    operator.convert().succeeded();
    let alone = operator.run(&["input/HS3_CPL_ATB_12203c_20120906.hdf5", "alone"]);
    alone.succeeded();
    for name in ["HS3_CPL_ATB_12203c_20120906.nc", "HS3_CPL_ATB_12203c_20120906.nc.meta.xml"] {
        let read = |folder: &str| fs::read(operator.folder().join(folder).join(name)).unwrap();
        assert!(read("output") == read("alone"), "{name}");
    }
}
