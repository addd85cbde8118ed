//! The contract of stores on memory, a folder, and an S3 server with signatures and checksums. The example `check_store`
//! tries it on any other, as `scripts/scale` does.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cumulus_store::contract::{Abilities, check};
use cumulus_store::testing::Server;
use cumulus_store::{Address, Objects, Settings, Store as _, Stores};

/// An S3 server with one bucket.
fn server() -> (Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("bucket")).unwrap();
    (Server::start(folder.path(), 0, |_| {}).unwrap(), folder)
}

fn settings(pairs: &[(&str, &str)]) -> Settings {
    Settings(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn keys<'text>(endpoint: &'text str, secret: &'text str) -> Settings {
    settings(&[
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "AK"),
        ("AWS_SECRET_ACCESS_KEY", secret),
    ])
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

#[test]
fn memory_keeps_the_contract() {
    let scratch = tempfile::tempdir().unwrap();
    let store = Objects::of(Arc::new(object_store::memory::InMemory::new()));
    check(&store, "x", scratch.path(), Abilities { keeps_facts: true });
}

#[test]
fn a_folder_keeps_the_contract() {
    let (scratch, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = object_store::local::LocalFileSystem::new_with_prefix(folder.path()).unwrap();
    let store = Objects::of(Arc::new(store)).without_facts();
    check(&store, "x", scratch.path(), Abilities { keeps_facts: false });
}

#[test]
fn an_s3_server_keeps_the_contract() {
    let (scratch, (server, _folder)) = (tempfile::tempdir().unwrap(), server());
    let store = Objects::open(&address("s3://bucket"), &server.settings()).unwrap();
    check(&store, "x", scratch.path(), Abilities { keeps_facts: true });
}

/// Asks a store that cannot answer, and returns the error of reading and of writing and the longer time.
fn refused(text: &str, settings: Settings) -> (io::Error, io::Error, Duration) {
    let store = Stores::new(settings).open(&address(text)).unwrap();
    let started = Instant::now();
    let reading = store.list("x", &mut |_| Ok(())).unwrap_err();
    let half = started.elapsed();
    let writing = store.try_writing("x/y").unwrap_err();
    (reading, writing, half.max(started.elapsed().saturating_sub(half)))
}

#[test]
fn what_is_wrong_is_told_within_seconds() {
    let (server, _folder) = server();
    let endpoint = format!("http://{}", server.address());
    let (reading, writing, _) = refused("s3://bucket", keys(&endpoint, "wrong"));
    assert_eq!(
        (reading.kind(), writing.kind()),
        (ErrorKind::PermissionDenied, ErrorKind::PermissionDenied),
        "{reading}"
    );
    assert!(reading.to_string().contains("SignatureDoesNotMatch"), "{reading}");
    // A port that was just free has no server.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (reading, writing, time) = refused("s3://bucket", keys(&format!("http://{free}"), "SK"));
    let kinds = (reading.kind(), writing.kind());
    assert_eq!(kinds, (ErrorKind::ConnectionRefused, ErrorKind::ConnectionRefused), "{reading}");
    assert!(time < Duration::from_secs(10), "{time:?}");
}

/// Serves one file that has a tag, and ends every connection after `most` bytes of it.
fn breaking_server(file: Vec<u8>, most: usize) -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let lines = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let range = head
                .iter()
                .find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned));
            let from: usize =
                range.as_deref().map_or(0, |range| range.split('-').next().unwrap().parse().unwrap());
            let status = if range.is_some() { "206 Partial Content" } else { "200 OK" };
            let (length, whole) = (file.len() - from, file.len());
            let place = format!("Content-Range: bytes {from}-{}/{whole}\r\n", whole - 1);
            write!(
                connection,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: \"one\"\r\n{}\
                 Last-Modified: Thu, 06 Sep 2012 12:00:00 GMT\r\nConnection: close\r\n\r\n",
                if range.is_some() { place.as_str() } else { "" }
            )
            .unwrap();
            connection.write_all(&file[from..whole.min(from + most)]).unwrap();
        }
    });
    address
}

#[test]
fn a_download_that_breaks_is_taken_up_where_it_broke() {
    let file: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let server = breaking_server(file.clone(), 150_000);
    let store = Objects::open(&address(&format!("http://{server}")), &Settings::default()).unwrap();
    let mut bytes = Vec::new();
    let digest = store.download("file.h5", None, &mut bytes).unwrap();
    assert!(bytes == file);
    assert_eq!(digest.size, file.len() as u64);
}
