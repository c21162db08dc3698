//! `/api/jobs`, and what is refused below `/internal`.

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use backend::http::{self, Options};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::owner::Owner;
use crate::support::{TestDatabase, eventually};

async fn send(owner: &Owner, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, String) {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "localhost:8080");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = if path.starts_with("/internal") {
        r#"{"fence":1}"#
    } else {
        ""
    };
    let mut request = request.body(Body::from(body)).unwrap();
    let peer: SocketAddr = "127.0.0.1:50000".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(peer));
    let router = http::router(owner.app.clone(), Options::default());
    let response = router.oneshot(request).await.unwrap();
    let status: StatusCode = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
}

async fn json(owner: &Owner, method: &str, path: &str) -> (u16, Value) {
    let (status, body) = send(owner, method, path, &[]).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn jobs_are_listed_shown_cancelled_and_retried() {
    let database = TestDatabase::sqlite();
    let owner = Owner::quiet(&database).await;
    let first = owner.enqueue("waits").await;
    let second = owner.enqueue("works").await;
    let (status, list) = json(&owner, "GET", "/api/jobs?limit=1&kind=probe").await;
    assert_eq!(status, 200);
    assert_eq!(list["jobs"][0]["id"], second.id.to_string());
    assert_eq!(list["jobs"][0]["state"], "queued");
    assert_eq!(list["jobs"][0].get("payload"), None);
    let next = list["next"].as_str().unwrap();
    let (_, list) = json(&owner, "GET", &format!("/api/jobs?limit=1&cursor={next}")).await;
    assert_eq!(list["jobs"][0]["id"], first.id.to_string());
    assert_eq!(list.get("next"), None);
    let (_, none) = json(&owner, "GET", "/api/jobs?state=dead&state=running").await;
    assert_eq!(none["jobs"].as_array().unwrap().len(), 0);

    let path = format!("/api/jobs/{}", second.id.short());
    let (status, shown) = json(&owner, "GET", &path).await;
    assert_eq!((status, &shown["kind"]), (200, &"probe".into()));
    let (status, error) = json(&owner, "POST", &format!("{path}/retry")).await;
    assert_eq!((status, &error["code"]), (409, &"CONFLICT".into()));
    let (status, shown) = json(&owner, "DELETE", &path).await;
    assert_eq!((status, &shown["state"]), (200, &"cancelled".into()));
    let (status, _) = json(&owner, "DELETE", &path).await;
    assert_eq!(status, 200);
    let (status, shown) = json(&owner, "POST", &format!("{path}/retry")).await;
    assert_eq!((status, &shown["state"]), (202, &"queued".into()));

    for (method, path, code) in [
        ("GET", "/api/jobs/zz", 404),
        ("GET", "/api/jobs/0000000000", 404),
        ("DELETE", "/api/jobs/0000000000", 404),
        ("GET", "/api/jobs?limit=0", 400),
        ("GET", "/api/jobs?cursor=x", 400),
        ("GET", "/api/jobs?state=sleeping", 400),
        ("GET", "/api/jobs?kind=A", 400),
    ] {
        let (status, error) = json(&owner, method, path).await;
        assert_eq!(status, code, "{path}: {error}");
    }
}

#[tokio::test]
async fn a_running_job_is_told_and_watched_to_its_end() {
    let database = TestDatabase::sqlite();
    let owner = Owner::start(&database).await;
    let job = owner.enqueue("waits").await;
    eventually("it runs", || async { owner.steering.begun() == 1 }).await;
    let path = format!("/api/jobs/{}", job.id);
    let (status, shown) = json(&owner, "DELETE", &path).await;
    assert_eq!((status, &shown["cancel_requested"]), (202, &true.into()));
    let ndjson = [("accept", "application/x-ndjson")];
    let (status, lines) = send(&owner, "GET", &format!("{path}/events"), &ndjson).await;
    assert_eq!(status, 200);
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(last["state"], "cancelled");
    // One who has seen it all is told nothing more.
    let revision = last["revision"].to_string();
    let seen = [("last-event-id", revision.as_str())];
    let (status, events) = send(&owner, "GET", &format!("{path}/events"), &seen).await;
    assert_eq!((status, events.as_str()), (200, ""));
    let bad = [("last-event-id", "x")];
    let (status, _) = send(&owner, "GET", &format!("{path}/events"), &bad).await;
    assert_eq!(status, 400);
    let (_, events) = send(&owner, "GET", &format!("{path}/events"), &[]).await;
    assert!(events.contains(&format!("id: {revision}")), "{events}");
}

#[tokio::test]
async fn what_is_internal_is_not_there_for_callers() {
    let database = TestDatabase::sqlite();
    let owner = Owner::serve(&database).await;
    let job = owner.enqueue("works").await;
    let path = format!("/internal/jobs/{}/perform", job.id);
    for headers in [
        &[][..],
        &[("x-ctnr-internal", "")],
        &[("x-ctnr-internal", "0000")],
        &[("x-api-key", "0000")],
    ] {
        for path in [path.as_str(), "/internal", "/internal/"] {
            let (status, body) = send(&owner, "POST", path, headers).await;
            assert_eq!(status, 404, "{path}: {body}");
        }
    }
    assert_eq!(owner.steering.begun(), 0);
    assert!(!http::openapi_json().contains("/internal"));
}

#[tokio::test]
async fn what_is_handed_on_to_the_wrong_backend_goes_no_further() {
    let database = TestDatabase::sqlite();
    let owner = Owner::serve(&database).await;
    let headers = [("x-ctnr-internal", "0000")];
    let (status, body) = send(&owner, "GET", "/api/jobs", &headers).await;
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("CONTAINERS_INTERNAL_URL"), "{body}");
}
