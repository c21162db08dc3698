//! A sandbox's whole life through the API, the same on each engine and database.

use ctnr_e2e::{Backend, Engine, Sandbox, busybox, eventually, fetch};
use serde_json::{Value, json};

use crate::database::Database;

#[test]
fn on_the_native_engine() {
    live(&Backend::native(), Engine::Native);
}

#[test]
fn on_docker() {
    let backend = Backend::builder().engine(Engine::Docker);
    live(&backend.image(image()).start(), Engine::Docker);
}

#[test]
fn on_docker_with_postgres() {
    let database = Database::new();
    let backend = Backend::builder()
        .engine(Engine::Docker)
        .set("DATABASE_URL", &database.url())
        .image(image())
        .start();
    live(&backend, Engine::Docker);
    drop(backend);
}

/// Docker's images are all tests' together, so that each has a name of its own.
fn image() -> ctnr_e2e::Image {
    busybox().named(&name(Engine::Docker))
}

fn name(engine: Engine) -> String {
    match engine {
        Engine::Native => "busybox:latest".to_owned(),
        Engine::Docker => format!("ctnr-life:{}", std::process::id()),
    }
}

fn live(backend: &Backend, engine: Engine) {
    let api = backend.api();
    let serve = "echo started; echo trouble >&2; mkdir -p /www; echo page > /www/index.html; \
                 trap exit TERM; httpd -f -p 8000 -h /www & wait";
    let sandbox = api.create(&json!({
        "image": name(engine), "name": format!("life-{}", std::process::id()),
        "cmd": ["sh", "-c", serve], "ports": ["8000/tcp"],
        "env": ["GREETING=hello"], "labels": {"team": "blue"}, "workdir": "/tmp",
        "limits": {"memory": "256m", "cpus": 1, "pids": 100},
    }));
    let port = sandbox.port("8000/tcp");
    eventually("the page", || fetch("127.0.0.1", port));
    let details = sandbox.inspect();
    assert_eq!(details["Config"]["Labels"]["team"], "blue");
    assert_eq!(details["State"]["Status"], "running");
    let limits = &details["HostConfig"];
    assert_eq!(
        (&limits["Memory"], &limits["NanoCpus"], &limits["PidsLimit"]),
        (&json!(268_435_456), &json!(1_000_000_000), &json!(100))
    );
    let listed = |query: &str| {
        let list = api.get(&format!("/v1/sandboxes?{query}")).expect(200);
        let list = list.json();
        let list = list["sandboxes"].as_array().unwrap();
        list.iter().any(|one| one["Id"] == sandbox.id)
    };
    assert!(listed("label=team=blue") && !listed("label=team=red"));

    commands(&sandbox);
    detached(backend, &sandbox);
    files(backend, &sandbox, engine);
    assert_eq!(sandbox.logs("?stderr=false"), "started\n");
    assert_eq!(sandbox.logs("?tail=1").lines().count(), 1);
    assert_eq!(sandbox.logs("?stdout=false"), "trouble\n");

    sandbox.stop(5);
    assert!(fetch("127.0.0.1", port).is_err());
    assert!(!listed("") && listed("all=true") && listed("state=exited"));
    let refused = sandbox.ask(&json!({"cmd": ["true"]}));
    assert_eq!(refused.expect(409).json()["code"], "CONFLICT");
    let kept = api.get(&sandbox.path("/files?path=/tmp/kept.txt"));
    assert_eq!(kept.expect(200).text(), "kept");

    sandbox.restart();
    eventually("the page again", || fetch("127.0.0.1", port));
    assert_eq!(sandbox.exec(&["cat", "kept.txt"]).ok(), "kept");
    assert_eq!(sandbox.logs("?stderr=false"), "started\nstarted\n");
    api.delete(&sandbox.path("")).expect(204);
    let gone = api.get(&sandbox.path("")).expect(404).json();
    assert_eq!(gone["message"], "sandbox not found");
    assert!(fetch("127.0.0.1", port).is_err());
}

