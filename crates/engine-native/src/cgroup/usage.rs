//! What a group has used.

use std::fs;

/// What a group has used so far, and uses now. A field that is `None` is not counted by any
/// controller that the group has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Usage {
    pub(crate) cpu: Option<CpuUsage>,
    pub(crate) memory: Option<MemoryUsage>,
    pub(crate) pids: Option<PidUsage>,
    /// How often and for how many nanoseconds the limit on processors has held it back.
    pub(crate) throttled: (u64, u64),
}

/// Nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CpuUsage {
    pub(crate) total: u64,
    pub(crate) user: u64,
    pub(crate) system: u64,
}

/// Bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MemoryUsage {
    pub(crate) usage: u64,
    pub(crate) inactive_file: u64,
    pub(crate) peak: Option<u64>,
    pub(crate) limit: Option<u64>,
}

/// Processes and threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PidUsage {
    pub(crate) current: u64,
    pub(crate) limit: Option<u64>,
}

/// The number in a file; `None` where there is no such file, or it says `max`.
pub(super) fn number(path: &str) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The processes in a group's file of them; `None` where there is no such group.
pub(super) fn members(path: &str) -> Option<Vec<u32>> {
    let members = fs::read_to_string(path).ok()?;
    Some(members.lines().filter_map(|pid| pid.parse().ok()).collect())
}
