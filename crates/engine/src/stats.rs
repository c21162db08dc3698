//! What a sandbox uses of the host.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// What a sandbox has used since its program was started, and what it uses at one moment. A field
/// that is `None` is not known on this host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// When it was read.
    pub read_at: Timestamp,
    /// Processor time.
    pub cpu: CpuStats,
    /// Memory.
    pub memory: MemoryStats,
    /// Processes and threads.
    pub pids: PidStats,
    /// Traffic by the interface's name inside; empty for a sandbox without outgoing connections.
    pub networks: BTreeMap<String, NetworkStats>,
    /// What was read from and written to disks.
    pub io: IoStats,
}

/// Processor time in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuStats {
    /// All of it.
    pub total: u64,
    /// What was spent in programs.
    pub user: u64,
    /// What the kernel spent for them.
    pub system: u64,
    /// What all processors of the host have had to give so far, idle or not.
    pub host: u64,
    /// How many processors the host has.
    pub online: u32,
    /// Periods in which the limit held the sandbox back.
    pub throttled_periods: u64,
    /// How long the limit held it back.
    pub throttled: u64,
}

/// Memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MemoryStats {
    /// All that counts for the limit, the cache of files among it.
    pub usage: u64,
    /// The part of `usage` that the kernel takes back without a loss: files that were not read lately.
    pub inactive_file: u64,
    /// The most that `usage` has been.
    pub peak: Option<u64>,
    /// The limit.
    pub limit: Option<u64>,
}

/// Processes and threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PidStats {
    /// How many are alive.
    pub current: u64,
    /// How many may be.
    pub limit: Option<u64>,
}

/// An interface's traffic, as the sandbox sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NetworkStats {
    /// Bytes received.
    pub rx_bytes: u64,
    /// Packets received.
    pub rx_packets: u64,
    /// Packets that could not be received.
    pub rx_errors: u64,
    /// Packets that were dropped on their way in.
    pub rx_dropped: u64,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Packets sent.
    pub tx_packets: u64,
    /// Packets that could not be sent.
    pub tx_errors: u64,
    /// Packets that were dropped on their way out.
    pub tx_dropped: u64,
}

/// Bytes read from and written to disks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IoStats {
    /// Bytes read.
    pub read_bytes: u64,
    /// Bytes written.
    pub written_bytes: u64,
}
