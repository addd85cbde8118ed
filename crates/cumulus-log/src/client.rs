//! The HTTPS client, one POST at a time. No other module opens a connection.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use secrecy::{ExposeSecret, SecretString};
use ureq::http::HeaderValue;
use ureq::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Error};

use crate::settings::{Common, Trust};

/// DNS and TCP connect timeout.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Max bytes to read of a response's header and of its body; a collector sends some hundred.
const MAX_ANSWER_BYTES: u16 = 32 << 10;

/// A POST request.
pub(crate) struct Request<'request> {
    pub(crate) url: &'request str,
    pub(crate) authorization: &'request SecretString,
    pub(crate) content_type: &'static str,
    pub(crate) gzip: bool,
    pub(crate) body: &'request [u8],
    pub(crate) timeout: Duration,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// An HTTPS client that keeps one connection and reconnects as needed.
pub(crate) struct Client {
    agent: Agent,
    clock: fn() -> Timestamp,
}

impl Client {
    /// Creates a client that trusts the certificate authorities of the settings.
    ///
    /// # Errors
    /// Returns the reason if the certificate file cannot be used.
    pub(crate) fn new(common: &Common, is_encrypted: bool, clock: fn() -> Timestamp) -> Result<Self, String> {
        let mut tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(rustls::crypto::ring::default_provider().into())
            .disable_verification(common.trust == Trust::Everybody);
        if is_encrypted {
            tls = tls.root_certs(RootCerts::new_with_certs(&authorities(&common.trust)?));
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // Proxy variables are ignored: only the command-line module reads the environment, and it has no proxy
            // option.
            .proxy(None)
            .user_agent(format!("{}/{}", common.program, common.version))
            .max_idle_connections(1)
            .max_response_header_size(MAX_ANSWER_BYTES.into())
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_resolve(Some(CONNECT_TIMEOUT))
            .tls_config(tls.build())
            .build();
        Ok(Self { agent: agent.into(), clock })
    }

    /// Sends one request.
    ///
    /// # Errors
    /// Returns the reason if there is no response. The text contains nothing of the request.
    pub(crate) fn post(&self, request: &Request<'_>) -> Result<Answer, String> {
        let mut authorization = HeaderValue::from_str(request.authorization.expose_secret())
            .map_err(|_| "the token cannot be put into a header".to_owned())?;
        authorization.set_sensitive(true);
        let mut post = self
            .agent
            .post(request.url)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_TYPE, request.content_type);
        if request.gzip {
            post = post.header(CONTENT_ENCODING, "gzip");
        }
        let post = post.config().timeout_global(Some(request.timeout)).build();
        let mut response = post.send(request.body).map_err(|error| explained(&error))?;
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| delay(text, (self.clock)()));
        let status = response.status().as_u16();
        // If the body is truncated, the status alone is enough.
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES.into()).read_to_vec();
        Ok(Answer { status, retry_after, body: body.unwrap_or_default() })
    }
}

/// Certificates of the trusted authorities.
fn authorities(trust: &Trust) -> Result<Vec<Certificate<'static>>, String> {
    let certificates: Vec<Certificate<'static>> = match trust {
        Trust::Everybody => return Ok(Vec::new()),
        Trust::Machine => {
            let found = rustls_native_certs::load_native_certs().certs;
            found.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
        }
        Trust::File(file) => {
            let text =
                std::fs::read(file).map_err(|error| format!("SPLUNK_CA_FILE cannot be read: {error}"))?;
            let items = parse_pem(&text).filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            });
            items.collect()
        }
    };
    match (certificates.is_empty(), trust) {
        (false, _) => Ok(certificates),
        (true, Trust::File(_)) => Err("SPLUNK_CA_FILE holds no PEM certificate".to_owned()),
        (true, _) => Err("this machine has no list of certificate authorities; \
                          install ca-certificates or set SPLUNK_CA_FILE"
            .to_owned()),
    }
}

/// The reason why there is no response.
fn explained(error: &Error) -> String {
    match error {
        Error::Timeout(_) => "no answer in time".to_owned(),
        Error::HostNotFound => "its host name cannot be resolved".to_owned(),
        Error::ConnectionFailed => "no connection".to_owned(),
        // An untrusted certificate is reported as a failure of the connection.
        Error::Io(error) if error.get_ref().is_some_and(is_tls) => {
            format!("{error}; set SPLUNK_CA_FILE to the certificate authority to trust")
        }
        Error::Io(error) => error.to_string(),
        Error::Rustls(error) => error.to_string(),
        Error::Tls(problem) => (*problem).to_owned(),
        // Others may repeat parts of the request.
        _ => "the response is not HTTP".to_owned(),
    }
}

fn is_tls(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.is::<rustls::Error>()
}

/// Parses the value of `Retry-After`: seconds, or a date.
fn delay(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        assert_eq!(delay("120", now), Some(Duration::from_secs(120)));
        assert_eq!(delay("Sun, 06 Nov 1994 08:49:47 GMT", now), Some(Duration::from_secs(10)));
        assert_eq!(delay("Sun, 06 Nov 1994 08:49:27 GMT", now), Some(Duration::ZERO));
        assert_eq!(delay("soon", now), None);
        assert_eq!(delay("-1", now), None);
    }

    #[test]
    fn a_file_without_certificates_is_a_complaint() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let trust = Trust::File(file.path().to_owned());
        assert!(authorities(&trust).unwrap_err().contains("no PEM certificate"));
        assert!(authorities(&Trust::File("/nowhere".into())).unwrap_err().contains("cannot be read"));
    }
}
