//! INPUT and OUTPUT in object stores: an S3 server with signatures and checksums, and a plain HTTP server.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use cumulus_store::testing::Server;

use crate::granule::Recipe;
use crate::operator::{Operator, Run};
use crate::unattended::{contents, five, undisturbed};

/// An operator with a server that has one bucket.
struct Site {
    operator: Operator,
    server: Server,
    folder: PathBuf,
}

impl Site {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(before_write: impl Fn(usize) + Send + Sync + 'static) -> Self {
        let operator = Operator::new();
        let folder = operator.folder().join("buckets");
        fs::create_dir_all(folder.join("bucket")).unwrap();
        let server = Server::start(&folder, 0, before_write).unwrap();
        Self { operator, server, folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.operator.command();
        command.args(arguments).args(["--scratch", "scratch"]).envs(self.server.variables());
        command
    }

    fn run(&self, arguments: &[&str]) -> Run {
        Run::from(self.command(arguments).output().unwrap())
    }

    /// Commands that have no scratch folder.
    fn ask(&self, arguments: &[&str]) -> Run {
        Run::from(self.operator.command().args(arguments).envs(self.server.variables()).output().unwrap())
    }

    /// Objects in a folder of the bucket, by name.
    fn objects(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        contents(&self.folder.join("bucket").join(folder))
    }

    /// Puts the granules of the operator into the bucket, and their addresses into a list: asked for one by one, this server
    /// tells their tags, which its listings do not.
    fn upload_granules(&self) {
        let store = cumulus_store::Stores::new(self.server.settings());
        let store = store.open(&"s3://bucket".parse().unwrap()).unwrap();
        let mut list = String::new();
        for entry in fs::read_dir(self.operator.input()).unwrap() {
            let path = entry.unwrap().path();
            let key = format!("granules/{}", path.file_name().unwrap().to_str().unwrap());
            store.upload(&path, &key, "application/x-hdf5", &cumulus_store::Facts::default()).unwrap();
            list = list + "s3://bucket/" + &key + "\n";
        }
        fs::write(self.operator.folder().join("list"), list).unwrap();
    }

    fn writes(&self) -> usize {
        self.server.count().writes.load(Ordering::SeqCst)
    }

    /// Asserts that nothing is left in the scratch folder.
    fn is_clean(&self) {
        let scratch = self.operator.folder().join("scratch");
        assert_eq!(fs::read_dir(scratch).unwrap().count(), 0);
    }
}

#[test]
fn a_store_gets_what_a_folder_gets_and_keeps_it() {
    let site = Site::new();
    five(&site.operator);
    let expected = undisturbed(&site.operator);
    site.upload_granules();
    for (input, output) in [("input", "from_folder"), ("s3://bucket/granules", "from_store")] {
        let address = format!("s3://bucket/{output}");
        let report = format!("s3://bucket/reports/{output}.json");
        let planned = site.run(&[input, &address, "--dry-run"]);
        assert!(
            planned.succeeded().stdout.contains("5 to convert (5 new), 0 up to date"),
            "{}",
            planned.stdout
        );
        site.run(&[input, &address, "--report", &report]).succeeded();
        assert!(site.objects(output) == expected, "{input}");
        site.is_clean();
        assert!(site.ask(&["summary", &report]).succeeded().stdout.contains("5 converted"));
        assert!(site.ask(&["verify", &address, "undisturbed"]).succeeded().stdout.contains("equal"));

        let before = site.writes();
        let again = site.run(&[input, &address]);
        assert!(again.succeeded().stderr.contains("5 up to date"), "{}", again.stderr);
        let planned = site.run(&[input, &address, "--dry-run"]);
        assert!(planned.succeeded().stdout.contains("5 up to date"), "{}", planned.stdout);
        // Each of the two asks once whether it could write.
        assert!(site.writes() - before <= 4, "{}", site.writes() - before);
        site.run(&[input, &address, "--force"]).succeeded();
        assert!(site.objects(output) == expected);
    }
    let local = site.operator.folder().join("local");
    site.run(&["s3://bucket/granules", &format!("file://{}", local.display())]).succeeded();
    assert!(contents(&local) == expected);
}

#[test]
fn a_granule_that_did_not_change_is_not_read_again() {
    let site = Site::new();
    five(&site.operator);
    site.upload_granules();
    site.run(&["--files-from", "list", "s3://bucket/out"]).succeeded();
    let reads = || site.server.count().reads.load(Ordering::SeqCst);
    let before = reads();
    site.run(&["--files-from", "list", "s3://bucket/out"]).succeeded();
    // Each granule is asked for once, and each product for its metadata and its data.
    assert!(reads() - before <= 5 * 3, "{}", reads() - before);
    // Another object under the same key is another granule.
    let path = site.operator.granule("12203c", &Recipe { records: 77, ..Recipe::default() });
    assert!(path.exists());
    site.upload_granules();
    let planned = site.run(&["--files-from", "list", "s3://bucket/out", "-n"]);
    assert!(
        planned.succeeded().stdout.contains("1 to convert (1 changed), 4 up to date"),
        "{}",
        planned.stdout
    );
}

#[test]
fn runs_killed_at_every_request_that_changes_something_are_completed_by_the_next() {
    let victim = Arc::new(AtomicU32::new(0));
    let (at, base) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (hook_victim, hook_at, hook_base) = (Arc::clone(&victim), Arc::clone(&at), Arc::clone(&base));
    let site = Site::with(move |number| {
        if number.saturating_sub(hook_base.load(Ordering::SeqCst)) == hook_at.load(Ordering::SeqCst) {
            let id = hook_victim.load(Ordering::SeqCst).to_string();
            Command::new("kill").args(["-9", &id]).status().unwrap();
        }
    });
    for (seed, sortie) in ["12203a", "12203b"].iter().enumerate() {
        site.operator.granule(sortie, &Recipe { seed: seed as u64, ..Recipe::default() });
    }
    let expected = undisturbed(&site.operator);
    // New products, and then products that replace others: one whole run counts the requests.
    for (case, options) in [("new", &[][..]), ("replaced", &["--force"][..])] {
        let mut killed = 0;
        for step in 1.. {
            let output = format!("{case}-{step}");
            let address = format!("s3://bucket/{output}");
            if case == "replaced" {
                at.store(0, Ordering::SeqCst);
                site.run(&["input", &address, "--level", "1"]).succeeded();
            }
            base.store(site.writes(), Ordering::SeqCst);
            at.store(step, Ordering::SeqCst);
            let arguments = [&["input", address.as_str(), "--jobs", "1"], options].concat();
            let mut child = site.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
            victim.store(child.id(), Ordering::SeqCst);
            let ended = child.wait().unwrap();
            at.store(0, Ordering::SeqCst);
            while site.server.count().under_way.load(Ordering::SeqCst) > 0 {
                std::thread::yield_now();
            }
            // Metadata stand beside the data that they describe.
            whole(&site.folder.join("bucket").join(&output));
            site.run(&["input", &address]).succeeded();
            assert!(site.objects(&output) == expected, "{case} {step}");
            if ended.success() {
                break;
            }
            killed += 1;
        }
        // Asking whether it could write, twice; data and metadata of two granules, and what they replace.
        assert!(killed >= if case == "new" { 6 } else { 8 }, "{case}: {killed}");
    }
}

/// Asserts that all metadata in a folder state the size and the checksum of data that are there.
fn whole(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let Some(data) = path.to_str().unwrap().strip_suffix(".meta.xml") else { continue };
        let document = fs::read_to_string(&path).unwrap();
        let sha256 = cumulus_model::digest::of_file(Path::new(data)).unwrap().sha256;
        assert!(document.contains(&sha256), "{}", path.display());
    }
}

