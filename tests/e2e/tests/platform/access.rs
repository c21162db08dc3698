//! Who is served.

use ctnr_e2e::{Api, Backend, Netns, busybox};
use serde_json::json;

/// Without a key only this host is served, whichever of its addresses the server listens on.
#[test]
fn without_a_key_only_loopback_peers() {
    let netns = Netns::enter();
    let outside = netns.internet();
    let backend = Backend::builder().listen("0.0.0.0").start();
    let port = backend.port();
    backend.api().get("/v1/sandboxes").expect(200);
    let curl = |headers: &str, path: &str| {
        let line = format!(
            "curl --silent --show-error --max-time 20 --write-out '\\n%{{http_code}}' {headers} http://192.0.2.1:{port}{path}"
        );
        outside.sh(&line).ok()
    };
    for headers in [
        "",
        "-H 'Host: localhost'",
        "-H 'X-Forwarded-For: 127.0.0.1' -H 'Host: localhost'",
    ] {
        let answer = curl(headers, "/v1/sandboxes");
        let status = answer.lines().last().unwrap();
        assert!(matches!(status, "401" | "403"), "{headers}: {answer}");
        assert!(answer.contains("CONTAINERS_API_KEY"), "{headers}: {answer}");
    }
    let answer = curl("-H 'Host: localhost'", "/v1/sandboxes");
    assert!(answer.ends_with("\n401"), "{answer}");
    // A caller that says that it speaks for somebody else is not on this host.
    let forwarded = backend.api().with("x-forwarded-for", "203.0.113.9");
    forwarded
        .get("/v1/sandboxes")
        .expect_error(401, "UNAUTHORIZED");
}

/// With a key the key decides, from anywhere.
#[test]
fn with_a_key() {
    let netns = Netns::enter();
    let outside = netns.internet();
    let backend = Backend::builder()
        .listen("0.0.0.0")
        .key("correct-horse")
        .image(busybox())
        .start();
    backend.api().get("/v1/sandboxes").expect(200);
    let keyless = Api::at(backend.api().base());
    for path in [
        "/v1/sandboxes",
        "/v1/images",
        "/v1/events",
        "/metrics",
        "/v1/info",
    ] {
        keyless.get(path).expect_error(401, "UNAUTHORIZED");
    }
    let wrong = keyless.with("x-api-key", "battery-staple");
    wrong.get("/v1/sandboxes").expect_error(401, "UNAUTHORIZED");
    keyless.get("/healthz").expect(200);
    let line = format!(
        "curl --silent --show-error --max-time 20 -H 'X-API-Key: correct-horse' http://192.0.2.1:{}/v1/sandboxes",
        backend.port()
    );
    assert_eq!(outside.sh(&line).ok(), "{\"sandboxes\":[]}");
    assert!(
        !backend.log().contains("correct-horse"),
        "the key is in the log"
    );
}

/// A page in a browser can't call the server, neither from a foreign origin nor by a name that it
/// makes resolve to this host.
#[test]
fn pages_of_other_origins() {
    let backend = Backend::native();
    let api = backend.api();
    let own = format!("http://localhost:{}", backend.port());
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:1"),
        ("host", "evil.example"),
        ("host", "localhost.evil.example"),
        ("sec-fetch-site", "cross-site"),
    ] {
        let foreign = api.with(name, value);
        foreign
            .with("content-type", "text/plain")
            .send(
                "POST",
                "/v1/sandboxes",
                json!({ "image": "busybox" }).to_string(),
            )
            .expect_error(403, "FORBIDDEN");
        foreign.get("/v1/sandboxes").expect_error(403, "FORBIDDEN");
    }
    assert!(api.all().is_empty());
    api.with("host", &own[7..])
        .with("origin", &own)
        .get("/v1/sandboxes")
        .expect(200);
    api.with("host", "127.0.0.1")
        .get("/v1/sandboxes")
        .expect(200);
}

#[test]
fn too_many_requests() {
    let backend = Backend::builder()
        .set("CONTAINERS_RATE_LIMIT", "20")
        .start();
    let limited = (0..200)
        .map(|_| backend.api().get("/v1/sandboxes"))
        .find(|answer| answer.status != 200);
    let limited = limited.expect("200 requests are above 20 a second");
    let seconds: u64 = limited.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds >= 1);
    limited.expect_error(429, "RATE_LIMITED");
    ctnr_e2e::eventually("to be served again", || {
        match backend.api().get("/v1/sandboxes") {
            answer if answer.status == 200 => Ok(()),
            answer => Err(answer.text()),
        }
    });
    // The limit would stand in the way of the cleaning up.
    std::thread::sleep(std::time::Duration::from_secs(1));
}
