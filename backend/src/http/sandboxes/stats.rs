//! `GET /v1/sandboxes/{id}/stats`.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use ctnr_api::{
    BlkioEntry, BlkioStats, CpuStats, CpuUsage, MemoryStats, NetworkStats, PidsStats, SandboxStats,
    SandboxUsage, StatsQuery, ThrottlingData,
};
use futures::StreamExt;

use crate::app::{Sandbox, Usage};
use crate::http::Api;
use crate::http::error::{ApiError, Result};
use crate::http::extract::{Params, SandboxRef};
use crate::http::ndjson::{self, EVENT_STREAM, NDJSON, accepts};
use crate::http::openapi::Errors;

/// Read what a sandbox uses
///
/// Processors, memory, processes, network and disks, measured over an interval: once, or with
/// `stream=true` or by `Accept` again and again until the sandbox ends, as lines of JSON
/// (`application/x-ndjson`) or server-sent events (`text/event-stream`).
#[utoipa::path(
    get,
    path = "/v1/sandboxes/{id}/stats",
    tag = "sandboxes",
    operation_id = "read_stats",
    params(("id" = String, Path, description = "An id, the unique start of one, or a name"), StatsQuery),
    responses(
        (status = 200, description = "What it uses", content(
            (SandboxStats = "application/json"), (SandboxStats = "application/x-ndjson"), (SandboxStats = "text/event-stream")
        )),
        Errors
    )
)]
pub(super) async fn stats(
    State(api): State<Api>,
    SandboxRef(query): SandboxRef,
    Params(params): Params<StatsQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let interval = match params.interval.unwrap_or(1.0) {
        seconds if (0.1..=60.0).contains(&seconds) => Duration::from_secs_f64(seconds),
        _ => {
            return Err(ApiError::bad_request(
                "invalid query: interval: expected 0.1 to 60 seconds",
            ));
        }
    };
    let as_events = accepts(&headers, EVENT_STREAM);
    if !(params.stream || as_events || accepts(&headers, NDJSON)) {
        let (sandbox, usage) = api.app.stats(&query, interval).await?;
        return Ok(Json(show(&sandbox, &usage)).into_response());
    }
    let (sandbox, usages) = api.app.watch_stats(&query, interval).await?;
    let stopping = api.shared.stopping.clone();
    let shown = usages
        .map(move |usage| show(&sandbox, &usage))
        .take_until(stopping.cancelled_owned());
    if as_events {
        let events = shown.map(|stats| Event::default().json_data(stats));
        return Ok(Sse::new(events)
            .keep_alive(KeepAlive::default())
            .into_response());
    }
    Ok(ndjson::respond(shown))
}

fn show(sandbox: &Sandbox, usage: &Usage) -> SandboxStats {
    let now = &usage.now;
    let networks: BTreeMap<String, NetworkStats> = now
        .networks
        .iter()
        .map(|(name, counted)| (name.clone(), network(counted)))
        .collect();
    let entry = |op: &str, value| BlkioEntry {
        major: 0,
        minor: 0,
        op: op.to_owned(),
        value,
    };
    SandboxStats {
        id: sandbox.spec.id.to_string(),
        name: format!("/{}", sandbox.spec.name),
        read: now.read_at,
        preread: usage.before.read_at,
        usage: SandboxUsage {
            cpu_percent: (usage.cpu_percent() * 100.0).round() / 100.0,
            memory_bytes: now.memory.usage.saturating_sub(now.memory.inactive_file),
            memory_limit_bytes: now.memory.limit,
            pids: now.pids.current,
            pids_limit: now.pids.limit,
            received_bytes: networks.values().map(|network| network.rx_bytes).sum(),
            sent_bytes: networks.values().map(|network| network.tx_bytes).sum(),
            read_bytes: now.io.read_bytes,
            written_bytes: now.io.written_bytes,
        },
        cpu_stats: cpu(&now.cpu),
        precpu_stats: cpu(&usage.before.cpu),
        memory_stats: MemoryStats {
            usage: now.memory.usage,
            max_usage: now.memory.peak,
            limit: now.memory.limit,
            stats: ["inactive_file", "total_inactive_file"]
                .map(|name| (name.to_owned(), now.memory.inactive_file))
                .into(),
        },
        pids_stats: PidsStats {
            current: now.pids.current,
            limit: now.pids.limit,
        },
        blkio_stats: BlkioStats {
            io_service_bytes_recursive: vec![
                entry("read", now.io.read_bytes),
                entry("write", now.io.written_bytes),
            ],
        },
        networks,
    }
}

fn cpu(cpu: &ctnr_engine::CpuStats) -> CpuStats {
    CpuStats {
        cpu_usage: CpuUsage {
            total_usage: cpu.total,
            usage_in_kernelmode: cpu.system,
            usage_in_usermode: cpu.user,
        },
        system_cpu_usage: cpu.host,
        online_cpus: cpu.online,
        throttling_data: ThrottlingData {
            throttled_periods: cpu.throttled_periods,
            throttled_time: cpu.throttled,
        },
    }
}

fn network(counted: &ctnr_engine::NetworkStats) -> NetworkStats {
    NetworkStats {
        rx_bytes: counted.rx_bytes,
        rx_packets: counted.rx_packets,
        rx_errors: counted.rx_errors,
        rx_dropped: counted.rx_dropped,
        tx_bytes: counted.tx_bytes,
        tx_packets: counted.tx_packets,
        tx_errors: counted.tx_errors,
        tx_dropped: counted.tx_dropped,
    }
}
