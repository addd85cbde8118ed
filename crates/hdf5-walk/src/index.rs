//! The version 1 B-tree of the chunks of a dataset (section III.A.1, node type 1).

use std::collections::BTreeMap;

use super::bytes::{Cursor, UNDEFINED, count};
use super::fault::Fault;
use super::regions::Use;
use super::walker::Walker;

/// B-trees with more levels are rejected.
const HIGHEST_LEVEL: u8 = 16;

/// A stored chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Offset of its first element in the dataset.
    pub offset: Vec<u64>,
    /// Address of its first byte.
    pub address: u64,
    /// Number of stored bytes.
    pub size: u32,
}

/// Properties of the dataset that the keys of a B-tree must agree with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid<'g> {
    /// The shape of the dataset.
    pub(super) shape: &'g [u64],
    /// The shape of its chunks.
    pub(super) chunk: &'g [u64],
    /// The bytes of a chunk before filters.
    pub(super) bytes: u64,
    pub(super) filtered: bool,
    pub(super) deflated: bool,
}

impl Grid<'_> {
    /// Number of chunks that cover the dataset.
    fn chunks(&self) -> Option<u64> {
        let counts =
            self.shape.iter().zip(self.chunk).map(|(length, chunk)| length.div_ceil((*chunk).max(1)));
        counts.into_iter().try_fold(1_u64, u64::checked_mul)
    }
}

/// A key: the stored size, the filter mask, and the offset, ending with the offset inside the element.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    address: u64,
    size: u32,
    mask: u32,
    offset: Vec<u64>,
}

impl Key {
    fn same(&self, other: &Self) -> bool {
        (self.size, self.mask, &self.offset) == (other.size, other.mask, &other.offset)
    }
}

/// A node: its siblings, and its first and last key.
#[derive(Debug, Clone)]
struct Node {
    address: u64,
    left: u64,
    right: u64,
    first: Key,
    last: Key,
}

/// The contents of one tree.
#[derive(Debug, Default)]
struct Tree {
    chunks: Vec<Chunk>,
    /// The nodes of each level from left to right.
    levels: BTreeMap<u8, Vec<Node>>,
}

/// Reads a B-tree and claims its nodes and chunks.
pub(super) fn read(walk: &mut Walker<'_>, root: u64, grid: &Grid<'_>) -> Vec<Chunk> {
    let mut tree = Tree::default();
    let result = node(walk, root, None, grid, &mut tree);
    walk.faults.catch(result);
    for nodes in tree.levels.values() {
        neighbours(walk, nodes);
    }
    if let (Some(leaf), Some(chunk)) =
        (tree.levels.get(&0).and_then(|leaves| leaves.last()), tree.chunks.last())
    {
        end_key(walk, &leaf.last, &chunk.offset, grid);
    }
    // Keys increase strictly and lie on the grid, so if the count is right, each chunk occurs exactly once.
    let (found, expected) = (Some(count(tree.chunks.len())), grid.chunks());
    walk.faults.same(root, "number of stored chunks", found, expected);
    tree.chunks
}

