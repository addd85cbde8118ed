//! Stores for tests: one that breaks where a test wants it, and an S3 server.

mod hooked;
#[cfg(feature = "server")]
mod server;

pub use self::hooked::Hooked;

/// Returns an empty store in memory.
#[cfg(feature = "objects")]
#[must_use]
pub fn memory() -> std::sync::Arc<dyn crate::Store> {
    std::sync::Arc::new(crate::Objects::of(std::sync::Arc::new(object_store::memory::InMemory::new())))
}

#[cfg(feature = "server")]
pub use self::server::{Count, Server};