#[test]
fn shards_of_a_manifest_in_a_store_are_complete_and_a_changed_granule_is_refused_by_name() {
    let site = Site::new();
    five(&site.operator);
    let expected = undisturbed(&site.operator);
    site.upload_granules();
    let manifest = site.ask(&["manifest", "--files-from", "list", "s3://bucket/out"]);
    fs::write(site.folder.join("bucket/run.ndjson"), &manifest.succeeded().stdout).unwrap();
    assert!(manifest.stdout.contains("\"etag\""), "{}", manifest.stdout);
    let shard = |text: &str| site.run(&["run", "--manifest", "s3://bucket/run.ndjson", "--shard", text]);
    shard("1/2").succeeded();
    let status = site.ask(&["status", "--manifest", "s3://bucket/run.ndjson"]);
    assert_eq!(status.code, Some(75), "{}", status.stderr);
    assert!(status.stdout.contains("shards to run again, of 2: 0"), "{}", status.stdout);
    for _ in 0..2 {
        shard("0/2").succeeded();
    }
    site.ask(&["status", "--manifest", "s3://bucket/run.ndjson"]).succeeded();
    let mut objects = site.objects_beside_reports("out");
    assert!(objects == expected);

    site.operator.granule("12203c", &Recipe { records: 77, ..Recipe::default() });
    site.upload_granules();
    let refused = site.run(&["run", "--manifest", "s3://bucket/run.ndjson", "--force"]);
    assert_eq!(refused.code, Some(65), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("12203c_20120906.hdf5: is not the file of the manifest"),
        "{}",
        refused.stderr
    );
    objects = site.objects_beside_reports("out");
    assert!(objects == expected);
}

