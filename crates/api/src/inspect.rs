//! One sandbox, in the shape of Docker's `GET /containers/{id}/json`.

use std::collections::BTreeMap;

use ctnr_model::{EngineKind, SandboxState};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// The answer of `GET /v1/sandboxes/{id}`. A sandbox of the Docker engine has all that Docker
/// answers; these are the fields that every engine gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SandboxDetails {
    /// The id, 64 hexadecimal digits.
    pub id: String,
    /// When it was created.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created: Timestamp,
    /// The program.
    pub path: String,
    /// The program's arguments.
    pub args: Vec<String>,
    /// The state.
    pub state: State,
    /// The image's id; empty where it is not known.
    pub image: String,
    /// The name, with a slash before it.
    pub name: String,
    /// How often it was restarted by itself; always 0, since there are no restart policies.
    #[serde(default)]
    pub restart_count: u32,
    /// `linux`.
    pub platform: String,
    /// What it may use of the host.
    pub host_config: HostConfig,
    /// What runs in it.
    pub config: Config,
    /// Where it answers.
    pub network_settings: NetworkSettings,
    /// The engine that runs it.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::sandbox::engine_schema))]
    pub engine: EngineKind,
}

/// A sandbox's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct State {
    /// `created`, `running`, `paused` or `exited`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub status: SandboxState,
    /// Whether it has living processes.
    pub running: bool,
    /// Whether they are frozen.
    pub paused: bool,
    /// Always false.
    pub restarting: bool,
    /// Whether the memory limit ended it.
    #[serde(rename = "OOMKilled")]
    pub oom_killed: bool,
    /// Always false.
    pub dead: bool,
    /// The first process' id on the host; 0 where none lives.
    pub pid: u32,
    /// The exit code of the last run; 128 and the signal's number where a signal ended it.
    pub exit_code: i32,
    /// Why it could not be started; empty.
    pub error: String,
    /// When it was last started; year 1 where never.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub started_at: Timestamp,
    /// When it last ended; year 1 where never.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub finished_at: Timestamp,
}

/// What a sandbox may use of the host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HostConfig {
    /// The host's side as it was asked for, by port.
    pub port_bindings: Option<BTreeMap<String, Option<Vec<PortBinding>>>>,
    /// `open` or `none`; Docker's own word on its engine.
    pub network_mode: String,
    /// Bytes of memory; 0 for no limit.
    pub memory: i64,
    /// Billionths of a processor; 0 for no limit.
    pub nano_cpus: i64,
    /// Processes and threads; 0 or null for no limit.
    pub pids_limit: Option<i64>,
}

/// Where on the host a port is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PortBinding {
    /// The address; empty for loopback.
    pub host_ip: String,
    /// The port; empty for one that is free.
    pub host_port: String,
}

/// What runs in a sandbox.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Config {
    /// The host name inside.
    pub hostname: String,
    /// The user; empty for root.
    pub user: String,
    /// The ports that are published.
    pub exposed_ports: Option<BTreeMap<String, EmptyObject>>,
    /// Always false: there is no terminal on a sandbox's own program.
    pub tty: bool,
    /// The environment, `NAME=value`.
    #[serde(deserialize_with = "or_empty")]
    pub env: Vec<String>,
    /// The arguments, or the whole command.
    pub cmd: Option<Vec<String>>,
    /// The image as it was asked for.
    pub image: String,
    /// The working directory.
    pub working_dir: String,
    /// The entrypoint, where the request has one.
    pub entrypoint: Option<Vec<String>>,
    /// The labels.
    pub labels: Option<BTreeMap<String, String>>,
}

/// Reads a list for which Docker writes `null` where it is empty.
fn or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// `{}`, which Docker uses as the value of a set's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EmptyObject {}

/// Where a sandbox answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworkSettings {
    /// The published ports, by the sandbox's port.
    pub ports: Option<BTreeMap<String, Option<Vec<PortBinding>>>>,
    /// The sandbox's IPv4 address while it runs.
    #[serde(rename = "IPAddress")]
    pub ip_address: String,
    /// Its prefix length.
    #[serde(rename = "IPPrefixLen")]
    pub ip_prefix_len: u8,
    /// Its gateway.
    pub gateway: String,
    /// The sandbox's IPv6 address, where it has one.
    #[serde(rename = "GlobalIPv6Address")]
    pub global_ipv6_address: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_writes_null_for_nothing() {
        let config: Config = serde_json::from_str(
            r#"{"Env": null, "Cmd": null, "Entrypoint": null, "Labels": null, "Volumes": null}"#,
        )
        .unwrap();
        assert_eq!(config, Config::default());
    }
}
