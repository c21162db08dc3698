//! What sandboxes use of the host.

use serde_json::json;

use super::api::Api;
use super::support::{Operation, eventually};

#[tokio::test]
async fn use_is_shown_in_plain_numbers_and_in_dockers_shape() {
    let api = Api::start().await;
    let created = api
        .post("/v1/sandboxes", r#"{"image": "busybox", "name": "web"}"#)
        .await;
    assert_eq!(created.status, 201);

    let stats = api.get("/v1/sandboxes/web/stats?interval=0.1").await;
    assert_eq!(stats.status, 200, "{}", stats.text());
    let stats = stats.json();
    assert_eq!(stats["name"], "/web");
    assert_eq!(stats["id"], created.json()["id"]);
    assert_eq!(
        stats["usage"],
        json!({
            "cpu_percent": 50.0, "memory_bytes": 2_000, "memory_limit_bytes": 10_000,
            "pids": 2, "pids_limit": 4_096, "received_bytes": 7, "sent_bytes": 8,
            "read_bytes": 5, "written_bytes": 6,
        })
    );
    let used = |field: &str| stats[field]["cpu_usage"]["total_usage"].as_u64().unwrap();
    assert_eq!(used("cpu_stats"), used("precpu_stats") + 500_000_000);
    assert_eq!(stats["cpu_stats"]["online_cpus"], 2);
    assert_eq!(stats["memory_stats"]["usage"], 3_000);
    assert_eq!(stats["memory_stats"]["stats"]["inactive_file"], 1_000);
    assert_eq!(stats["pids_stats"]["current"], 2);
    assert_eq!(stats["networks"]["eth0"]["tx_bytes"], 8);
    assert_eq!(
        stats["blkio_stats"]["io_service_bytes_recursive"][1],
        json!({"major": 0, "minor": 0, "op": "write", "value": 6})
    );

    for query in ["interval=0", "interval=61", "interval=x", "no=1"] {
        let refused = api.get(&format!("/v1/sandboxes/web/stats?{query}")).await;
        refused.error(400, "BAD_REQUEST");
    }
    api.post("/v1/sandboxes/web/stop?timeout=0", "").await;
    let stopped = api.get("/v1/sandboxes/web/stats").await;
    assert!(stopped.error(409, "CONFLICT").contains("not running"));
    let missing = api.get("/v1/sandboxes/other/stats").await;
    missing.error(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_stream_ends_with_the_sandbox() {
    let api = Api::start().await;
    api.post("/v1/sandboxes", r#"{"image": "busybox", "name": "web"}"#)
        .await;
    let (streamed, ()) = tokio::join!(
        api.get("/v1/sandboxes/web/stats?stream=true&interval=0.1"),
        async {
            eventually("it is read several times", || {
                std::future::ready(api.platform.engine.calls(Operation::Stats) > 3)
            })
            .await;
            api.post("/v1/sandboxes/web/stop?timeout=0", "").await;
        }
    );
    assert_eq!(streamed.headers["content-type"], "application/x-ndjson");
    let lines = streamed.lines();
    assert!(lines.len() > 1, "{lines:?}");
    for pair in lines.windows(2) {
        assert_eq!(pair[0]["read"], pair[1]["preread"]);
    }
}
