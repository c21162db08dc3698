//! The panel at `/`, or what stands there in a binary without it.

use axum::body::Body;
use axum::http::{Method, Request};
use backend::http::{ApiKey, Options};

use super::api::{Api, request, with};

fn get(path: &str) -> Request<Body> {
    request(Method::GET, path, "")
}

#[tokio::test]
async fn the_root_is_a_page_that_runs_no_code_but_its_own() {
    let api = Api::start().await;
    let page = api.send(get("/")).await;
    assert_eq!(page.status, 200);
    let header = |name: &str| page.headers[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    let policy = header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    let scripts = policy.rsplit("script-src ").next().unwrap();
    assert!(!scripts.contains("unsafe"), "{policy}");
    if !ctnr_panel::is_there() {
        assert!(page.text().contains("cargo xtask build panel"));
    }
}

#[tokio::test]
async fn files_come_packed_to_those_who_take_them_and_once() {
    let api = Api::start().await;
    for file in ctnr_panel::FILES {
        let path = format!("/{}", file.path);
        let plain = api.send(get(&path)).await;
        assert_eq!(plain.status, 200, "{path}");
        assert!(!plain.headers.contains_key("content-encoding"), "{path}");
        let packed = api
            .send(with(get(&path), "accept-encoding", "br, gzip"))
            .await;
        assert_eq!(packed.headers["content-encoding"], "gzip", "{path}");
        assert_eq!(packed.body, file.gzip, "{path}");
        let again = api.send(with(get(&path), "if-none-match", file.etag)).await;
        assert_eq!(again.status, 304, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_page_is_no_route_of_the_api() {
    let api = Api::start().await;
    for path in [
        "/nowhere",
        "/v1/nowhere",
        "/_next/nowhere.js",
        "/..%2findex",
    ] {
        api.send(get(path)).await.error(404, "NOT_FOUND");
    }
    api.send(request(Method::POST, "/", ""))
        .await
        .error(404, "NOT_FOUND");
}

#[tokio::test]
async fn pages_come_before_the_key_is_known_and_data_does_not() {
    let api = Api::with(Options {
        api_key: Some(ApiKey::new("s3cret").unwrap()),
        ..Options::default()
    })
    .await;
    assert_eq!(api.send(get("/")).await.status, 200);
    api.send(get("/v1/sandboxes"))
        .await
        .error(401, "UNAUTHORIZED");
    // What is no file of the panel tells nothing.
    api.send(get("/nowhere")).await.error(401, "UNAUTHORIZED");
}
