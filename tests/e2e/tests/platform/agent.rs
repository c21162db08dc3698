//! The agent beside a backend.

use std::process::{Child, Command, Stdio};

use ctnr_e2e::{Backend, built, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn start(backend: &Backend) -> Child {
    let mut command = Command::new(built("agent"));
    for (name, _) in std::env::vars() {
        if name.starts_with("CONTAINERS_") {
            command.env_remove(name);
        }
    }
    command
        .args(["--name", "box"])
        .env("CONTAINERS_URL", backend.api().base())
        .env("CONTAINERS_DATA_DIR", backend.data())
        .stderr(Stdio::null())
        .spawn()
        .expect("the agent can be started")
}

/// The host, when it is as wanted.
fn host(backend: &Backend, state: &str) -> Value {
    eventually("the host of the agent", || {
        let answer = backend.api().get("/api/hosts/box");
        match answer.status {
            200 if answer.json()["agent"]["state"] == state => Ok(answer.json()),
            _ => Err(answer.text()),
        }
    })
}

#[test]
fn it_enrols_without_a_token_and_outlives_the_backend() {
    let mut backend = Backend::native();
    let mut agent = start(&backend);
    let enrolled = host(&backend, "ready");
    // What the backend holds, it knows best: the agent reports what it was told.
    assert_eq!(enrolled["id"], backend.api().get("/api/host").json()["id"]);
    assert_eq!(enrolled["backend"]["state"], "ready");
    let engines = backend.api().get("/v1/info").json()["engines"].clone();
    assert_eq!(enrolled["agent"]["engines"], engines);
    let realisers = enrolled["agent"]["realisers"].as_array().expect("a list");
    let names: Vec<&str> = realisers
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(names, ["wine", "hooks", "winfsp", "dokany"]);
    // It stands in nobody's way: another backend takes the host.
    backend.kill();
    backend.resume();
    assert_eq!(backend.api().get("/v1/images").status, 200);

    kill_process(Pid::from_child(&agent), Signal::TERM).expect("it can be asked to stop");
    assert!(agent.wait().expect("it ends").success());
}

#[test]
fn one_that_stops_is_gone_and_comes_back() {
    let backend = Backend::native();
    for _ in 0..2 {
        let mut agent = start(&backend);
        host(&backend, "ready");
        kill_process(Pid::from_child(&agent), Signal::TERM).expect("it can be asked to stop");
        assert!(agent.wait().expect("it ends").success());
        assert_eq!(host(&backend, "gone")["state"], "ready");
    }
}
