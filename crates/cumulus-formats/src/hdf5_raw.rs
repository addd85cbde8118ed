//! Calls to libhdf5 that the safe crate lacks, or makes with uninitialised memory. This module has all `unsafe` code
//! of the project.
//!
//! libhdf5 does not touch memory for which it has no value, such as that of chunks that were never written. The
//! previous contents of that memory would be published, so [`fill`] takes initialised memory.

#![expect(
    unsafe_code,
    reason = "H5Dwrite_chunk, H5Dread into initialised memory, H5Pget_filter2 for any number of parameters"
)]

use std::ptr;

use bytemuck::Pod;
use hdf5::plist::DatasetCreate;
use hdf5::{Attribute, Dataset, Dataspace, Datatype, Error, H5Type, Result};
use hdf5_sys::h5::hsize_t;
use hdf5_sys::h5a::H5Aread;
use hdf5_sys::h5d::{H5Dread, H5Dwrite_chunk};
use hdf5_sys::h5p::{H5P_DEFAULT, H5Pget_filter2, H5Pget_nfilters};
use hdf5_sys::h5s::H5S_ALL;

/// Filter mask: no filter was skipped.
const ALL_FILTERS: u32 = 0;

/// Writes `bytes` as the chunk of `dataset` whose first element is at `offset`.
///
/// # Errors
/// Returns an error if the dataset has no such chunk, or the file cannot be written.
pub(crate) fn store_chunk(dataset: &Dataset, offset: &[u64], bytes: &[u8]) -> Result<()> {
    if !dataset.is_chunked() || dataset.ndim() != offset.len() {
        return Err(Error::Internal(format!("no chunk of this dataset starts at {offset:?}")));
    }
    let offset: Vec<hsize_t> = offset.to_vec();
    // SAFETY: `dataset` keeps its identifier alive for the whole call. libhdf5 reads one offset per dimension of the
    // dataset, whose number was checked above, and exactly `bytes.len()` bytes of `bytes`; it keeps neither pointer.
    // `sync` holds the lock that every other call into the library takes.
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
    if status < 0 { Err(Error::query()?) } else { Ok(()) }
}

/// Fills `memory` with all elements of an attribute, converted to `T` by HDF5. Enumerations are converted as numbers.
///
/// # Errors
/// Returns an error if the number of elements differs from the length of `memory`, or they cannot be read.
pub(crate) fn fill_from_attribute<T: H5Type + Pod>(attribute: &Attribute, memory: &mut [T]) -> Result<()> {
    check(attribute.space()?.size(), memory.len())?;
    let datatype = Datatype::from_type::<T>()?;
    let target = memory.as_mut_ptr().cast();
    // SAFETY: both identifiers live as long as the values that own them. libhdf5 writes one `T` per element of the
    // attribute, whose number was checked above, and any bytes are a valid `T`.
    let status = hdf5::sync::sync(|| unsafe { H5Aread(attribute.id(), datatype.id(), target) });
    if status < 0 { Err(Error::query()?) } else { Ok(()) }
}

/// Fills `memory`, an array of shape `shape`, with the elements of a dataset that `selection` selects, or with all of
/// them, converted to `T` by HDF5.
///
/// # Errors
/// Returns an error if the number of elements differs from the length of `memory`, or they cannot be read.
pub(crate) fn fill<T: H5Type + Pod>(
    dataset: &Dataset,
    selection: Option<&Dataspace>,
    shape: &[usize],
    memory: &mut [T],
) -> Result<()> {
    let selected = match selection {
        Some(space) => space.selection_size(),
        None => dataset.space()?.size(),
    };
    let in_memory = Dataspace::try_new(shape)?;
    check(selected, memory.len())?;
    check(in_memory.size(), memory.len())?;
    let datatype = Datatype::from_type::<T>()?;
    let selection = selection.map_or(H5S_ALL, |space| space.id());
    let target = memory.as_mut_ptr().cast();
    // SAFETY: all identifiers live as long as the values that own them. libhdf5 writes one `T` per selected element,
    // whose number was checked above for both spaces, and any bytes are a valid `T`.
    let status = hdf5::sync::sync(|| unsafe {
        H5Dread(dataset.id(), datatype.id(), in_memory.id(), selection, H5P_DEFAULT, target)
    });
    if status < 0 { Err(Error::query()?) } else { Ok(()) }
}

fn check(found: usize, expected: usize) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::Internal(format!("{found} elements do not fill {expected}")))
}

/// Returns the number and the parameter count of each filter of a dataset.
///
/// The safe crate supports at most 32 parameters and panics at more, which are legal.
pub(crate) fn filters(creation: &DatasetCreate) -> Result<Vec<(i32, usize)>> {
    // SAFETY: the identifier lives as long as `creation`. No space is passed for parameters and name, so libhdf5
    // writes only the flags and the number of parameters, into integers of the types that it requires.
    let answers = hdf5::sync::sync(|| unsafe {
        let count = H5Pget_nfilters(creation.id());
        let one = |index| {
            let (mut flags, mut parameters) = (0, 0);
            let filter = H5Pget_filter2(
                creation.id(),
                index,
                &raw mut flags,
                &raw mut parameters,
                ptr::null_mut(),
                0,
                ptr::null_mut(),
                ptr::null_mut(),
            );
            (filter >= 0).then_some((filter, parameters))
        };
        u32::try_from(count).ok().and_then(|count| (0..count).map(one).collect::<Option<Vec<_>>>())
    });
    match answers {
        Some(filters) => Ok(filters),
        None => Err(Error::query()?),
    }
}
