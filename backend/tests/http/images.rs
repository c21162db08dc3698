//! Images.

use axum::http::Method;
use serde_json::json;

use super::api::{Api, request, with};

#[tokio::test]
async fn images_are_listed_inspected_named_and_removed() {
    let api = Api::start().await;
    let list = api.get("/v1/images").await.json();
    assert_eq!(list["images"][0]["RepoTags"], json!(["busybox:latest"]));
    let image = api.get("/v1/images/inspect?name=busybox").await.json();
    assert_eq!(image["Os"], "linux");
    assert_eq!(image["RootFS"]["Type"], "layers");
    api.get("/v1/images/inspect?name=no-such")
        .await
        .error(404, "NOT_FOUND");

    let tag = json!({"image": "busybox", "tag": "mine:1"}).to_string();
    assert_eq!(api.post("/v1/images/tag", &tag).await.status, 204);
    assert_eq!(api.get("/v1/images/inspect?name=mine:1").await.status, 200);
    assert_eq!(api.delete("/v1/images?name=mine:1").await.status, 204);
    api.get("/v1/images/inspect?name=mine:1")
        .await
        .error(404, "NOT_FOUND");
}

#[tokio::test]
async fn an_image_in_use_stays() {
    let api = Api::start().await;
    api.create("box").await;
    let removed = api.delete("/v1/images?name=busybox").await;
    removed.error(409, "CONFLICT");
    let pruned = api.post("/v1/images/prune", r#"{"all":true}"#).await;
    assert_eq!(pruned.json()["removed"], json!([]));
    assert_eq!(api.post("/v1/images/prune", "").await.status, 200);
}

#[tokio::test]
async fn long_work_tells_its_progress_and_its_end() {
    let api = Api::start().await;
    let body = r#"{"image":"alpine"}"#;
    let lines = api.post("/v1/images/pull", body).await.lines();
    assert!(lines[0]["progress"]["phase"].is_string(), "{lines:?}");
    let last = lines.last().unwrap();
    assert_eq!(last["pulled"]["RepoTags"], json!(["alpine:latest"]));
    let alone = with(
        request(Method::POST, "/v1/images/pull", body),
        "accept",
        "application/json",
    );
    assert_eq!(
        api.send(alone).await.json()["RepoTags"],
        json!(["alpine:latest"])
    );

    let body = r#"{"image":"alpine","platform":"linux/pdp11"}"#;
    api.post("/v1/images/pull", body)
        .await
        .error(400, "BAD_REQUEST");
}
