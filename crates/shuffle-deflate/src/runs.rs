//! A deflate encoder (RFC 1951) that only finds runs of one byte.
//!
//! It processes shuffled bytes plane by plane. Each plane is split into pieces: runs are found with word-wide
//! comparisons, all other bytes are counted, and adjacent pieces share a block, and so a Huffman code, as long as
//! that saves bytes. So each plane of a float has its own code, and a plane of pure noise is stored.

mod block;
mod search;

use super::bits::BitWriter;
use block::Statistics;
use search::{Search, Stretch};

/// Max bytes of a piece: several fit into the cache, and a code for fewer bytes rarely pays.
const PIECE: usize = 1 << 16;

/// Min bytes of a piece: shorter planes are combined.
const SHORT: usize = 1 << 11;

/// Max bytes of a block: limits the memory for its stretches.
const BLOCK: usize = 1 << 19;

/// The encoder and its scratch memory.
pub(super) struct Runs {
    writer: BitWriter,
    search: Search,
    /// Stretches of the pieces in the current block.
    stretches: Vec<Stretch>,
}

impl Runs {
    pub(super) fn new() -> Self {
        Self { writer: BitWriter::new(), search: Search::default(), stretches: Vec::new() }
    }

    /// Starts a stream with a header.
    pub(super) fn start(&mut self, header: &[u8]) {
        self.writer.start(header);
    }

    /// Appends a complete deflate stream of `bytes`, which consist of planes of `plane` bytes and a remainder.
    pub(super) fn deflate(&mut self, bytes: &[u8], plane: usize) {
        let pieces = bytes.chunks(plane.max(SHORT)).flat_map(|plane| plane.chunks(PIECE));
        self.stretches.clear();
        let (mut begin, mut end) = (0_usize, 0_usize);
        let mut statistics = Statistics::default();
        for piece in pieces {
            let before = end.checked_sub(1).and_then(|last| bytes.get(last)).copied();
            let known = self.stretches.len();
            let found = self.search.find(piece, before, &mut self.stretches);
            let next = Statistics::new(found, piece.len());
            let both = statistics.joined(&next);
            if end - begin + piece.len() <= BLOCK
                && both.estimate() <= statistics.estimate() + next.estimate()
            {
                statistics = both;
            } else {
                let block = bytes.get(begin..end).unwrap_or_default();
                block::write(&mut self.writer, block, self.stretches.drain(..known), &statistics, false);
                (begin, statistics) = (end, next);
            }
            end += piece.len();
        }
        let block = bytes.get(begin..end).unwrap_or_default();
        block::write(&mut self.writer, block, self.stretches.drain(..), &statistics, true);
        self.writer.align();
    }

    /// Ends the stream with a checksum and returns it.
    pub(super) fn finish(&mut self, checksum: &[u8]) -> &[u8] {
        self.writer.bytes(checksum);
        self.writer.written()
    }
}
