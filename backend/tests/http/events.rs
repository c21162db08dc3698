//! Events as they come.

use axum::body::Body;
use axum::http::{Method, Request};
use backend::http::Options;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::api::{Api, request, with};

/// Reads server-sent events off a connection: (id, data).
pub(crate) struct Reader(tokio::io::Lines<BufReader<TcpStream>>);

impl Reader {
    async fn open(api: &Api, query: &str, last: Option<&str>) -> Self {
        Self::open_at(api, &format!("/v1/events{query}"), last).await
    }

    /// Reads the events of a route.
    pub(crate) async fn open_at(api: &Api, path: &str, last: Option<&str>) -> Self {
        let address = api.listen(Options::default()).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let last = last
            .map(|last| format!("Last-Event-ID: {last}\r\n"))
            .unwrap_or_default();
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{last}\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        Self(BufReader::new(stream).lines())
    }

    pub(crate) async fn next(&mut self) -> (u64, Option<Value>) {
        let (mut id, mut data) = (None, None);
        while let Some(line) = self.0.next_line().await.unwrap() {
            if let Some(number) = line.strip_prefix("id: ") {
                id = Some(number.parse().unwrap());
            } else if let Some(json) = line.strip_prefix("data: ") {
                data = Some(serde_json::from_str(json).unwrap());
            } else if line.is_empty()
                && let Some(id) = id
            {
                return (id, data);
            }
        }
        panic!("the stream ended");
    }
}

#[tokio::test]
async fn events_come_live_and_again_from_where_one_left() {
    let api = Api::start().await;
    api.create("before").await;
    let mut reader = Reader::open(&api, "", None).await;
    let (position, data) = reader.next().await;
    assert_eq!(
        data, None,
        "the number to go on from comes first, and alone"
    );

    let id = api.create("box").await;
    let (first, data) = reader.next().await;
    let data = data.unwrap();
    assert!(first > position);
    assert_eq!(
        (&data["action"], &data["id"]),
        (&"create".into(), &id.as_str().into())
    );
    assert_eq!(data["sequence"], first);
    drop(reader);

    api.delete("/v1/sandboxes/box").await;
    let mut again = Reader::open(&api, "", Some(&first.to_string())).await;
    let mut actions = Vec::new();
    while actions.last().is_none_or(|action| action != "delete") {
        let (_, data) = again.next().await;
        if let Some(data) = data {
            actions.push(data["action"].as_str().unwrap().to_owned());
        }
    }
    assert_eq!(
        actions[0], "start",
        "nothing is told twice, and nothing is missed"
    );
}

#[tokio::test]
async fn filters_hold() {
    let api = Api::start().await;
    api.create("one").await;
    api.delete("/v1/sandboxes/one").await;
    let mut reader = Reader::open(&api, "?after=0&action=delete&subject=sandbox", None).await;
    loop {
        if let (_, Some(data)) = reader.next().await {
            assert_eq!(data["action"], "delete");
            break;
        }
    }
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let api = Api::start().await;
    let sent: Request<Body> = request(Method::GET, "/v1/events", "");
    let lines = with(sent, "accept", "application/x-ndjson");
    let (answer, ()) = tokio::join!(api.send(lines), async {
        tokio::task::yield_now().await;
        api.platform.app.close();
    });
    assert_eq!(answer.status, 200);
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn an_odd_last_event_id_is_refused() {
    let api = Api::start().await;
    let request = with(request(Method::GET, "/v1/events", ""), "last-event-id", "x");
    api.send(request).await.error(400, "BAD_REQUEST");
}
