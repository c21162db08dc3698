//! Enrolling, reporting again, and taking leave.

use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::IntoResponse;
use axum::routing::put;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::{agent, bad};

/// What the mock was asked.
struct Asked {
    line: String,
    key: Option<String>,
    body: Value,
}

/// A backend that refuses the first report and takes the others, and what it was asked.
fn mock() -> (tokio::runtime::Runtime, String, Receiver<Asked>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let listening = tokio::net::TcpListener::bind("127.0.0.1:0");
    let listener = runtime.block_on(listening).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, asked) = channel();
    let leaving = sender.clone();
    let mut answered = false;
    let refuse_once = std::sync::Mutex::new(move || std::mem::replace(&mut answered, true));
    let refuse_once = std::sync::Arc::new(refuse_once);
    let report = async move |uri: Uri, headers: HeaderMap, body: Bytes| {
        let key = headers.get("x-api-key");
        let _ = sender.send(Asked {
            line: format!("PUT {uri}"),
            key: key.map(|key| key.to_str().unwrap().to_owned()),
            body: serde_json::from_slice(&body).unwrap(),
        });
        let seen_before = (refuse_once.lock().unwrap())();
        match seen_before {
            true => (StatusCode::OK, r#"{"lease": 3}"#),
            false => (
                StatusCode::SERVICE_UNAVAILABLE,
                r#"{"code": "UNAVAILABLE", "message": "not yet"}"#,
            ),
        }
        .into_response()
    };
    let leave = async move |uri: Uri| {
        let _ = leaving.send(Asked {
            line: format!("DELETE {uri}"),
            key: None,
            body: Value::Null,
        });
        StatusCode::NO_CONTENT
    };
    let routes = Router::new().route("/api/hosts/{id}/agent", put(report).delete(leave));
    runtime.spawn(async move { axum::serve(listener, routes).await });
    (runtime, url, asked)
}

/// Kills it where a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn it_enrols_reports_again_and_takes_leave() {
    let data = tempfile::tempdir().unwrap();
    let (_runtime, url, asked) = mock();
    let mut child = agent(data.path(), &["--name", "box"]);
    child
        .env("CONTAINERS_URL", url)
        .env("CONTAINERS_API_KEY", "s3cret")
        .stderr(Stdio::null());
    let mut child = Running(child.spawn().unwrap());
    let next = || asked.recv_timeout(Duration::from_secs(60)).unwrap();
    let id = |asked: &Asked| asked.line.split('/').nth(3).unwrap().to_owned();
    // One that is refused is sent again, and one that is taken before its lease ends.
    let first = next();
    for report in [&first, &next(), &next()] {
        assert_eq!(report.line, first.line);
        assert_eq!(report.key.as_deref(), Some("s3cret"));
        assert_eq!(
            (&report.body["name"], &report.body["system"]),
            (&"box".into(), &"linux".into())
        );
    }
    let installation = std::fs::read_to_string(data.path().join("installation")).unwrap();
    assert_eq!(id(&first), installation.trim());
    // The host is free for a backend.
    drop(ctnr_agent::DataDir::open(data.path()).unwrap());
    let second = agent(data.path(), &[]).output().unwrap();
    assert!(bad(&second).contains("is the agent of the data directory"));

    kill_process(Pid::from_child(&child.0), Signal::TERM).unwrap();
    assert!(child.0.wait().unwrap().success());
    let last = std::iter::from_fn(|| asked.try_recv().ok()).last().unwrap();
    assert_eq!(last.line, first.line.replace("PUT", "DELETE"));
}
