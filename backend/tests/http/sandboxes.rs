//! The seven routes of the specification, with its own bodies, and what they leave open.

use axum::http::Method;
use serde_json::json;

use super::api::{Api, request, with};
use super::support::eventually;

#[tokio::test]
async fn the_demo_of_the_specification() {
    let api = Api::start().await;

    let created = api
        .post(
            "/v1/sandboxes",
            r#"{
                "image": "busybox:latest",
                "name": "my-nextjs",
                "ports": ["3000/tcp"]
            }"#,
        )
        .await;
    assert_eq!(created.status, 201);
    let body = created.json();
    let id = body["id"].as_str().unwrap();
    assert_eq!(id.len(), 64);
    assert_eq!(body, json!({"id": id, "ports": {"3000/tcp": "32769"}}));
    assert_eq!(created.headers["location"], format!("/v1/sandboxes/{id}"));

    let list = api.get("/v1/sandboxes").await;
    assert_eq!(list.status, 200);
    let item = &list.json()["sandboxes"][0];
    assert_eq!(item["Id"], id);
    assert_eq!(item["Names"], json!(["/my-nextjs"]));
    assert_eq!(item["Image"], "busybox:latest");
    assert_eq!(item["State"], "running");
    assert!(item["Status"].as_str().unwrap().starts_with("Up "));
    assert_eq!(
        item["Ports"][0],
        json!({"IP": "127.0.0.1", "PrivatePort": 3000, "PublicPort": 32769, "Type": "tcp"})
    );

    for query in [id, &id[..8], "my-nextjs", "%2Fmy-nextjs"] {
        let inspected = api.get(&format!("/v1/sandboxes/{query}")).await;
        assert_eq!(inspected.status, 200, "{query}");
        let body = inspected.json();
        assert_eq!(body["Id"], id);
        assert_eq!(body["Name"], "/my-nextjs");
        assert_eq!(body["State"]["Status"], "running");
        assert_eq!(body["State"]["Running"], true);
        assert_eq!(body["Config"]["Image"], "busybox:latest");
        assert_eq!(
            body["NetworkSettings"]["Ports"]["3000/tcp"][0]["HostPort"],
            "32769"
        );
    }

    let ran = api
        .post(
            &format!("/v1/sandboxes/{}/exec", &id[..8]),
            r#"{ "cmd": ["ls", "/app/src"] }"#,
        )
        .await;
    assert_eq!(ran.status, 200);
    assert_eq!(
        ran.json(),
        json!({"output": "app\n", "stdout": "app\n", "stderr": "", "exit_code": 0})
    );

    let stopped = api.post(&format!("/v1/sandboxes/{id}/stop"), "").await;
    assert_eq!(
        (stopped.status.as_u16(), stopped.json()),
        (200, json!({"status": "stopped"}))
    );
    assert_eq!(
        api.get("/v1/sandboxes").await.json(),
        json!({"sandboxes": []})
    );

    let restarted = api.post(&format!("/v1/sandboxes/{id}/restart"), "").await;
    assert_eq!(
        (restarted.status.as_u16(), restarted.json()),
        (200, json!({"status": "restarted"}))
    );

    let deleted = api.delete(&format!("/v1/sandboxes/{id}")).await;
    assert_eq!((deleted.status.as_u16(), deleted.body.len()), (204, 0));
    let again = api.delete(&format!("/v1/sandboxes/{id}")).await;
    assert_eq!(again.error(404, "NOT_FOUND"), "sandbox not found");
}

