//! Settings of log destinations other than standard error, from environment variables.
//!
//! Tokens and passwords are read from the environment only, because every user of the machine can see the arguments
//! of a process. They are held in types that cannot be printed. Invalid settings cause complaints, never failures:
//! logging must not stop a conversion.

use std::net::IpAddr;
use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret, SecretString};
use ureq::http::Uri;

/// Prefix of the variables about Splunk; none of them is passed to worker processes.
pub const PREFIX: &str = "SPLUNK_";

/// Port of Splunk's management interface.
const MANAGEMENT_PORT: u16 = 8089;

/// Paths of the collector that the base address may already end with.
const COLLECTOR_PATHS: [&str; 2] = ["/services/collector/event", "/services/collector"];

/// Settings of the log destinations.
#[derive(Debug, Default)]
pub struct Settings {
    /// The HTTP Event Collector.
    pub collector: Option<Collector>,
    /// The receiver of 2016.
    pub receiver: Option<Receiver>,
    /// Settings of both.
    pub common: Common,
}

/// Settings of every destination.
#[derive(Clone, Debug, Default)]
pub struct Common {
    /// Name of this machine.
    pub host: String,
    /// Name of the program, the default source of events.
    pub program: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// Certificate authorities to trust.
    pub trust: Trust,
    /// Spool file for events that could not be sent.
    pub spool: Option<PathBuf>,
}

/// Certificate authorities that TLS trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Trust {
    /// The authorities that this machine trusts.
    #[default]
    Machine,
    /// Only the authorities in this file of PEM certificates.
    File(PathBuf),
    /// Certificates are not verified.
    Everybody,
}

/// The HTTP Event Collector.
#[derive(Debug)]
pub struct Collector {
    /// URL of its event endpoint.
    pub url: String,
    /// Value of the `Authorization` header.
    pub authorization: SecretString,
    /// Index; the token's default if not set.
    pub index: Option<String>,
    /// Source of the events.
    pub source: String,
    /// Source type of the events.
    pub source_type: String,
}

/// The receiver that the 2016 images used.
#[derive(Debug)]
pub struct Receiver {
    /// URL of `services/receivers/simple`, without a query.
    pub url: String,
    /// Value of the `Authorization` header.
    pub authorization: SecretString,
    /// Index.
    pub index: String,
}

impl Settings {
    /// Reads the variables that `lookup` returns, and returns the settings and a list of complaints.
    pub fn read(
        program: &'static str,
        version: &'static str,
        host: String,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> (Self, Vec<String>) {
        let reader = Reader { lookup: |name: &str| lookup(name).filter(|value| !value.is_empty()) };
        let mut complaints = Vec::new();
        let trust = match (reader.switch("SPLUNK_TLS_VERIFY", true), reader.plain("SPLUNK_CA_FILE")) {
            (Err(complaint), _) => {
                complaints.push(complaint);
                Trust::Machine
            }
            (Ok(false), _) => {
                complaints.push(
                    "SPLUNK_TLS_VERIFY is off: any server that impersonates Splunk receives the token"
                        .to_owned(),
                );
                Trust::Everybody
            }
            (Ok(true), Some(file)) => Trust::File(file.into()),
            (Ok(true), None) => Trust::Machine,
        };
        let spool = reader.plain("SPLUNK_SPOOL").map(PathBuf::from);
        let mut take = |destination: &str, complaint: String| {
            complaints.push(format!("events are not sent to {destination}: {complaint}"));
        };
        let collector = reader.collector(program).unwrap_or_else(|complaint| {
            take("Splunk's collector", complaint);
            None
        });
        let receiver = reader.receiver().unwrap_or_else(|complaint| {
            take("Splunk's receiver", complaint);
            None
        });
        if collector.is_none() && receiver.is_none() {
            complaints.retain(|complaint| complaint.starts_with("events are not sent"));
        }
        let common = Common { host, program, version, trust, spool };
        (Self { collector, receiver, common }, complaints)
    }
}

/// Reads variables. An empty one counts as not set, because compose files and task definitions write unset ones that
/// way.
struct Reader<Lookup> {
    lookup: Lookup,
}

impl<Lookup: Fn(&str) -> Option<String>> Reader<Lookup> {
    fn plain(&self, name: &str) -> Option<String> {
        (self.lookup)(name)
    }

    fn secret(&self, name: &str) -> Option<SecretString> {
        (self.lookup)(name).map(SecretString::from)
    }

