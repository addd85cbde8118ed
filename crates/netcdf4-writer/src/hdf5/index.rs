//! The index of a dataset's chunks: a version 1 B-tree of node type 1 (section III.A.1 of the format specification).

use super::UNDEFINED;
use crate::error::TooLarge;

/// Node size of all chunk indices of a file: half of the max number of children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HalfNode(pub(super) u16);

/// The default of HDF5 if the superblock does not state another.
pub(super) const USUAL: HalfNode = HalfNode(32);

/// Min half size: smaller nodes save almost nothing, because every node has a header and keys.
const MIN: u16 = 4;

impl HalfNode {
    /// The smallest node size with which this many chunks fit into one node, at most the default. Nodes are stored in
    /// full, and one of default size takes two kilobytes, while a sounding has one chunk per variable.
    pub(crate) fn of(chunks: usize) -> Self {
        Self(u16::try_from(chunks.div_ceil(2)).map_or(USUAL.0, |half| half.clamp(MIN, USUAL.0)))
    }

    fn children(self) -> usize {
        2 * usize::from(self.0)
    }
}

/// A chunk in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// Address of its first byte.
    pub(crate) address: u64,
    /// Number of bytes, as stored.
    pub(crate) bytes: usize,
}

/// Arrangement of chunks in a dataset: row-major, with `parts` chunks along the second axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grid<'shape> {
    /// Shape of a chunk.
    pub(crate) shape: &'shape [usize],
    /// Number of chunks along the second axis.
    pub(crate) parts: usize,
}

impl Grid<'_> {
    /// Offset of the chunk of this number along the first two axes; the others are never split.
    fn start(&self, number: usize) -> [u64; 2] {
        let parts = self.parts.max(1);
        let along = |axis: usize, number: usize| (number * self.shape.get(axis).copied().unwrap_or(0)) as u64;
        [along(0, number / parts), along(1, number % parts)]
    }
}

/// One child of a node.
#[derive(Clone, Copy, Debug)]
struct Child {
    /// Offset of the first chunk below it.
    start: [u64; 2],
    /// Stored bytes of that chunk.
    bytes: usize,
    address: u64,
}

/// Creates the nodes of the index of `chunks`, to be stored from `address` on, and returns them with the address of
/// the root node.
///
/// # Errors
/// Returns an error if the size of a chunk exceeds 32 bits.
pub(crate) fn chunk_index(
    chunks: &[Chunk],
    grid: Grid<'_>,
    half: HalfNode,
    address: u64,
) -> Result<(Vec<u8>, u64), TooLarge> {
    let mut children: Vec<Child> = chunks
        .iter()
        .enumerate()
        .map(|(number, chunk)| Child {
            start: grid.start(number),
            bytes: chunk.bytes,
            address: chunk.address,
        })
        .collect();
    let end = grid.start(chunks.len().next_multiple_of(grid.parts.max(1)));
    let rank = grid.shape.len();
    let mut nodes = Vec::new();
    for level in 0_u8.. {
        let parents = Level { number: level, rank, half, end }.append(&children, address, &mut nodes)?;
        if let [root] = *parents {
            return Ok((nodes, root.address));
        }
        if parents.is_empty() {
            break;
        }
        children = parents;
    }
    Ok((nodes, UNDEFINED))
}

/// One level of an index.
#[derive(Clone, Copy)]
struct Level {
    /// 0 for the leaves.
    number: u8,
    rank: usize,
    half: HalfNode,
    /// Offset that a chunk after the last row of chunks would have.
    end: [u64; 2],
}

impl Level {
    /// Appends the nodes of this level, and returns their entries for the level above. `address` is that of the first
    /// byte of `nodes`.
    fn append(self, children: &[Child], address: u64, nodes: &mut Vec<u8>) -> Result<Vec<Child>, TooLarge> {
        let max = self.half.children();
        // A key has the stored bytes, the filter mask, and an offset along each axis, including one for the bytes of
        // an element.
        let key_bytes = 8 + 8 * (self.rank + 1);
        let node_bytes = 24 + max * 8 + (max + 1) * key_bytes;
        let first = address + nodes.len() as u64;
        let place = |number: usize| first + (number * node_bytes) as u64;
        let groups = children.chunks(max);
        let count = groups.len();
        let mut parents = Vec::with_capacity(count);
        for (number, group) in groups.enumerate() {
            let start = nodes.len();
            nodes.extend(b"TREE");
            nodes.extend([1, self.number]);
            nodes.extend(u16::try_from(group.len()).map_err(|_| TooLarge)?.to_le_bytes());
            let before = number.checked_sub(1).map_or(UNDEFINED, place);
            let after = if number + 1 < count { place(number + 1) } else { UNDEFINED };
            nodes.extend(before.to_le_bytes());
            nodes.extend(after.to_le_bytes());
            for child in group {
                key(nodes, child.bytes, child.start, self.rank)?;
                nodes.extend(child.address.to_le_bytes());
            }
            // The last key of a node is the first of its right neighbour, as after a node split by libhdf5.
            let (bytes, first) =
                children.get((number + 1) * max).map_or((0, self.end), |next| (next.bytes, next.start));
            key(nodes, bytes, first, self.rank)?;
            nodes.resize(start + node_bytes, 0);
            if let Some(&child) = group.first() {
                parents.push(Child { address: place(number), ..child });
            }
        }
        Ok(parents)
    }
}

fn key(nodes: &mut Vec<u8>, bytes: usize, start: [u64; 2], rank: usize) -> Result<(), TooLarge> {
    const NO_FILTER_LEFT_OUT: u32 = 0;
    nodes.extend(u32::try_from(bytes).map_err(|_| TooLarge)?.to_le_bytes());
    nodes.extend(NO_FILTER_LEFT_OUT.to_le_bytes());
    let end = nodes.len() + 8 * (rank + 1);
    nodes.extend(start.iter().take(rank).flat_map(|start| start.to_le_bytes()));
    nodes.resize(end, 0);
    Ok(())
}
