//! The OpenAPI document and its page.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::Value;

use super::api::{Api, request};

#[tokio::test]
async fn the_document_in_the_repository_is_the_one_that_is_served() {
    let api = Api::start().await;
    let served = api.get("/openapi.json").await;
    assert_eq!(served.headers["content-type"], "application/json");
    let checked_in = include_str!("../../../openapi.json");
    assert!(
        served.text() == checked_in,
        "openapi.json is stale; write it with `cargo run -p backend -- openapi > openapi.json`"
    );
}

#[tokio::test]
async fn every_operation_is_served_and_every_reference_leads_somewhere() {
    let api = Api::start().await;
    let document = api.get("/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} stands for two operations");
            assert!(operation["summary"].is_string(), "{method} {path}");
            let concrete = path
                .replace("{id}", "none")
                .replace("{exec}", &"0".repeat(64));
            // Their answers have no end.
            if ["/v1/events", "/api/events/containers"].contains(&concrete.as_str()) {
                continue;
            }
            let method: Method = method.to_uppercase().parse().unwrap();
            // An empty body asks for a build of minutes.
            let body = if concrete == "/api/runtimes" { "[" } else { "" };
            let answer = api.send(request(method, &concrete, body)).await;
            assert_ne!(answer.status, 405, "{path}");
            assert!(!answer.text().contains("there is no route"), "{path}");
        }
    }
    assert!(ids.len() > 30);
    check_references(&document, &document);
}

fn check_references(document: &Value, node: &Value) {
    match node {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            map.values()
                .for_each(|value| check_references(document, value));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|value| check_references(document, value)),
        _ => {}
    }
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let api = Api::start().await;
    for (path, content_type) in [
        ("/docs", "text/html; charset=utf-8"),
        ("/docs/try.js", "text/javascript; charset=utf-8"),
        ("/docs/style.css", "text/css; charset=utf-8"),
    ] {
        let answer = api.get(path).await;
        assert_eq!(answer.headers["content-type"], content_type);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'"));
        assert!(!answer.text().contains("//cdn"), "{path}");
        assert!(!answer.text().contains("https://"), "{path}");
    }
}

#[tokio::test]
async fn health_info_and_metrics() {
    let api = Api::start().await;
    api.create("box").await;
    let health = api.get("/healthz").await;
    assert_eq!(health.status, 200);
    assert_eq!(health.json()["status"], "ok");

    let info = api.get("/v1/info").await.json();
    assert_eq!(info["engines"][0]["name"], "native");
    assert_eq!(info["engines"][0]["default"], true);
    assert_eq!(info["engines"][1]["available"], false);
    assert_eq!(info["engines"][1]["reason"], "start dockerd");

    let metrics = api.get("/metrics").await;
    for line in [
        "ctnr_sandboxes{state=\"running\"} 1",
        "ctnr_http_request_duration_seconds_count{route=\"/v1/sandboxes\",method=\"POST\",status=\"201\"} 1",
    ] {
        assert!(metrics.text().contains(line), "{line}\n{}", metrics.text());
    }
}

#[tokio::test]
async fn labels_of_metrics_do_not_grow_with_what_callers_make_up() {
    let api = Api::start().await;
    for number in 0..50 {
        api.get(&format!("/made-up-{number}")).await;
        let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
        api.send(request(method, "/v1/sandboxes", "")).await;
    }
    let metrics = api.get("/metrics").await;
    assert!(!metrics.text().contains("made-up"));
    assert!(!metrics.text().contains("M7"));
}
