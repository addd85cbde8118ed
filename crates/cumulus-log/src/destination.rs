//! The two Splunk inputs: how each formats an event, and how its replies are interpreted.
//!
//! The HTTP Event Collector takes batches of JSON envelopes, gzipped. The receiver of 2016 takes one `key="value"`
//! line per request. The collector's replies are interpreted by Splunk's table of reply codes.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::json;

use crate::client::{Answer, Client, Request};
use crate::console::{Identity, json_line};
use crate::event::Event;
use crate::settings::{Collector, Common, Receiver};

/// Max bytes of a batch before compression; a collector accepts 1 MB and more.
const BATCH_BYTES: usize = 512 << 10;

/// Max events of a batch.
const BATCH_EVENTS: usize = 1000;

/// A log destination in Splunk.
#[derive(Debug)]
pub(crate) enum Destination {
    Collector(Collector),
    Receiver(Receiver),
}

/// What to do after a reply.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The events were accepted.
    Accepted,
    /// An event of the batch is invalid: the one at this index, if known.
    Split(Option<usize>),
    /// Retry, after this delay if one is given.
    Later(String, Option<Duration>),
    /// The settings are wrong, so no event will ever be accepted.
    Refused(String),
}

impl Destination {
    /// Its name in messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Collector(_) => "Splunk's collector",
            Self::Receiver(_) => "Splunk's receiver",
        }
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        match self {
            Self::Collector(collector) => collector.url.starts_with("https:"),
            Self::Receiver(_) => true,
        }
    }

    /// Max bytes and max events of one request.
    pub(crate) fn batch(&self) -> (usize, usize) {
        match self {
            Self::Collector(_) => (BATCH_BYTES, BATCH_EVENTS),
            Self::Receiver(_) => (BATCH_BYTES, 1),
        }
    }

    /// Formats the event as the line that is queued, spooled and sent. The collector stores the unique `id`, which
    /// distinguishes an event that is delivered twice from two equal events.
    pub(crate) fn line(
        &self,
        common: &Common,
        identity: &Identity,
        now: Timestamp,
        event: &Event,
        id: &str,
    ) -> String {
        let collector = match self {
            Self::Receiver(_) => return identity.key_value(now, event),
            Self::Collector(collector) => collector,
        };
        let mut fields = json!({ "event_id": id });
        if let Some(granule) = event.text("granule_id") {
            fields["granule_id"] = json!(granule);
        }
        let mut envelope = json!({
            "time": seconds(now),
            "host": common.host,
            "source": collector.source,
            "sourcetype": collector.source_type,
            "event": identity.json(now, event),
            "fields": fields,
        });
        if let Some(index) = &collector.index {
            envelope["index"] = json!(index);
        }
        json_line(&envelope)
    }

    /// Sends `lines` in one request.
    pub(crate) fn send(
        &self,
        client: &Client,
        common: &Common,
        lines: &[Arc<str>],
        timeout: Duration,
    ) -> Verdict {
        match self {
            Self::Collector(collector) => {
                let body = gzipped(lines);
                let request = Request {
                    url: &collector.url,
                    authorization: &collector.authorization,
                    content_type: "application/json",
                    gzip: true,
                    body: &body,
                    timeout,
                };
                client.post(&request).map_or_else(unanswered, |answer| collector_verdict(&answer))
            }
            Self::Receiver(receiver) => {
                let query = [
                    ("host", common.host.as_str()),
                    ("index", &receiver.index),
                    ("source", common.program),
                    ("sourcetype", "text"),
                ];
                let query = query
                    .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
                let body = lines.join("\n");
                let request = Request {
                    url: &format!("{}?{}", receiver.url, query.join("&")),
                    authorization: &receiver.authorization,
                    content_type: "text/plain; charset=utf-8",
                    gzip: false,
                    body: body.as_bytes(),
                    timeout,
                };
                client.post(&request).map_or_else(unanswered, |answer| receiver_verdict(&answer))
            }
        }
    }
}

/// Seconds since 1970 to the microsecond, the best resolution that a double still has.
#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 stay below 2^53 until the year 2255")]
fn seconds(time: Timestamp) -> f64 {
    time.as_microsecond() as f64 / 1e6
}

fn gzipped(lines: &[Arc<str>]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for line in lines {
        // Writing to memory cannot fail.
        let _ = encoder.write_all(line.as_bytes()).and_then(|()| encoder.write_all(b"\n"));
    }
    encoder.finish().unwrap_or_default()
}

