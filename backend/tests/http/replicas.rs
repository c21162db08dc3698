//! Requests to a replica, which hands them on to the owner of the host.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, Method};
use backend::app::{App, AppParts, Reach};
use backend::http::{self, ApiKey, Options};
use backend::store::HostRow;
use ctnr_agent::Engines;
use ctnr_model::EngineKind;
use futures::SinkExt;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use super::api::{Api, request, with};
use super::proxy::{HOST, PATH, program};
use super::support::{FakeEngine, Platform, TestDatabase, eventually};
use super::terminal::next;

const KEY: (&str, &str) = ("x-api-key", "s3cret");

fn with_key() -> Options {
    Options {
        api_key: Some(ApiKey::new(KEY.1).unwrap()),
        ..Options::default()
    }
}

/// A replica of the installation, over this database.
async fn replica(database: TestDatabase, engine: FakeEngine, options: Options) -> Api {
    let away = (EngineKind::Native, Err("another process has it".to_owned()));
    let app = App::new(AppParts {
        engines: Engines::new([away], None),
        holds_host: false,
        ..Platform::parts(&database, &engine, true).await
    });
    let platform = Platform {
        app,
        engine,
        database,
    };
    Api::of(platform, options)
}

/// A replica beside an owner, which has a sandbox with a program that tells what it was asked.
pub(super) async fn beside_an_owner(options: Options) -> Api {
    let (database, engine) = (TestDatabase::sqlite(), FakeEngine::new(EngineKind::Native));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let owner = App::new(AppParts {
        reach: Some(Reach::at(url)),
        ..Platform::parts(&database, &engine, true).await
    });
    owner.start();
    tokio::spawn(http::serve(listener, owner, options.clone()));
    let replica = replica(database, engine, options).await;
    let created = request(
        Method::POST,
        "/v1/sandboxes",
        r#"{"image":"busybox","name":"box"}"#,
    );
    let created = replica.send(with(created, KEY.0, KEY.1)).await;
    assert_eq!(created.status, 201, "{}", created.text());
    replica.platform.engine.listen(3000, program().await);
    replica
}

/// What an owner was sent.
type Seen = Arc<Mutex<Vec<HeaderMap>>>;

/// A replica beside an owner that notes what it is sent.
async fn beside_a_recorder(options: Options) -> (Api, Seen) {
    let platform = Platform::start().await;
    platform.create("box").await;
    platform.app.stop(std::time::Duration::from_secs(10)).await;
    let Platform {
        database, engine, ..
    } = platform;
    let seen = Seen::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let note = async |State(seen): State<Seen>, headers: HeaderMap| {
        seen.lock().unwrap().push(headers);
    };
    let routes = Router::new().fallback(note).with_state(seen.clone());
    tokio::spawn(axum::serve(listener, routes).into_future());
    let row = HostRow {
        installation: "00000000000000000000000000000001".to_owned(),
        url,
        secret: "hush".to_owned(),
        last_seen: jiff::Timestamp::now(),
    };
    database.open().await.announce_host(&row).await.unwrap();
    (replica(database, engine, options).await, seen)
}

