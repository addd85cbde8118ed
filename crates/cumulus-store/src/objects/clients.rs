//! Clients of S3 and HTTP, made from addresses and the environment.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, Checksum};
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientOptions, ObjectStore, RetryConfig};

use super::failure::told;
use crate::{Address, Scheme, Settings};

/// Time in which a connection must be made. Farther than around the world and back is no one.
const CONNECT: Duration = Duration::from_secs(5);

/// Time without a byte of an answer after which a request is given up and made again. It runs while a request is sent, too:
/// the largest, 16 MiB, needs 1.1 Mbit/s. There is no limit on the whole of a request, because granules have any size.
const SILENCE: Duration = Duration::from_secs(120);

/// Endpoint of S3 by the variables of AWS' own tools, the more special one first.
const ENDPOINTS: [&str; 3] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"];

/// Region by the same, and the region where none is named, as for AWS' own tools.
const REGIONS: [&str; 2] = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const REGION: &str = "us-east-1";

/// Retries in the middle of a run, which outlast a short outage: waits of 0.2 s, doubled up to 15 s.
pub(super) fn patient() -> RetryConfig {
    RetryConfig { max_retries: 10, retry_timeout: Duration::from_secs(120), backoff: backoff(15) }
}

/// Retries at the start of a run, when an operator waits to hear what is wrong.
pub(super) fn impatient() -> RetryConfig {
    RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(5), backoff: backoff(1) }
}

fn backoff(most_seconds: u64) -> BackoffConfig {
    BackoffConfig {
        init_backoff: Duration::from_millis(200),
        max_backoff: Duration::from_secs(most_seconds),
        base: 2.0,
    }
}

/// Returns a client of the store of `address`.
///
/// # Errors
/// A setting is invalid.
pub(super) fn client(
    address: &Address,
    settings: &Settings,
    retry: &RetryConfig,
) -> io::Result<Arc<dyn ObjectStore>> {
    let options =
        ClientOptions::new().with_connect_timeout(CONNECT).with_read_timeout(SILENCE).with_timeout_disabled();
    match address.scheme {
        Scheme::S3 => {
            let store = s3(&address.host, settings, options)
                .with_retry(retry.clone())
                .build()
                .map_err(|error| told(&error))?;
            Ok(Arc::new(store))
        }
        Scheme::Http | Scheme::Https => {
            let store = HttpBuilder::new()
                .with_url(address.with_key("").to_string())
                .with_client_options(options.with_allow_http(address.scheme == Scheme::Http))
                .with_retry(retry.clone())
                .build()
                .map_err(|error| told(&error))?;
            Ok(Arc::new(store))
        }
    }
}

fn s3(bucket: &str, Settings(settings): &Settings, options: ClientOptions) -> AmazonS3Builder {
    let set = |names: &[&str]| {
        let mut values = names.iter().filter_map(|name| settings.iter().find(|(other, _)| other == name));
        values.next().map(|(_, value)| value.clone())
    };
    let mut builder = AmazonS3Builder::new();
    for (name, value) in settings {
        // Variables of AWS' other tools are not ours to judge.
        if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    let endpoint = set(&ENDPOINTS);
    // Who names an endpoint without TLS wants it.
    let has_no_tls = endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    builder
        .with_region(set(&REGIONS).unwrap_or_else(|| REGION.to_owned()))
        .with_bucket_name(bucket)
        .with_client_options(options.with_allow_http(has_no_tls))
        .with_checksum_algorithm(Checksum::SHA256)
        // An answer about many objects hides that the right to remove one is missing.
        .with_disable_bulk_delete(true)
}
