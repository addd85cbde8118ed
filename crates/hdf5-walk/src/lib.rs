//! Walks a netCDF-4/HDF5 file and checks every byte of it against the "HDF5 File Format Specification Version 3.0".
//! Sections are cited from that document.
//!
//! This is a checker, not a reader: features that a small writer of such files has no reason to use are faults even
//! if the specification allows them (dense storage, shared messages, soft links, times, gaps). It shares no code and
//! no assumptions with any writer. Any bytes are accepted as input: nothing panics, loops for ever, or allocates
//! memory by a damaged number.

mod attribute;
mod bytes;
mod checksum;
mod damage;
mod dataset;
mod datatype;
mod dimension;
mod fault;
mod group;
mod heap;
mod index;
mod message;
mod netcdf;
mod object;
mod regions;
#[cfg(test)]
mod sample;
mod storage;
mod summary;
mod superblock;
mod values;
mod walker;

pub use attribute::Attribute;
pub use damage::{Change, Outcome, cut, damage};
pub use datatype::{Datatype, Member};
pub use fault::Fault;
pub use index::Chunk;
pub use regions::{Region, Use};
pub use storage::Filter;
pub use summary::{Dataset, Group, Storage, Summary};

use walker::Walker;

/// Checks every byte of a file; returns all faults in order of address if there are any.
pub fn walk(file: &[u8]) -> Result<Summary, Vec<Fault>> {
    let mut walk = Walker::new(file);
    let mut summary = Summary::default();
    let result = superblock::read(&mut walk);
    if let Some(superblock) = walk.faults.catch(result) {
        summary.superblock_version = superblock.version;
        // The extension is read first, because it states the size of B-tree nodes.
        if let Some(address) = superblock.extension {
            let result = superblock::extension(&mut walk, address);
            walk.faults.catch(result);
            summary.objects = 1;
        }
        group::read_root(&mut walk, superblock.root, &mut summary);
    }
    summary.references = bytes::count(walk.references.len());
    let axes = dimension::check(&mut walk, &summary);
    netcdf::check(&mut walk, &summary, &axes);
    heap::check_uses(&mut walk);
    (summary.heap_collections, summary.heap_objects) = walk.heaps.counts();
    summary.tree_nodes = walk.tree_nodes;
    summary.chunks = summary.datasets.iter().map(chunks).sum();
    let (regions, totals) = walk.regions.finish(file, &mut walk.faults);
    summary.metadata_bytes = totals.metadata;
    summary.value_bytes = totals.values;
    summary.padding_bytes = totals.padding;
    summary.regions = regions;
    let faults = walk.faults.into_list();
    if faults.is_empty() { Ok(summary) } else { Err(faults) }
}

fn chunks(dataset: &Dataset) -> u64 {
    match &dataset.storage {
        Storage::Chunked { chunks, .. } => bytes::count(chunks.len()),
        _ => 0,
    }
}