impl Site {
    fn objects_beside_reports(&self, folder: &str) -> Vec<(String, Vec<u8>)> {
        let folder = self.folder.join("bucket").join(folder);
        let aside = self.folder.join("reports");
        fs::rename(folder.join("_reports"), &aside).unwrap();
        let objects = contents(&folder);
        fs::rename(aside, folder.join("_reports")).unwrap();
        objects
    }
}

/// Variables, arguments, exit code, and a part of the message.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], i32, &'a str);

#[test]
fn what_is_wrong_with_a_store_is_told_by_name_and_code() {
    let site = Site::new();
    five(&site.operator);
    let with = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = site.command(arguments);
        Run::from(command.envs(variables.iter().copied()).output().unwrap())
    };
    let secret = &[("AWS_SECRET_ACCESS_KEY", "wrong")][..];
    let endpoint = &[("AWS_ENDPOINT_URL", "http://127.0.0.1:1")][..];
    let cases: [Case<'_>; 9] = [
        (secret, &["input", "s3://bucket/out"], 73, "publish: s3://bucket/out: cannot be written"),
        (secret, &["s3://bucket/granules", "out"], 75, "SignatureDoesNotMatch"),
        (secret, &["input", "out", "--report", "s3://bucket/r.json"], 73, "s3://bucket/r.json"),
        (endpoint, &["input", "s3://bucket/out"], 75, "Connection refused"),
        (endpoint, &["input", "s3://bucket/out", "--dry-run"], 75, "check the address, AWS_ENDPOINT_URL"),
        (&[], &["s3://bucket/none", "out"], 66, "s3://bucket/none: has no granule"),
        (&[], &["input", "https://example.org/out"], 2, "a web server, which is only read"),
        (&[], &["ftp://host/x", "out"], 2, "an address that begins with s3://"),
        (
            &[],
            &["input", "out", "--report", "https://example.org/r.json"],
            2,
            "a web server, which is only read",
        ),
    ];
    for (variables, arguments, code, told) in cases {
        let run = with(variables, arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {}", run.stderr);
        assert!(run.stderr.contains(told), "{arguments:?}: {}", run.stderr);
    }
    let missing = site.ask(&["run", "--manifest", "s3://bucket/none.ndjson"]);
    assert!(
        missing.code == Some(2) && missing.stderr.contains("s3://bucket/none.ndjson"),
        "{}",
        missing.stderr
    );
}

#[test]
fn an_invalid_granule_of_a_store_is_told_by_its_address_and_set_aside() {
    let site = Site::new();
    five(&site.operator);
    let name = "TEST_PROFILES_12203c_20120906.hdf5";
    fs::write(site.operator.input().join(name), "no granule").unwrap();
    site.upload_granules();
    let run = site.run(&["s3://bucket/granules", "s3://bucket/out", "--quarantine", "aside"]);
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    assert!(run.stderr.contains(&format!("s3://bucket/granules/{name}: ")), "{}", run.stderr);
    assert!(!run.stderr.contains("scratch/"), "{}", run.stderr);
    assert_eq!(fs::read(site.operator.folder().join("aside").join(name)).unwrap(), b"no granule");
    assert_eq!(site.objects("out").len(), 8);
    site.is_clean();
}

#[test]
fn copies_keep_to_their_room() {
    let site = Site::new();
    for sortie in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let recipe = Recipe { records: 4000, is_zero: true, ..Recipe::default() };
        site.operator.granule(&format!("12203{sortie}"), &recipe);
    }
    let length =
        fs::metadata(site.operator.input().join("TEST_PROFILES_12203a_20120906.hdf5")).unwrap().len();
    assert!(length > 1 << 20, "{length}");
    site.upload_granules();
    let arguments = ["s3://bucket/granules", "s3://bucket/out", "--scratch-limit", "4"];
    let mut child = site.command(&arguments).stderr(Stdio::null()).spawn().unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        most = most.max(bytes_in(&site.operator.folder().join("scratch")));
    }
    assert!(child.wait().unwrap().success());
    assert!(most > 0 && most <= (4 << 20) + length, "{most} of {length} each");
    assert_eq!(site.objects("out").len(), 16);
    site.is_clean();
}

