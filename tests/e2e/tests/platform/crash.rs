//! What was acknowledged is so, whenever the backend is killed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use ctnr_e2e::{Api, Backend, eventually};
use serde_json::{Value, json};

#[test]
fn killed_right_after_a_create() {
    let mut backend = Backend::native();
    for round in 0..5 {
        let name = format!("round-{round}");
        let sandbox = backend.api().create(&json!({
            "image": "busybox", "name": name, "cmd": ["sleep", "1000"], "ports": ["80/tcp"],
        }));
        backend.kill();
        backend.resume();
        let sandbox = sandbox.at(backend.api());
        assert_eq!(sandbox.state("Running"), true);
        assert_eq!(sandbox.exec(&["echo", "alive"]).ok(), "alive\n");
    }
    assert_eq!(backend.api().all().len(), 5);
}

#[test]
fn killed_right_after_a_delete() {
    let mut backend = Backend::native();
    let ids: Vec<String> = (0..5)
        .map(|_| {
            let sandbox = backend
                .api()
                .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
            sandbox.delete();
            backend.kill();
            backend.resume();
            backend
                .api()
                .get(&sandbox.path(""))
                .expect_error(404, "NOT_FOUND");
            sandbox.id
        })
        .collect();
    nothing_left(&backend, &ids);
}

#[test]
fn killed_while_a_sandbox_is_stopped() {
    let mut backend = Backend::native();
    let stubborn = backend.api().create(&json!({
        "image": "busybox", "cmd": ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"],
    }));
    let api = backend.api().clone();
    let path = stubborn.path("/stop?timeout=1000");
    let stopping = std::thread::spawn(move || api.try_send("POST", &path, Vec::new()));
    // There is no moment to wait for: the signal leaves no trace in a program that ignores it.
    std::thread::sleep(std::time::Duration::from_millis(300));
    backend.kill();
    assert!(stopping.join().unwrap().is_err());
    backend.resume();
    let stubborn = stubborn.at(backend.api());
    assert_eq!(
        stubborn.state("Running"),
        true,
        "a stop that was not acknowledged was not made"
    );
    stubborn.stop(0);
    assert_eq!(stubborn.ended()["ExitCode"], 137);
}

/// A backend that is killed between the end of a run and the next start leaves the control group of
/// the first, which no state file names.
#[test]
fn killed_between_two_runs() {
    let mut backend = Backend::native();
    let sleeper = json!({ "image": "busybox", "cmd": ["sleep", "1000"] });
    let [running, stopped] = [(); 2].map(|()| backend.api().create(&sleeper));
    let ids = [running.id.clone(), stopped.id.clone()];
    let groups = backend.owned(&ids).cgroups;
    assert!(!groups.is_empty());
    stopped.stop(0);
    let earlier: Vec<String> = groups.iter().map(|group| format!("{group}0")).collect();
    backend.kill();
    for group in &earlier {
        std::fs::create_dir(group).unwrap();
    }
    backend.resume();
    let stopped = stopped.at(backend.api());
    eventually("the earlier groups to be gone", || {
        let left: Vec<_> = earlier
            .iter()
            .filter(|group| std::path::Path::new(group).exists())
            .collect();
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("{left:?}"))
        }
    });
    let running = running.at(backend.api());
    assert_eq!(running.exec(&["echo", "alive"]).ok(), "alive\n");
    stopped.restart();
    assert_eq!(stopped.exec(&["echo", "alive"]).ok(), "alive\n");
}

/// What a client of the storm was told.
#[derive(Default)]
struct Told {
    /// Ids of sandboxes, and whether their delete was acknowledged.
    sandboxes: BTreeMap<String, bool>,
    /// Ids whose delete was sent and not answered.
    in_doubt: Vec<String>,
}

