//! Images.

use axum::body::Body;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::Mock;

const IMAGE: &str = "sha256:df9e118e4789a6c9a91689f03d42fb40674087d0a286aeddacd9be801790711b";

fn details() -> Value {
    json!({
        "Id": IMAGE, "RepoTags": ["busybox:latest"], "Created": "2026-01-01T00:00:00Z",
        "Architecture": "amd64", "Os": "linux", "Size": 1_900_000,
        "Config": {"User": "", "ExposedPorts": {"80/tcp": {}}, "Env": ["PATH=/bin"],
            "Entrypoint": [], "Cmd": ["sh"], "Volumes": {}, "WorkingDir": "/", "Labels": {"a": "b"}},
        "RootFS": {"Type": "layers", "Layers": ["sha256:11"]}
    })
}

fn lines(frames: &[Value]) -> String {
    frames.iter().map(|frame| format!("{frame}\n")).collect()
}

#[test]
fn pull_tells_its_progress_on_lines_without_a_terminal() {
    let frames = lines(&[
        json!({"progress": {"subject": "aaaa", "phase": "downloading", "done": 0, "total": 2_097_152}}),
        json!({"progress": {"subject": "aaaa", "phase": "downloading", "done": 1_048_576, "total": 2_097_152}}),
        json!({"progress": {"subject": "aaaa", "phase": "unpacking", "done": 0}}),
        json!({"pulled": details()}),
    ]);
    let routes = Router::new().route("/v1/images/pull", post(async move || frames));
    let mock = Mock::new(routes);
    let args = [
        "image",
        "pull",
        "-u",
        "me",
        "--password-stdin",
        "localhost:5000/busybox",
    ];
    let ran = mock.run_with(&args, b"pass word\n");
    assert_snapshot!(ran.shown());
    let body = mock.seen()[0].json();
    assert_eq!(
        body["credentials"],
        json!({"username": "me", "password": "pass word"})
    );
    assert_eq!(body["image"], "localhost:5000/busybox:latest");
    assert_eq!(
        mock.run(&["image", "pull", "-q", "busybox"]).shown(),
        format!("{IMAGE}\n--- 0\n")
    );
    let json = mock.run(&["image", "pull", "--json", "busybox"]);
    assert_eq!(json.good().lines().count(), 4);
    assert_eq!(json.err, "");
}

#[test]
fn a_failed_pull_is_told() {
    let frames = lines(&[
        json!({"error": {"code": "NOT_FOUND", "message": "no such image at the registry; check its name"}}),
    ]);
    let routes = Router::new().route("/v1/images/pull", post(async move || frames));
    let ran = Mock::new(routes).run(&["image", "pull", "busybox"]);
    assert_eq!(
        ran.shown(),
        "--- 125\nctnr: no such image at the registry; check its name\n"
    );
}

#[test]
fn an_answer_that_breaks_off_is_no_success() {
    let routes = Router::new().route("/v1/images/pull", post(async || ""));
    assert_eq!(
        Mock::new(routes).run(&["image", "pull", "busybox"]).code,
        125
    );
}

#[test]
fn import_sends_a_file_or_standard_input() {
    let frames = lines(&[json!({"imported": {"images": ["a:1", "b:2"]}})]);
    let routes = Router::new().route("/v1/images/import", post(async move || frames));
    let mock = Mock::new(routes);
    let archive = vec![7; 300_000];
    assert_eq!(
        mock.run_with(&["image", "import", "-"], &archive).good(),
        "a:1\nb:2\n"
    );
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &archive).unwrap();
    let path = file.path().to_str().unwrap();
    assert_eq!(
        mock.run(&["image", "import", "--engine", "docker", path])
            .good(),
        "a:1\nb:2\n"
    );
    assert_eq!(
        mock.lines(),
        [
            "POST /v1/images/import",
            "POST /v1/images/import?engine=docker"
        ]
    );
    assert!(mock.seen().iter().all(|seen| seen.body == archive));
    assert_eq!(mock.run(&["image", "import", "/nonexistent.tar"]).code, 125);
}

