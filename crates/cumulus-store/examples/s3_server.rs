//! An S3 server on loopback for tests: `s3_server FOLDER PORT`, until it is ended.
//!
//! Buckets are the folders inside FOLDER. Key `AK`, secret `SK`. Port 0 is any; the server prints the one it has.

#![expect(clippy::print_stdout, reason = "a program for tests")]

use std::io::Write as _;
use std::path::Path;

use cumulus_store::testing::Server;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("FOLDER is missing")?;
    let port = arguments.next().map_or(Ok(0), |port| port.parse())?;
    let server = Server::start(Path::new(&folder), port, |_| {})?;
    println!("listening on {}", server.address());
    std::io::stdout().flush()?;
    loop {
        std::thread::park();
    }
}
