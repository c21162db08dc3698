//! Starting, printing, stopping.

use std::time::{Duration, Instant};

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

#[test]
fn a_second_one_on_a_data_directory_serves_beside_the_first_and_takes_its_place() {
    let data = tempfile::tempdir().unwrap();
    let first = Backend::start(data.path());
    let second = Backend::start(data.path());
    let log = second.log();
    assert!(
        log.contains(&format!("in use by process {}", first.pid())),
        "{log}"
    );
    assert!(log.contains("CONTAINERS_DATA_DIR"), "{log}");
    for backend in [&first, &second] {
        assert_eq!(backend.get("/healthz").status, 200);
        assert_eq!(backend.get("/v1/sandboxes").body, br#"{"sandboxes":[]}"#);
    }
    // What needs the host is answered by the one that holds it.
    let about = first.get("/v1/info");
    assert_eq!((about.status, second.get("/v1/info").status), (200, 200));
    assert_eq!(second.get("/v1/info").body, about.body);
    first.terminate();
    // Waits for the second to hold the host.
    assert_eq!(second.get("/v1/info").status, 200);
    let began = Instant::now();
    while !second.log().contains("taking its place") {
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "{}",
            second.log()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let (status, log) = second.terminate();
    assert!(status.success(), "{log}");
}
