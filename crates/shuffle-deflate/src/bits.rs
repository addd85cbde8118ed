//! Bits in deflate's order: the first bit of a stream is the lowest of its first byte (RFC 1951, 3.1.1).

/// Bits that are written together: their number in the lowest eight bits, they themselves above, 24 at most. An
/// entry serves as its own shift, because the processor looks at the lowest six bits of a shift only.
pub(super) type Entry = u32;

/// An entry of the lowest `count` bits of `bits`.
pub(super) const fn entry(bits: u32, count: u32) -> Entry {
    (bits << 8) | count
}

/// Number of bits in an entry.
pub(super) const fn width(entry: Entry) -> u32 {
    entry & 0xff
}

/// A growing stream of bits.
pub(super) struct BitWriter {
    /// What is beyond `position` means nothing; it stays allocated, and filled, from stream to stream.
    bytes: Vec<u8>,
    position: usize,
    pending: u64,
    /// Bits in `pending`: between two calls fewer than eight.
    count: u32,
}

impl BitWriter {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), position: 0, pending: 0, count: 0 }
    }

    /// Starts a new stream with whole bytes.
    pub(super) fn start(&mut self, bytes: &[u8]) {
        (self.position, self.pending, self.count) = (0, 0, 0);
        self.bytes(bytes);
    }

    /// Reserves this number of bytes, so that the following writes never reallocate.
    pub(super) fn reserve(&mut self, bytes: usize) {
        let needed = self.position.saturating_add(bytes).saturating_add(size_of::<u64>());
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
    }

    /// Appends the lowest `count` bits of `bits`, 56 at most; those above are zero.
    #[inline]
    pub(super) fn bits(&mut self, bits: u64, count: u32) {
        self.pending |= bits << self.count;
        self.count += count;
        let word = self.pending.to_le_bytes();
        if let Some(room) = self.bytes.get_mut(self.position..).and_then(<[u8]>::first_chunk_mut) {
            *room = word;
        } else {
            self.grow(word);
        }
        self.position += (self.count / 8) as usize;
        self.pending >>= self.count & !7;
        self.count %= 8;
    }

    /// Appends an entry.
    #[inline]
    pub(super) fn entry(&mut self, entry: Entry) {
        self.bits(u64::from(entry >> 8), width(entry));
    }

    /// Appends the entry that `table` has for each byte of `literals`; `widest` is the width of the widest, 14 at
    /// most.
    #[inline]
    pub(super) fn literals(&mut self, literals: &[u8], table: &[Entry; 256], widest: u32) {
        // As many as fit into a word beside seven bits that are pending.
        if widest <= 9 { self.groups::<6>(literals, table) } else { self.groups::<4>(literals, table) }
    }

    /// Appends entries `GROUP` at a time.
    #[inline]
    fn groups<const GROUP: usize>(&mut self, literals: &[u8], table: &[Entry; 256]) {
        self.reserve(2 * literals.len());
        let Some(room) = self.bytes.get_mut(self.position..) else { return };
        let (groups, rest) = literals.as_chunks::<GROUP>();
        // The processor keeps these in registers, which it cannot do with what `self` points to.
        let (mut pending, mut count, mut position) = (self.pending, self.count, 0);
        for group in groups {
            // Pairs are joined first, so that shifts do not wait for each other.
            let mut bits = 0;
            let mut widths = 0;
            for pair in group.as_chunks::<2>().0 {
                let [first, second] = pair.map(|literal| u64::from(table[usize::from(literal)]));
                bits |= ((first >> 8) | ((second >> 8) << (first & 63))) << (widths & 63);
                widths += first + second;
            }
            pending |= bits << count;
            count += (widths & 0xff) as u32;
            if let Some(word) = room.get_mut(position..).and_then(<[u8]>::first_chunk_mut) {
                *word = pending.to_le_bytes();
            }
            position += (count / 8) as usize;
            pending >>= count & !7;
            count %= 8;
        }
        self.position += position;
        (self.pending, self.count) = (pending, count);
        for &literal in rest {
            self.entry(table[usize::from(literal)]);
        }
    }

    /// Fills the last byte with zeros.
    pub(super) fn align(&mut self) {
        if self.count > 0 {
            self.bits(0, 8 - self.count);
        }
    }

    /// Appends whole bytes, after [`BitWriter::align`].
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        if let Some(room) = self.bytes.get_mut(self.position..).and_then(|room| room.get_mut(..bytes.len())) {
            room.copy_from_slice(bytes);
        }
        self.position += bytes.len();
    }

    /// All whole bytes of the stream.
    pub(super) fn written(&self) -> &[u8] {
        self.bytes.get(..self.position).unwrap_or_default()
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, word: [u8; 8]) {
        self.reserve(self.position.max(1 << 12));
        if let Some(room) = self.bytes.get_mut(self.position..).and_then(<[u8]>::first_chunk_mut) {
            *room = word;
        }
    }
}
