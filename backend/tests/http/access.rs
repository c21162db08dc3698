//! Who may call, and from where.

use axum::body::Body;
use axum::http::{Method, Request};
use backend::http::{ApiKey, Options, WebOrigin};

use super::api::{Api, request, with};

const FAR: &str = "192.0.2.7:50000";

fn get(path: &str) -> Request<Body> {
    request(Method::GET, path, "")
}

fn key() -> Options {
    Options {
        api_key: Some(ApiKey::new("s3cret").unwrap()),
        ..Options::default()
    }
}

#[tokio::test]
async fn without_a_key_only_this_host_is_served() {
    let api = Api::start().await;
    for peer in [
        "127.0.0.1:1",
        "127.9.9.9:1",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
    ] {
        let answer = api.send_from(peer, get("/v1/sandboxes")).await;
        assert_eq!(answer.status, 200, "{peer}");
    }
    for peer in [
        FAR,
        "172.17.0.2:1",
        "[2001:db8::1]:1",
        "[::ffff:10.0.0.1]:1",
    ] {
        for path in [
            "/v1/sandboxes",
            "/metrics",
            "/docs",
            "/openapi.json",
            "/nowhere",
        ] {
            let message = api
                .send_from(peer, get(path))
                .await
                .error(401, "UNAUTHORIZED");
            assert!(message.contains("CONTAINERS_API_KEY"), "{message}");
        }
        let health = api.send_from(peer, get("/healthz")).await;
        assert_eq!(health.status, 200, "{peer}");
    }
    // A proxy on this host that serves others is not this host.
    for name in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        let request = with(get("/v1/sandboxes"), name, "192.0.2.7");
        api.send(request).await.error(401, "UNAUTHORIZED");
    }
}

#[tokio::test]
async fn with_a_key_the_key_decides() {
    let api = Api::with(key()).await;
    for peer in ["127.0.0.1:1", FAR] {
        let answer = api.send_from(peer, get("/v1/sandboxes")).await;
        assert!(answer.error(401, "UNAUTHORIZED").contains("X-API-Key"));
        let good = with(get("/v1/sandboxes"), "x-api-key", "s3cret");
        assert_eq!(api.send_from(peer, good).await.status, 200);
        for wrong in ["s3cre", "s3cret2", "S3CRET", ""] {
            let request = with(get("/v1/sandboxes"), "x-api-key", wrong);
            api.send_from(peer, request)
                .await
                .error(401, "UNAUTHORIZED");
        }
        for open in ["/docs", "/openapi.json", "/healthz"] {
            assert_eq!(api.send_from(peer, get(open)).await.status, 200, "{open}");
        }
    }
    // With a key, any name of the server will do.
    let request = with(get("/v1/sandboxes"), "x-api-key", "s3cret");
    let named = with(request, "host", "ctnr.example.com");
    assert_eq!(api.send_from(FAR, named).await.status, 200);
}

#[tokio::test]
async fn guessing_keys_is_slowed_down() {
    let api = Api::with(key()).await;
    let mut statuses = Vec::new();
    for _ in 0..40 {
        let request = with(get("/v1/sandboxes"), "x-api-key", "wrong");
        statuses.push(api.send_from(FAR, request).await.status.as_u16());
    }
    assert!(
        statuses.contains(&401) && statuses.contains(&429),
        "{statuses:?}"
    );
    let good = with(get("/v1/sandboxes"), "x-api-key", "s3cret");
    assert_eq!(api.send_from(FAR, good).await.status, 200);
}

