//! Stores for tests: one that breaks where a test wants it, and an S3 server.

mod breaking;
#[cfg(feature = "server")]
mod server;

pub use self::breaking::Breaking;
#[cfg(feature = "server")]
pub use self::server::{Count, Server};
