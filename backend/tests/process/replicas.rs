//! Several backends on one data directory, one PostgreSQL and one Redis, behind a plain proxy.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use ctnr_engine::contract::TestImage;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use super::backend::{Backend, command};
use super::client;
use super::kill::{bring_image, listed, post, remove_all, within};
use super::support::TestDatabase;

const JSON: &str = "application/json";

/// Passes connections on to the backends in turn, and past those that are away.
struct Proxy {
    address: SocketAddr,
    backends: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let backends = Arc::new(Mutex::new(Vec::new()));
        let known = Arc::clone(&backends);
        std::thread::spawn(move || {
            for (turn, near) in listener.incoming().enumerate() {
                let backends: Vec<SocketAddr> = known.lock().unwrap().clone();
                let far = (0..backends.len())
                    .map(|offset| backends[(turn + offset) % backends.len()])
                    .find_map(|address| TcpStream::connect(address).ok());
                if let (Ok(near), Some(far)) = (near, far) {
                    std::thread::spawn(move || join(&near, &far));
                }
            }
        });
        Self { address, backends }
    }

    fn lead_to(&self, backends: &[Backend]) {
        *self.backends.lock().unwrap() = backends.iter().map(|one| one.address).collect();
    }
}

fn join(near: &TcpStream, far: &TcpStream) {
    let (from, to) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    std::thread::spawn(move || pass(&from, &to));
    pass(far, near);
}

fn pass(mut from: &TcpStream, mut to: &TcpStream) {
    // Either side may go away at any moment.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}

/// What callers were told.
#[derive(Default)]
struct Told {
    made: BTreeSet<String>,
    deleted: BTreeSet<String>,
    /// Nobody was told what became of these.
    unknown: BTreeSet<String>,
}

/// Makes sandboxes and deletes every second one, through whatever fails, until told to stop.
fn make_and_delete(proxy: SocketAddr, stop: &AtomicBool, answered: &AtomicUsize) -> Told {
    let mut told = Told::default();
    let body =
        serde_json::to_vec(&json!({"image": TestImage::base().tag, "cmd": ["sleep", "600"]}))
            .unwrap();
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let made = client::send(proxy, "POST", "/v1/sandboxes", JSON, &body);
        let Some(made) = made.ok().filter(|answer| answer.status < 300) else {
            continue;
        };
        answered.fetch_add(1, Ordering::Relaxed);
        let id = made.json()["id"].as_str().unwrap().to_owned();
        told.made.insert(id.clone());
        if number % 2 == 1 {
            let path = format!("/v1/sandboxes/{id}");
            match client::send(proxy, "DELETE", &path, JSON, b"") {
                Ok(answer) if answer.status == 204 => told.deleted.insert(id),
                _ => told.unknown.insert(id),
            };
        }
    }
    told
}

/// What a listener heard: the action and the id of each event.
type Heard = BTreeSet<(String, String)>;

/// Listens to all events through the proxy, coming back behind the last one whenever the backend
/// behind it is gone, until it hears of this sandbox.
fn listen(proxy: SocketAddr, until: &OnceLock<String>) -> Heard {
    let (mut heard, mut last) = (Heard::new(), 0);
    let began = Instant::now();
    loop {
        assert!(
            began.elapsed() < Duration::from_secs(180),
            "it was not told"
        );
        // Whatever breaks off, the next connection goes on behind the last event.
        std::thread::sleep(Duration::from_millis(20));
        let Ok(lines) = events(proxy, last) else {
            continue;
        };
        for line in lines.map_while(Result::ok) {
            let Ok(event) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            let sequence = event["sequence"].as_u64().unwrap();
            assert!(sequence > last, "{sequence} after {last}");
            last = sequence;
            let text = |name: &str| event[name].as_str().unwrap().to_owned();
            let id = text("id");
            let is_last = until.get() == Some(&id);
            heard.insert((text("action"), id));
            if is_last {
                return heard;
            }
        }
    }
}

fn events(proxy: SocketAddr, after: u64) -> io::Result<impl Iterator<Item = io::Result<String>>> {
    let mut stream = TcpStream::connect(proxy)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    write!(
        stream,
        "GET /v1/events?after={after} HTTP/1.0\r\nHost: localhost\r\nAccept: application/x-ndjson\r\n\r\n"
    )?;
    // The lines of the head are no JSON, and are passed over.
    Ok(BufReader::new(stream).lines())
}

/// A command over a WebSocket: what it put out for what it was given.
fn over_a_socket(runtime: &tokio::runtime::Runtime, backend: SocketAddr, id: &str) -> Vec<u8> {
    runtime.block_on(async {
        let url = format!("ws://{backend}/v1/sandboxes/{id}/exec/ws?cmd=cat");
        let (mut socket, _) = connect_async(url).await.unwrap();
        let typed = Message::binary(&b"typed"[..]);
        socket.send(typed).await.unwrap();
        let end = Message::text(json!({"type": "close_stdin"}).to_string());
        socket.send(end).await.unwrap();
        let mut output = Vec::new();
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Binary(bytes) => output.extend_from_slice(&bytes[1..]),
                Message::Text(text) if text.contains("exit_code") => break,
                _ => {}
            }
        }
        output
    })
}

/// The database and Redis of a test, and backends on them.
struct Shared {
    runtime: tokio::runtime::Runtime,
    database: TestDatabase,
    redis: String,
}

