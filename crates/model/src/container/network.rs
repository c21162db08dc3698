//! What a container reaches of the network.

use super::words::words;
use crate::NetworkMode;

words! {
    /// The network of a container.
    #[derive(Default)]
    pub enum NetworkPolicy: "network policy" {
        /// Outgoing connections to anything but the host, the metadata address and other
        /// containers.
        #[default]
        Egress => "egress",
        /// No connections.
        None => "none",
    }
}

impl NetworkPolicy {
    /// The same for the container's sandbox.
    pub fn mode(self) -> NetworkMode {
        match self {
            Self::Egress => NetworkMode::Open,
            Self::None => NetworkMode::None,
        }
    }
}