#[tokio::test]
async fn a_stranger_is_refused_before_the_owner_hears_of_it() {
    let (api, seen) = beside_a_recorder(with_key()).await;
    let by_host = || with(request(Method::GET, "/", ""), "host", HOST);
    let own = || request(Method::GET, "/v1/sandboxes/box", "");
    for sent in [
        by_host(),
        own(),
        with(by_host(), KEY.0, "guess"),
        with(own(), KEY.0, "guess"),
    ] {
        let answer = api.send_from("192.0.2.7:1", sent).await;
        answer.error(401, "UNAUTHORIZED");
    }
    let foreign = with(by_host(), "origin", "http://3000--other.localhost:8080");
    let foreign = api.send(with(foreign, KEY.0, KEY.1)).await;
    foreign.error(403, "FORBIDDEN");
    assert!(seen.lock().unwrap().is_empty());

    let (api, seen) = beside_a_recorder(Options::default()).await;
    for sent in [by_host(), own()] {
        let answer = api.send_from("192.0.2.7:1", sent).await;
        answer.error(401, "UNAUTHORIZED");
    }
    assert!(seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_owner_is_told_who_calls_and_not_by_which_key() {
    let (api, seen) = beside_a_recorder(with_key()).await;
    let key = ("x-api-key", KEY.1);
    for sent in [
        with(request(Method::GET, "/v1/sandboxes/box", ""), key.0, key.1),
        with(
            with(request(Method::GET, "/", ""), "host", HOST),
            key.0,
            key.1,
        ),
    ] {
        let sent = with(sent, "x-ctnr-caller", "198.51.100.1");
        let sent = with(sent, "x-ctnr-principal", "local");
        let sent = with(sent, "cookie", "mine=1; ctnr_port_3000=ticket");
        assert_eq!(api.send_from("192.0.2.7:1", sent).await.status, 200);
    }
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2);
    for headers in seen.iter() {
        assert_eq!(headers["x-ctnr-caller"], "192.0.2.7");
        assert_eq!(headers["x-ctnr-internal"], "hush");
        assert_eq!(headers["x-ctnr-principal"], "root");
        assert_eq!(headers["cookie"], "mine=1");
        assert!(!headers.contains_key("x-api-key"));
    }
}

#[tokio::test]
async fn programs_are_told_the_callers_address_and_only_by_the_platform() {
    let api = beside_an_owner(with_key()).await;
    let asked = |path: &str, host: &str| {
        let sent = with(request(Method::GET, path, ""), "host", host);
        with(with(sent, KEY.0, KEY.1), "x-ctnr-caller", "198.51.100.1")
    };
    let internal = "/internal/jobs/1/perform";
    for (path, host) in [
        (format!("{PATH}/x"), "localhost:8080"),
        ("/x".to_owned(), HOST),
        (internal.to_owned(), HOST),
    ] {
        let answer = api.send_from("192.0.2.7:1", asked(&path, host)).await;
        assert_eq!(answer.status, 418, "{}", answer.text());
        let headers = &answer.json()["headers"];
        assert_eq!(headers["x-forwarded-for"], "192.0.2.7", "{path}");
        for gone in [
            "x-ctnr-caller",
            "x-ctnr-internal",
            "x-ctnr-principal",
            "x-api-key",
        ] {
            assert!(headers[gone].is_null(), "{gone}");
        }
    }
    let none = api
        .send_from("192.0.2.7:1", asked(internal, "localhost:8080"))
        .await;
    none.error(404, "NOT_FOUND");
}

#[tokio::test]
async fn websockets_pass_through_a_replica() {
    let api = beside_an_owner(with_key()).await;
    let address = api.listen(with_key()).await;
    let open = async |path: &str, host: Option<&str>| {
        let mut asked = format!("ws://{address}{path}")
            .into_client_request()
            .unwrap();
        let headers = asked.headers_mut();
        headers.insert(KEY.0, KEY.1.parse().unwrap());
        if let Some(host) = host {
            headers.insert("host", host.parse().unwrap());
        }
        connect_async(asked).await.unwrap().0
    };
    for (path, host) in [
        (format!("{PATH}/socket"), None),
        ("/socket".to_owned(), Some(HOST)),
    ] {
        let mut socket = open(&path, host).await;
        for text in ["one", "two"] {
            socket.send(Message::text(text)).await.unwrap();
            assert_eq!(next(&mut socket).await, Message::text(text));
        }
    }
    // A terminal, the key offered as a browser does.
    let mut asked = format!("ws://{address}/v1/sandboxes/box/exec/ws?cmd=cat")
        .into_client_request()
        .unwrap();
    let offered = "ctnr.exec.v1, ctnr.key.czNjcmV0";
    let headers = asked.headers_mut();
    headers.insert("sec-websocket-protocol", offered.parse().unwrap());
    let (mut socket, answer) = connect_async(asked).await.unwrap();
    assert_eq!(answer.headers()["sec-websocket-protocol"], "ctnr.exec.v1");
    let started = next(&mut socket).await;
    assert!(started.to_text().unwrap().contains("started"));
    socket.send(Message::binary(&b"hi\xff"[..])).await.unwrap();
    let output = next(&mut socket).await;
    assert_eq!(output, Message::binary(&b"\x01hi\xff"[..]));
    let end = Message::text(json!({"type": "close_stdin"}).to_string());
    socket.send(end).await.unwrap();
    let ended = next(&mut socket).await;
    assert!(
        ended.to_text().unwrap().contains("\"exit_code\":0"),
        "{ended}"
    );
}

#[tokio::test]
async fn a_request_waits_until_somebody_holds_the_host() {
    let (database, engine) = (TestDatabase::sqlite(), FakeEngine::new(EngineKind::Native));
    let api = replica(database, engine, Options::default()).await;
    let Platform {
        database, engine, ..
    } = &api.platform;
    let waiting = async {
        let created = api.post("/v1/sandboxes", r#"{"image":"busybox"}"#).await;
        assert_eq!(created.status, 201, "{}", created.text());
    };
    let holding = async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let owner = App::new(AppParts {
            reach: Some(Reach::at(url)),
            ..Platform::parts(database, engine, true).await
        });
        owner.start();
        tokio::spawn(http::serve(listener, owner, Options::default()));
    };
    tokio::join!(waiting, holding);
    eventually("the replica shows it", || async {
        api.get("/v1/sandboxes").await.json()["sandboxes"]
            .as_array()
            .unwrap()
            .len()
            == 1
    })
    .await;
}