#[tokio::test]
async fn a_name_that_a_page_could_rebind_is_refused() {
    let options = Options {
        bind: Some("192.0.2.1".parse().unwrap()),
        ..Options::default()
    };
    let api = Api::with(options).await;
    for host in [
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1:8080",
        "[::1]:8080",
        "192.0.2.1:8080",
    ] {
        let answer = api.send(with(get("/v1/sandboxes"), "host", host)).await;
        assert_eq!(answer.status, 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example:8080",
        "192.0.2.2",
        "127.0.0.1.nip.io",
        "",
    ] {
        let answer = api.send(with(get("/v1/sandboxes"), "host", host)).await;
        answer.error(403, "FORBIDDEN");
    }
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    let api = Api::start().await;
    let from = |origin: &str| {
        with(
            request(Method::POST, "/v1/sandboxes", "{}"),
            "origin",
            origin,
        )
    };
    // The request passes, and is then refused for its body.
    let own = api.send(from("http://localhost:8080")).await;
    own.error(400, "BAD_REQUEST");
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost:32768",
        "http://127.0.0.1:8080",
        "http://3000--web.localhost:8080",
        "file://",
        "",
    ] {
        let answer = api.send(from(origin)).await;
        answer.error(403, "FORBIDDEN");
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    // An image or a form of another page names no origin.
    for site in ["cross-site", "same-site"] {
        let sent = with(get("/v1/sandboxes"), "sec-fetch-site", site);
        api.send(sent).await.error(403, "FORBIDDEN");
    }
    let link = with(get("/docs"), "sec-fetch-site", "cross-site");
    let link = with(link, "sec-fetch-mode", "navigate");
    assert_eq!(api.send(link).await.status, 200);
}

#[tokio::test]
async fn configured_origins_may_read_and_ask_first() {
    let options = Options {
        allowed_origins: vec![WebOrigin::parse("http://localhost:3000").unwrap()],
        ..Options::default()
    };
    let api = Api::with(options).await;
    let request_from = |origin: &str| with(get("/v1/sandboxes"), "origin", origin);
    let answer = api.send(request_from("http://localhost:3000")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.headers["access-control-allow-origin"],
        "http://localhost:3000"
    );
    assert_eq!(answer.headers["vary"], "Origin");
    api.send(request_from("http://localhost:3001"))
        .await
        .error(403, "FORBIDDEN");

    let question = |origin: &str| {
        let request = with(
            request(Method::OPTIONS, "/v1/sandboxes", ""),
            "origin",
            origin,
        );
        with(request, "access-control-request-method", "POST")
    };
    let answer = api.send(question("http://localhost:3000")).await;
    assert_eq!(answer.status, 204);
    assert_eq!(
        answer.headers["access-control-allow-origin"],
        "http://localhost:3000"
    );
    api.send(question("http://evil.example"))
        .await
        .error(403, "FORBIDDEN");
}

#[tokio::test]
async fn with_a_key_pages_of_this_host_may_call() {
    let api = Api::with(key()).await;
    let from = |origin: &str| {
        let request = with(get("/v1/sandboxes"), "x-api-key", "s3cret");
        with(request, "origin", origin)
    };
    assert_eq!(api.send(from("http://localhost:3000")).await.status, 200);
    for origin in [
        "https://evil.example",
        "null",
        "http://3000--web.localhost:8080",
    ] {
        api.send(from(origin)).await.error(403, "FORBIDDEN");
    }
}

#[tokio::test]
async fn too_many_requests_are_told_when_to_come_back() {
    let options = Options {
        rate_limit: 3,
        ..Options::default()
    };
    let api = Api::with(options).await;
    let mut limited = None;
    for _ in 0..30 {
        let answer = api.get("/v1/sandboxes").await;
        if answer.status == 429 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.unwrap();
    limited.error(429, "RATE_LIMITED");
    let seconds: u64 = limited.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(seconds >= 1);
    // Another peer is not held back; it is refused for what it is.
    let other = api.send_from(FAR, get("/v1/sandboxes")).await;
    other.error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn every_answer_has_an_id() {
    let api = Api::start().await;
    let answer = api.get("/v1/sandboxes/none").await;
    assert_eq!(answer.headers["x-request-id"].len(), 16);
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    let request = with(get("/v1/sandboxes"), "x-request-id", "run-7");
    assert_eq!(api.send(request).await.headers["x-request-id"], "run-7");
    let refused = with(get("/v1/sandboxes"), "origin", "null");
    assert!(api.send(refused).await.headers.contains_key("x-request-id"));
}
