//! API keys, as an operator and their holders use them.

use std::process::Command;
use std::time::Duration;

use ctnr_e2e::{Backend, Ran, built, busybox, eventually, run};
use serde_json::Value;

const ROOT: &str = "correct-horse";

fn ctnr(backend: &Backend, key: &str, line: &str) -> Ran {
    run(Command::new(built("ctnr"))
        .env("CONTAINERS_URL", backend.api().base())
        .env("CONTAINERS_API_KEY", key)
        .args(line.split_whitespace()))
}

fn make(backend: &Backend, line: &str) -> String {
    let made = ctnr(backend, ROOT, &format!("key create {line}")).ok();
    let key = made.trim();
    assert!(key.starts_with("ctnr_") && key.len() == 86, "{key}");
    key.to_owned()
}

#[track_caller]
fn refused(ran: &Ran, part: &str) {
    assert_eq!(ran.code, 125, "{ran:?}");
    assert!(ran.stderr.contains(part), "{ran:?}");
}

/// A key from its making to its end, with the program as a user has it.
#[test]
fn a_key_is_made_used_limited_and_revoked() {
    let backend = Backend::builder().key(ROOT).image(busybox()).start();
    let worker = make(&backend, "worker --scope sandboxes:write");
    let reader = make(&backend, "reader -s sandboxes:read --expires 1h");
    let slow = make(&backend, "slow -s sandboxes:read --rate 1 --burst 2");

    ctnr(
        &backend,
        &worker,
        "sandbox create --name web busybox sleep 1000",
    )
    .ok();
    let hello = ctnr(&backend, &worker, "sandbox exec web echo hello").ok();
    assert_eq!(hello, "hello\n");
    let seen = ctnr(&backend, &reader, "sandbox ls").ok();
    assert!(seen.contains("web"), "{seen}");

    refused(
        &ctnr(&backend, &reader, "sandbox exec web id"),
        "sandboxes:write",
    );
    refused(
        &ctnr(&backend, &reader, "sandbox rm web"),
        "sandboxes:write",
    );
    refused(&ctnr(&backend, &worker, "image ls"), "images:read");
    refused(
        &ctnr(&backend, &worker, "key create more -s sandboxes:read"),
        "admin",
    );
    refused(
        &ctnr(&backend, "ctnr_guess", "sandbox ls"),
        "CONTAINERS_API_KEY",
    );

    let limited = (0..20)
        .map(|_| ctnr(&backend, &slow, "sandbox ls"))
        .find(|ran| ran.code != 0);
    refused(&limited.expect("20 are more than 1 a second"), "slow");

    let listed: Value = serde_json::from_str(&ctnr(&backend, ROOT, "key ls --json").ok()).unwrap();
    let names: Vec<&str> = listed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["reader", "slow", "worker"]);
    let shown = ctnr(&backend, ROOT, "key inspect worker").ok();
    assert!(
        shown.contains("sandboxes:write") && shown.contains("ago"),
        "{shown}"
    );

    let mut terminal = Command::new(built("ctnr"))
        .env("CONTAINERS_URL", backend.api().base())
        .env("CONTAINERS_API_KEY", &worker)
        .args(["sandbox", "exec", "web", "sleep", "1000"])
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(terminal.try_wait().unwrap().is_none());
    assert_eq!(ctnr(&backend, ROOT, "key revoke worker").ok(), "worker\n");
    let ended = eventually("the end of what the key has opened", || {
        terminal
            .try_wait()
            .unwrap()
            .ok_or_else(|| "it goes on".to_owned())
    });
    assert!(!ended.success());
    refused(&ctnr(&backend, &worker, "sandbox ls"), "ctnr key ls");
    refused(&ctnr(&backend, ROOT, "key inspect worker"), "key not found");

    let metrics = backend.api().get("/metrics").expect(200).text();
    assert!(metrics.contains("ctnr_key_rate_limited_total{key=\"slow\"}"));
    let log = backend.log();
    assert!(
        log.contains("key reader ("),
        "the log does not say who called"
    );
    for key in [&worker, &reader, &slow] {
        assert!(!log.contains(&key[22..]) && !metrics.contains(&key[22..]));
    }
    assert!(!log.contains(ROOT));
}

/// A key outlives the backend that made it, and what was revoked stays so.
#[test]
fn keys_are_there_after_a_crash() {
    let mut backend = Backend::builder().key(ROOT).start();
    let kept = make(&backend, "kept -s sandboxes:read");
    let revoked = make(&backend, "revoked -s sandboxes:read");
    ctnr(&backend, ROOT, "key rm revoked").ok();
    backend.kill();
    backend.resume();
    ctnr(&backend, &kept, "sandbox ls").ok();
    refused(&ctnr(&backend, &revoked, "sandbox ls"), "ctnr key ls");
}
