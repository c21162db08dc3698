//! Bad requests get a clear error, and nothing is left of them.

use std::io::{Read, Write};
use std::net::TcpStream;

use ctnr_e2e::{Backend, Engine, busybox};
use serde_json::{Value, json};

#[test]
fn bodies_that_are_wrong() {
    let backend = Backend::native();
    let table: &[(&str, &str)] = &[
        ("", "empty"),
        ("{", "EOF"),
        ("nonsense", "JSON"),
        ("[]", "JSON object"),
        ("null", "JSON object"),
        ("{}", "image"),
        (r#"{"image": 7}"#, "image"),
        (r#"{"image": ""}"#, "image"),
        (r#"{"image": "UPPER case"}"#, "image"),
        (r#"{"image": "busybox", "colour": "red"}"#, "colour"),
        (r#"{"image": "busybox", "name": "../../etc"}"#, "name"),
        (r#"{"image": "busybox", "name": ""}"#, "name"),
        (r#"{"image": "busybox", "ports": "80"}"#, "ports"),
        (r#"{"image": "busybox", "ports": ["80/sctp"]}"#, "ports"),
        (r#"{"image": "busybox", "ports": ["0/tcp"]}"#, "ports"),
        (r#"{"image": "busybox", "ports": ["99999/tcp"]}"#, "ports"),
        (r#"{"image": "busybox", "ports": ["-1"]}"#, "ports"),
        (r#"{"image": "busybox", "cmd": "ls"}"#, "cmd"),
        (r#"{"image": "busybox", "cmd": ["a\u0000b"]}"#, "cmd"),
        (r#"{"image": "busybox", "env": ["=x"]}"#, "env"),
        (r#"{"image": "busybox", "workdir": "relative"}"#, "workdir"),
        (
            r#"{"image": "busybox", "limits": {"memory": "-1"}}"#,
            "memory",
        ),
        (r#"{"image": "busybox", "limits": {"pids": -1}}"#, "pids"),
        (r#"{"image": "busybox", "limits": {"cpus": -2}}"#, "cpus"),
        (r#"{"image": "busybox", "limits": {"gpus": 1}}"#, "gpus"),
        (r#"{"image": "busybox", "engine": "vm"}"#, "engine"),
        (r#"{"image": "busybox", "network": "host"}"#, "network"),
        (r#"{"image": "busybox", "labels": {"a": 1}}"#, "labels"),
        (r#"{"image": "busybox"} {"#, "trailing"),
    ];
    for (body, part) in table {
        let answer = backend.api().send("POST", "/v1/sandboxes", *body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        let message = answer.expect_error(400, "BAD_REQUEST");
        assert!(message.contains(part), "{body}: {message}");
    }
    let not_utf8 = backend
        .api()
        .send("POST", "/v1/sandboxes", &b"{\"image\": \"\xff\"}"[..]);
    not_utf8.expect_error(400, "BAD_REQUEST");
    assert_eq!(backend.api().all(), Vec::<Value>::new());
}

#[test]
fn things_that_are_not_there_or_taken() {
    let backend = Backend::native();
    let api = backend.api();
    let create = |body: Value| api.post_json("/v1/sandboxes", &body);

    let message = create(json!({ "image": "no-such-image" })).expect_error(404, "NOT_FOUND");
    assert!(message.contains("no-such-image"), "{message}");
    let message = create(json!({ "image": "busybox", "cmd": ["no-such-program"] }))
        .expect_error(400, "BAD_REQUEST");
    assert!(message.contains("no-such-program"), "{message}");
    create(json!({ "image": "busybox", "cmd": ["/etc/passwd"] })).expect_error(400, "BAD_REQUEST");
    let message = create(json!({ "image": "busybox", "user": "nobody-here" }))
        .expect_error(400, "BAD_REQUEST");
    assert!(message.contains("nobody-here"), "{message}");
    assert_eq!(api.all(), Vec::<Value>::new());

    let first = api.create(&json!({
        "image": "busybox", "name": "first", "ports": ["80/tcp"], "cmd": ["sleep", "1000"],
    }));
    let message =
        create(json!({ "image": "busybox", "name": "first" })).expect_error(409, "CONFLICT");
    assert!(message.contains("first"), "{message}");
    let port = first.port("80/tcp");
    let message = create(json!({ "image": "busybox", "ports": [format!("{port}:80")] }))
        .expect_error(409, "CONFLICT");
    assert!(message.contains(&port.to_string()), "{message}");
    // A port that a program of the host has.
    let theirs = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = theirs.local_addr().unwrap().port();
    create(json!({ "image": "busybox", "ports": [format!("{port}:80")] }))
        .expect_error(409, "CONFLICT");
    assert_eq!(api.all().len(), 1);
    // The name of what failed is free again.
    drop(theirs);
    let second = api.create(&json!({
        "image": "busybox", "ports": [format!("{port}:80")], "cmd": ["sleep", "1000"],
    }));
    assert_eq!(second.port("80/tcp"), port);
}

#[test]
fn ids_that_are_none() {
    let backend = Backend::native();
    let sandbox = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    for id in [
        "..",
        "../..",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "%00",
        "a%20b",
        ".",
        "%ff",
        "*",
        "a/../b",
        &"f".repeat(65),
        &"x".repeat(5000),
    ] {
        for (method, rest) in [
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "/stop"),
            ("GET", "/logs"),
        ] {
            // A client that tidies paths up would not send these.
            let (status, body) = raw(
                backend.port(),
                &format!(
                    "{method} /v1/sandboxes/{id}{rest} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
                ),
            );
            let error: Value = serde_json::from_str(&body)
                .unwrap_or_else(|_| panic!("{method} {id}{rest}: {status} {body}"));
            assert!(
                matches!(
                    (status, error["code"].as_str().unwrap()),
                    (400, "BAD_REQUEST") | (404, "NOT_FOUND") | (405, "METHOD_NOT_ALLOWED")
                ),
                "{method} {id}{rest}: {status} {body}"
            );
        }
    }
    assert_eq!(sandbox.state("Running"), true);
}

/// Sends bytes, and gives the status and the body of the answer.
fn raw(port: u16, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server that refuses a request early may reset the connection after its answer.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (
        status.unwrap_or_else(|| panic!("no status: {answer}")),
        body.to_owned(),
    )
}

#[test]
fn requests_that_are_hardly_http() {
    let backend = Backend::native();
    let port = backend.port();
    for (request, status) in [
        (
            "GET /v1/no/such/route HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            404,
        ),
        (
            "PATCH /v1/sandboxes HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            405,
        ),
        (
            "GET /v1/sandboxes?all=perhaps HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            400,
        ),
        (
            "GET /v1/sandboxes?limit=0 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            400,
        ),
        (
            "GET /v1/sandboxes?cursor=x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            400,
        ),
        (
            "GET /v1/sandboxes?wrong=1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
            400,
        ),
        (
            "POST /v1/sandboxes HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n",
            400,
        ),
        ("complete nonsense\r\n\r\n", 400),
    ] {
        assert_eq!(raw(port, request).0, status, "{request}");
    }
    backend.api().get("/healthz").expect(200);
}

/// A JSON body has a limit, and the server does not read on to find out how much more there is.
#[test]
fn a_body_of_100_mb() {
    let backend = Backend::native();
    let rest = " ".repeat(100 << 20);
    for route in ["/v1/sandboxes", "/v1/images/pull", "/v1/images/tag"] {
        let mut stream = TcpStream::connect(("127.0.0.1", backend.port())).unwrap();
        let head = format!(
            "POST {route} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            rest.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut writer = stream.try_clone().unwrap();
        let rest = &rest;
        std::thread::scope(|scope| {
            // The server may close before all is sent.
            scope.spawn(move || {
                let _ = writer.write_all(rest.as_bytes());
            });
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            let answer = String::from_utf8_lossy(&answer);
            assert!(answer.starts_with("HTTP/1.1 413 "), "{route}: {answer}");
            assert!(answer.contains("\"TOO_LARGE\""), "{answer}");
            let _ = stream.shutdown(std::net::Shutdown::Both);
        });
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", backend.pid())).unwrap();
    let peak: u64 = status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .parse()
                .ok()
        })
        .unwrap();
    assert!(peak < 100 << 10, "the backend took {peak} kB");
}

#[test]
fn execs_that_cannot_be() {
    let backend = Backend::native();
    let sandbox = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    for (body, part) in [
        (json!({}), "cmd"),
        (json!({ "cmd": [] }), "cmd"),
        (json!({ "cmd": "ls" }), "cmd"),
        (json!({ "cmd": ["ls"], "timeout": -1 }), "timeout"),
        (json!({ "cmd": ["ls"], "wrong": 1 }), "wrong"),
        (json!({ "cmd": ["ls"], "workdir": "x" }), "workdir"),
        (json!({ "cmd": ["ls"], "tty": true }), "detach"),
        (
            json!({ "cmd": ["ls"], "stdin": "%", "encoding": "base64" }),
            "stdin",
        ),
    ] {
        let message = sandbox.ask(&body).expect_error(400, "BAD_REQUEST");
        assert!(message.contains(part), "{body}: {message}");
    }
    for (cmd, code) in [
        (&["no-such-program"][..], 127),
        (&["/no/such/program"][..], 127),
        (&["/etc/passwd"][..], 126),
        (&["/tmp"][..], 126),
        (&["sh", "-c", "exit 7"][..], 7),
        (&["sh", "-c", "kill -KILL $$"][..], 137),
        (&["sh", "-c", "exit 300"][..], 300 % 256),
    ] {
        let exec = sandbox.exec(cmd);
        assert_eq!(exec.code, code, "{cmd:?}: {exec:?}");
        assert_eq!(
            exec.output.is_empty(),
            code < 126 || code == 137,
            "{cmd:?}: {exec:?}"
        );
    }
    let timed =
        sandbox.ask(&json!({ "cmd": ["sh", "-c", "echo so far; sleep 100"], "timeout": 0.5 }));
    let timed = timed.expect(200).json();
    assert_eq!(timed["exit_code"], 124, "{timed}");
    assert_eq!(timed["timed_out"], true);
    assert_eq!(timed["output"], "so far\n");
    assert_eq!(sandbox.sh("ps | grep -c '[s]leep 100$'").stdout, "0\n");
    sandbox.stop(0);
    sandbox
        .ask(&json!({ "cmd": ["ls"] }))
        .expect_error(409, "CONFLICT");
}

#[test]
fn what_programs_say_comes_through_as_it_is() {
    let backend = Backend::native();
    let sandbox = backend
        .api()
        .create(&json!({ "image": "busybox", "cmd": ["sleep", "1000"] }));
    let cat = sandbox.ask(&json!({ "cmd": ["cat"], "stdin": "AP/+Cg==", "encoding": "base64" }));
    assert_eq!(cat.expect(200).json()["stdout"], "AP/+Cg==");
    let both = sandbox.sh("echo out; echo err >&2");
    assert_eq!(
        (both.stdout.as_str(), both.stderr.as_str()),
        ("out\n", "err\n")
    );
    let env = sandbox.exec_as(&json!({
        "cmd": ["sh", "-c", "echo $A; pwd; id -u"], "env": { "A": "b c" }, "workdir": "/tmp", "user": "user",
    }));
    assert_eq!(env.ok(), "b c\n/tmp\n1000\n");
    let much =
        sandbox.ask(&json!({ "cmd": ["sh", "-c", "yes | head -c 40000000"], "stream": true }));
    let bytes: usize = much
        .expect(200)
        .lines()
        .iter()
        .filter_map(|frame| Some(frame["data"].as_str()?.len()))
        .sum();
    assert_eq!(bytes, 40_000_000);
}

/// The same errors on Docker.
#[test]
fn docker_says_the_same() {
    let name = format!("ctnr-e2e-input:{}", std::process::id());
    let backend = Backend::builder()
        .engine(Engine::Docker)
        .image(busybox().named(&name))
        .start();
    let api = backend.api();
    let create = |body: Value| api.post_json("/v1/sandboxes", &body);
    create(json!({ "image": "no-such-image-anywhere" })).expect_error(404, "NOT_FOUND");
    create(json!({ "image": name, "cmd": ["no-such-program"] })).expect_error(400, "BAD_REQUEST");
    create(json!({ "image": name, "user": "nobody-here" })).expect_error(400, "BAD_REQUEST");
    let first = api.create(&json!({
        "image": name, "name": "first", "cmd": ["sleep", "1000"], "ports": ["80/tcp"],
    }));
    create(json!({ "image": name, "name": "first" })).expect_error(409, "CONFLICT");
    let port = first.port("80/tcp");
    create(json!({ "image": name, "ports": [format!("{port}:80")] })).expect_error(409, "CONFLICT");
    assert_eq!(api.all().len(), 1);
    first.stop(0);
    first
        .ask(&json!({ "cmd": ["ls"] }))
        .expect_error(409, "CONFLICT");
}
