//! The one call into libhdf5 that the safe crate lacks: storing a chunk that has been through its filters already.

#![expect(
    unsafe_code,
    reason = "H5Dwrite_chunk has no safe wrapper; reading has the only other unsafe calls"
)]

use hdf5_sys::h5::hsize_t;
use hdf5_sys::h5d::H5Dwrite_chunk;
use hdf5_sys::h5p::H5P_DEFAULT;

/// No filter was left out.
const ALL_FILTERS: u32 = 0;

/// Stores `bytes` as the chunk of `dataset` whose first element stands at `offset`.
///
/// # Errors
/// The dataset has no such chunk, or the file cannot be written.
pub(super) fn store(dataset: &hdf5::Dataset, offset: &[u64], bytes: &[u8]) -> hdf5::Result<()> {
    if !dataset.is_chunked() || dataset.ndim() != offset.len() {
        return Err(hdf5::Error::Internal(format!("no chunk of this dataset starts at {offset:?}")));
    }
    let offset: Vec<hsize_t> = offset.to_vec();
    // SAFETY: `dataset` keeps its identifier alive for the whole call. libhdf5 reads as many offsets as the dataset
    // has dimensions, which were counted above, and exactly `bytes.len()` bytes of `bytes`; it keeps neither
    // pointer. `sync` holds the lock that every other call into the library takes.
    let status = hdf5::sync::sync(|| unsafe {
        H5Dwrite_chunk(
            dataset.id(),
            H5P_DEFAULT,
            ALL_FILTERS,
            offset.as_ptr(),
            bytes.len(),
            bytes.as_ptr().cast(),
        )
    });
    if status < 0 { Err(hdf5::Error::query()?) } else { Ok(()) }
}