#[tokio::test]
async fn lists_filter_and_come_in_pages() {
    let api = Api::start().await;
    for (name, tier) in [("one", "web"), ("two", "db"), ("three", "web")] {
        let body = json!({"image": "busybox", "name": name, "labels": {"tier": tier}});
        let created = api.post("/v1/sandboxes", &body.to_string()).await;
        assert_eq!(created.status, 201);
    }
    api.post("/v1/sandboxes/two/stop?timeout=0", "").await;
    let names = async |query: &str| {
        let list = api.get(&format!("/v1/sandboxes{query}")).await;
        assert_eq!(list.status, 200, "{query}: {}", list.text());
        let list = list.json();
        let names: Vec<String> = list["sandboxes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["Names"][0].as_str().unwrap().to_owned())
            .collect();
        (names.join(" "), list["next"].as_str().map(str::to_owned))
    };
    for (query, expected) in [
        ("", "/three /one"),
        ("?all=true", "/three /two /one"),
        ("?all=1", "/three /two /one"),
        ("?all=0", "/three /one"),
        ("?state=exited", "/two"),
        ("?state=exited&state=running", "/three /two /one"),
        ("?label=tier=web", "/three /one"),
        ("?label=tier%3Ddb&all=true", "/two"),
        ("?label=tier", "/three /one"),
        ("?label=none", ""),
        ("?name=one", "/one"),
    ] {
        assert_eq!(names(query).await, (expected.to_owned(), None), "{query}");
    }
    let (first, next) = names("?all=true&limit=2").await;
    assert_eq!(first, "/three /two");
    let (rest, next) = names(&format!("?all=true&limit=2&cursor={}", next.unwrap())).await;
    assert_eq!((rest.as_str(), next), ("/one", None));
}

#[tokio::test]
async fn everything_that_can_be_asked_for_is_shown() {
    let api = Api::start().await;
    let body = json!({
        "image": "busybox:latest",
        "name": "full",
        "ports": ["8081:3000/tcp", "0.0.0.0::53/udp"],
        "cmd": ["-c", "true"],
        "entrypoint": ["sh"],
        "env": {"A": "b=c"},
        "workdir": "/tmp",
        "user": "1000:1000",
        "labels": {"k": "v"},
        "limits": {"memory": "64m", "cpus": 1.5, "pids": 10},
        "network": "none",
        "engine": "native",
    });
    let created = api.post("/v1/sandboxes", &body.to_string()).await;
    // The engine of this test has no UDP; a real one tells the same way what it lacks.
    assert!(created.error(422, "UNSUPPORTED").contains("udp"));

    let mut body = body;
    body["ports"] = json!(["8081:3000/tcp"]);
    let created = api.post("/v1/sandboxes", &body.to_string()).await;
    assert_eq!(created.json()["ports"], json!({"3000/tcp": "8081"}));
    let shown = api.get("/v1/sandboxes/full").await.json();
    assert_eq!(shown["HostConfig"]["Memory"], 64 << 20);
    assert_eq!(shown["HostConfig"]["NanoCpus"], 1_500_000_000);
    assert_eq!(shown["HostConfig"]["PidsLimit"], 10);
    assert_eq!(shown["HostConfig"]["NetworkMode"], "none");
    assert_eq!(
        shown["HostConfig"]["PortBindings"]["3000/tcp"],
        json!([{"HostIp": "", "HostPort": "8081"}])
    );
    assert_eq!(shown["Config"]["Labels"], json!({"k": "v"}));
    assert_eq!(shown["Config"]["Entrypoint"], json!(["sh"]));
    assert_eq!(shown["Config"]["Cmd"], json!(["-c", "true"]));
    assert_eq!(shown["Engine"], "native");

    body["name"] = json!("other");
    let taken = api.post("/v1/sandboxes", &body.to_string()).await;
    assert!(taken.error(409, "CONFLICT").contains("8081"));
    body["name"] = json!("full");
    let taken = api.post("/v1/sandboxes", &body.to_string()).await;
    assert!(taken.error(409, "CONFLICT").contains("full"));
}

#[tokio::test]
async fn grace_periods_come_by_query_or_body() {
    let api = Api::start().await;
    api.create("box").await;
    for (path, body) in [
        ("/v1/sandboxes/box/stop?timeout=0.5", ""),
        ("/v1/sandboxes/box/stop", r#"{"timeout": 1}"#),
        ("/v1/sandboxes/box/stop", "{}"),
        ("/v1/sandboxes/box/restart?timeout=0", " "),
    ] {
        assert_eq!(api.post(path, body).await.status, 200, "{path} {body}");
    }
    for (path, body) in [
        ("/v1/sandboxes/box/stop?timeout=-1", ""),
        ("/v1/sandboxes/box/stop?timeout=x", ""),
        ("/v1/sandboxes/box/stop?timeout=NaN", ""),
        ("/v1/sandboxes/box/stop?grace=1", ""),
        ("/v1/sandboxes/box/restart", r#"{"timeout": 3601}"#),
        ("/v1/sandboxes/box/restart", "null"),
    ] {
        api.post(path, body).await.error(400, "BAD_REQUEST");
    }
}

#[tokio::test]
async fn a_sandbox_that_ended_shows_how() {
    let api = Api::start().await;
    let id = api.create("box").await;
    let exit = ctnr_model::ExitStatus {
        oom_killed: true,
        ..ctnr_model::ExitStatus::signaled(9)
    };
    api.platform.engine.end(&id.parse().unwrap(), exit);
    eventually("the end is seen", async || {
        api.get("/v1/sandboxes").await.json()["sandboxes"] == json!([])
    })
    .await;
    let state = &api.get("/v1/sandboxes/box").await.json()["State"];
    assert_eq!(state["Status"], "exited");
    assert_eq!(state["ExitCode"], 137);
    assert_eq!(state["OOMKilled"], true);
    assert_eq!(state["Pid"], 0);
    let list = api.get("/v1/sandboxes?all=true").await.json();
    let status = list["sandboxes"][0]["Status"].as_str().unwrap();
    assert!(status.starts_with("Exited (137) "), "{status}");
}

#[tokio::test]
async fn logs_come_as_text_lines_or_events() {
    let api = Api::start().await;
    api.create("box").await;
    let path = "/v1/sandboxes/box/logs";
    let text = api.get(path).await;
    assert_eq!(text.headers["content-type"], "text/plain; charset=utf-8");
    assert_eq!(text.text(), "hello\ncareful\nbye\n");
    for (query, expected) in [
        ("?stderr=false", "hello\nbye\n"),
        ("?stdout=0", "careful\n"),
        ("?tail=1", "bye\n"),
        (
            "?tail=all&since=1h&until=2030-01-01T00:00:00Z",
            "hello\ncareful\nbye\n",
        ),
    ] {
        let answer = api.get(&format!("{path}{query}")).await;
        assert_eq!(answer.text(), expected, "{query}");
    }
    let timed = api.get(&format!("{path}?timestamps=1&tail=1")).await;
    let (time, rest) = timed.text().split_once(' ').unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{time}");
    assert_eq!(rest, "bye\n");

    let accept = async |kind: &str, query: &str| {
        let request = request(Method::GET, &format!("{path}{query}"), "");
        api.send(with(request, "accept", kind)).await
    };
    let lines = accept("application/x-ndjson", "?tail=2").await.lines();
    assert_eq!(lines[0]["stream"], "stderr");
    assert_eq!(lines[1]["data"], "bye\n");
    let coded = accept("application/x-ndjson", "?tail=1&encoding=base64").await;
    assert_eq!(coded.lines()[0]["data"], "YnllCg==");
    let events = accept("text/event-stream", "?tail=1").await;
    assert!(
        events.text().starts_with("data: {\"time\":"),
        "{}",
        events.text()
    );
}
