//! What a sandbox reaches of the network.

use serde::{Deserialize, Serialize};

/// The network of a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NetworkMode {
    /// Outgoing connections to anything but the host, the metadata address and other sandboxes.
    #[default]
    Open,
    /// No outgoing connections; published ports still work.
    None,
}
