//! A socket of the host that a published port answers on.

use std::net::{IpAddr, TcpListener, UdpSocket};

use ctnr_model::{ContainerPort, PublishedPort};

/// One socket of a published port; a port on loopback has two of them, for IPv4 and IPv6.
#[derive(Debug)]
pub struct Listener {
    pub(super) port: PublishedPort,
    pub(super) socket: Socket,
}

#[derive(Debug)]
pub(super) enum Socket {
    Tcp(TcpListener),
    Udp(UdpSocket),
}

impl Listener {
    pub(super) fn new(
        container: ContainerPort,
        address: Option<IpAddr>,
        host_port: u16,
        socket: Socket,
    ) -> Self {
        Self {
            port: PublishedPort {
                container,
                address,
                host_port,
            },
            socket,
        }
    }
}

/// Where the ports answer, in the order in which they were asked for.
#[must_use]
pub fn published(listeners: &[Listener]) -> Vec<PublishedPort> {
    let mut ports: Vec<_> = listeners.iter().map(|listener| listener.port).collect();
    // The two sockets of a port stand next to each other.
    ports.dedup();
    ports
}
