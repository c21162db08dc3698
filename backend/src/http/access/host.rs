//! The name by which a caller calls the server.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::{HeaderMap, Uri, header};

/// A host's name or address, with its port where it has one, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) struct HostName {
    name: String,
    port: Option<u16>,
}

impl HostName {
    /// The `Host` of a request, or the authority of its URI where it has one.
    pub(in crate::http) fn of(uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        match uri.authority() {
            Some(authority) => Some(Self::parse(authority.as_str())),
            None => Some(Self::parse(
                headers.get(header::HOST)?.to_str().unwrap_or("invalid."),
            )),
        }
    }

    /// Reads `name`, `name:port`, `1.2.3.4:port` or `[::1]:port`.
    pub(in crate::http) fn parse(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let (name, port) = match lower.rsplit_once(':') {
            Some((name, port)) if !port.ends_with(']') => match port.parse() {
                Ok(port) => (name, Some(port)),
                Err(_) => (lower.as_str(), None),
            },
            _ => (lower.as_str(), None),
        };
        let name = name.strip_suffix('.').unwrap_or(name);
        Self {
            name: name.to_owned(),
            port,
        }
    }

    pub(in crate::http) fn name(&self) -> &str {
        &self.name
    }

    pub(in crate::http) fn port(&self) -> Option<u16> {
        self.port
    }

    /// The address, where it is one.
    pub(in crate::http) fn address(&self) -> Option<IpAddr> {
        address(&self.name)
    }

    /// Whether it can only mean this host.
    pub(in crate::http) fn is_loopback(&self) -> bool {
        is_loopback_name(&self.name)
    }
}

fn address(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[') {
        Some(rest) => {
            let address: Ipv6Addr = rest.strip_suffix(']')?.parse().ok()?;
            Some(IpAddr::from(address).to_canonical())
        }
        None => name.parse().ok(),
    }
}

/// `localhost`, a name below it (RFC 6761, section 6.3), or a loopback address.
fn is_loopback_name(name: &str) -> bool {
    name == "localhost"
        || name.ends_with(".localhost")
        || address(name).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_what_means_this_host() {
        for (text, is_loopback) in [
            ("localhost", true),
            ("LOCALHOST:8080", true),
            ("localhost.:8080", true),
            ("3000--web.localhost:8080", true),
            ("127.0.0.1:8080", true),
            ("127.9.9.9", true),
            ("[::1]:8080", true),
            ("[::ffff:127.0.0.1]:80", true),
            ("", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("evil-localhost", false),
            ("192.168.1.2:8080", false),
            ("[::2]", false),
            ("localhost:x", false),
            ("2130706433", false),
        ] {
            assert_eq!(HostName::parse(text).is_loopback(), is_loopback, "{text}");
        }
        assert_eq!(HostName::parse("[::1]:8080").port(), Some(8080));
        assert_eq!(HostName::parse("[::1]").port(), None);
    }
}
