//! Ports: of a sandbox, and published on the host.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use crate::Invalid;
use crate::invalid::string_conversions;

/// A transport protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// A port that a program in a sandbox listens on: `3000/tcp`. Without a protocol, TCP is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContainerPort {
    /// 1 to 65,535.
    pub port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
}

impl ContainerPort {
    /// Reads `3000`, `3000/tcp` or `53/udp`.
    ///
    /// # Errors
    /// [`Invalid`] for port 0, for another protocol, for anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(
                "port",
                text,
                "expected a port from 1 to 65535 and /tcp or /udp",
            )
        };
        let (port, protocol) = match text.split_once('/') {
            None => (text, Protocol::Tcp),
            Some((port, "tcp")) => (port, Protocol::Tcp),
            Some((port, "udp")) => (port, Protocol::Udp),
            Some(_) => return Err(invalid()),
        };
        let port = parse_port(port)
            .filter(|port| *port != 0)
            .ok_or_else(invalid)?;
        Ok(Self { port, protocol })
    }
}

fn parse_port(text: &str) -> Option<u16> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

impl fmt::Display for ContainerPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.port, self.protocol)
    }
}

string_conversions!(ContainerPort);

/// Where on the host a port is asked to be published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HostBinding {
    /// The host's address; `None` for loopback, IPv4 and IPv6.
    pub address: Option<IpAddr>,
    /// The host's port; `None` for one that is free.
    pub port: Option<u16>,
}

/// A request to publish a port: `[address:][host:]port[/protocol]`, as Docker writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PortRequest {
    /// The sandbox's port.
    pub container: ContainerPort,
    /// The host's side.
    pub host: HostBinding,
}

impl PortRequest {
    /// Reads `3000/tcp`, `8081:3000/tcp`, `0.0.0.0:8081:3000`, `127.0.0.1::53/udp`, `[::]:80:80`.
    ///
    /// # Errors
    /// [`Invalid`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = || {
            Invalid::new(
                "port",
                text,
                "expected PORT, HOST:PORT or ADDRESS:HOST:PORT, each with /tcp or /udp behind it",
            )
        };
        let (host, container) = match text.rsplit_once(':') {
            None => ("", text),
            Some((host, container)) => (host, container),
        };
        let container = ContainerPort::parse(container).map_err(|_| invalid())?;
        let (address, port) = match host.rsplit_once(':') {
            None => (None, host),
            Some((address, port)) => (Some(parse_address(address).ok_or_else(invalid)?), port),
        };
        let port = match port {
            "" if text.contains(':') && address.is_none() => return Err(invalid()),
            "" => None,
            port => Some(parse_port(port).ok_or_else(invalid)?).filter(|port| *port != 0),
        };
        Ok(Self {
            container,
            host: HostBinding { address, port },
        })
    }
}

fn parse_address(text: &str) -> Option<IpAddr> {
    match text.strip_prefix('[') {
        Some(rest) => Some(IpAddr::V6(rest.strip_suffix(']')?.parse().ok()?)),
        None => Some(IpAddr::V4(text.parse::<Ipv4Addr>().ok()?)),
    }
}

impl fmt::Display for PortRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self
            .host
            .port
            .map(|port| port.to_string())
            .unwrap_or_default();
        match (self.host.address, self.host.port) {
            (Some(IpAddr::V6(address)), _) => write!(f, "[{address}]:{port}:")?,
            (Some(IpAddr::V4(address)), _) => write!(f, "{address}:{port}:")?,
            (None, Some(port)) => write!(f, "{port}:")?,
            (None, None) => {}
        }
        write!(f, "{}", self.container)
    }
}

string_conversions!(PortRequest);

/// A port that is published: which one, and where it answers on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PublishedPort {
    /// The sandbox's port.
    pub container: ContainerPort,
    /// The address asked for; `None` for loopback, IPv4 and IPv6.
    pub address: Option<IpAddr>,
    /// The host's port.
    pub host_port: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_round_trip() {
        for (text, shown) in [
            ("3000", "3000/tcp"),
            ("3000/tcp", "3000/tcp"),
            ("8081:3000/tcp", "8081:3000/tcp"),
            ("53:53/udp", "53:53/udp"),
            ("0.0.0.0:8081:3000", "0.0.0.0:8081:3000/tcp"),
            ("127.0.0.1::3000", "127.0.0.1::3000/tcp"),
            ("[::1]:80:8080/tcp", "[::1]:80:8080/tcp"),
        ] {
            assert_eq!(PortRequest::parse(text).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn refuses_what_is_not_a_port() {
        for text in [
            "",
            "0",
            "0/tcp",
            "65536",
            "80/sctp",
            "a:80",
            ":80",
            "1:2:3",
            "-1",
            "+1",
            "80/",
            "::1:80:80",
        ] {
            assert!(PortRequest::parse(text).is_err(), "{text}");
        }
    }
}
