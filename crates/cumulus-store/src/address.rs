//! Where something is: on this machine, or in a store.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// A place as an operator writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A path on this machine.
    Path(PathBuf),
    /// An address in a store.
    Address(Address),
}

/// How a store is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Amazon S3, and servers with its interface.
    S3,
    /// HTTP with TLS.
    Https,
    /// HTTP without TLS.
    Http,
}

/// An address: store, and key inside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// How the store is reached.
    pub scheme: Scheme,
    /// The bucket of S3; host and port of HTTP.
    pub host: String,
    /// The key, without `/` at its ends; a folder of keys has no other mark, and the whole store is empty.
    pub key: String,
}

/// All schemes, with how an address begins.
const SCHEMES: [(Scheme, &str); 3] =
    [(Scheme::S3, "s3://"), (Scheme::Https, "https://"), (Scheme::Http, "http://")];

impl Scheme {
    fn prefix(self) -> &'static str {
        SCHEMES.iter().find(|(scheme, _)| *scheme == self).map_or("", |(_, prefix)| prefix)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("file://") {
            return if path.starts_with('/') {
                Ok(Self::Path(path.into()))
            } else {
                Err("file:///PATH, because other machines cannot be reached this way".to_owned())
            };
        }
        match text.split_once("://") {
            Some(_) => text.parse().map(Self::Address),
            None => Ok(Self::Path(text.into())),
        }
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (scheme, rest) = SCHEMES
            .iter()
            .find_map(|&(scheme, prefix)| Some((scheme, text.strip_prefix(prefix)?)))
            .ok_or_else(|| "an address that begins with s3://, https:// or file:///".to_owned())?;
        let (host, key) = rest.split_once('/').unwrap_or((rest, ""));
        if host.is_empty() {
            return Err(format!("a bucket or a host after {}", scheme.prefix()));
        }
        if host.contains('@') {
            return Err("an address without user and password, which belong in the environment".to_owned());
        }
        let key = key.strip_suffix('/').unwrap_or(key);
        if scheme != Scheme::S3 && key.contains(['?', '#']) {
            return Err("an address without a query; signed addresses cannot be used".to_owned());
        }
        if !key.is_empty() && key.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err("a key without empty parts, . and ..".to_owned());
        }
        Ok(Self { scheme, host: host.to_owned(), key: key.to_owned() })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scheme, host, key } = self;
        let slash = if key.is_empty() { "" } else { "/" };
        write!(formatter, "{}{host}{slash}{key}", scheme.prefix())
    }
}

impl Address {
    /// Returns the address of `name` inside this folder.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        let key = if self.key.is_empty() { name.to_owned() } else { format!("{}/{name}", self.key) };
        Self { key, ..self.clone() }
    }

    /// Returns the address of this key in the same store.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// Returns the path of `other` inside this folder; `None` if it is not inside.
    #[must_use]
    pub fn inside<'key>(&self, other: &'key Self) -> Option<&'key str> {
        if (self.scheme, &self.host) != (other.scheme, &other.host) {
            return None;
        }
        if self.key.is_empty() {
            return Some(&other.key);
        }
        other.key.strip_prefix(&self.key)?.strip_prefix('/')
    }

    /// Returns the last part of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_path_or_an_address() {
        assert_eq!("a/b".parse(), Ok(Place::Path("a/b".into())));
        assert_eq!("file:///a/b".parse(), Ok(Place::Path("/a/b".into())));
        for text in ["s3://b/x/y", "s3://b", "https://h:8/x", "http://h/x%20y"] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert_eq!("s3://b/x/".parse::<Address>().unwrap().to_string(), "s3://b/x");
        let refused = [
            "file://h/a",
            "ftp://h/a",
            "s3://",
            "s3:///x",
            "https://u:p@h/x",
            "https://h/x?y",
            "s3://b/../x",
        ];
        for text in refused {
            assert!(text.parse::<Place>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_inside_is_told_by_whole_names() {
        let folder: Address = "s3://b/x".parse().unwrap();
        let inside = |text: &str| folder.inside(&text.parse().unwrap()).map(str::to_owned);
        assert_eq!(inside("s3://b/x/y/z").as_deref(), Some("y/z"));
        assert_eq!((inside("s3://b/xy"), inside("s3://c/x/y")), (None, None));
        assert_eq!(folder.join("y").to_string(), "s3://b/x/y");
        let whole: Address = "s3://b".parse().unwrap();
        assert_eq!((whole.join("y").to_string().as_str(), whole.inside(&folder)), ("s3://b/y", Some("x")));
    }
}