/// Reads and claims one node and everything below it.
fn node(
    walk: &mut Walker<'_>,
    address: u64,
    expected_level: Option<u8>,
    grid: &Grid<'_>,
    tree: &mut Tree,
) -> Result<Option<Node>, Fault> {
    if !walk.enter(address, "B-tree node") {
        return Ok(None);
    }
    let mut cursor = Cursor::from(walk.file, address, "B-tree node")?;
    cursor.signature(*b"TREE", "B-tree node")?;
    walk.faults.same(address, "node type of a chunk B-tree", cursor.u8("node type")?, 1);
    let level = cursor.u8("node level")?;
    walk.faults.same(address, "level of a B-tree node", level, expected_level.unwrap_or(level));
    if level > HIGHEST_LEVEL || expected_level.is_some_and(|expected| expected != level) {
        return Err(Fault::new(address, format!("B-tree node of level {level} is not followed")));
    }
    let used = cursor.u16("entries used")?;
    let most = walk.chunk_tree_k.saturating_mul(2);
    walk.faults.check((1..=most).contains(&used), address, || {
        format!("B-tree node uses {used} entries; expected 1 to {most}, twice the K of chunk B-trees")
    });
    let (left, right) = (cursor.u64("left sibling")?, cursor.u64("right sibling")?);
    let mut keys = vec![key(&mut cursor, grid)?];
    let mut children = Vec::new();
    for _ in 0..used {
        children.push(cursor.u64("child of a B-tree node")?);
        keys.push(key(&mut cursor, grid)?);
    }
    let width = count(grid.shape.len()).saturating_mul(8).saturating_add(16);
    let most = u64::from(most);
    let size = 24 + most * 8 + (most + 1) * width;
    let unused = address.saturating_add(size).saturating_sub(cursor.address());
    let unused = usize::try_from(unused).unwrap_or(usize::MAX);
    cursor.zeros(unused, "unused entries of a B-tree node", &mut walk.faults)?;
    walk.claim(address, size, Use::Metadata("chunk B-tree node"));
    walk.tree_nodes = walk.tree_nodes.saturating_add(1);
    for (key, next) in keys.iter().zip(keys.iter().skip(1)) {
        walk.faults.check(key.offset < next.offset, next.address, || {
            format!("B-tree key {:?} is not above {:?}, the key before it", next.offset, key.offset)
        });
    }
    let pairs = children.iter().zip(keys.iter().zip(keys.iter().skip(1)));
    for (&child, (key, next)) in pairs {
        match level.checked_sub(1) {
            None => chunk(walk, key, child, grid, tree),
            Some(below) => {
                let result = node(walk, child, Some(below), grid, tree);
                if let Some(Some(found)) = walk.faults.catch(result) {
                    agree(walk, key, &found.first, "first");
                    agree(walk, next, &found.last, "last");
                }
            }
        }
    }
    let (Some(first), Some(last)) = (keys.first().cloned(), keys.pop()) else { return Ok(None) };
    let found = Node { address, left, right, first, last };
    tree.levels.entry(level).or_default().push(found.clone());
    Ok(Some(found))
}

fn key(cursor: &mut Cursor<'_>, grid: &Grid<'_>) -> Result<Key, Fault> {
    let address = cursor.address();
    let (size, mask) = (cursor.u32("chunk size")?, cursor.u32("filter mask")?);
    let offset = (0..=grid.shape.len()).map(|_| cursor.u64("chunk offset")).collect::<Result<_, _>>()?;
    Ok(Key { address, size, mask, offset })
}

/// Checks that the key of a node equals that of its child.
fn agree(walk: &mut Walker<'_>, key: &Key, child: &Key, which: &str) {
    walk.faults.check(key.same(child), key.address, || {
        format!("B-tree key {key:?} differs from the {which} key {child:?} of its child")
    });
}

/// Checks the key of a chunk and claims its bytes.
fn chunk(walk: &mut Walker<'_>, key: &Key, address: u64, grid: &Grid<'_>, tree: &mut Tree) {
    let faults = &mut walk.faults;
    faults.same(key.address, "filter mask of a chunk", key.mask, 0);
    let mut offset = key.offset.clone();
    faults.same(key.address, "offset of a chunk inside its elements", offset.pop(), Some(0));
    for ((&position, &length), &step) in offset.iter().zip(grid.shape).zip(grid.chunk) {
        faults.check(position < length && position.is_multiple_of(step.max(1)), key.address, || {
            format!("chunk offset is {position} in a dimension of {length} with chunks of {step}")
        });
    }
    if grid.filtered {
        faults.check(key.size > 0, key.address, || "filtered chunk has no bytes".to_owned());
    } else {
        faults.same(key.address, "size of a chunk without filters", u64::from(key.size), grid.bytes);
    }
    if grid.deflated {
        let result = zlib_header(walk.file, address, key.size);
        walk.faults.catch(result);
    }
    walk.claim(address, u64::from(key.size), Use::Values);
    tree.chunks.push(Chunk { offset, address, size: key.size });
}

