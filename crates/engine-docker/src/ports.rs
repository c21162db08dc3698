//! Host ports: chosen before the container is made and fixed in it, since the daemon would draw
//! another one at every start.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bollard::models::{PortBinding, PortMap};
use ctnr_engine::{EngineError, Result};
use ctnr_model::{PortRequest, Protocol, PublishedPort};

use crate::lock::lock;

/// How many ports are looked at before the search for a free one ends.
const ATTEMPTS: usize = 128;

/// A host port of one protocol.
pub(crate) type HostPort = (Protocol, u16);

/// The ports that sandboxes in the making have been given, so that none is given twice.
#[derive(Debug)]
pub(crate) struct Ports {
    reserved: Mutex<HashSet<HostPort>>,
    /// Whether ports are published on `::1` too.
    loopback_v6: AtomicBool,
}

/// Ports chosen for a sandbox; they are no one else's until this is dropped.
#[derive(Debug)]
pub(crate) struct Chosen {
    ports: Arc<Ports>,
    reserved: Vec<HostPort>,
    pub(crate) published: Vec<PublishedPort>,
}

impl Chosen {
    /// Whether the port was chosen here, and not by the user.
    pub(crate) fn is_automatic(&self, port: &PublishedPort) -> bool {
        self.reserved
            .contains(&(port.container.protocol, port.host_port))
    }
}

impl Drop for Chosen {
    fn drop(&mut self) {
        let mut reserved = lock(&self.ports.reserved);
        for port in &self.reserved {
            reserved.remove(port);
        }
    }
}

impl Ports {
    pub(crate) fn new() -> Self {
        Self {
            reserved: Mutex::default(),
            loopback_v6: AtomicBool::new(TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok()),
        }
    }

    /// Publishes on `127.0.0.1` alone from here on.
    ///
    /// Returns whether that is a change.
    pub(crate) fn without_v6(&self) -> bool {
        self.loopback_v6.swap(false, Ordering::Relaxed)
    }

    /// Chooses a host port for each request that leaves it open. `used` are those that other
    /// sandboxes hold, also while they don't run.
    pub(crate) fn choose(
        self: &Arc<Self>,
        requests: &[PortRequest],
        used: &HashSet<HostPort>,
    ) -> Result<Chosen> {
        let mut chosen = Chosen {
            ports: Arc::clone(self),
            reserved: Vec::new(),
            published: Vec::with_capacity(requests.len()),
        };
        for request in requests {
            let host_port = match request.host.port {
                Some(port) => port,
                None => {
                    let port = self.reserve(request, used)?;
                    chosen.reserved.push((request.container.protocol, port));
                    port
                }
            };
            chosen.published.push(PublishedPort {
                container: request.container,
                address: request.host.address,
                host_port,
            });
        }
        Ok(chosen)
    }

    fn reserve(&self, request: &PortRequest, used: &HashSet<HostPort>) -> Result<u16> {
        let protocol = request.container.protocol;
        let addresses = self.addresses(request.host.address);
        for _ in 0..ATTEMPTS {
            let free = free_port(protocol, &addresses).map_err(|error| {
                EngineError::BadRequest(format!(
                    "no free port for {} at {}: {error}; give an address of this host",
                    request.container, addresses[0]
                ))
            })?;
            let Some(port) = free else { continue };
            if !used.contains(&(protocol, port)) && lock(&self.reserved).insert((protocol, port)) {
                return Ok(port);
            }
        }
        Err(EngineError::Unavailable(format!(
            "no free port found for {}; give one with HOST:PORT",
            request.container
        )))
    }

    /// The addresses that a request's address stands for.
    fn addresses(&self, asked: Option<IpAddr>) -> Vec<IpAddr> {
        match asked {
            Some(address) => vec![address],
            None if self.loopback_v6.load(Ordering::Relaxed) => {
                vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
            }
            None => vec![Ipv4Addr::LOCALHOST.into()],
        }
    }

