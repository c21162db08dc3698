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

impl NetworkMode {
    /// The word of requests and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::None => "none",
        }
    }
}
