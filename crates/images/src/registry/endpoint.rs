//! Where a registry is, and where it may send its clients.

use std::net::IpAddr;

use reqwest::Url;

/// The host that serves `docker.io`.
const DOCKER_HUB: &str = "registry-1.docker.io";

/// A registry's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    /// As images name it.
    pub(super) name: String,
    /// Whether it is on this machine. Only then is plain HTTP spoken.
    pub(super) is_local: bool,
    base: String,
}

impl Endpoint {
    /// The registry that images call `name`.
    pub(super) fn new(name: &str) -> Self {
        let is_local = is_local(host(name));
        let scheme = if is_local { "http" } else { "https" };
        let authority = if name == "docker.io" {
            DOCKER_HUB
        } else {
            name
        };
        Self {
            name: name.to_owned(),
            is_local,
            base: format!("{scheme}://{authority}/v2"),
        }
    }

    /// The address of something in a repository.
    pub(super) fn url(&self, repository: &str, kind: &str, name: &str) -> String {
        format!("{}/{repository}/{kind}/{name}", self.base)
    }

    /// Whether the registry may send its clients to `url`: with HTTPS anywhere but to this host,
    /// where services listen that trust whoever can reach them.
    pub(super) fn may_lead_to(&self, url: &Url) -> bool {
        let target_is_local = url.host_str().is_some_and(is_local);
        match url.scheme() {
            "https" => self.is_local || !target_is_local,
            "http" => self.is_local && target_is_local,
            _ => false,
        }
    }
}

/// The host in `host:port` or `[address]:port`.
fn host(name: &str) -> &str {
    match name.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => name,
    }
}

fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| {
            address.is_loopback() || address.is_unspecified() || is_mapped_loopback(address)
        })
}

fn is_mapped_loopback(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some_and(|v4| v4.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_in_plain_http() {
        for (name, base) in [
            ("docker.io", "https://registry-1.docker.io/v2"),
            ("example.com:5000", "https://example.com:5000/v2"),
            ("localhost:5000", "http://localhost:5000/v2"),
            ("127.0.0.1:5000", "http://127.0.0.1:5000/v2"),
            ("[::1]:5000", "http://[::1]:5000/v2"),
            ("10.0.0.1", "https://10.0.0.1/v2"),
        ] {
            assert_eq!(Endpoint::new(name).base, base);
        }
    }

    #[test]
    fn redirections_lead_neither_to_plain_http_nor_here() {
        let remote = Endpoint::new("example.com");
        let leads = |to: &str| remote.may_lead_to(&Url::parse(to).unwrap());
        assert!(leads("https://cdn.example.net/x"));
        for to in [
            "http://cdn.example.net/x",
            "https://127.0.0.1/x",
            "http://localhost/x",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://0.0.0.0/",
            "ftp://example.com/",
        ] {
            assert!(!leads(to), "{to}");
        }
        let local = Endpoint::new("127.0.0.1:5000");
        assert!(local.may_lead_to(&Url::parse("http://localhost:5001/token").unwrap()));
        assert!(!local.may_lead_to(&Url::parse("http://example.com/").unwrap()));
    }
}
