//! State that all parts of one walk share.

use std::collections::BTreeSet;

use super::fault::Faults;
use super::heap::Heaps;
use super::regions::{Regions, Use};

/// An object reference, to be checked when all objects are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference {
    /// Address of the reference.
    pub(super) at: u64,
    /// Address of the object header that it refers to.
    pub(super) target: u64,
}

/// The state of one walk.
#[derive(Debug)]
pub(super) struct Walker<'a> {
    pub(super) file: &'a [u8],
    pub(super) faults: Faults,
    pub(super) regions: Regions,
    pub(super) heaps: Heaps<'a>,
    pub(super) references: Vec<Reference>,
    /// Half the max entries of a chunk B-tree node (section IV.A.2.t).
    pub(super) chunk_tree_k: u16,
    /// Number of chunk B-tree nodes read.
    pub(super) tree_nodes: u64,
    seen: BTreeSet<u64>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(file: &'a [u8]) -> Self {
        Self {
            file,
            faults: Faults::default(),
            regions: Regions::default(),
            heaps: Heaps::default(),
            references: Vec::new(),
            // Default of the library without a B-tree K values message.
            chunk_tree_k: 32,
            tree_nodes: 0,
            seen: BTreeSet::new(),
        }
    }

    /// Claims the bytes of a structure or of values.
    pub(super) fn claim(&mut self, start: u64, length: u64, used_for: Use) {
        self.regions.claim(start, length, used_for, &mut self.faults);
    }

    /// Returns true if a structure is read for the first time. A second time is a fault, and would cause a loop.
    pub(super) fn enter(&mut self, address: u64, what: &str) -> bool {
        let first = self.seen.insert(address);
        self.faults.check(first, address, || format!("{what} is reached more than once"));
        first
    }
}