impl Shared {
    /// Those of a test with a Redis database of its own.
    fn new(redis: u8) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let database = runtime.block_on(TestDatabase::postgres());
        let address = std::env::var("CTNR_TEST_REDIS")
            .expect("CTNR_TEST_REDIS names no Redis; run `cargo xtask test`, which starts one");
        Self {
            runtime,
            database,
            redis: format!("{address}/{redis}"),
        }
    }

    fn start(&self, data: &Path) -> Backend {
        Backend::spawn(
            command(data)
                .env("CONTAINERS_ENGINE", "native")
                .env("DATABASE_URL", &self.database.url)
                .env("REDIS_URL", &self.redis),
        )
    }
}

fn create(backend: &Backend) -> String {
    let body = json!({"image": TestImage::base().tag, "cmd": ["sleep", "600"]});
    let made = post(backend, "/v1/sandboxes", &body);
    assert!(made.status < 300, "{made:?}");
    made.json()["id"].as_str().unwrap().to_owned()
}

#[test]
fn three_are_killed_in_turn_and_what_was_answered_holds() {
    let shared = Shared::new(7);
    let data = tempfile::tempdir().unwrap();
    let start = || shared.start(data.path());
    let mut backends = vec![start(), start(), start()];
    let proxy = Proxy::start();
    proxy.lead_to(&backends);
    // By one that does not hold the host.
    bring_image(&backends[2], "native");

    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let marker = OnceLock::new();
    let (told, heard) = std::thread::scope(|scope| {
        let listeners = [(); 2].map(|()| scope.spawn(|| listen(proxy.address, &marker)));
        let callers: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| make_and_delete(proxy.address, &stop, &answered)))
            .collect();
        for place in 0..backends.len() {
            let before = answered.load(Ordering::Relaxed);
            within("requests are answered", || {
                (answered.load(Ordering::Relaxed) > before + 3).then_some(())
            });
            backends[place].kill();
            std::thread::sleep(Duration::from_millis(300));
            backends[place] = start();
            proxy.lead_to(&backends);
        }
        let before = answered.load(Ordering::Relaxed);
        within("requests are answered after the last one", || {
            (answered.load(Ordering::Relaxed) > before + 3).then_some(())
        });
        stop.store(true, Ordering::Relaxed);
        let told: Vec<Told> = callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .collect();
        // Two events of it: the second is told after the marker is set.
        let last = create(&backends[1]);
        marker.set(last.clone()).unwrap();
        let path = format!("/v1/sandboxes/{last}");
        let deleted = client::send(backends[2].address, "DELETE", &path, JSON, b"").unwrap();
        assert_eq!(deleted.status, 204, "{deleted:?}");
        let heard = listeners.map(|listener| listener.join().unwrap());
        (told, heard)
    });
    for heard in &heard {
        let was_told = |action: &str, id: &String| heard.contains(&(action.to_owned(), id.clone()));
        for told in &told {
            assert!(told.made.iter().all(|id| was_told("create", id)));
            assert!(told.deleted.iter().all(|id| was_told("delete", id)));
        }
    }

    let all = listed(&backends[0]);
    for told in &told {
        let living: BTreeSet<_> = told
            .made
            .iter()
            .filter(|id| !told.deleted.contains(*id) && !told.unknown.contains(*id))
            .collect();
        assert!(living.iter().all(|id| all.contains(*id)), "lost some");
        assert!(told.deleted.is_disjoint(&all), "some came back");
    }
    // Each serves everything, wherever the host is.
    let id = all.first().unwrap();
    for backend in &backends {
        assert_eq!(listed(backend), all);
        let path = format!("/v1/sandboxes/{id}/exec");
        let exec = post(backend, &path, &json!({"cmd": ["echo", "hi"]}));
        assert_eq!(exec.json()["output"], "hi\n", "{id}");
        let output = over_a_socket(&shared.runtime, backend.address, id);
        assert_eq!(output, b"typed");
    }
    remove_all(&backends[1]);
    for backend in backends {
        assert_eq!(listed(&backend), BTreeSet::new());
        backend.terminate();
    }
}

#[test]
fn hosts_of_several_directories_are_one_platform() {
    let shared = Shared::new(6);
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let one = shared.start(folders[0].path());
    bring_image(&one, "native");
    // Before the other one is there, and right after it has come.
    let first = create(&one);
    let mut two = shared.start(folders[1].path());
    bring_image(&two, "native");
    let second = create(&two);
    let both = BTreeSet::from([first.clone(), second.clone()]);
    for backend in [&one, &two] {
        assert_eq!(listed(backend), both);
        for id in &both {
            let path = format!("/v1/sandboxes/{id}/exec");
            let exec = post(backend, &path, &json!({"cmd": ["echo", "hi"]}));
            assert_eq!(exec.json()["output"], "hi\n", "{id}");
            let output = over_a_socket(&shared.runtime, backend.address, id);
            assert_eq!(output, b"typed");
        }
        let hosts = backend.get("/api/hosts").json();
        assert_eq!(hosts["hosts"].as_array().unwrap().len(), 2);
    }
    // The host of one that was killed is the next one's on its directory, wherever that listens.
    two.kill();
    two = shared.start(folders[1].path());
    let path = format!("/v1/sandboxes/{second}/exec");
    let exec = post(&one, &path, &json!({"cmd": ["echo", "again"]}));
    assert_eq!(exec.json()["output"], "again\n");
    remove_all(&one);
    for backend in [one, two] {
        assert_eq!(listed(&backend), BTreeSet::new());
        backend.terminate();
    }
}
