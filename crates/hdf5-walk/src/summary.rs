//! Summary of a walk, for comparison with what was written.

use super::attribute::Attribute;
use super::datatype::Datatype;
use super::index::Chunk;
use super::regions::Region;
use super::storage::Filter;

/// The contents of a sound file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The version of the superblock.
    pub superblock_version: u8,
    /// Object headers, including the superblock extension.
    pub objects: u64,
    /// Links of all groups.
    pub links: u64,
    /// Attributes of all objects.
    pub attributes: u64,
    /// Objects with more than eight attributes in their header. By default libhdf5 would store those densely, which
    /// is not supported here. This is legal, because readers support both.
    pub crowded_objects: u64,
    /// Stored chunks of all datasets.
    pub chunks: u64,
    /// Nodes of chunk B-trees.
    pub tree_nodes: u64,
    /// Global heap collections.
    pub heap_collections: u64,
    /// Objects in them, except free space.
    pub heap_objects: u64,
    /// Object references in attributes, values and the heap.
    pub references: u64,
    /// Bytes of structures.
    pub metadata_bytes: u64,
    /// Bytes of values outside object headers.
    pub value_bytes: u64,
    /// Padding bytes between structures.
    pub padding_bytes: u64,
    /// All structures and values in order of address.
    pub regions: Vec<Region>,
    /// The groups, the root group first.
    pub groups: Vec<Group>,
    /// The datasets of all groups.
    pub datasets: Vec<Dataset>,
}

impl Summary {
    /// The dataset with this path, such as `/time`.
    #[must_use]
    pub fn dataset(&self, path: &str) -> Option<&Dataset> {
        self.datasets.iter().find(|dataset| dataset.path == path)
    }
}

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its path; `/` for the root group.
    pub path: String,
    /// The address of its object header.
    pub address: u64,
    /// The names of its links in creation order.
    pub links: Vec<String>,
    /// Its attributes in stored order.
    pub attributes: Vec<Attribute>,
}

/// A dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Its path, such as `/time`.
    pub path: String,
    /// The address of its object header.
    pub address: u64,
    /// The lengths of its dimensions; empty for a single value.
    pub shape: Vec<u64>,
    /// The maximum lengths of its dimensions; `None` for an unlimited one.
    pub maximum: Vec<Option<u64>>,
    /// Its datatype.
    pub datatype: Datatype,
    /// The bytes of its fill value, if one is defined.
    pub fill: Option<Vec<u8>>,
    /// Storage of its values.
    pub storage: Storage,
    /// The filters of its chunks.
    pub filters: Vec<Filter>,
    /// Its attributes in stored order.
    pub attributes: Vec<Attribute>,
}

impl Dataset {
    /// The attribute of this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }
}

/// Storage of the values of a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// In the object header.
    Compact {
        /// Address of the first byte.
        address: u64,
        /// Number of bytes.
        size: u64,
    },
    /// In one piece.
    Contiguous {
        /// Address of the first byte; `None` if there are no values.
        address: Option<u64>,
        /// Number of bytes.
        size: u64,
    },
    /// In chunks.
    Chunked {
        /// The shape of a chunk.
        shape: Vec<u64>,
        /// The stored chunks in order of their offset.
        chunks: Vec<Chunk>,
    },
}
