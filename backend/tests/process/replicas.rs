//! Several backends on one data directory, one PostgreSQL and one Redis, behind a plain proxy.

use std::collections::BTreeSet;
use std::io;
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ctnr_engine::contract::TestImage;
use serde_json::json;

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

#[test]
fn three_are_killed_in_turn_and_what_was_answered_holds() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(TestDatabase::postgres());
    let redis = std::env::var("CTNR_TEST_REDIS")
        .expect("CTNR_TEST_REDIS names no Redis; run `cargo xtask test`, which starts one");
    let data = tempfile::tempdir().unwrap();
    let start = || {
        Backend::spawn(
            command(data.path())
                .env("CONTAINERS_ENGINE", "native")
                .env("DATABASE_URL", &database.url)
                .env("REDIS_URL", format!("{redis}/7")),
        )
    };
    let mut backends = vec![start(), start(), start()];
    let proxy = Proxy::start();
    proxy.lead_to(&backends);
    // By one that does not hold the host.
    bring_image(&backends[2], "native");

    let (stop, answered) = (AtomicBool::new(false), AtomicUsize::new(0));
    let told: Vec<Told> = std::thread::scope(|scope| {
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
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .collect()
    });

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
    }
    remove_all(&backends[1]);
    for backend in backends {
        assert_eq!(listed(&backend), BTreeSet::new());
        backend.terminate();
    }
}