#[test]
fn killed_in_a_storm_of_creates_and_deletes() {
    let mut backend = Backend::native();
    for after in [1, 10, 25] {
        let told = Arc::new(Mutex::new(Told::default()));
        let clients: Vec<_> = (0..5)
            .map(|client| {
                let (api, told) = (backend.api().clone(), Arc::clone(&told));
                std::thread::spawn(move || storm(&api, &told, client))
            })
            .collect();
        eventually("some of the storm", || {
            let known = told.lock().unwrap().sandboxes.len();
            if known >= after {
                Ok(())
            } else {
                Err(known.to_string())
            }
        });
        backend.kill();
        for client in clients {
            client.join().unwrap();
        }
        backend.resume();
        let told = told.lock().unwrap();
        check(&backend, &told);
        for sandbox in backend.api().all() {
            let id = sandbox["Id"].as_str().unwrap();
            backend
                .api()
                .delete(&format!("/v1/sandboxes/{id}"))
                .expect(204);
        }
        let ids: Vec<String> = told.sandboxes.keys().cloned().collect();
        nothing_left(&backend, &ids);
    }
}

/// Creates ten sandboxes and deletes every second one, until the server is gone.
fn storm(api: &Api, told: &Mutex<Told>, client: usize) {
    let body =
        json!({ "image": "busybox", "cmd": ["sleep", "1000"], "ports": ["80/tcp"] }).to_string();
    for number in 0..10 {
        let Ok(answer) = api.try_send("POST", "/v1/sandboxes", body.clone().into_bytes()) else {
            return;
        };
        let created: Value = answer.expect(201).json();
        let id = created["id"].as_str().unwrap().to_owned();
        told.lock().unwrap().sandboxes.insert(id.clone(), false);
        if (number + client).is_multiple_of(2) {
            match api.try_send("DELETE", &format!("/v1/sandboxes/{id}"), Vec::new()) {
                Ok(answer) => {
                    answer.expect(204);
                    told.lock().unwrap().sandboxes.insert(id, true);
                }
                Err(_) => told.lock().unwrap().in_doubt.push(id),
            }
        }
    }
}

#[track_caller]
fn check(backend: &Backend, told: &Told) {
    let known = backend.api().all();
    let state = |id: &str| {
        let found = known.iter().find(|sandbox| sandbox["Id"] == id);
        found.map(|sandbox| sandbox["State"].as_str().unwrap().to_owned())
    };
    for (id, deleted) in &told.sandboxes {
        match state(id) {
            _ if told.in_doubt.contains(id) => {}
            None if *deleted => {}
            Some(state) if !deleted && state == "running" => {}
            state => panic!("{id}: deleted {deleted}, state {state:?}"),
        }
    }
    // What was under way is either there or not, and never half: what is listed answers, as soon
    // as deletions that were cut short have been brought to their end.
    eventually("all that is listed to answer", || {
        for sandbox in backend.api().all() {
            let path = format!("/v1/sandboxes/{}/exec", sandbox["Id"].as_str().unwrap());
            let answer = backend.api().post_json(&path, &json!({ "cmd": ["true"] }));
            if answer.status != 200 || answer.json()["exit_code"] != 0 {
                return Err(format!("{sandbox}: {}", answer.text()));
            }
        }
        Ok(())
    });
}

/// Nothing of the sandboxes is on the host: no process but the backend's own, no control group.
#[track_caller]
fn nothing_left(backend: &Backend, ids: &[String]) {
    eventually("nothing but the backend", || {
        let owned = backend.owned(ids);
        let own = owned.processes.len() <= 2;
        if own && owned.cgroups.is_empty() && owned.mounts.is_empty() {
            Ok(())
        } else {
            Err(format!("{owned:#?}"))
        }
    });
    let directories = std::fs::read_dir(backend.data().join("sandboxes")).unwrap();
    assert_eq!(directories.count(), 0);
}

/// A supervisor whose directory an engine has thrown away, because it died while the sandbox was
/// starting, is known by nobody: it ends by itself and takes its control group along.
#[test]
fn a_sandbox_that_nobody_knows_ends_by_itself() {
    let mut backend = Backend::native();
    let sandbox = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let ids = [sandbox.id.clone()];
    assert!(!backend.owned(&ids).cgroups.is_empty());
    backend.kill();
    let directory = backend.data().join("sandboxes").join(&sandbox.id);
    std::fs::rename(&directory, backend.data().join("elsewhere")).unwrap();
    eventually("nobody's sandbox to end", || {
        let owned = backend.owned(&ids);
        match owned.cgroups.is_empty() && owned.processes.is_empty() {
            true => Ok(()),
            false => Err(format!("{owned:?}")),
        }
    });
    backend.resume();
}
