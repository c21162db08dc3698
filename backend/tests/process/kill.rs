//! `kill -9` of the backend at any moment: what was acknowledged holds, and nothing else is left.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::{Duration, Instant};

use ctnr_engine::contract::TestImage;
use serde_json::{Value, json};

use super::backend::{Backend, command};
use super::client::{self, Answer};

const JSON: &str = "application/json";

/// What the callers were told.
#[derive(Default)]
struct Told {
    made: BTreeSet<String>,
    deleted: BTreeSet<String>,
}

impl Told {
    /// Those that were made and not deleted.
    fn living(&self) -> impl Iterator<Item = &String> {
        self.made.difference(&self.deleted)
    }
}

/// A backend on an engine, with busybox.
struct Host {
    data: tempfile::TempDir,
    engine: &'static str,
}

impl Host {
    fn new(engine: &'static str) -> Self {
        Self {
            data: tempfile::tempdir().unwrap(),
            engine,
        }
    }

    fn start(&self) -> Backend {
        let mut command = command(self.data.path());
        let backend = Backend::spawn(command.env("CONTAINERS_ENGINE", self.engine));
        bring_image(&backend, self.engine);
        backend
    }

    /// The ids of the sandboxes that are on the host.
    fn held(&self) -> BTreeSet<String> {
        if self.engine == "native" {
            return std::fs::read_dir(self.data.path().join("sandboxes"))
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
        }
        let owner = std::fs::read_to_string(self.data.path().join("installation")).unwrap();
        let output = Command::new("docker")
            .args([
                "ps",
                "--all",
                "--no-trunc",
                "--format",
                "{{.Label \"dev.ctnr.id\"}}",
            ])
            .arg("--filter")
            .arg(format!("label=dev.ctnr.owner={}", owner.trim()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Host {
    /// A test that fails leaves nothing on the host either.
    fn drop(&mut self) {
        if std::thread::panicking() && !self.held().is_empty() {
            let backend = self.start();
            remove_all(&backend);
            backend.terminate();
        }
    }
}

/// Gives the engine the image of the contract suite.
pub(crate) fn bring_image(backend: &Backend, engine: &str) {
    let inspect = format!(
        "/v1/images/inspect?name={}&engine={engine}",
        TestImage::base().tag
    );
    if backend.get(&inspect).status == 200 {
        return;
    }
    let path = format!("/v1/images/import?engine={engine}");
    let kind = "application/x-tar";
    let archive = TestImage::base().archive();
    let import = client::send(backend.address, "POST", &path, kind, &archive).unwrap();
    assert_eq!(import.status, 200, "{import:?}");
}

pub(crate) fn post(backend: &Backend, path: &str, body: &Value) -> Answer {
    let body = serde_json::to_vec(body).unwrap();
    client::send(backend.address, "POST", path, JSON, &body).unwrap()
}

/// The ids of all sandboxes.
pub(crate) fn listed(backend: &Backend) -> BTreeSet<String> {
    let list = backend.get("/v1/sandboxes?all=true").json();
    let sandboxes = list["sandboxes"].as_array().unwrap();
    sandboxes
        .iter()
        .map(|sandbox| sandbox["Id"].as_str().unwrap().to_owned())
        .collect()
}

/// Makes sandboxes and deletes every second one, until the backend is gone.
fn make_and_delete(address: std::net::SocketAddr) -> Told {
    let mut told = Told::default();
    let body =
        serde_json::to_vec(&json!({"image": TestImage::base().tag, "cmd": ["sleep", "600"]}))
            .unwrap();
    for number in 0.. {
        let Ok(made) = client::send(address, "POST", "/v1/sandboxes", JSON, &body) else {
            break;
        };
        assert!(made.status < 300, "{made:?}");
        let id = made.json()["id"].as_str().unwrap().to_owned();
        told.made.insert(id.clone());
        if number % 2 == 1 {
            let path = format!("/v1/sandboxes/{id}");
            match client::send(address, "DELETE", &path, JSON, b"") {
                Ok(answer) => assert_eq!(answer.status, 204, "{answer:?}"),
                Err(_) => {
                    // It may or may not have been deleted; nobody was told either.
                    told.made.remove(&id);
                    break;
                }
            }
            told.deleted.insert(id);
        }
    }
    told
}

pub(crate) fn within<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        match look() {
            Some(found) => return found,
            None if start.elapsed() > Duration::from_secs(60) => {
                panic!("it did not come about that {what}")
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

fn what_was_acknowledged_holds(engine: &'static str) {
    let host = Host::new(engine);
    let mut all = Told::default();
    for round in 0..40 {
        // On a busy machine rounds go by in which nobody is told of anything.
        if round >= 4 && all.living().next().is_some() && !all.deleted.is_empty() {
            break;
        }
        let mut backend = host.start();
        let callers: Vec<_> = (0..4)
            .map(|_| {
                let address = backend.address;
                std::thread::spawn(move || make_and_delete(address))
            })
            .collect();
        // Docker takes a hundred times as long for each, so as much happens.
        let pace = if engine == "native" { 1 } else { 8 };
        std::thread::sleep(Duration::from_millis(pace * (250 + 171 * (round % 4))));
        backend.kill();
        for caller in callers {
            let told = caller.join().unwrap();
            all.made.extend(told.made);
            all.deleted.extend(told.deleted);
        }
    }
    let living: BTreeSet<_> = all.living().cloned().collect();
    assert!(
        !living.is_empty() && !all.deleted.is_empty(),
        "too little happened"
    );

    let backend = host.start();
    within("the host holds what is listed and nothing else", || {
        let settled = listed(&backend) == host.held();
        settled.then_some(())
    });
    let listed = listed(&backend);
    assert!(
        living.is_subset(&listed),
        "lost: {:?}",
        living.difference(&listed)
    );
    assert!(all.deleted.is_disjoint(&listed), "came back");
    // All run, those too whose creation nobody heard of.
    for id in &listed {
        let exec = post(
            &backend,
            &format!("/v1/sandboxes/{id}/exec"),
            &json!({"cmd": ["echo", "hi"]}),
        );
        assert_eq!(exec.json()["output"], "hi\n", "{id}");
    }
    remove_all(&backend);
    assert_eq!(host.held(), BTreeSet::new());
    let (_, log) = backend.terminate();
    assert!(log.contains("stopped; no sandbox runs"), "{log}");
}

fn an_end_that_nobody_saw_has_its_code(engine: &'static str) {
    let host = Host::new(engine);
    let mut backend = host.start();
    let script = "echo said; sleep 1; exit 7";
    let body = json!({"image": TestImage::base().tag, "name": "ends", "cmd": ["sh", "-c", script]});
    assert!(post(&backend, "/v1/sandboxes", &body).status < 300);
    backend.kill();
    std::thread::sleep(Duration::from_secs(2));
    let backend = host.start();
    let state = within("the end is found", || {
        let inspection = backend.get("/v1/sandboxes/ends").json();
        let state = inspection["State"].clone();
        (state["Status"] == "exited").then_some(state)
    });
    assert_eq!(state["ExitCode"], 7, "{state}");
    let logs = backend.get("/v1/sandboxes/ends/logs");
    assert!(
        String::from_utf8_lossy(&logs.body).contains("said"),
        "{logs:?}"
    );
    within("the list of what runs follows", || {
        let running = backend.get("/v1/sandboxes").json();
        (running["sandboxes"] == json!([])).then_some(())
    });
    remove_all(&backend);
    // Only an end in order puts the host's network back.
    backend.terminate();
}

pub(crate) fn remove_all(backend: &Backend) {
    for id in listed(backend) {
        let path = format!("/v1/sandboxes/{id}");
        let answer = client::send(backend.address, "DELETE", &path, JSON, b"").unwrap();
        assert_eq!(answer.status, 204, "{answer:?}");
    }
}

macro_rules! on_each_engine {
    ($($name:ident),*) => {
        mod native {
            $(#[test]
            fn $name() {
                super::$name("native");
            })*
        }
        mod docker {
            $(#[test]
            fn $name() {
                super::$name("docker");
            })*
        }
    };
}

on_each_engine!(
    what_was_acknowledged_holds,
    an_end_that_nobody_saw_has_its_code
);
