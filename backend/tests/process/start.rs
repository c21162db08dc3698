//! Starting, printing, stopping.

use super::backend::{Backend, command};

#[test]
fn it_serves_and_stops_in_order() {
    let data = tempfile::tempdir().unwrap();
    let backend = Backend::start(data.path());
    assert_eq!(backend.get("/healthz").status, 200);
    let list = backend.get("/v1/sandboxes");
    assert_eq!(list.body, br#"{"sandboxes":[]}"#);
    let (status, log) = backend.terminate();
    assert!(status.success(), "{log}");
    assert!(log.contains("stopped; no sandbox runs"), "{log}");
}

#[test]
fn it_starts_again_on_what_it_left() {
    let data = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let backend = Backend::start(data.path());
        assert_eq!(backend.get("/v1/sandboxes").status, 200);
        backend.terminate();
    }
}

#[test]
fn prints_do_not_touch_the_data_directory() {
    let parent = tempfile::tempdir().unwrap();
    let data = parent.path().join("data");
    for (argument, part) in [
        ("env", "| `CONTAINERS_HTTP_ADDR` |"),
        ("openapi", "\"openapi\""),
        ("--help", "CONTAINERS_DATA_DIR"),
        ("--version", env!("CARGO_PKG_VERSION")),
    ] {
        let output = command(&data).arg(argument).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains(part), "{argument}: {text}");
    }
    assert!(!data.exists());
}

#[test]
fn the_log_is_json_where_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let mut command = command(data.path());
    let backend = Backend::spawn(command.env("CONTAINERS_LOG_FORMAT", "json"));
    assert_eq!(backend.get("/healthz").status, 200);
    let (_, log) = backend.terminate();
    for line in log.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["level"].is_string(), "{line}");
    }
}