    fn switch(&self, name: &str, default: bool) -> Result<bool, String> {
        match self.plain(name).map(|value| value.to_ascii_lowercase()).as_deref() {
            None => Ok(default),
            Some("1" | "true" | "yes" | "on") => Ok(true),
            Some("0" | "false" | "no" | "off") => Ok(false),
            Some(_) => Err(format!("{name} is not true or false")),
        }
    }

    fn collector(&self, program: &str) -> Result<Option<Collector>, String> {
        let (url, token) = match (self.plain("SPLUNK_HEC_URL"), self.secret("SPLUNK_HEC_TOKEN")) {
            (None, None) => return Ok(None),
            (Some(_), None) => return Err("SPLUNK_HEC_TOKEN is not set".to_owned()),
            (None, Some(_)) => return Err("SPLUNK_HEC_URL is not set".to_owned()),
            (Some(url), Some(token)) => (url, token),
        };
        let allow_http = self.switch("SPLUNK_ALLOW_HTTP", false)?;
        let base = base_address(&url, allow_http).map_err(|problem| format!("SPLUNK_HEC_URL {problem}"))?;
        let base = COLLECTOR_PATHS.iter().find_map(|path| base.strip_suffix(path)).unwrap_or(&base);
        if !token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("SPLUNK_HEC_TOKEN has characters that are not allowed in a token".to_owned());
        }
        Ok(Some(Collector {
            url: format!("{base}/services/collector/event"),
            authorization: format!("Splunk {}", token.expose_secret()).into(),
            index: self.plain("SPLUNK_HEC_INDEX"),
            source: self.plain("SPLUNK_HEC_SOURCE").unwrap_or_else(|| program.to_owned()),
            source_type: self.plain("SPLUNK_HEC_SOURCETYPE").unwrap_or_else(|| "_json".to_owned()),
        }))
    }

    /// As in 2016, nothing is sent unless host, user and password are all set.
    fn receiver(&self) -> Result<Option<Receiver>, String> {
        let (Some(host), Some(user), Some(password)) =
            (self.plain("SPLUNK_HOST"), self.secret("SPLUNK_USERNAME"), self.secret("SPLUNK_PASSWORD"))
        else {
            return Ok(None);
        };
        let port = match self.plain("SPLUNK_PORT") {
            None => MANAGEMENT_PORT,
            Some(port) => port.parse().map_err(|_| "SPLUNK_PORT is not a port number".to_owned())?,
        };
        let host = if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host };
        let base = base_address(&format!("https://{host}:{port}"), false)
            .ok()
            .filter(|_| !host.contains(['/', '#']))
            .ok_or_else(|| "SPLUNK_HOST is not a host name".to_owned())?;
        let pair = SecretString::from(format!("{}:{}", user.expose_secret(), password.expose_secret()));
        let encoded = SecretString::from(BASE64_STANDARD.encode(pair.expose_secret()));
        Ok(Some(Receiver {
            url: format!("{base}/services/receivers/simple"),
            authorization: format!("Basic {}", encoded.expose_secret()).into(),
            index: self.plain("SPLUNK_INDEX").unwrap_or_else(|| "main".to_owned()),
        }))
    }
}

