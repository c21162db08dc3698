//! Where the backend answers.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ctnr_model::Invalid;
use reqwest::Url;

/// The address of a backend: `http://127.0.0.1:8080`, or `https://host/some/prefix` behind a
/// reverse proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Url);

impl Address {
    /// Where a backend with its defaults answers.
    pub const DEFAULT: &str = "http://127.0.0.1:8080";

    /// Reads a URL; without a scheme, `http` is meant.
    ///
    /// # Errors
    /// [`Invalid`] for another scheme than `http` and `https`, for a user, query or fragment in
    /// it, and for anything that is not a URL.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(
                "address",
                text,
                "expected a URL like http://127.0.0.1:8080 or https://ctnr.example.com",
            )
        };
        let text = text.trim();
        let url = if text.contains("://") {
            Url::parse(text)
        } else {
            Url::parse(&format!("http://{text}"))
        }
        .map_err(|_| invalid())?;
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if matches!(url.scheme(), "http" | "https") && url.has_host() && is_plain {
            Ok(Self(url))
        } else {
            Err(invalid())
        }
    }

    /// Whether the way to it is encrypted.
    pub fn is_tls(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether it can only be this host.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.ends_with(".localhost")
            || address
                .parse()
                .is_ok_and(|address: IpAddr| address.is_loopback())
    }

    /// The host's name or address, as it stands in a URL.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The URL of a route, whose segments are encoded as they need.
    pub(crate) fn route(&self, segments: &[&str]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

impl FromStr for Address {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_urls_and_bare_hosts() {
        for (text, shown) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("localhost:9000/", "http://localhost:9000"),
            ("https://ctnr.example.com/a/", "https://ctnr.example.com/a"),
            ("[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(Address::parse(text).unwrap().to_string(), shown);
        }
        for bad in [
            "",
            "ftp://a",
            "http://",
            "http://u:p@a",
            "http://a?b",
            "http://a#b",
            "unix:///x",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn routes_keep_the_prefix_and_encode() {
        let address = Address::parse("http://h/prefix/").unwrap();
        assert_eq!(
            address.route(&["v1", "sandboxes", "a b"]).as_str(),
            "http://h/prefix/v1/sandboxes/a%20b"
        );
    }

    #[test]
    fn knows_its_own_host() {
        for (text, own) in [
            ("localhost", true),
            ("127.0.0.9", true),
            ("[::1]", true),
            ("10.0.0.1", false),
        ] {
            assert_eq!(Address::parse(text).unwrap().is_loopback(), own, "{text}");
        }
    }
}
