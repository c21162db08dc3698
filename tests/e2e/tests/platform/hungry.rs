//! Programs that take all they can get: the host and the neighbours stay as they are, and delete
//! still works.

use ctnr_e2e::{Backend, PATIENCE, Sandbox, eventually, eventually_within, with_probe};
use serde_json::{Value, json};

fn start(backend: &Backend, cmd: &[&str], limits: &Value) -> Sandbox {
    backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": cmd, "limits": limits }))
}

fn backend() -> Backend {
    Backend::builder().image(with_probe()).start()
}

#[track_caller]
fn neighbour_is_well(neighbour: &Sandbox) {
    assert_eq!(neighbour.exec(&["echo", "well"]).ok(), "well\n");
}

#[test]
fn a_fork_bomb() {
    let backend = backend();
    let neighbour = start(&backend, &["sleep", "1000"], &json!({}));
    for (limits, most) in [(json!({ "pids": 50 }), 50), (json!({}), 4096)] {
        let bomb = start(&backend, &["/probe", "breed"], &limits);
        let count: u32 = eventually("the bomb's count", || {
            let log = bomb.logs("");
            log.trim().parse().map_err(|_| log)
        });
        assert!(count < most, "{count} processes with the limits {limits}");
        assert!(
            count > most / 2,
            "{count} processes with the limits {limits}"
        );
        neighbour_is_well(&neighbour);
        // There is no room for a further process in it, and that is what an exec says.
        let exec = bomb.ask(&json!({ "cmd": ["true"] }));
        assert!(
            exec.status == 200 || exec.status == 409,
            "{} {}",
            exec.status,
            exec.text()
        );
        bomb.delete();
    }
    let shell = start(
        &backend,
        &["sh", "-c", "b() { b | b & }; b; sleep 1000"],
        &json!({ "pids": 100 }),
    );
    neighbour_is_well(&neighbour);
    shell.stop(0);
    shell.restart();
    shell.delete();
    neighbour_is_well(&neighbour);
}

#[test]
fn a_memory_hog() {
    let backend = backend();
    let limits = json!({ "memory": "64m" });
    let hog = start(&backend, &["/probe", "hog"], &limits);
    let state = hog.ended();
    assert_eq!(
        (&state["ExitCode"], &state["OOMKilled"]),
        (&json!(137), &json!(true)),
        "{state}"
    );
    hog.delete();

    let sandbox = start(&backend, &["sleep", "1000"], &limits);
    let answer = sandbox
        .ask(&json!({ "cmd": ["/probe", "hog"] }))
        .expect(200)
        .json();
    assert_eq!(
        (&answer["exit_code"], &answer["oom_killed"]),
        (&json!(137), &json!(true)),
        "{answer}"
    );
    neighbour_is_well(&sandbox);
    // The memory of files that are not on a disk counts as well.
    let filled = sandbox.sh("dd if=/dev/zero of=/dev/shm/x bs=1M count=500");
    assert_ne!(filled.code, 0, "{filled:?}");
    eventually("the sandbox or its end", || {
        let state = sandbox.inspect()["State"]["Status"].clone();
        if state == "running" || state == "exited" {
            Ok(())
        } else {
            Err(state.to_string())
        }
    });
}

/// A log has a limit on disk; its newest part is what is kept.
#[test]
fn a_log_flood() {
    let backend = backend();
    let flood = start(
        &backend,
        &[
            "sh",
            "-c",
            "yes 0123456789012345678901234567890123456789012345678901234567890 | head -c 150000000; echo; echo the end; exec sleep 1000",
        ],
        &json!({}),
    );
    let last = eventually("the end of the flood", || match flood.logs("?tail=1") {
        line if line == "the end\n" => Ok(line),
        line => Err(line),
    });
    assert_eq!(last, "the end\n");
    let used = ctnr_e2e::run(
        std::process::Command::new("du")
            .args(["-sk"])
            .arg(backend.data().join("sandboxes")),
    );
    let kilobytes: u64 = used
        .ok()
        .split_whitespace()
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(kilobytes < 100_000, "the log takes {kilobytes} kB");
    let kept = flood.logs("");
    assert!(
        kept.ends_with("\nthe end\n") && kept.len() > 1_000_000,
        "{} bytes are kept",
        kept.len()
    );
}

#[test]
fn hundreds_of_thousands_of_files() {
    let backend = backend();
    let sandbox = start(&backend, &["sleep", "1000"], &json!({}));
    let litter =
        sandbox.exec_as(&json!({ "cmd": ["/probe", "litter", "300000"], "workdir": "/tmp" }));
    assert_eq!(litter.ok(), "ok\n");
    sandbox.delete();
    // The backend serves while they are removed, and they are gone in the end.
    let next = start(&backend, &["sleep", "1000"], &json!({}));
    neighbour_is_well(&next);
    next.delete();
    eventually_within(5 * PATIENCE, "an empty data directory", || left(&backend));
}

/// Deeper than a path can name: whoever removes it by paths fails.
#[test]
fn folders_in_folders() {
    let backend = backend();
    let sandbox = start(&backend, &["sleep", "1000"], &json!({}));
    let nest = sandbox.exec_as(&json!({ "cmd": ["/probe", "nest", "5000"], "workdir": "/tmp" }));
    assert_eq!(nest.ok(), "ok\n");
    let archive = backend.api().get(&sandbox.path("/files/list?path=/tmp"));
    archive.expect(200);
    sandbox.delete();
    eventually_within(5 * PATIENCE, "an empty data directory", || left(&backend));
}

/// What is left of sandboxes in the data directory, whether thrown away or not.
fn left(backend: &Backend) -> Result<(), String> {
    for folder in ["sandboxes", "trash"] {
        let Ok(entries) = std::fs::read_dir(backend.data().join(folder)) else {
            continue;
        };
        let names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
        if !names.is_empty() {
            return Err(format!("{folder}: {names:?}"));
        }
    }
    Ok(())
}

#[test]
fn a_program_that_ignores_being_asked() {
    let backend = backend();
    let stubborn = &[
        "sh",
        "-c",
        "trap '' TERM INT HUP; echo ready; while :; do sleep 0.1; done",
    ];
    let one = start(&backend, stubborn, &json!({}));
    eventually("a trap that is set", || match one.logs("") {
        log if log == "ready\n" => Ok(()),
        log => Err(log),
    });
    one.stop(1);
    assert_eq!(one.ended()["ExitCode"], 137);
    one.restart();
    one.delete();
    // One that wants to be asked and then ends by itself is given the time.
    let polite = start(
        &backend,
        &[
            "sh",
            "-c",
            "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.1; done",
        ],
        &json!({}),
    );
    eventually("a trap that is set", || match polite.logs("") {
        log if log == "ready\n" => Ok(()),
        log => Err(log),
    });
    polite.stop(50);
    assert_eq!(polite.ended()["ExitCode"], 5);
    assert_eq!(polite.logs(""), "ready\nbye\n");
}