/// The base address without a trailing slash. Complaints never repeat the address, which may contain a password.
fn base_address(text: &str, allow_http: bool) -> Result<String, String> {
    let text = text.trim().trim_end_matches('/');
    let uri: Uri = text.parse().map_err(|_| "is not an address".to_owned())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err("is not a URL such as https://splunk.example.org:8088".to_owned());
    };
    if authority.as_str().contains('@') {
        return Err("has a user or password in it; set only the token".to_owned());
    }
    if uri.query().is_some() || authority.host().is_empty() {
        return Err("is not the base URL of a collector".to_owned());
    }
    match scheme {
        "https" => Ok(text.to_owned()),
        "http" if allow_http || is_loopback(authority.host()) => Ok(text.to_owned()),
        "http" => Err("is not https, and the token would be readable on the way \
                       (SPLUNK_ALLOW_HTTP=true sends it nevertheless)"
            .to_owned()),
        _ => Err("is neither https nor http".to_owned()),
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "0e5ec3e7-70ce-4a11-beef-1badb002cafe";

    fn read(variables: &[(&str, &str)]) -> (Settings, Vec<String>) {
        Settings::read("hs3-cpl", "1.2.3", "node1".to_owned(), |name| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn with_url(url: &str) -> (Settings, Vec<String>) {
        read(&[("SPLUNK_HEC_URL", url), ("SPLUNK_HEC_TOKEN", TOKEN)])
    }

    #[test]
    fn nothing_set_is_nothing_sent() {
        let (settings, complaints) = read(&[("SPLUNK_HEC_URL", ""), ("SPLUNK_HEC_TOKEN", "")]);
        assert!(settings.collector.is_none() && settings.receiver.is_none() && complaints.is_empty());
        // The 2016 rule: without host, user and password there is no receiver and no complaint.
        let (settings, complaints) =
            read(&[("SPLUNK_HOST", "h"), ("SPLUNK_USERNAME", "u"), ("SPLUNK_PASSWORD", "")]);
        assert!(settings.receiver.is_none() && complaints.is_empty());
    }

    #[test]
    fn the_path_is_appended_once() {
        for url in [
            "https://splunk.example.org:8088",
            "https://splunk.example.org:8088/",
            "https://splunk.example.org:8088/services/collector",
            "https://splunk.example.org:8088/services/collector/event/",
        ] {
            let (settings, complaints) = with_url(url);
            let collector = settings.collector.unwrap();
            assert_eq!(collector.url, "https://splunk.example.org:8088/services/collector/event");
            assert_eq!(collector.source, "hs3-cpl");
            assert!(complaints.is_empty());
        }
    }

    #[test]
    fn plain_http_is_for_loopback() {
        for url in ["http://127.0.0.1:8088", "http://localhost:8088", "http://[::1]:8088"] {
            assert!(with_url(url).0.collector.is_some(), "{url}");
        }
        let (settings, complaints) = with_url("http://splunk.example.org:8088");
        assert!(
            settings.collector.is_none() && complaints[0].contains("SPLUNK_ALLOW_HTTP"),
            "{complaints:?}"
        );
        let allowed = [
            ("SPLUNK_HEC_URL", "http://splunk.example.org"),
            ("SPLUNK_HEC_TOKEN", TOKEN),
            ("SPLUNK_ALLOW_HTTP", "true"),
        ];
        assert!(read(&allowed).0.collector.is_some());
    }

    #[test]
    fn complaints_and_debug_output_keep_secrets() {
        for url in [
            "ftp://x",
            "https://u:hunter2@splunk.example.org",
            "https://h/?token=hunter2",
            "hunter2",
            "https://",
            "http://hunter2:8088",
        ] {
            let (settings, complaints) = with_url(url);
            assert!(settings.collector.is_none(), "{url}");
            assert_eq!(complaints.len(), 1, "{url}");
            assert!(!complaints[0].contains("hunter2") && !complaints[0].contains(TOKEN), "{complaints:?}");
        }
        let (settings, _) = read(&[
            ("SPLUNK_HEC_URL", "https://h"),
            ("SPLUNK_HEC_TOKEN", TOKEN),
            ("SPLUNK_HOST", "h"),
            ("SPLUNK_USERNAME", "margaret"),
            ("SPLUNK_PASSWORD", "hunter2"),
        ]);
        let shown = format!("{settings:?} {settings:#?}");
        assert!(settings.receiver.is_some());
        let basic = BASE64_STANDARD.encode("margaret:hunter2");
        for secret in [TOKEN, "margaret", "hunter2", &basic] {
            assert!(!shown.contains(secret), "{shown}");
        }
        let complaint = with_url("https://h").1;
        assert!(complaint.is_empty());
        let (_, complaints) = read(&[("SPLUNK_HEC_URL", "https://h"), ("SPLUNK_HEC_TOKEN", "a\nb")]);
        assert_eq!(complaints.len(), 1, "{complaints:?}");
    }

    #[test]
    fn the_receiver_has_the_defaults_of_2016() {
        let variables = [("SPLUNK_HOST", "splunk"), ("SPLUNK_USERNAME", "u"), ("SPLUNK_PASSWORD", "p")];
        let receiver = read(&variables).0.receiver.unwrap();
        assert_eq!(receiver.url, "https://splunk:8089/services/receivers/simple");
        assert_eq!(receiver.index, "main");
        assert_eq!(receiver.authorization.expose_secret(), "Basic dTpw");
        for host in ["a b", "x/y", "me@x"] {
            let variables = [("SPLUNK_HOST", host), variables[1], variables[2]];
            assert_eq!(read(&variables).1.len(), 1, "{host}");
        }
    }
}