    /// The daemon's form of published ports.
    pub(crate) fn bindings(&self, published: &[PublishedPort]) -> PortMap {
        let mut bindings: PortMap = HashMap::new();
        for port in published {
            bindings
                .entry(port.container.to_string())
                .or_default()
                .get_or_insert_default()
                .extend(
                    self.addresses(port.address)
                        .into_iter()
                        .map(|address| PortBinding {
                            host_ip: Some(address.to_string()),
                            host_port: Some(port.host_port.to_string()),
                        }),
                );
        }
        bindings
    }
}

/// A port that is free at all `addresses` at this moment; `None` where the kernel's proposal for
/// the first is taken at another.
fn free_port(protocol: Protocol, addresses: &[IpAddr]) -> io::Result<Option<u16>> {
    let Some((first, others)) = addresses.split_first() else {
        return Ok(None);
    };
    match protocol {
        Protocol::Tcp => {
            let proposal = TcpListener::bind((*first, 0))?;
            let port = proposal.local_addr()?.port();
            let free = others
                .iter()
                .all(|address| TcpListener::bind((*address, port)).is_ok());
            Ok(free.then_some(port))
        }
        Protocol::Udp => {
            let proposal = UdpSocket::bind((*first, 0))?;
            let port = proposal.local_addr()?.port();
            let free = others
                .iter()
                .all(|address| UdpSocket::bind((*address, port)).is_ok());
            Ok(free.then_some(port))
        }
    }
}

/// The published port that a daemon's message about a taken port is about.
pub(crate) fn taken(message: &str, published: &[PublishedPort]) -> Option<PublishedPort> {
    let lower = message.to_ascii_lowercase();
    if !lower.contains("already allocated") && !lower.contains("address already in use") {
        return None;
    }
    let named = published.iter().find(|port| {
        let needle = format!(":{}", port.host_port);
        lower.match_indices(&needle).any(|(at, _)| {
            !lower[at + needle.len()..].starts_with(|next: char| next.is_ascii_digit())
        })
    });
    named.or(published.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(texts: &[&str]) -> Vec<PortRequest> {
        texts
            .iter()
            .map(|text| PortRequest::parse(text).unwrap())
            .collect()
    }

    #[test]
    fn open_ports_are_chosen_once() {
        let ports = Arc::new(Ports::new());
        let chosen = ports
            .choose(
                &requests(&["80", "81", "80/udp", "8081:82"]),
                &HashSet::new(),
            )
            .unwrap();
        let numbers: HashSet<HostPort> = chosen
            .published
            .iter()
            .map(|port| (port.container.protocol, port.host_port))
            .collect();
        assert_eq!(numbers.len(), 4);
        assert_eq!(chosen.published[3].host_port, 8081);
        assert!(chosen.is_automatic(&chosen.published[0]));
        assert!(!chosen.is_automatic(&chosen.published[3]));
        assert_eq!(lock(&ports.reserved).len(), 3);
        drop(chosen);
        assert!(lock(&ports.reserved).is_empty());
    }

    #[test]
    fn no_address_means_both_loopbacks() {
        let ports = Ports::new();
        ports.loopback_v6.store(true, Ordering::Relaxed);
        let published = [PublishedPort {
            container: "80/tcp".parse().unwrap(),
            address: None,
            host_port: 9,
        }];
        let addresses = |ports: &Ports| {
            ports.bindings(&published)["80/tcp"]
                .as_ref()
                .unwrap()
                .iter()
                .map(|binding| binding.host_ip.clone().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(addresses(&ports), ["127.0.0.1", "::1"]);
        assert!(ports.without_v6());
        assert_eq!(addresses(&ports), ["127.0.0.1"]);
    }

    #[test]
    fn messages_name_the_taken_port() {
        let published: Vec<PublishedPort> = [(80, 808), (81, 8080)]
            .map(|(port, host_port)| PublishedPort {
                container: format!("{port}/tcp").parse().unwrap(),
                address: None,
                host_port,
            })
            .to_vec();
        for message in [
            "Bind for 127.0.0.1:8080 failed: port is already allocated",
            "Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already in use",
            "failed to bind host port 127.0.0.1:8080/tcp: address already in use",
        ] {
            assert_eq!(
                taken(message, &published).unwrap().host_port,
                8080,
                "{message}"
            );
        }
        assert_eq!(taken("no such network", &published), None);
    }
}