fn unanswered(problem: String) -> Verdict {
    Verdict::Later(problem, None)
}

/// The body of a collector's reply.
#[derive(Debug, Default, Deserialize)]
struct Reply {
    code: Option<u32>,
    #[serde(rename = "invalid-event-number")]
    invalid_event_number: Option<usize>,
}

/// Interprets a reply by Splunk's table of reply codes. The texts are our own, because a reply may repeat the token.
fn collector_verdict(answer: &Answer) -> Verdict {
    let reply: Reply = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = reply.code.map_or(String::new(), |code| format!(", code {code}: {}", code_text(code)));
    let told = format!("status {}{code}", answer.status);
    match (answer.status, reply.code) {
        (200..=299, _) => Verdict::Accepted,
        // These codes are about the settings and not about the events.
        (400, Some(7 | 10 | 11 | 14 | 16 | 21 | 22)) => Verdict::Refused(told),
        (400, _) => Verdict::Split(reply.invalid_event_number),
        (413, _) => Verdict::Split(None),
        (408 | 425 | 429 | 500..=599, _) => Verdict::Later(told, answer.retry_after),
        _ => Verdict::Refused(told),
    }
}

fn code_text(code: u32) -> &'static str {
    match code {
        1 => "token is disabled",
        2 => "token is required",
        3 => "invalid authorization",
        4 | 21 | 22 => "invalid token",
        5 => "no data",
        6 => "invalid data format",
        7 => "incorrect index",
        8 => "internal server error",
        9 => "server is busy",
        10 => "data channel is missing",
        11 => "invalid data channel",
        12 => "event field is required",
        13 => "event field cannot be blank",
        14 => "acknowledgement is disabled",
        15 => "error in handling indexed fields",
        16 => "query string authorization is not enabled",
        18 => "queues are full",
        19 | 20 => "acknowledgement is unavailable",
        23 => "server is shutting down",
        _ => "see Splunk's table of reply codes",
    }
}

fn receiver_verdict(answer: &Answer) -> Verdict {
    let told = format!("status {}", answer.status);
    match answer.status {
        200..=299 => Verdict::Accepted,
        400 | 413 => Verdict::Split(None),
        408 | 425 | 429 | 500..=599 => Verdict::Later(told, answer.retry_after),
        _ => Verdict::Refused(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, body: &str) -> Verdict {
        let retry_after = Some(Duration::from_secs(7));
        collector_verdict(&Answer { status, retry_after, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn every_row_of_the_table_has_its_verdict() {
        for (status, code) in [(200, 0), (200, 17)] {
            assert_eq!(verdict(status, &format!("{{\"code\":{code}}}")), Verdict::Accepted);
        }
        for code in [5, 6, 12, 13, 15] {
            let body = format!("{{\"text\":\"x\",\"code\":{code},\"invalid-event-number\":3}}");
            assert_eq!(verdict(400, &body), Verdict::Split(Some(3)), "{code}");
        }
        for (status, codes) in [
            (400, &[7, 10, 11, 14, 16, 21, 22][..]),
            (401, &[2, 3]),
            (403, &[1, 4]),
            (404, &[0]),
            (302, &[0]),
        ] {
            for code in codes {
                let verdict = verdict(status, &format!("{{\"code\":{code}}}"));
                assert!(matches!(&verdict, Verdict::Refused(_)), "{status} {code}: {verdict:?}");
            }
        }
        for (status, code) in
            [(500, 8), (503, 9), (503, 18), (503, 19), (503, 20), (503, 23), (429, 0), (502, 0)]
        {
            let verdict = verdict(status, &format!("{{\"code\":{code}}}"));
            assert!(
                matches!(&verdict, Verdict::Later(_, Some(wait)) if wait.as_secs() == 7),
                "{status} {code}"
            );
        }
        assert_eq!(verdict(413, "<html>"), Verdict::Split(None));
        assert_eq!(verdict(400, "<html>"), Verdict::Split(None));
        assert_eq!(verdict(200, ""), Verdict::Accepted);
    }

    #[test]
    fn what_the_operator_is_told_repeats_nothing_of_the_answer() {
        let Verdict::Refused(told) = verdict(403, "{\"text\":\"bad hunter2\",\"code\":4}") else { panic!() };
        assert_eq!(told, "status 403, code 4: invalid token");
    }
}
