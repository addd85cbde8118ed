//! A fake Splunk on loopback, written from the wire contract and not from our client: an HTTP Event Collector and the
//! receiver of 2016, over plain TCP or TLS, that replies, hangs, disconnects or stops as configured.
//!
//! It is strict: a request that violates the contract gets the reply that Splunk would give and is recorded as a
//! fault. Every test ends with [`Collector::faultless`].

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::prelude::{BASE64_STANDARD, Engine};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::Value;

pub(crate) const TOKEN: &str = "0e5ec3e7-70ce-4a11-beef-1badb002cafe";
pub(crate) const USER: &str = "margaret";
pub(crate) const PASSWORD: &str = "hunter2-s3cret";

/// Max body size after decompression, like `max_content_length` of a small installation.
const MAX_BODY_BYTES: usize = 1 << 20;

/// The reply to a well-formed request.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Accepts it.
    Accept,
    /// Replies with this status and code of the reply table, and this `Retry-After`.
    Reply(u16, u32, Option<&'static str>),
    /// Replies with 400 and this code if an event contains this text, and states the index of the first one if
    /// `names` is set.
    Reject { code: u32, text: &'static str, names: bool },
    /// Replies with 413 if there are more events than this.
    Limit(usize),
    /// Never replies.
    Hang,
    /// Closes the connection without a reply.
    Drop,
    /// Accepts it after this delay.
    Slow(Duration),
}

/// Requests and events received so far.
#[derive(Debug, Default)]
struct Seen {
    requests: Vec<(Instant, u16)>,
    events: Vec<Value>,
    lines: Vec<String>,
    faults: Vec<String>,
}

#[derive(Debug)]
struct Shared {
    seen: Mutex<Seen>,
    /// Replies to the next requests; the last one is used for all further requests too.
    acts: Mutex<VecDeque<Act>>,
    is_gone: AtomicBool,
    tls: Option<Arc<ServerConfig>>,
}

/// A running fake.
#[derive(Debug)]
pub(crate) struct Collector {
    shared: Arc<Shared>,
    address: SocketAddr,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Collector {
    pub(crate) fn start(acts: &[Act]) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), acts, None)
    }

    pub(crate) fn start_tls(acts: &[Act], tls: ServerConfig) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), acts, Some(Arc::new(tls)))
    }

    /// Starts a collector at the address of a previous one.
    pub(crate) fn restart(address: SocketAddr, acts: &[Act]) -> Self {
        Self::at(address, acts, None)
    }

    fn at(address: SocketAddr, acts: &[Act], tls: Option<Arc<ServerConfig>>) -> Self {
        // The previous one may not have released the port yet.
        let until = Instant::now() + Duration::from_secs(5);
        let listener = loop {
            match TcpListener::bind(address) {
                Ok(listener) => break listener,
                Err(error) => assert!(Instant::now() < until, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            seen: Mutex::default(),
            acts: Mutex::new(acts.iter().cloned().collect()),
            is_gone: AtomicBool::new(false),
            tls,
        });
        let host = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if host.is_gone.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), guest) = (stream, Arc::clone(&host)) else { continue };
                std::thread::spawn(move || guest.receive(stream));
            }
        });
        Self { shared, address }
    }

    pub(crate) fn stop(&self) {
        self.shared.is_gone.store(true, Ordering::SeqCst);
        // Wakes the listener, which then exits and releases its port.
        let _ = TcpStream::connect(self.address);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.shared.seen.lock().unwrap())
    }

    /// Accepted envelopes.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.seen(|seen| seen.events.clone())
    }

    /// Accepted lines of the 2016 receiver.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen(|seen| seen.lines.clone())
    }

    /// Reply statuses in order; 0 if there was no reply.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        self.seen(|seen| seen.requests.iter().map(|(_, status)| *status).collect())
    }

    /// Time between the first two requests.
    pub(crate) fn first_wait(&self) -> Duration {
        self.seen(|seen| seen.requests[1].0 - seen.requests[0].0)
    }

    /// Asserts that all requests kept to the contract and no event arrived twice.
    pub(crate) fn faultless(&self) -> &Self {
        self.seen(|seen| assert!(seen.faults.is_empty(), "{:#?}", seen.faults));
        let mut ids: Vec<String> =
            self.events().iter().map(|event| event["fields"]["event_id"].to_string()).collect();
        let all = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all, "an event came twice");
        self
    }

    /// Names of the granules with events of this kind, sorted.
    pub(crate) fn granules(&self, kind: &str) -> Vec<String> {
        let events = self.events();
        let of_kind = events.iter().filter(|event| event["event"]["event"] == kind);
        let mut names: Vec<String> =
            of_kind.map(|event| event["event"]["granule_id"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }
}

struct Incoming {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Incoming {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

impl Shared {
    fn receive(&self, stream: TcpStream) {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        match &self.tls {
            None => self.serve(stream),
            Some(tls) => {
                let connection = ServerConnection::new(Arc::clone(tls)).unwrap();
                self.serve(StreamOwned::new(connection, stream));
            }
        }
    }

    fn serve(&self, stream: impl Read + Write) {
        let mut stream = BufReader::new(stream);
        while let Some(request) = read_request(&mut stream) {
            if self.is_gone.load(Ordering::SeqCst) {
                return;
            }
            let act = {
                let mut acts = self.acts.lock().unwrap();
                if acts.len() > 1 { acts.pop_front().unwrap() } else { acts[0].clone() }
            };
            let arrived = Instant::now();
            let note = |status: u16| self.seen.lock().unwrap().requests.push((arrived, status));
            match act {
                Act::Hang => {
                    note(0);
                    std::thread::sleep(Duration::from_secs(60));
                    return;
                }
                Act::Drop => return note(0),
                _ => {}
            }
            let (status, body, retry_after) = self.answer(&request, &act);
            note(status);
            let wait = retry_after.map_or(String::new(), |time| format!("Retry-After: {time}\r\n"));
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{wait}"
            );
            let answer = format!("{head}\r\n{body}");
            if stream.get_mut().write_all(answer.as_bytes()).and_then(|()| stream.get_mut().flush()).is_err()
            {
                return;
            }
        }
    }

    fn fault(&self, what: impl Into<String>) {
        self.seen.lock().unwrap().faults.push(what.into());
    }

    /// Returns status, body and `Retry-After`.
    fn answer(&self, request: &Incoming, act: &Act) -> (u16, String, Option<&'static str>) {
        let reply = |status: u16, code: u32, text: &str| {
            // A careless server echoes the request; none of it may appear in a log.
            let echo = request.header("authorization").unwrap_or_default();
            (status, format!("{{\"text\":\"{text} {echo}\",\"code\":{code}}}"), None)
        };
        if request.method != "POST" {
            self.fault(format!("method {}", request.method));
            return reply(405, 0, "Method not allowed");
        }
        let is_collector = request.target == "/services/collector/event";
        let is_receiver = request.target.starts_with("/services/receivers/simple?");
        if !is_collector && !is_receiver {
            self.fault(format!("target {}", request.target));
            return reply(404, 404, "Not found");
        }
        let expected = if is_collector {
            format!("Splunk {TOKEN}")
        } else {
            format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}")))
        };
        match request.header("authorization") {
            None => return reply(401, 2, "Token is required"),
            Some(value) if value == expected => {}
            Some(value) if value.starts_with(expected.split(' ').next().unwrap()) => {
                return reply(if is_collector { 403 } else { 401 }, 4, "Invalid token");
            }
            Some(_) => return reply(401, 3, "Invalid authorization"),
        }
        if is_receiver {
            return self.receive_line(request, act);
        }
        let body = match request.header("content-encoding") {
            Some("gzip") => {
                let mut plain = Vec::new();
                if flate2::read::MultiGzDecoder::new(&request.body[..]).read_to_end(&mut plain).is_err() {
                    self.fault("the body is not gzip");
                    return reply(400, 6, "Invalid data format");
                }
                plain
            }
            other => {
                self.fault(format!("content-encoding {other:?}"));
                request.body.clone()
            }
        };
        if body.len() > MAX_BODY_BYTES {
            self.fault(format!("{} bytes in a body", body.len()));
            return reply(413, 0, "Too large");
        }
        let mut events: Vec<Value> = Vec::new();
        for event in serde_json::Deserializer::from_slice(&body).into_iter::<Value>() {
            let Ok(event) = event else {
                self.fault(format!("event {} is no JSON", events.len()));
                return reply(400, 6, "Invalid data format");
            };
            events.push(event);
        }
        if events.is_empty() {
            self.fault("no event");
            return reply(400, 5, "No data");
        }
        if let Some(problem) = events.iter().find_map(envelope_fault) {
            self.fault(problem);
            return reply(400, 12, "Event field is required");
        }
        match act {
            Act::Reply(status, code, retry_after) => {
                let (status, body, _) = reply(*status, *code, "as told");
                return (status, body, *retry_after);
            }
            Act::Reject { code, text, names } => {
                if let Some(number) =
                    events.iter().position(|event| event["event"].to_string().contains(text))
                {
                    let place =
                        if *names { format!(",\"invalid-event-number\":{number}") } else { String::new() };
                    return (400, format!("{{\"text\":\"no\",\"code\":{code}{place}}}"), None);
                }
            }
            Act::Limit(most) if events.len() > *most => {
                return (413, "<html>Too large</html>".to_owned(), None);
            }
            Act::Slow(time) => std::thread::sleep(*time),
            _ => {}
        }
        self.seen.lock().unwrap().events.extend(events);
        reply(200, 0, "Success")
    }

    fn receive_line(&self, request: &Incoming, act: &Act) -> (u16, String, Option<&'static str>) {
        let query = request.target.split_once('?').unwrap().1;
        let names: Vec<&str> = query.split('&').map(|pair| pair.split('=').next().unwrap()).collect();
        if names != ["host", "index", "source", "sourcetype"] || !query.ends_with("sourcetype=text") {
            self.fault(format!("query {query}"));
        }
        if let Act::Reply(status, _, retry_after) = act {
            return (*status, String::new(), *retry_after);
        }
        let line = String::from_utf8(request.body.clone()).unwrap_or_default();
        if line.is_empty() || line.contains(['\n', '\r']) {
            self.fault(format!("line {line:?}"));
        }
        self.seen.lock().unwrap().lines.push(line);
        (200, "<response/>".to_owned(), None)
    }
}

/// Returns what is wrong with an envelope, if anything.
fn envelope_fault(event: &Value) -> Option<String> {
    let known = ["time", "host", "source", "sourcetype", "index", "event", "fields"];
    let Some(envelope) = event.as_object() else { return Some(format!("{event} is no object")) };
    let unknown = envelope.keys().find(|key| !known.contains(&key.as_str()));
    let is_flat = event["fields"]
        .as_object()
        .is_some_and(|fields| fields.values().all(|value| !value.is_object() && !value.is_array()));
    let has_event = event["event"].as_object().is_some_and(|event| !event.is_empty());
    let has_time = event["time"].as_f64().is_some_and(|time| time > 1.7e9);
    let has_id = event["fields"]["event_id"].as_str().is_some_and(|id| id.len() > 20);
    (unknown.is_some() || !is_flat || !has_event || !has_time || !has_id).then(|| format!("envelope {event}"))
}

/// Reads the next request of a connection; `None` at its end. A request without a content length has no body.
fn read_request(stream: &mut impl BufRead) -> Option<Incoming> {
    let mut line = || {
        let mut line = String::new();
        (stream.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
    };
    let first = line()?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let header = line()?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut request = Incoming { method, target, headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    request.body = vec![0; length];
    stream.read_exact(&mut request.body).ok()?;
    Some(request)
}