/// Commands with all that can be said of them, and every way to end.
fn commands(sandbox: &Sandbox) {
    assert_eq!(sandbox.sh("echo $GREETING; pwd").ok(), "hello\n/tmp\n");
    let told = sandbox.exec_as(&json!({
        "cmd": ["sh", "-c", "echo $A; pwd; id -u; cat; echo oops >&2; exit 3"],
        "env": ["A=b"], "workdir": "/www", "user": "1000", "stdin": "typed",
    }));
    assert_eq!(told.code, 3);
    assert_eq!(
        (told.stdout.as_str(), told.stderr.as_str()),
        ("b\n/www\n1000\ntyped", "oops\n")
    );
    assert_eq!(sandbox.exec(&["no-such-program"]).code, 127);
    assert_eq!(sandbox.exec(&["/www"]).code, 126);
    assert_eq!(sandbox.sh("kill -TERM $$").code, 128 + 15);
    let body = json!({"cmd": ["sleep", "60"], "timeout": 0.2});
    let late = sandbox.ask(&body).expect(200).json();
    assert_eq!(
        (&late["exit_code"], &late["timed_out"]),
        (&json!(124), &json!(true))
    );
    let body = json!({"cmd": ["sh", "-c", "echo a; echo b >&2; exit 4"], "stream": true});
    let lines = sandbox.ask(&body).expect(200).text();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.first().unwrap()["type"], "started");
    assert_eq!(lines.last().unwrap()["exit_code"], 4);
    for (stream, data) in [("stdout", "a\n"), ("stderr", "b\n")] {
        let is_it = |line: &&Value| line["stream"] == stream && line["data"] == data;
        assert!(lines.iter().any(|line| is_it(&line)), "{lines:?}");
    }
}

/// A command that goes on without its caller.
fn detached(backend: &Backend, sandbox: &Sandbox) {
    let api = backend.api();
    let id = sandbox.detach(&json!({
        "cmd": ["sh", "-c", "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.1; done"],
    }));
    let path = |rest: &str| sandbox.path(&format!("/exec/{id}{rest}"));
    assert_eq!(api.get(&path("")).expect(200).json()["state"], "running");
    // The signal is for one who listens to it already.
    eventually("it is up", || {
        let ready = sandbox.sh("ps | grep -q 'sleep 0.[1]'");
        if ready.code == 0 {
            Ok(())
        } else {
            Err(format!("{ready:?}"))
        }
    });
    let signal = json!({"signal": "SIGTERM"});
    api.post_json(&path("/signal"), &signal).expect(204);
    let output = api.get(&path("/output")).expect(200).text();
    assert!(output.contains("up") && output.contains("bye"), "{output}");
    let ended = api.get(&path("")).expect(200).json();
    assert_eq!(
        (&ended["state"], &ended["exit_code"]),
        (&json!("exited"), &json!(5))
    );
}

/// Files in and out, one by one and as archives.
fn files(backend: &Backend, sandbox: &Sandbox, engine: Engine) {
    let api = backend.api();
    let files = |rest: &str| sandbox.path(&format!("/files{rest}"));
    api.send("PUT", &files("?path=/tmp/kept.txt&mode=640"), "kept")
        .expect(200);
    let stat = api.get(&files("/stat?path=/tmp/kept.txt")).expect(200);
    assert_eq!(
        (&stat.json()["size"], &stat.json()["kind"]),
        (&json!(4), &json!("file"))
    );
    assert_eq!(sandbox.sh("stat -c %a kept.txt").ok(), "640\n");
    api.post_json(
        &files("/mkdir"),
        &json!({"path": "/tmp/a/b", "parents": true}),
    )
    .expect(204);
    let archive = api.get(&files("/archive?path=/tmp/kept.txt")).expect(200);
    api.send("PUT", &files("/archive?path=/tmp/a/b"), archive.body)
        .expect(204);
    assert_eq!(sandbox.exec(&["cat", "a/b/kept.txt"]).ok(), "kept");
    let moved = json!({"from": "/tmp/a/b/kept.txt", "to": "/tmp/a/moved.txt"});
    let moved = api.post_json(&files("/move"), &moved);
    match engine {
        Engine::Native => {
            moved.expect(204);
            let list = api.get(&files("/list?path=/tmp/a")).expect(200).text();
            assert!(list.contains("moved.txt"), "{list}");
        }
        Engine::Docker => assert_eq!(moved.expect(422).json()["code"], "UNSUPPORTED"),
    }
}
