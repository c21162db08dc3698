//! What a sandbox uses, out of its control group, its processes and its link.
//!
//! Processor time is the group's where a controller counts it. On control groups v1 a sandbox is in
//! those hierarchies alone that limit it, so there it is the sum over its processes, which is as
//! good: a process that has ended counts with the one that waited for it, up to the supervisor.

use std::fs;

use ctnr_engine::{
    CpuStats, EngineError, IoStats, MemoryStats, NetworkStats, PidStats, Result, Stats,
};
use jiff::Timestamp;

use super::sandbox::Sandbox;
use crate::cgroup::{self, Usage};
use crate::network::LinkPlan;
use crate::process::{
    descendants, host_processors, resident, start_time, usage_of, usage_of_ended_children,
};
use crate::protocol::SandboxRecord;

/// The name of a sandbox's interface inside.
const INTERFACE: &str = "eth0";

/// See the trait.
pub(super) async fn stats(sandbox: &Sandbox) -> Result<Stats> {
    let record = sandbox.running_record()?;
    // The files are the kernel's, which may take its time over some of them.
    let read = tokio::task::spawn_blocking(move || read(&record))
        .await
        .map_err(|error| EngineError::internal("reading what the sandbox uses", error))?;
    // What was read of a sandbox that has ended meanwhile is not what it used.
    sandbox.running_record().and(read)
}

fn read(record: &SandboxRecord) -> Result<Stats> {
    if start_time(record.pid).ok() != Some(record.pid_started) {
        return Err(EngineError::NotRunning);
    }
    let group = record.cgroup.as_deref();
    let usage = group.map(cgroup::usage).unwrap_or_default();
    let mut members = group.and_then(cgroup::processes);
    // On version 1 the supervisor is in the group.
    let supervised = members.as_mut().is_some_and(|members| {
        let all = members.len();
        members.retain(|pid| *pid != record.supervisor);
        members.len() < all
    });
    let members = members.unwrap_or_else(|| descendants(record.supervisor));
    let own = usage_of(&members);
    let ended = usage_of_ended_children(record.supervisor);
    let (host, online) = host_processors();
    let summed = CpuStats {
        total: own.user + own.system + ended.user + ended.system,
        user: own.user + ended.user,
        system: own.system + ended.system,
        ..CpuStats::default()
    };
    let counted = usage.cpu.map_or(summed, |cpu| CpuStats {
        total: cpu.total,
        user: cpu.user,
        system: cpu.system,
        ..CpuStats::default()
    });
    Ok(Stats {
        read_at: Timestamp::now(),
        cpu: CpuStats {
            host,
            online,
            throttled_periods: usage.throttled.0,
            throttled: usage.throttled.1,
            ..counted
        },
        memory: memory(&usage, &members),
        pids: usage.pids.map_or(
            PidStats {
                current: own.threads,
                limit: None,
            },
            |pids| PidStats {
                current: pids.current.saturating_sub(u64::from(supervised)),
                limit: pids.limit,
            },
        ),
        networks: record.link.map(network).into_iter().collect(),
        io: IoStats {
            read_bytes: own.read_bytes + ended.read_bytes,
            written_bytes: own.written_bytes + ended.written_bytes,
        },
    })
}

fn memory(usage: &Usage, members: &[u32]) -> MemoryStats {
    usage.memory.map_or_else(
        || MemoryStats {
            usage: resident(members),
            ..MemoryStats::default()
        },
        |memory| MemoryStats {
            usage: memory.usage,
            inactive_file: memory.inactive_file.min(memory.usage),
            peak: memory.peak,
            limit: memory.limit,
        },
    )
}

/// The counters of a link. The host's end sends what the sandbox receives.
fn network(link: LinkPlan) -> (String, NetworkStats) {
    let name = link.name();
    let counter = |counter: &str| {
        fs::read_to_string(format!("/sys/class/net/{name}/statistics/{counter}"))
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .unwrap_or(0)
    };
    let stats = NetworkStats {
        rx_bytes: counter("tx_bytes"),
        rx_packets: counter("tx_packets"),
        rx_errors: counter("tx_errors"),
        rx_dropped: counter("tx_dropped"),
        tx_bytes: counter("rx_bytes"),
        tx_packets: counter("rx_packets"),
        tx_errors: counter("rx_errors"),
        tx_dropped: counter("rx_dropped"),
    };
    (INTERFACE.to_owned(), stats)
}
