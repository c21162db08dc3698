//! A backend that has done much work holds no more than before it.

use std::fs;

use ctnr_e2e::{Backend, Netns, eventually};
use serde_json::json;

/// What grows where something is forgotten.
#[derive(Debug, PartialEq, Eq)]
struct Held {
    links: String,
    rules: String,
    descriptors: Vec<String>,
    threads: usize,
    processes: usize,
    mounts: usize,
    namespaces: usize,
    groups: usize,
    directories: usize,
}

impl Held {
    fn by(backend: &Backend, ids: &[String]) -> Self {
        let count = |path: String| fs::read_dir(path).map_or(0, Iterator::count);
        let owned = backend.owned(ids);
        Self {
            links: ctnr_e2e::sh("ip -oneline link | cut -d: -f2 | sort").ok(),
            rules: ctnr_e2e::sh("nft list ruleset").ok(),
            descriptors: descriptors(backend),
            // Threads come and go with load; only a growth with each sandbox is a leak.
            threads: count(format!("/proc/{}/task", backend.pid())) / 30,
            processes: owned.processes.len(),
            mounts: fs::read_to_string(format!("/proc/{}/mountinfo", backend.pid()))
                .unwrap()
                .lines()
                .count(),
            namespaces: namespaces(backend),
            groups: owned.cgroups.len(),
            directories: count(backend.data().join("sandboxes").display().to_string())
                + count(backend.data().join("trash").display().to_string()),
        }
    }
}

/// What the backend has open, without numbers. The pool of connections to the database has its own
/// limit, and is full when it is full.
fn descriptors(backend: &Backend) -> Vec<String> {
    let fds = fs::read_dir(format!("/proc/{}/fd", backend.pid())).unwrap();
    let mut open: Vec<String> = fds
        .flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok())
        .map(|link| {
            link.to_string_lossy()
                .replace(|c: char| c.is_ascii_digit(), "")
        })
        .filter(|link| !link.contains("ctnr.db"))
        .collect();
    open.sort();
    open
}

/// The namespaces that the backend's processes hold open by descriptor.
fn namespaces(backend: &Backend) -> usize {
    let fds = backend
        .processes()
        .into_iter()
        .filter_map(|pid| fs::read_dir(format!("/proc/{pid}/fd")).ok())
        .flatten();
    fds.flatten()
        .filter_map(|fd| fs::read_link(fd.path()).ok())
        .filter(|link| link.to_string_lossy().starts_with("net:["))
        .count()
}

#[test]
fn thirty_sandboxes_leave_nothing() {
    // The network is the test's own, so that links and rules are this backend's.
    let _netns = Netns::enter();
    let backend = Backend::native();
    // Pools of connections and threads are filled by the first ones.
    let mut ids: Vec<String> = (0..8).map(|number| round(&backend, number)).collect();
    let before = settled(&backend, &ids);
    ids.extend((8..38).map(|number| round(&backend, number)));
    eventually("to hold what was held before", || {
        let mut now = Held::by(&backend, &ids);
        // Fewer descriptors than before are no leak.
        let more = more_than(&now.descriptors, &before.descriptors);
        if more.is_empty() {
            now.descriptors.clone_from(&before.descriptors);
        }
        // On a slow machine the host's network is given back meanwhile.
        if now.rules.is_empty() {
            now.rules.clone_from(&before.rules);
        }
        if now == before {
            Ok(())
        } else {
            Err(format!(
                "before: {before:#?}\nnow: {now:#?}\nmore: {more:?}"
            ))
        }
    });
}

/// What is in the first list more often than in the second.
fn more_than(now: &[String], before: &[String]) -> Vec<String> {
    let count = |list: &[String], what: &String| list.iter().filter(|known| *known == what).count();
    now.iter()
        .filter(|what| count(now, what) > count(before, what))
        .cloned()
        .collect()
}

/// What is held once what the sandboxes had has been given back, links included, which takes a
/// moment. The host's network is kept for the next sandbox.
fn settled(backend: &Backend, ids: &[String]) -> Held {
    eventually("what the sandboxes had to be given back", || {
        let held = Held::by(backend, ids);
        if held.directories == 0 && held.groups == 0 && !held.links.contains("ctnr") {
            Ok(held)
        } else {
            Err(format!("{held:#?}"))
        }
    })
}

/// The life of a sandbox.
fn round(backend: &Backend, number: u32) -> String {
    let sandbox = backend.api().create(&json!({
        "image": "busybox", "cmd": ["sleep", "1000"], "ports": ["80/tcp", "53/udp"],
    }));
    assert_eq!(sandbox.exec(&["echo", "x"]).ok(), "x\n");
    sandbox
        .ask(&json!({ "cmd": ["no-such-program"] }))
        .expect(200);
    sandbox.detach(&json!({ "cmd": ["sleep", "1000"], "tty": number.is_multiple_of(2) }));
    sandbox.logs("");
    let api = backend.api();
    api.send("PUT", &sandbox.path("/files?path=/tmp/file"), "text")
        .expect(200);
    api.get(&sandbox.path("/files/archive?path=/tmp"))
        .expect(200);
    if number.is_multiple_of(3) {
        sandbox.restart();
    }
    // A create that fails, too.
    let body = json!({ "image": "busybox", "cmd": ["no-such-program"] });
    api.post_json("/v1/sandboxes", &body).expect(400);
    sandbox.delete();
    sandbox.id
}

/// With the last sandbox everything that the host was lent is given back.
#[test]
fn a_stopped_backend_gives_everything_back() {
    let _netns = Netns::enter();
    let look = || {
        ctnr_e2e::sh(
            "ip -oneline link | cut -d: -f2-3; nft list ruleset; ip route; \
             sysctl -a 2>/dev/null | grep -E 'forward|proxy|rp_filter|route_localnet' | grep -v mc_",
        )
        .stdout
    };
    let before = look();
    let backend = Backend::native();
    let sandbox = backend.api().create(&json!({
        "image": "busybox", "cmd": ["sleep", "1000"], "ports": ["80/tcp"],
    }));
    assert_ne!(look(), before);
    sandbox.delete();
    drop(backend);
    eventually("the network as it was", || match look() {
        now if now == before => Ok(()),
        now => Err(format!("before:\n{before}\nnow:\n{now}")),
    });
}
