//! What can go wrong with publishing a port.

use std::io;
use std::net::IpAddr;

use ctnr_model::ContainerPort;

/// A port could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Something on the host has the port.
    #[error(
        "host port {host_port} for {container} is already in use; choose another, or leave it out for a free one"
    )]
    Taken {
        /// The sandbox's port.
        container: ContainerPort,
        /// The host's port.
        host_port: u16,
    },
    /// The port is one of those that only root may use.
    #[error(
        "host port {host_port} for {container} is reserved for root; choose one above 1023, or leave it out for a free one"
    )]
    Reserved {
        /// The sandbox's port.
        container: ContainerPort,
        /// The host's port.
        host_port: u16,
    },
    /// The address is none of the host's.
    #[error(
        "{address} is not an address of this host, so {container} can't be published there; use one that `ip address` lists, or 0.0.0.0"
    )]
    AddressUnavailable {
        /// The sandbox's port.
        container: ContainerPort,
        /// The address.
        address: IpAddr,
    },
    /// The host has no free port, or no free descriptor.
    #[error("publishing {container} on the host: {source}")]
    Socket {
        /// The sandbox's port.
        container: ContainerPort,
        /// Why not.
        source: io::Error,
    },
}
