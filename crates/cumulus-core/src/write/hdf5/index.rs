//! The index of a dataset's chunks: a B-tree, version 1, of node type 1 (section III.A.1 of the format
//! specification).

use super::UNDEFINED;

/// Room in the nodes of all indices of a file: half of the children that a node may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HalfNode(pub(super) u16);

/// What HDF5 takes where the superblock says nothing else.
pub(super) const USUAL: HalfNode = HalfNode(32);

/// The least that is worth telling: a node has a header and keys anyway.
const LEAST: u16 = 4;

impl HalfNode {
    /// As small as holds so many chunks in one node: a node is stored whole, and the usual one takes two kilobytes
    /// where a sounding has one chunk per variable.
    pub(crate) fn of(chunks: usize) -> Self {
        Self(u16::try_from(chunks.div_ceil(2)).unwrap_or(u16::MAX).clamp(LEAST, USUAL.0))
    }

    fn children(self) -> usize {
        2 * usize::from(self.0)
    }
}

/// A chunk in the file, of whole rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Where it begins.
    pub(crate) address: u64,
    /// Its bytes, as they are stored.
    pub(crate) bytes: u32,
}

/// One child of a node.
#[derive(Clone, Copy, Debug)]
struct Child {
    /// First row of what it leads to.
    first_row: u64,
    /// Stored bytes of the first chunk that it leads to.
    bytes: u32,
    address: u64,
}

/// The nodes of the index of `chunks`, each `chunk_rows` rows of a dataset of this rank, as they lie from `address`
/// on; and the address of the topmost.
pub(crate) fn chunk_index(
    chunks: &[Chunk],
    chunk_rows: usize,
    rank: usize,
    half: HalfNode,
    address: u64,
) -> (Vec<u8>, u64) {
    let row = |number: usize| (number * chunk_rows) as u64;
    let mut children: Vec<Child> = chunks
        .iter()
        .enumerate()
        .map(|(number, chunk)| Child { first_row: row(number), bytes: chunk.bytes, address: chunk.address })
        .collect();
    let end = row(chunks.len());
    let mut nodes = Vec::new();
    for level in 0_u8.. {
        let parents = Level { number: level, rank, half, end }.append(&children, address, &mut nodes);
        if let [root] = *parents {
            return (nodes, root.address);
        }
        if parents.is_empty() {
            break;
        }
        children = parents;
    }
    (nodes, UNDEFINED)
}

/// One level of an index.
#[derive(Clone, Copy)]
struct Level {
    /// 0 for the leaves.
    number: u8,
    rank: usize,
    half: HalfNode,
    /// The row after the last chunk.
    end: u64,
}

impl Level {
    /// Appends its nodes, which lie from `address` on with those that are there, and answers what the level above
    /// holds of them.
    fn append(self, children: &[Child], address: u64, nodes: &mut Vec<u8>) -> Vec<Child> {
        let most = self.half.children();
        // Stored bytes, left-out filters, and an offset along each axis, the bytes of an element counting as one.
        let key_bytes = 8 + 8 * (self.rank + 1);
        let node_bytes = 24 + most * 8 + (most + 1) * key_bytes;
        let first = address + nodes.len() as u64;
        let place = |number: usize| first + (number * node_bytes) as u64;
        let groups = children.chunks(most);
        let count = groups.len();
        let mut parents = Vec::with_capacity(count);
        for (number, group) in groups.enumerate() {
            let start = nodes.len();
            nodes.extend(b"TREE");
            nodes.extend([1, self.number]);
            nodes.extend(u16::try_from(group.len()).unwrap_or(u16::MAX).to_le_bytes());
            let before = number.checked_sub(1).map_or(UNDEFINED, place);
            let after = if number + 1 < count { place(number + 1) } else { UNDEFINED };
            nodes.extend(before.to_le_bytes());
            nodes.extend(after.to_le_bytes());
            for child in group {
                key(nodes, child.bytes, child.first_row, self.rank);
                nodes.extend(child.address.to_le_bytes());
            }
            let next = children.get((number + 1) * most);
            key(nodes, 0, next.map_or(self.end, |next| next.first_row), self.rank);
            nodes.resize(start + node_bytes, 0);
            if let Some(&child) = group.first() {
                parents.push(Child { address: place(number), ..child });
            }
        }
        parents
    }
}

fn key(nodes: &mut Vec<u8>, bytes: u32, first_row: u64, rank: usize) {
    const NO_FILTER_LEFT_OUT: u32 = 0;
    nodes.extend(bytes.to_le_bytes());
    nodes.extend(NO_FILTER_LEFT_OUT.to_le_bytes());
    nodes.extend(first_row.to_le_bytes());
    nodes.resize(nodes.len() + 8 * rank, 0);
}
