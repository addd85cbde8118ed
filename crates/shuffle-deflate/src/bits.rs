//! Writes bits in the order of deflate: the first bit of a stream is the lowest bit of its first byte (RFC 1951,
//! 3.1.1).

/// Bits that are written together: their number in the lowest eight bits, and the bits above, at most 24. An entry
/// can be used directly as a shift count, because the processor uses only the lowest six bits of a shift count.
pub(super) type Entry = u32;

/// Creates an entry of the lowest `count` bits of `bits`.
pub(super) const fn entry(bits: u32, count: u32) -> Entry {
    (bits << 8) | count
}

/// Number of bits in an entry.
pub(super) const fn width(entry: Entry) -> u32 {
    entry & 0xff
}

/// A growing bit stream.
pub(super) struct BitWriter {
    /// The buffer; bytes after `position` are unused. It stays allocated and initialised for the next stream.
    bytes: Vec<u8>,
    position: usize,
    pending: u64,
    /// Number of bits in `pending`: fewer than eight between two calls.
    count: u32,
}

impl BitWriter {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), position: 0, pending: 0, count: 0 }
    }

    /// Starts a new stream with `bytes`.
    pub(super) fn start(&mut self, bytes: &[u8]) {
        (self.position, self.pending, self.count) = (0, 0, 0);
        self.bytes(bytes);
    }

    /// Reserves this number of bytes, so that the following writes do not reallocate.
    pub(super) fn reserve(&mut self, bytes: usize) {
        let needed = self.position.saturating_add(bytes).saturating_add(size_of::<u64>());
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
    }

    /// Appends the lowest `count` bits of `bits`, at most 56; all higher bits must be zero.
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

    /// Appends the entry of each byte of `literals` from `table`. `widest` is the maximum width of an entry, at most
    /// 14.
    #[inline]
    pub(super) fn literals(&mut self, literals: &[u8], table: &[Entry; 256], widest: u32) {
        // The group size is the number of entries that fit into a word in addition to seven pending bits.
        if widest <= 9 { self.groups::<6>(literals, table) } else { self.groups::<4>(literals, table) }
    }

    /// Appends entries `GROUP` at a time.
    #[inline]
    fn groups<const GROUP: usize>(&mut self, literals: &[u8], table: &[Entry; 256]) {
        self.reserve(2 * literals.len());
        let Some(room) = self.bytes.get_mut(self.position..) else { return };
        let (groups, rest) = literals.as_chunks::<GROUP>();
        // Local copies stay in registers, which fields of `self` cannot.
        let (mut pending, mut count, mut position) = (self.pending, self.count, 0);
        for group in groups {
            // Pairs are combined first, to shorten the chain of dependent shifts.
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

    /// Pads the last byte with zeros.
    pub(super) fn align(&mut self) {
        if self.count > 0 {
            self.bits(0, 8 - self.count);
        }
    }

    /// Appends whole bytes; call [`BitWriter::align`] first.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        if let Some(room) = self.bytes.get_mut(self.position..).and_then(|room| room.get_mut(..bytes.len())) {
            room.copy_from_slice(bytes);
        }
        self.position += bytes.len();
    }

    /// Returns all whole bytes of the stream.
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
