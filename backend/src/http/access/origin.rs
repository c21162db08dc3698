//! Where a page that calls comes from.

use ctnr_model::Invalid;

use super::host::HostName;

/// A page's origin: scheme, host and port (RFC 6454).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebOrigin {
    scheme: Scheme,
    host: HostName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl WebOrigin {
    /// Reads `http://localhost:3000` or `https://panel.example.com`.
    ///
    /// # Errors
    /// [`Invalid`] for anything else, `null` among it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(
                "origin",
                text,
                "expected http:// or https://, a host, and a port if it is not the usual one",
            )
        };
        let (scheme, authority) = match text.split_once("://") {
            Some(("http", authority)) => (Scheme::Http, authority),
            Some(("https", authority)) => (Scheme::Https, authority),
            _ => return Err(invalid()),
        };
        if authority.is_empty() || authority.contains(['/', '@', '?', '#', ' ']) {
            return Err(invalid());
        }
        Ok(Self {
            scheme,
            host: HostName::parse(authority),
        })
    }

    /// The host.
    pub(in crate::http) fn host(&self) -> &HostName {
        &self.host
    }

    /// Whether the page came from the server that was called by this name. The server does not
    /// know whether a proxy before it speaks TLS, so either scheme will do.
    pub(super) fn is_at(&self, host: &HostName) -> bool {
        let default = match self.scheme {
            Scheme::Http => 80,
            Scheme::Https => 443,
        };
        self.host.name() == host.name()
            && self.host.port().unwrap_or(default) == host.port().unwrap_or(default)
    }

    /// Whether the page came from this host itself, by its bare name or address. A name below
    /// `localhost` is a sandbox's own origin.
    pub(super) fn is_loopback(&self) -> bool {
        self.host.is_loopback() && !self.host.name().ends_with(".localhost")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_at_its_own_host_and_port_only() {
        for (origin, host, is_at) in [
            ("http://localhost:8080", "localhost:8080", true),
            ("https://panel.example.com", "panel.example.com", true),
            ("https://panel.example.com", "panel.example.com:443", true),
            ("http://localhost:32768", "localhost:8080", false),
            ("http://3000--web.localhost:8080", "localhost:8080", false),
            ("http://127.0.0.1:8080", "localhost:8080", false),
            ("http://localhost", "localhost:8080", false),
        ] {
            let parsed = WebOrigin::parse(origin).unwrap();
            assert_eq!(parsed.is_at(&HostName::parse(host)), is_at, "{origin}");
        }
        for bad in [
            "",
            "null",
            "file://",
            "ftp://a",
            "http://",
            "http://a/b",
            "a",
        ] {
            assert!(WebOrigin::parse(bad).is_err(), "{bad}");
        }
    }
}
