//! Reads HDF5 strings of any form as Rust strings.

use ::hdf5::Container;
use ::hdf5::types::{FixedAscii, FixedUnicode, VarLenAscii, VarLenUnicode};
use cumulus_model::text::clean;

/// Reads all strings of a dataset or attribute with fixed-length elements of `bytes` bytes.
///
/// The crate's string types have a compile-time length, and HDF5 converts between lengths, so the text is read with
/// the smallest of a few lengths that fits.
pub(super) fn fixed(container: &Container, bytes: usize, unicode: bool) -> ::hdf5::Result<Vec<String>> {
    let size = container.space()?.size();
    macro_rules! read_as {
        ($length:literal) => {
            if unicode {
                let mut texts = vec![FixedUnicode::<$length>::new(); size];
                container.read_into_raw(&mut texts)?;
                Ok(texts.iter().map(|text| clean(text.as_bytes())).collect())
            } else {
                let mut texts = vec![FixedAscii::<$length>::new(); size];
                container.read_into_raw(&mut texts)?;
                Ok(texts.iter().map(|text| clean(text.as_bytes())).collect())
            }
        };
    }
    match bytes {
        0..=16 => read_as!(16),
        17..=128 => read_as!(128),
        129..=1024 => read_as!(1024),
        1025..=8192 => read_as!(8192),
        8193..=65536 => read_as!(65536),
        _ => Err(format!("a string of {bytes} bytes is longer than the 65536 this program reads").into()),
    }
}

/// Reads all strings of a dataset or attribute with variable-length elements, all of which were written or have a
/// fill value.
pub(super) fn variable(container: &Container, unicode: bool) -> ::hdf5::Result<Vec<String>> {
    if unicode {
        container
            .read_raw::<VarLenUnicode>()
            .map(|texts| texts.iter().map(|text| clean(text.as_bytes())).collect())
    } else {
        container
            .read_raw::<VarLenAscii>()
            .map(|texts| texts.iter().map(|text| clean(text.as_bytes())).collect())
    }
}
