//! What all parts of one walk share.

use std::collections::BTreeSet;

use super::fault::Faults;
use super::heap::Heaps;
use super::regions::{Regions, Use};

/// An object reference that was read, to be looked up when all objects are known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference {
    /// Where the reference stands.
    pub(super) at: u64,
    /// The address of the object header it names.
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
    /// Half the entries of a chunk B-tree node (section IV.A.2.t).
    pub(super) chunk_tree_k: u16,
    /// How many nodes of chunk B-trees were read.
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
            // Without a B-tree K values message the library takes 32.
            chunk_tree_k: 32,
            tree_nodes: 0,
            seen: BTreeSet::new(),
        }
    }

    /// Claims the bytes of a structure or of values.
    pub(super) fn claim(&mut self, start: u64, length: u64, used_for: Use) {
        self.regions.claim(start, length, used_for, &mut self.faults);
    }

    /// Whether a structure is met for the first time; a second time is a fault, and would loop.
    pub(super) fn enter(&mut self, address: u64, what: &str) -> bool {
        let first = self.seen.insert(address);
        self.faults.check(first, address, || format!("{what} is reached more than once"));
        first
    }
}
