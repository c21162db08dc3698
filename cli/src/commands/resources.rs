//! What a sandbox or container may use, and what it is found by.

use std::collections::BTreeMap;

use ctnr_api::LimitsRequest;
use ctnr_model::{ByteSize, Invalid, NetworkMode};

use crate::error::Result;

/// Labels, limits and the network.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ResourceArgs {
    /// Add a label, to find it again
    #[arg(long, short = 'l', value_name = "KEY[=VALUE]")]
    label: Vec<String>,
    /// At most so much memory: 512m, 2g; 0 for no limit [default: 2g]
    #[arg(long, short = 'm', value_name = "SIZE")]
    memory: Option<ByteSize>,
    /// At most so many processors: 1.5; 0 for no limit
    #[arg(long, value_name = "NUMBER")]
    cpus: Option<f64>,
    /// At most so many processes and threads; 0 for no limit [default: 4096]
    #[arg(long, visible_alias = "pids-limit", value_name = "NUMBER")]
    pids: Option<u32>,
    /// What it reaches: all but the host and other sandboxes, or nothing
    #[arg(long, value_name = "open|none", value_parser = network)]
    pub(crate) network: Option<NetworkMode>,
}

impl ResourceArgs {
    /// The limits, where one is given.
    pub(crate) fn limits(&self) -> Option<LimitsRequest> {
        let limits = LimitsRequest {
            memory: self.memory,
            cpus: self.cpus,
            pids: self.pids,
        };
        (limits != LimitsRequest::default()).then_some(limits)
    }

    /// The labels.
    pub(crate) fn labels(&self) -> Result<BTreeMap<String, String>> {
        let mut labels = BTreeMap::new();
        for text in &self.label {
            let (key, value) = text.split_once('=').unwrap_or((text, ""));
            if key.is_empty() {
                return Err(Invalid::new("label", text, "expected KEY or KEY=VALUE").into());
            }
            labels.insert(key.to_owned(), value.to_owned());
        }
        Ok(labels)
    }
}

fn network(text: &str) -> std::result::Result<NetworkMode, Invalid> {
    match text {
        "open" => Ok(NetworkMode::Open),
        "none" => Ok(NetworkMode::None),
        _ => Err(Invalid::new("network", text, "expected open or none")),
    }
}
