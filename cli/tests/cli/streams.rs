//! Logs and events.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use futures::StreamExt;
use serde_json::json;

use crate::support::{ID, Mock};

#[test]
fn logs_go_to_the_streams_that_they_came_from() {
    // The halves of one character come in two pieces.
    let frames = [
        json!({"time": "2026-01-01T00:00:00Z", "stream": "stdout", "data": "b3V0IMM="}),
        json!({"time": "2026-01-01T00:00:01Z", "stream": "stderr", "data": "ZXJyCg=="}),
        json!({"time": "2026-01-01T00:00:02Z", "stream": "stdout", "data": "sQo="}),
    ];
    let body: String = frames.iter().map(|frame| format!("{frame}\n")).collect();
    let routes = Router::new().route("/v1/sandboxes/web/logs", get(async move || body));
    let mock = Mock::new(routes);
    let ran = mock.run(&["sandbox", "logs", "web"]);
    assert_eq!((ran.good(), ran.err.as_str()), ("out ñ\n", "err\n"));
    let timed = mock.run(&[
        "sandbox", "logs", "-t", "--tail", "5", "--since", "10m", "-f", "web",
    ]);
    assert_eq!(timed.out, "2026-01-01T00:00:00.000000000Z out ñ\n");
    assert_eq!(timed.err, "2026-01-01T00:00:01.000000000Z err\n");
    assert_eq!(
        mock.lines()[1],
        "GET /v1/sandboxes/web/logs?follow=true&tail=5&since=10m&timestamps=true&encoding=base64&stdout=true&stderr=true"
    );
    let json = mock.run(&["sandbox", "logs", "--json", "web"]);
    assert_eq!(json.good().lines().count(), 3);
}

fn event(sequence: u64, action: &str) -> String {
    let event = json!({
        "sequence": sequence, "time": "2026-01-01T00:00:00.5Z", "subject": "sandbox",
        "action": action, "id": ID, "attributes": {"name": "web"}
    });
    format!("id: {sequence}\ndata: {event}\n\n")
}

#[test]
fn events_go_on_where_the_connection_broke() {
    let calls = Arc::new(AtomicU32::new(0));
    let routes = Router::new().route(
        "/v1/events",
        get(async move || {
            let pieces = match calls.fetch_add(1, Ordering::Relaxed) {
                // The number alone, as a backend begins; then it breaks.
                0 => vec![
                    Ok("id: 6\n\n".to_owned()),
                    Err(std::io::Error::other("gone")),
                ],
                1 => vec![Ok(event(7, "create")), Ok(event(8, "start"))],
                _ => vec![Ok(event(9, "die"))],
            };
            // A failure right behind a piece would take the piece with it.
            let pieces = futures::stream::iter(pieces).then(async |piece| {
                tokio::time::sleep(Duration::from_millis(if piece.is_err() { 50 } else { 0 }))
                    .await;
                piece
            });
            Body::from_stream(pieces)
        }),
    );
    let mock = Mock::new(routes);
    let mut child = mock
        .command(&["sandbox", "events"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let seen: Vec<String> = lines.take(3).map(Result::unwrap).collect();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(
        seen,
        [
            "7      2026-01-01T00:00:00.500Z create   a3f8c2d1e4b5 name=web",
            "8      2026-01-01T00:00:00.500Z start    a3f8c2d1e4b5 name=web",
            "9      2026-01-01T00:00:00.500Z die      a3f8c2d1e4b5 name=web",
        ]
    );
    assert_eq!(
        mock.lines()[..3],
        [
            "GET /v1/events?subject=sandbox",
            "GET /v1/events?after=6&subject=sandbox",
            "GET /v1/events?after=8&subject=sandbox",
        ]
    );
}
