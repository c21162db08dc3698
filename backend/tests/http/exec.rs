//! Commands: whole, streamed, with input, against the clock, detached.

use axum::http::Method;
use serde_json::{Value, json};

use super::api::{Answer, Api, request, with};

async fn run(api: &Api, body: Value) -> Answer {
    api.post("/v1/sandboxes/box/exec", &body.to_string()).await
}

async fn start() -> Api {
    let api = Api::start().await;
    api.create("box").await;
    api
}

#[tokio::test]
async fn streams_and_exit_codes_are_told_apart() {
    let api = start().await;
    let answer = run(&api, json!({"cmd": ["fail", "3", "oh no"]})).await;
    assert_eq!(
        answer.json(),
        json!({"output": "oh no\n", "stdout": "", "stderr": "oh no\n", "exit_code": 3})
    );
    let answer = run(&api, json!({"cmd": ["false"]})).await;
    assert_eq!(answer.json()["exit_code"], 1);
}

#[tokio::test]
async fn a_command_that_does_not_start_ends_as_in_a_shell() {
    let api = start().await;
    for (cmd, code, part) in [
        ("nope", 127, "command not found"),
        ("/", 126, "is a directory"),
    ] {
        let answer = run(&api, json!({"cmd": [cmd]})).await;
        assert_eq!(answer.status, 200);
        let json = answer.json();
        assert_eq!(json["exit_code"], code);
        for field in ["output", "stderr"] {
            assert!(json[field].as_str().unwrap().contains(part), "{json}");
        }
        let lines = run(&api, json!({"cmd": [cmd], "stream": true}))
            .await
            .lines();
        assert_eq!(lines[0]["stream"], "stderr");
        assert_eq!(lines[1], json!({"type": "exit", "exit_code": code}));
        let detached = run(&api, json!({"cmd": [cmd], "detach": true})).await;
        assert!(detached.error(400, "BAD_REQUEST").contains(part));
    }
}

#[tokio::test]
async fn input_is_text_or_base64() {
    let api = start().await;
    let answer = run(&api, json!({"cmd": ["cat"], "stdin": "añb"})).await;
    assert_eq!(answer.json()["output"], "añb");
    let coded = json!({"cmd": ["cat"], "stdin": "/wA=", "encoding": "base64"});
    assert_eq!(run(&api, coded).await.json()["output"], "/wA=");
    let large = "x".repeat(900_000);
    let answer = run(&api, json!({"cmd": ["cat"], "stdin": large})).await;
    assert_eq!(answer.json()["stdout"].as_str().unwrap().len(), 900_000);
}

#[tokio::test]
async fn a_command_whose_time_is_over_is_killed() {
    let api = start().await;
    let answer = run(&api, json!({"cmd": ["sleep", "60"], "timeout": 0.05})).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({"output": "", "stdout": "", "stderr": "", "exit_code": 124, "timed_out": true})
    );
    let answer = run(
        &api,
        json!({"cmd": ["sleep", "60"], "timeout": 0.05, "stream": true}),
    )
    .await;
    assert_eq!(
        answer.lines()[1],
        json!({"type": "exit", "exit_code": 124, "timed_out": true})
    );
}

#[tokio::test]
async fn output_is_streamed_as_lines() {
    let api = start().await;
    let body = json!({"cmd": ["echo", "hi"]}).to_string();
    let asked = request(Method::POST, "/v1/sandboxes/box/exec", &body);
    let by_accept = api
        .send(with(asked, "accept", "application/x-ndjson"))
        .await;
    let by_field = run(&api, json!({"cmd": ["echo", "hi"], "stream": true})).await;
    for answer in [by_accept, by_field] {
        assert_eq!(answer.headers["content-type"], "application/x-ndjson");
        let lines = answer.lines();
        assert_eq!(lines[0]["type"], "started");
        assert_eq!(
            lines[1],
            json!({"type": "output", "stream": "stdout", "data": "hi\n"})
        );
        assert_eq!(lines[2], json!({"type": "exit", "exit_code": 0}));
    }
}

#[tokio::test]
async fn detached_commands_are_listed_read_signalled_and_resized() {
    let api = start().await;
    let answer = run(
        &api,
        json!({"cmd": ["echo", "later"], "detach": true, "tty": true}),
    )
    .await;
    assert_eq!(answer.status, 201);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/sandboxes/box/exec/{id}");

    let list = api.get("/v1/sandboxes/box/exec").await.json();
    assert_eq!(list["execs"][0]["id"], id.as_str());
    let info = api.get(&path).await.json();
    assert_eq!(info["cmd"], json!(["echo", "later"]));
    assert_eq!(
        (&info["tty"], &info["state"]),
        (&json!(true), &json!("running"))
    );

    let output = api.get(&format!("{path}/output")).await.lines();
    assert_eq!(output[1]["data"], "later\n");

    let resized = api
        .post(&format!("{path}/resize"), r#"{"columns":100,"rows":30}"#)
        .await;
    assert_eq!(resized.status, 204);
    let odd = api
        .post(&format!("{path}/resize"), r#"{"columns":-1,"rows":30}"#)
        .await;
    assert!(odd.error(400, "BAD_REQUEST").contains("columns"));

    let odd = api
        .post(&format!("{path}/signal"), r#"{"signal":"SIGNOPE"}"#)
        .await;
    assert!(
        odd.error(400, "BAD_REQUEST")
            .contains("signal: invalid signal")
    );
    let signalled = api
        .post(&format!("{path}/signal"), r#"{"signal":"SIGTERM"}"#)
        .await;
    assert_eq!(signalled.status, 204);
    let info = api.get(&path).await.json();
    assert_eq!(
        (&info["state"], &info["exit_code"]),
        (&json!("exited"), &json!(143))
    );

    let other = format!("/v1/sandboxes/box/exec/{}", "0".repeat(64));
    api.get(&other).await.error(404, "NOT_FOUND");
    let signalled = api
        .post(&format!("{other}/signal"), r#"{"signal":9}"#)
        .await;
    signalled.error(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_stopped_sandbox_runs_no_commands() {
    let api = start().await;
    api.post("/v1/sandboxes/box/stop", "").await;
    let answer = run(&api, json!({"cmd": ["true"]})).await;
    assert!(answer.error(409, "CONFLICT").contains("restart"));
}
