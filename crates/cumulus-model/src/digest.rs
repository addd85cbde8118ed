//! SHA-256 of a file, and a fingerprint to detect that it changed while it was read.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use sha2::{Digest, Sha256};

/// Bytes per read: large enough to make system calls rare, small enough to stay in the cache.
const PIECE: usize = 1 << 18;

/// A file's size and SHA-256.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDigest {
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of all bytes, lower-case hexadecimal.
    pub sha256: String,
}

/// Size and checksum of bytes that come one after another.
#[derive(Clone, Debug, Default)]
pub struct RunningDigest {
    size: u64,
    hasher: Sha256,
}

impl RunningDigest {
    /// Takes up the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.hasher.update(bytes);
    }

    /// Returns the number of bytes so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns size and checksum of all bytes.
    #[must_use]
    pub fn finish(self) -> FileDigest {
        FileDigest { size: self.size, sha256: hexadecimal(self.hasher) }
    }
}

/// Reads the whole file and computes its checksum.
///
/// # Errors
/// Returns any error of opening or reading the file.
pub fn of_file(path: &Path) -> std::io::Result<FileDigest> {
    let _span = tracing::info_span!("checksum").entered();
    let mut file = File::open(path)?;
    let mut digest = RunningDigest::default();
    let mut piece = vec![0_u8; PIECE];
    loop {
        let count = file.read(&mut piece)?;
        match piece.get(..count) {
            Some(bytes) if count > 0 => digest.update(bytes),
            _ => return Ok(digest.finish()),
        }
    }
}

/// The size only, without reading the file, with a placeholder checksum: for measuring the cost of everything else.
///
/// # Errors
/// Returns any error of `stat`.
pub fn size_alone(path: &Path) -> std::io::Result<FileDigest> {
    Ok(FileDigest { size: path.metadata()?.len(), sha256: "0".repeat(64) })
}

/// SHA-256 of a text, lower-case hexadecimal.
#[must_use]
pub fn of_text(text: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(text);
    hexadecimal(hasher)
}

fn hexadecimal(hasher: Sha256) -> String {
    let mut digits = String::with_capacity(64);
    for byte in hasher.finalize() {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}

/// Device, inode, size and modification time of a file: enough to detect that it was replaced or modified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
}

impl Fingerprint {
    /// The file's current fingerprint.
    ///
    /// # Errors
    /// Returns any error of `stat`.
    pub fn of(path: &Path) -> std::io::Result<Self> {
        let metadata = path.metadata()?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
        })
    }

    /// The file's size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}
