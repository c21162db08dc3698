//! What the daemon counts for a sandbox.

use ctnr_engine::{
    CpuStats, EngineError, IoStats, MemoryStats, NetworkStats, PidStats, Result, Stats,
};
use ctnr_model::{SandboxId, SandboxState};
use jiff::Timestamp;
use serde_json::Value;

use crate::engine::Shared;
use crate::status::moment;

impl Shared {
    /// See the trait. The daemon is asked for one reading; by itself it would wait for a second.
    pub(crate) async fn stats(&self, id: &SandboxId) -> Result<Stats> {
        let doing = "reading what the sandbox uses";
        let container = self.sandboxes.container(id).await?;
        let path = format!("/containers/{container}/stats?stream=false&one-shot=true");
        let answer = self
            .daemon
            .raw_call(doing, async {
                self.daemon.raw().get(doing, &path).await?.json(doing).await
            })
            .await;
        let json = self.gone(id, answer)?;
        // Of a container that does not run the daemon tells zeros.
        if json.pointer("/pids_stats/current").is_none()
            && self.status(id).await?.state != SandboxState::Running
        {
            return Err(EngineError::NotRunning);
        }
        Ok(stats_of(&json))
    }
}

fn stats_of(json: &Value) -> Stats {
    let known = |pointer: &str| json.pointer(pointer).and_then(Value::as_u64);
    let number = |pointer: &str| known(pointer).unwrap_or(0);
    // Without a limit it is 0 with control groups v1, and the largest number there is with v2.
    let limit = |pointer: &str| known(pointer).filter(|limit| (1..1 << 62).contains(limit));
    let usage = number("/memory_stats/usage");
    let inactive_file = known("/memory_stats/stats/total_inactive_file")
        .or_else(|| known("/memory_stats/stats/inactive_file"));
    let networks = json.get("networks").and_then(Value::as_object);
    Stats {
        read_at: json
            .get("read")
            .and_then(Value::as_str)
            .and_then(moment)
            .unwrap_or_else(Timestamp::now),
        cpu: CpuStats {
            total: number("/cpu_stats/cpu_usage/total_usage"),
            user: number("/cpu_stats/cpu_usage/usage_in_usermode"),
            system: number("/cpu_stats/cpu_usage/usage_in_kernelmode"),
            host: number("/cpu_stats/system_cpu_usage"),
            online: u32::try_from(number("/cpu_stats/online_cpus")).unwrap_or(u32::MAX),
            throttled_periods: number("/cpu_stats/throttling_data/throttled_periods"),
            throttled: number("/cpu_stats/throttling_data/throttled_time"),
        },
        memory: MemoryStats {
            usage,
            inactive_file: inactive_file.unwrap_or(0).min(usage),
            peak: known("/memory_stats/max_usage"),
            limit: limit("/memory_stats/limit"),
        },
        pids: PidStats {
            current: number("/pids_stats/current"),
            limit: limit("/pids_stats/limit"),
        },
        networks: networks
            .into_iter()
            .flatten()
            .map(|(name, network)| (name.clone(), network_of(network)))
            .collect(),
        io: IoStats {
            read_bytes: moved(json, "read"),
            written_bytes: moved(json, "write"),
        },
    }
}

fn network_of(json: &Value) -> NetworkStats {
    let number = |name: &str| json.get(name).and_then(Value::as_u64).unwrap_or(0);
    NetworkStats {
        rx_bytes: number("rx_bytes"),
        rx_packets: number("rx_packets"),
        rx_errors: number("rx_errors"),
        rx_dropped: number("rx_dropped"),
        tx_bytes: number("tx_bytes"),
        tx_packets: number("tx_packets"),
        tx_errors: number("tx_errors"),
        tx_dropped: number("tx_dropped"),
    }
}

/// The bytes of all disks that were moved by this operation.
fn moved(json: &Value, operation: &str) -> u64 {
    let entries = json.pointer("/blkio_stats/io_service_bytes_recursive");
    let entries = entries.and_then(Value::as_array).into_iter().flatten();
    entries
        .filter(|entry| {
            let name = entry.get("op").and_then(Value::as_str);
            name.is_some_and(|name| name.eq_ignore_ascii_case(operation))
        })
        .filter_map(|entry| entry.get("value").and_then(Value::as_u64))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemons_answer_is_read() {
        let stats = stats_of(&serde_json::json!({
            "read": "2026-11-21T19:18:50.253951837Z",
            "pids_stats": {"current": 3, "limit": 4096},
            "blkio_stats": {"io_service_bytes_recursive": [
                {"major": 8, "minor": 0, "op": "Read", "value": 10},
                {"major": 9, "minor": 0, "op": "read", "value": 5},
                {"major": 8, "minor": 0, "op": "Write", "value": 7},
                {"major": 8, "minor": 0, "op": "Total", "value": 17},
            ]},
            "cpu_stats": {
                "cpu_usage": {"total_usage": 30, "usage_in_kernelmode": 10, "usage_in_usermode": 20},
                "system_cpu_usage": 1000, "online_cpus": 2,
            },
            "memory_stats": {
                "usage": 100, "max_usage": 120, "stats": {"total_inactive_file": 30}, "limit": 200,
            },
            "networks": {"eth0": {"rx_bytes": 1, "tx_bytes": 2}},
        }));
        assert_eq!((stats.io.read_bytes, stats.io.written_bytes), (15, 7));
        assert_eq!(
            (stats.cpu.total, stats.cpu.host, stats.cpu.online),
            (30, 1000, 2)
        );
        assert_eq!((stats.memory.usage, stats.memory.inactive_file), (100, 30));
        assert_eq!(stats.pids.limit, Some(4096));
        assert_eq!(stats.networks["eth0"].tx_bytes, 2);
    }

    #[test]
    fn no_limit_is_none() {
        for limit in [0, u64::MAX] {
            let stats =
                stats_of(&serde_json::json!({"pids_stats": {"current": 1, "limit": limit}}));
            assert_eq!(stats.pids.limit, None);
        }
    }
}
