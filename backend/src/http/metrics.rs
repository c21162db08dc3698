//! What Prometheus reads at `/metrics` (text format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::{Method, StatusCode, header};
use axum::response::IntoResponse;
use ctnr_model::SandboxState;

use super::Api;
use super::error::Result;
use crate::access::Key as AccessKey;
use crate::app::{PageRequest, SandboxFilter};

/// The upper bounds of the histogram's buckets, in microseconds.
const BUCKETS: [u64; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000, 60_000_000,
];

/// A route, a method and a status; the series of requests that have them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    route: Arc<str>,
    method: &'static str,
    status: u16,
}

#[derive(Default)]
struct Series {
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    sum_micros: AtomicU64,
}

/// The counts of requests. There are as many series as routes, methods and statuses, however many
/// requests come.
#[derive(Default)]
pub(super) struct Metrics {
    series: RwLock<BTreeMap<Key, Arc<Series>>>,
    in_flight: AtomicI64,
}

impl Metrics {
    /// A request has come.
    pub(super) fn begin(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
    }

    /// It was answered, or its caller went away.
    pub(super) fn end(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    /// It was answered with this status after this time.
    pub(super) fn record(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let series = self.series(route, method, status);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(at) = BUCKETS.iter().position(|bound| micros <= *bound) {
            series.buckets[at].fetch_add(1, Ordering::Relaxed);
        }
        series.count.fetch_add(1, Ordering::Relaxed);
        series.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    fn series(&self, route: &str, method: &'static str, status: u16) -> Arc<Series> {
        let key = Key {
            route: route.into(),
            method,
            status,
        };
        let known = self
            .series
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .cloned();
        known.unwrap_or_else(|| {
            self.series
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(key)
                .or_default()
                .clone()
        })
    }

    fn render(&self, states: &BTreeMap<&'static str, u64>, keys: &[Arc<AccessKey>]) -> String {
        let mut out = String::with_capacity(16 * 1024);
        // Writing to a String can't fail.
        let _ = self.write(&mut out, states);
        let _ = write_keys(&mut out, keys);
        out
    }

    fn write(&self, out: &mut String, states: &BTreeMap<&'static str, u64>) -> std::fmt::Result {
        out.push_str("# HELP ctnr_sandboxes Sandboxes that exist, by state.\n");
        out.push_str("# TYPE ctnr_sandboxes gauge\n");
        for (state, count) in states {
            writeln!(out, "ctnr_sandboxes{{state=\"{state}\"}} {count}")?;
        }
        out.push_str("# HELP ctnr_http_requests_in_flight Requests being answered.\n");
        out.push_str("# TYPE ctnr_http_requests_in_flight gauge\n");
        let in_flight = self.in_flight.load(Ordering::Relaxed);
        writeln!(out, "ctnr_http_requests_in_flight {in_flight}")?;
        out.push_str(
            "# HELP ctnr_http_request_duration_seconds Time until a request's answer begins.\n",
        );
        out.push_str("# TYPE ctnr_http_request_duration_seconds histogram\n");
        let all = self.series.read().unwrap_or_else(PoisonError::into_inner);
        for (key, series) in all.iter() {
            let labels = format!(
                "route=\"{}\",method=\"{}\",status=\"{}\"",
                key.route, key.method, key.status
            );
            series.write(out, "ctnr_http_request_duration_seconds", &labels)?;
        }
        Ok(())
    }
}

/// What the keys were used for, by their names, which are made of letters, digits, `_`, `.` and
/// `-`. A key that is revoked is gone from here too.
fn write_keys(out: &mut String, keys: &[Arc<AccessKey>]) -> std::fmt::Result {
    let metrics = [
        ("ctnr_key_requests_total", "Requests served, by API key."),
        (
            "ctnr_key_rate_limited_total",
            "Requests refused since there were too many, by API key.",
        ),
    ];
    for (at, (name, help)) in metrics.into_iter().enumerate() {
        writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter")?;
        for key in keys {
            let (served, limited) = key.counts();
            let count = [served, limited][at];
            writeln!(out, "{name}{{key=\"{}\"}} {count}", key.row().name)?;
        }
    }
    Ok(())
}

impl Series {
    fn write(&self, out: &mut String, name: &str, labels: &str) -> std::fmt::Result {
        let mut below = 0;
        for (bound, bucket) in BUCKETS.iter().zip(&self.buckets) {
            below += bucket.load(Ordering::Relaxed);
            let seconds = Duration::from_micros(*bound).as_secs_f64();
            writeln!(out, "{name}_bucket{{{labels},le=\"{seconds}\"}} {below}")?;
        }
        let count = self.count.load(Ordering::Relaxed);
        let sum = Duration::from_micros(self.sum_micros.load(Ordering::Relaxed)).as_secs_f64();
        writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}")?;
        writeln!(out, "{name}_sum{{{labels}}} {sum}")?;
        writeln!(out, "{name}_count{{{labels}}} {count}")
    }
}

/// The method as a label; callers can make up others.
pub(super) fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        "PATCH" => "PATCH",
        _ => "other",
    }
}

/// What Prometheus reads: requests by route, method and status with the time until their answers
/// began, sandboxes by state, and requests by API key.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "backend",
    responses((status = 200, description = "Prometheus' text format", body = String, content_type = "text/plain"))
)]
pub(super) async fn metrics(State(api): State<Api>) -> Result<impl IntoResponse> {
    let states = count_states(&api).await?;
    Ok((
        StatusCode::OK,
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        api.shared.metrics.render(&states, &api.app.keyring().all()),
    ))
}

async fn count_states(api: &Api) -> Result<BTreeMap<&'static str, u64>> {
    let mut states = BTreeMap::from(
        [
            SandboxState::Created,
            SandboxState::Running,
            SandboxState::Paused,
            SandboxState::Exited,
        ]
        .map(|state| (state.as_str(), 0)),
    );
    let filter = SandboxFilter {
        all: true,
        ..SandboxFilter::default()
    };
    let mut page = PageRequest::default();
    loop {
        let sandboxes = api.app.list_sandboxes(&filter, &page).await?;
        for sandbox in &sandboxes.items {
            *states.entry(sandbox.status.state.as_str()).or_default() += 1;
        }
        match sandboxes.next {
            Some(next) => page.cursor = Some(next),
            None => return Ok(states),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up() {
        let metrics = Metrics::default();
        for micros in [400, 900, 70_000_000] {
            metrics.record("/v1/x", "GET", 200, Duration::from_micros(micros));
        }
        let text = metrics.render(&BTreeMap::from([("running", 2)]), &[]);
        let labels = "route=\"/v1/x\",method=\"GET\",status=\"200\"";
        for line in [
            "ctnr_sandboxes{state=\"running\"} 2".to_owned(),
            format!("ctnr_http_request_duration_seconds_bucket{{{labels},le=\"0.0005\"}} 1"),
            format!("ctnr_http_request_duration_seconds_bucket{{{labels},le=\"60\"}} 2"),
            format!("ctnr_http_request_duration_seconds_bucket{{{labels},le=\"+Inf\"}} 3"),
            format!("ctnr_http_request_duration_seconds_sum{{{labels}}} 70.0013"),
        ] {
            assert!(text.lines().any(|found| found == line), "{line} in\n{text}");
        }
    }
}