#[test]
fn a_retry_holds_no_room_that_others_wait_for() {
    let site = Site::new();
    five(&site.operator);
    site.upload_granules();
    let mut command =
        site.command(&["s3://bucket/granules", "s3://bucket/out", "--scratch-limit", "1", "--jobs", "1"]);
    for sortie in ["f", "g", "h"] {
        // Each fills the room by itself.
        let recipe = Recipe { records: 4000, is_zero: true, ..Recipe::default() };
        site.operator.granule(&format!("12203{sortie}"), &recipe);
    }
    site.upload_granules();
    command.env("CUMULUS_TEST_FAULTS", "crash=TEST_PROFILES_12203f_20120906");
    let run = Run::from(command.output().unwrap());
    assert_eq!(run.code, Some(65), "{}", run.stderr);
    assert!(run.stderr.contains("7 converted, 1 failed"), "{}", run.stderr);
    site.is_clean();
}

fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(there) if there.is_dir() => bytes_in(&entry.path()),
        Ok(there) => there.len(),
        Err(_) => 0,
    });
    sizes.sum()
}

#[test]
fn workers_do_not_see_credentials() {
    let site = Site::new();
    five(&site.operator);
    let mut command = site.command(&["input", "s3://bucket/out", "--timeout", "30"]);
    command.env("CUMULUS_TEST_FAULTS", "hang=TEST_PROFILES_12203a_20120906").stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let children = format!("/proc/{0}/task/{0}/children", child.id());
    let environment = |process: &str| fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
    // Until it executes the program, a child still has the environment of its parent.
    let seen = loop {
        let workers = fs::read_to_string(&children).unwrap_or_default();
        let seen: Vec<String> = workers
            .split_whitespace()
            .map(|worker| String::from_utf8_lossy(&environment(worker)).into_owned())
            .filter(|seen| seen.contains("HDF5_USE_FILE_LOCKING=FALSE") && !seen.contains("AWS_ENDPOINT_URL"))
            .collect();
        if !seen.is_empty() {
            break seen;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert!(seen.iter().all(|seen| !seen.contains("AWS_")), "{seen:?}");
    assert!(String::from_utf8_lossy(&environment(&child.id().to_string())).contains("AWS_SECRET_ACCESS_KEY"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn granules_come_over_http() {
    let operator = Operator::new();
    five(&operator);
    let expected = undisturbed(&operator);
    let address = serve(&operator.input());
    let list: String = fs::read_dir(operator.input()).unwrap().fold(String::new(), |list, entry| {
        format!("{list}http://{address}/{}\n", entry.unwrap().file_name().to_str().unwrap())
    });
    fs::write(operator.folder().join("list"), list).unwrap();
    operator.run(&["--files-from", "list", "output"]).succeeded();
    assert!(contents(&operator.output()) == expected);
    // Escapes of a URL stay as they are, and a password is refused and in no message.
    fs::rename(
        operator.input().join("TEST_PROFILES_12203a_20120906.hdf5"),
        operator.input().join("TEST PROFILES.hdf5"),
    )
    .unwrap();
    let address = serve(&operator.input());
    let escaped = format!("http://{address}/TEST%20PROFILES.hdf5");
    operator.run(&[&escaped, &escaped, "escaped"]).succeeded();
    assert_eq!(contents(&operator.folder().join("escaped")).len(), 2);
    let secret = operator.run(&[&format!("http://user:hush@{address}/x.hdf5"), "output"]);
    assert!(secret.code == Some(2) && !secret.stderr.contains("hush"), "{}", secret.stderr);
    let missing = operator.run(&[&format!("http://{address}/absent.hdf5"), "output"]);
    assert!(missing.code == Some(66) && missing.stderr.contains("absent.hdf5"), "{}", missing.stderr);
}

/// Serves the files of a folder over HTTP, without ranges and tags, and returns the address.
fn serve(folder: &Path) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, folder) = (listener.local_addr().unwrap(), folder.to_owned());
    let files: BTreeMap<String, Vec<u8>> = contents(&folder).into_iter().collect();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            let mut lines = BufReader::new(connection.try_clone().unwrap()).lines();
            let Some(Ok(first)) = lines.next() else { continue };
            for _ in lines.by_ref().take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty())) {}
            let mut words = first.split(' ');
            let (method, path) = (words.next().unwrap(), words.next().unwrap());
            let file = files.get(&path.trim_start_matches('/').replace("%20", " "));
            let status = if file.is_some() { "200 OK" } else { "404 Not Found" };
            let length = file.map_or(0, Vec::len);
            write!(
                connection,
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\
                 Last-Modified: Thu, 06 Sep 2012 12:00:00 GMT\r\nConnection: close\r\n\r\n"
            )
            .unwrap();
            if let (Some(file), "GET") = (file, method) {
                connection.write_all(file).unwrap();
            }
        }
    });
    address
}