#[test]
fn export_makes_a_file_that_is_whole_or_none() {
    let whole = async |uri: axum::http::Uri| {
        let pieces = [Ok("tar "), Err(std::io::Error::other("broken"))];
        if uri.query().unwrap_or_default().contains("broken") {
            Body::from_stream(futures::stream::iter(pieces))
        } else {
            Body::from("tar archive")
        }
    };
    let mock = Mock::new(Router::new().route("/v1/images/export", get(whole)));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("x.tar");
    let file = path.to_str().unwrap();
    assert_eq!(
        mock.run(&["image", "export", "a", "b:1"]).good(),
        "tar archive"
    );
    assert_eq!(mock.lines(), ["GET /v1/images/export?name=a&name=b%3A1"]);
    assert_eq!(
        mock.run(&["image", "export", "-o", file, "broken"]).code,
        125
    );
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    mock.run(&["image", "export", "-o", file, "a"]).good();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "tar archive");
}

fn list() -> Value {
    let created = jiff::Timestamp::now().as_second() - 7_300;
    json!({"images": [
        {"Id": IMAGE, "RepoTags": ["busybox:latest", "busybox:mine"], "Created": created, "Size": 1_900_000, "Labels": {}},
        {"Id": "sha256:0123456789abcdef", "RepoTags": [], "Created": 0, "Size": 17, "Labels": {}}
    ]})
}

#[test]
fn ls_shows_a_row_a_name() {
    let mock = Mock::new(Router::new().route("/v1/images", get(async || Json(list()))));
    assert_snapshot!(mock.run(&["image", "ls"]).good());
    assert_eq!(
        mock.run(&["image", "ls", "-q"]).good(),
        "df9e118e4789\n0123456789ab\n"
    );
    let json: Value = serde_json::from_str(mock.run(&["image", "ls", "--json"]).good()).unwrap();
    assert_eq!(json["images"][1]["Size"], 17);
}

#[test]
fn inspect_shows_fields_or_what_the_api_answers() {
    let mock = Mock::new(Router::new().route("/v1/images/inspect", get(async || Json(details()))));
    assert_snapshot!(mock.run(&["image", "inspect", "a/b:c"]).good());
    assert_eq!(mock.lines(), ["GET /v1/images/inspect?name=a%2Fb%3Ac"]);
    let json: Value =
        serde_json::from_str(mock.run(&["image", "inspect", "x", "--json"]).good()).unwrap();
    assert_eq!(json, details());
}

#[test]
fn tag_and_rm_name_what_they_did() {
    let routes = Router::new()
        .route("/v1/images/tag", post(async || StatusCode::NO_CONTENT))
        .route("/v1/images", delete(async || StatusCode::NO_CONTENT));
    let mock = Mock::new(routes);
    assert_eq!(
        mock.run(&["image", "tag", "df9e", "mine:1"]).good(),
        "mine:1\n"
    );
    assert_eq!(
        mock.seen()[0].json(),
        json!({"image": "df9e", "tag": "docker.io/library/mine:1"})
    );
    assert_eq!(mock.run(&["image", "rm", "a:1", "b"]).good(), "a:1\nb\n");
    assert!(
        mock.lines()
            .contains(&"DELETE /v1/images?name=a%3A1".to_owned())
    );
}

#[test]
fn prune_can_be_tried_without_removing_anything() {
    let sandboxes = json!({"sandboxes": [{
        "Id": "a", "Names": ["/x"], "Image": "busybox", "ImageID": IMAGE, "Created": 0,
        "State": "exited", "Status": "Exited", "Engine": "native"
    }]});
    let routes = Router::new()
        .route("/v1/images", get(async || Json(list())))
        .route("/v1/sandboxes", get(async move || Json(sandboxes)))
        .route(
            "/v1/images/prune",
            post(async || Json(json!({"removed": [IMAGE], "freed": 1024}))),
        );
    let mock = Mock::new(routes);
    let tried = mock.run(&["image", "prune", "--all", "--dry-run"]);
    assert_eq!(
        tried.shown(),
        "0123456789ab\n--- 0\n17 B would be freed at most\n"
    );
    assert!(!mock.lines().iter().any(|line| line.contains("prune")));
    let done = mock.run(&["image", "prune", "--all"]);
    assert_eq!(done.shown(), "df9e118e4789\n--- 0\n1 KiB freed\n");
    assert_eq!(mock.seen().last().unwrap().json(), json!({"all": true}));
}
