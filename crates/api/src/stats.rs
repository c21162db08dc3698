//! What a sandbox uses of the host.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::flag::{flag, is_no};

/// The query of `GET /v1/sandboxes/{id}/stats`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
pub struct StatsQuery {
    /// Go on until the sandbox ends: a line of JSON for each interval.
    #[serde(deserialize_with = "flag", skip_serializing_if = "is_no")]
    pub stream: bool,
    /// The seconds over which use is measured, 0.1 to 60. The default is 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 0.1, maximum = 60))]
    pub interval: Option<f64>,
}

/// What a sandbox uses of the host: in `usage` in plain numbers, beside it in the shape of Docker's
/// `GET /containers/{id}/stats`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SandboxStats {
    /// The id.
    pub id: String,
    /// The name, with a slash before it.
    pub name: String,
    /// When it was read.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub read: Timestamp,
    /// When it was read before that, which is what `precpu_stats` has.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub preread: Timestamp,
    /// In plain numbers.
    pub usage: SandboxUsage,
    /// Processor time at `read`.
    pub cpu_stats: CpuStats,
    /// Processor time at `preread`.
    pub precpu_stats: CpuStats,
    /// Memory.
    pub memory_stats: MemoryStats,
    /// Processes and threads.
    pub pids_stats: PidsStats,
    /// Disks.
    pub blkio_stats: BlkioStats,
    /// Traffic by the interface's name inside.
    pub networks: BTreeMap<String, NetworkStats>,
}

/// What a sandbox uses, in plain numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SandboxUsage {
    /// Processors in use over the interval, in hundredths of one: 150 is one and a half.
    pub cpu_percent: f64,
    /// Bytes of memory, less what the kernel takes back without a loss.
    pub memory_bytes: u64,
    /// The limit on memory in bytes, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_limit_bytes: Option<u64>,
    /// Processes and threads.
    pub pids: u64,
    /// The limit on them, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pids_limit: Option<u64>,
    /// Bytes received over the network since the start.
    pub received_bytes: u64,
    /// Bytes sent over the network since the start.
    pub sent_bytes: u64,
    /// Bytes read from disks since the start.
    pub read_bytes: u64,
    /// Bytes written to disks since the start.
    pub written_bytes: u64,
}

/// Processor time since the start, as Docker has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CpuStats {
    /// The sandbox's time.
    pub cpu_usage: CpuUsage,
    /// The time of all processors of the host, idle or not, in nanoseconds.
    pub system_cpu_usage: u64,
    /// How many processors the host has.
    pub online_cpus: u32,
    /// How the limit on processors held it back.
    pub throttling_data: ThrottlingData,
}

/// Processor time in nanoseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CpuUsage {
    /// All of it.
    pub total_usage: u64,
    /// What the kernel spent for the sandbox's programs.
    pub usage_in_kernelmode: u64,
    /// What was spent in its programs.
    pub usage_in_usermode: u64,
}

/// How the limit on processors held a sandbox back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ThrottlingData {
    /// In how many periods.
    pub throttled_periods: u64,
    /// For how long in all, in nanoseconds.
    pub throttled_time: u64,
}

/// Memory in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MemoryStats {
    /// All that counts for the limit, the cache of files among it.
    pub usage: u64,
    /// The most that `usage` has been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_usage: Option<u64>,
    /// The limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Parts of `usage`: `inactive_file`, and the same as `total_inactive_file`.
    pub stats: BTreeMap<String, u64>,
}

/// Processes and threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PidsStats {
    /// How many are alive.
    pub current: u64,
    /// How many may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// Disks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlkioStats {
    /// Bytes that were moved, all disks in one.
    pub io_service_bytes_recursive: Vec<BlkioEntry>,
}

/// What was moved by an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BlkioEntry {
    /// The disk's major number; 0, since all are in one.
    pub major: u64,
    /// The disk's minor number; 0.
    pub minor: u64,
    /// `read` or `write`.
    pub op: String,
    /// Bytes.
    pub value: u64,
}

/// An interface's traffic, as the sandbox sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NetworkStats {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets that could not be received.
    pub rx_errors: u64,
    /// Packets dropped on their way in.
    pub rx_dropped: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Packets that could not be sent.
    pub tx_errors: u64,
    /// Packets dropped on their way out.
    pub tx_dropped: u64,
}