/// Checks that a deflated chunk is a zlib stream (RFC 1950): method 8, a window of at most 32 KiB, no dictionary.
fn zlib_header(file: &[u8], address: u64, size: u32) -> Result<(), Fault> {
    let mut cursor = Cursor::from(file, address, "chunk")?;
    let (method, flags) = (cursor.u8("zlib header")?, cursor.u8("zlib header")?);
    let sum = u16::from(method) << 8 | u16::from(flags);
    let sound = method & 0x0f == 8 && method >> 4 <= 7 && flags & 0x20 == 0 && sum.is_multiple_of(31);
    // The minimum is two bytes of header, two of an empty block, and four of checksum.
    if sound && size >= 8 {
        return Ok(());
    }
    Err(Fault::new(address, format!("chunk of {size} bytes begins with {sum:#06x}, which is no zlib stream")))
}

/// Checks that the nodes of a level refer to each other as siblings, and that their keys meet.
fn neighbours(walk: &mut Walker<'_>, nodes: &[Node]) {
    let mut left = UNDEFINED;
    for (position, node) in nodes.iter().enumerate() {
        let next = nodes.get(position + 1);
        let right = next.map_or(UNDEFINED, |next| next.address);
        walk.faults.same(node.address, "left sibling", node.left, left);
        walk.faults.same(node.address, "right sibling", node.right, right);
        left = node.address;
        let Some(next) = next else { continue };
        let (last, first) = (&node.last, &next.first);
        let meet = last.offset == first.offset && last.mask == first.mask;
        walk.faults.check(meet && (last.size == first.size || last.size == 0), last.address, || {
            format!("last key {last:?} of a B-tree node differs from the first {first:?} of the next")
        });
    }
}

/// Checks the key after the last chunk, which has no chunk: size 0, and an offset above all others (section III.A.1).
/// The offset is either that of another row of chunks, or one chunk after the last in all dimensions. In trees of
/// libhdf5, its offset inside the element is not zero, contrary to that section.
fn end_key(walk: &mut Walker<'_>, key: &Key, last: &[u64], grid: &Grid<'_>) {
    walk.faults.check(key.size == 0 && key.mask == 0, key.address, || {
        format!("key behind the last chunk has size {} and filter mask {}; expected zero", key.size, key.mask)
    });
    let mut row = vec![0; grid.shape.len() + 1];
    if let (Some(first), Some(length), Some(step)) = (row.first_mut(), grid.shape.first(), grid.chunk.first())
    {
        *first = length.checked_next_multiple_of(*step).unwrap_or(u64::MAX);
    }
    let next = last.iter().zip(grid.chunk).map(|(offset, step)| offset.saturating_add(*step));
    let next: Vec<u64> = next.chain([0]).collect();
    walk.faults.check(key.offset == row || key.offset == next, key.address, || {
        format!("key behind the last chunk is {:?}; expected {row:?} or {next:?}", key.offset)
    });
}

#[cfg(test)]
mod tests {
    use super::super::sample::{self, Variant};
    use super::super::{Chunk, Storage, walk};

    #[test]
    fn the_chunks_of_a_tree_of_two_levels_are_found() {
        let summary = walk(&sample::file(Variant::Sound)).unwrap();
        let chunk = |index: u64| Chunk { offset: vec![2 * index], address: 48 + 8 * index, size: 8 };
        let expected = Storage::Chunked { shape: vec![2], chunks: (0..3).map(chunk).collect() };
        assert_eq!(summary.dataset("/v").map(|dataset| &dataset.storage), Some(&expected));
        assert_eq!((summary.tree_nodes, summary.chunks), (3, 3));
    }

    /// The size of nodes is determined by K, so with a wrong K the nodes overlap.
    #[test]
    fn nodes_are_as_large_as_k_says() {
        let file = sample::file(Variant::LargeNodes);
        let faults = walk(&file).unwrap_err();
        assert!(faults.iter().any(|fault| fault.problem.contains("unused entries")), "{faults:?}");
    }
}
