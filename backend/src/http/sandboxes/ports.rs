//! Published ports in the shapes of Docker's answers.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ctnr_api::{Port, PortBinding};
use ctnr_model::{PortRequest, PublishedPort};

/// `{"3000/tcp": "32768"}`, as create answers.
pub(super) fn host_ports(ports: &[PublishedPort]) -> BTreeMap<String, String> {
    let port = |port: &PublishedPort| (port.container.to_string(), port.host_port.to_string());
    ports.iter().map(port).collect()
}

/// The addresses at which a port answers: both loopbacks where none was asked for.
fn addresses(port: &PublishedPort) -> Vec<IpAddr> {
    match port.address {
        Some(address) => vec![address],
        None => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
    }
}

/// The ports as lists show them.
pub(super) fn listed(ports: &[PublishedPort]) -> Vec<Port> {
    ports
        .iter()
        .flat_map(|port| {
            addresses(port).into_iter().map(|address| Port {
                ip: Some(address.to_string()),
                private_port: port.container.port,
                public_port: Some(port.host_port),
                protocol: port.container.protocol.to_string(),
            })
        })
        .collect()
}

/// The ports as inspect shows them.
pub(super) fn bindings(ports: &[PublishedPort]) -> BTreeMap<String, Option<Vec<PortBinding>>> {
    let mut bindings: BTreeMap<String, Option<Vec<PortBinding>>> = BTreeMap::new();
    for port in ports {
        bindings
            .entry(port.container.to_string())
            .or_default()
            .get_or_insert_default()
            .extend(addresses(port).into_iter().map(|address| PortBinding {
                host_ip: address.to_string(),
                host_port: port.host_port.to_string(),
            }));
    }
    bindings
}

/// The ports as they were asked for.
pub(super) fn requested(requests: &[PortRequest]) -> BTreeMap<String, Option<Vec<PortBinding>>> {
    let mut bindings: BTreeMap<String, Option<Vec<PortBinding>>> = BTreeMap::new();
    for request in requests {
        bindings
            .entry(request.container.to_string())
            .or_default()
            .get_or_insert_default()
            .push(PortBinding {
                host_ip: request
                    .host
                    .address
                    .map(|address| address.to_string())
                    .unwrap_or_default(),
                host_port: request
                    .host
                    .port
                    .map(|port| port.to_string())
                    .unwrap_or_default(),
            });
    }
    bindings
}
