//! `/api/containers`.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::api::{Api, request, with};
use super::events::Reader;

impl Api {
    /// An API whose engine has the runtime `wine:latest`.
    async fn with_runtime() -> Self {
        let api = Self::start().await;
        api.platform.engine.add_runtime("wine:latest", 0x11);
        api
    }

    /// Makes a container; gives it.
    async fn make(&self, body: Value) -> Value {
        let made = self.post("/api/containers", &body.to_string()).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let container = made.json();
        let location = made.headers["location"].to_str().unwrap();
        assert_eq!(location.rsplit('/').next(), container["id"].as_str());
        container
    }
}

/// The names of a list's containers.
fn names(list: &Value) -> Vec<&str> {
    let containers = list["containers"].as_array().unwrap().iter();
    containers
        .map(|row| row["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_life_of_a_container() {
    let api = Api::with_runtime().await;
    let made = api
        .make(json!({"name": "app", "labels": {"team": "red"}}))
        .await;
    assert_eq!(made["state"], "stopped");
    assert_eq!(made["runtime"]["name"], "wine:latest");
    let ran = api
        .post("/api/containers/app/exec", r#"{"cmd": ["echo", "hi"]}"#)
        .await;
    assert_eq!(ran.json()["output"], "hi\n");
    let body = r#"{"cmd": ["echo", "hi"], "stream": true}"#;
    let lines = api.post("/api/containers/app/exec", body).await.lines();
    assert_eq!(lines.last().unwrap()["exit_code"], 0);
    let path = "/api/containers/app";
    assert_eq!(api.get(path).await.json()["state"], "running");
    let kept = api
        .post(&format!("{path}/snapshots"), r#"{"name": "one"}"#)
        .await;
    assert_eq!(
        (kept.status.as_u16(), &kept.json()["layers"]),
        (201, &json!(1))
    );
    let list = api.get(&format!("{path}/snapshots")).await.json();
    assert_eq!(list["snapshots"][0]["name"], "one");
    // What runs is not stopped for a snapshot that is refused.
    api.post(&format!("{path}/start"), "").await;
    let taken = api
        .post(&format!("{path}/snapshots"), r#"{"name": "one"}"#)
        .await;
    taken.error(409, "CONFLICT");
    assert_eq!(api.get(path).await.json()["state"], "running");
    let back = api
        .post(&format!("{path}/rollback"), r#"{"snapshot": "one"}"#)
        .await;
    assert_eq!(back.json()["layers"].as_array().unwrap().len(), 1);
    let twin = api
        .post(&format!("{path}/clone"), r#"{"name": "twin"}"#)
        .await;
    assert_eq!(
        (twin.status.as_u16(), &twin.json()["labels"]["team"]),
        (201, &json!("red"))
    );
    let reset = api.post(&format!("{path}/reset"), "").await.json();
    assert_eq!(reset["layers"], json!([]));
    let plan = api.get(&format!("{path}/plan")).await.json();
    assert_eq!(
        (&plan["target"], &plan["name"]),
        (&json!("linux"), &json!("app"))
    );
    let stopped = api.post(&format!("{path}/stop"), "").await.json();
    assert_eq!(stopped["state"], "stopped");
    assert_eq!(api.delete(path).await.status, StatusCode::NO_CONTENT);
    api.get(path).await.error(404, "NOT_FOUND");
}

#[tokio::test]
async fn lists_have_filters_and_pages() {
    let api = Api::with_runtime().await;
    for (name, team) in [("one", "red"), ("two", "red"), ("three", "blue")] {
        api.make(json!({"name": name, "labels": {"team": team}}))
            .await;
    }
    api.post("/api/containers/one/start", "").await;
    let list = api.get("/api/containers?label=team=red").await.json();
    assert_eq!(names(&list), ["two", "one"]);
    let list = api.get("/api/containers?state=running").await.json();
    assert_eq!(names(&list), ["one"]);
    let list = api
        .get("/api/containers?state=running&state=stopped&name=three")
        .await;
    assert_eq!(names(&list.json()), ["three"]);
    let page = api.get("/api/containers?limit=2").await.json();
    assert_eq!(names(&page), ["three", "two"]);
    let next = page["next"].as_str().unwrap();
    // What is deleted in between is not missed.
    api.delete("/api/containers/two").await;
    let page = api
        .get(&format!("/api/containers?limit=2&cursor={next}"))
        .await
        .json();
    assert_eq!((names(&page), page.get("next")), (vec!["one"], None));
    for (query, part) in [
        ("limit=0", "limit"),
        ("state=asleep", "state"),
        ("cursor=x", "cursor"),
        ("all=true", "unknown field `all`"),
    ] {
        let answer = api.get(&format!("/api/containers?{query}")).await;
        let message = answer.error(400, "BAD_REQUEST");
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn only_what_is_named_is_deleted() {
    let api = Api::with_runtime().await;
    for name in ["one", "two"] {
        api.make(json!({"name": name})).await;
    }
    for body in ["", "{}", r#"{"ids": []}"#, r#"{"all": true}"#] {
        let answer = api
            .send(request(Method::DELETE, "/api/containers", body))
            .await;
        answer.error(400, "BAD_REQUEST");
    }
    let body = r#"{"ids": ["one", "nobody", "../x"]}"#;
    let answer = api
        .send(request(Method::DELETE, "/api/containers", body))
        .await;
    let results = answer.json()["results"].clone();
    let told: Vec<_> = results
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            (
                result["status"].as_str().unwrap(),
                result["error"]["code"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("deleted", None),
            ("failed", Some("NOT_FOUND")),
            ("failed", Some("NOT_FOUND"))
        ]
    );
    assert_eq!(names(&api.get("/api/containers").await.json()), ["two"]);
}

#[tokio::test]
async fn a_key_makes_a_request_safe_to_repeat() {
    let api = Api::with_runtime().await;
    let send = async |key: &str, body: &str| {
        let request = request(Method::POST, "/api/containers", body);
        api.send(with(request, "Idempotency-Key", key)).await
    };
    let first = send("k-1", r#"{"name": "app"}"#).await;
    let again = send("k-1", r#"{"name": "app"}"#).await;
    assert_eq!(first.json()["id"], again.json()["id"]);
    send("k-1", r#"{"name": "other"}"#)
        .await
        .error(409, "CONFLICT");
    send("", r#"{"name": "other"}"#)
        .await
        .error(400, "BAD_REQUEST");
    assert_eq!(names(&api.get("/api/containers").await.json()), ["app"]);
}

#[tokio::test]
async fn a_manifest_is_read_with_lines_and_gives_entry_points() {
    let api = Api::with_runtime().await;
    let manifest = "schema = 1\nname = \"tool\"\nversion = \"1\"\nbitness = \"x64\"\nruntime = \"wine:latest\"\n\
                    [[entry]]\nname = \"a\"\nprogram = 'C:\\a.exe'\n\
                    [[entry]]\nname = \"b\"\nprogram = 'C:\\b.exe'\ndefault = true\n";
    let made = api.make(json!({"manifest": manifest})).await;
    assert_eq!(
        (&made["name"], &made["entry_points"]),
        (&json!("tool"), &json!(["b", "a"]))
    );
    assert_eq!(
        api.get("/api/containers/tool/manifest").await.text(),
        manifest
    );
    let wrong = manifest.replace("bitness", "bit");
    let body = json!({"manifest": wrong}).to_string();
    let message = api
        .post("/api/containers", &body)
        .await
        .error(400, "BAD_REQUEST");
    assert!(message.contains("line 4"), "{message}");
    let answer = api
        .post("/api/containers/tool/run", r#"{"entry": "c"}"#)
        .await;
    assert!(answer.error(404, "NOT_FOUND").contains("b, a"));
}

#[tokio::test]
async fn events_are_those_of_containers_and_jobs_and_go_on_behind_a_number() {
    let api = Api::with_runtime().await;
    api.create("sandbox").await;
    let made = api.make(json!({"name": "app"})).await;
    // Container made, job made, job begun, container stopped, job over.
    let read = async |path: &str, last: Option<&str>, count: usize| {
        let mut reader = Reader::open_at(&api, path, last).await;
        assert_eq!(reader.next().await.1, None, "the number to go on from");
        let mut events = Vec::new();
        for _ in 0..count {
            events.push(reader.next().await.1.unwrap());
        }
        events
    };
    let all = read("/api/events/containers?after=0", None, 5).await;
    let subjects: Vec<_> = all
        .iter()
        .map(|event| event["subject"].as_str().unwrap())
        .collect();
    assert!(subjects.contains(&"container") && subjects.contains(&"job"));
    assert!(!subjects.contains(&"sandbox"), "{subjects:?}");
    let first = &all[0];
    assert_eq!(
        (&first["action"], &first["id"]),
        (&json!("create"), &made["id"])
    );
    let last = first["sequence"].to_string();
    let rest = read("/api/events/containers", Some(&last), 4).await;
    assert_eq!(rest, all[1..]);
}

#[tokio::test]
async fn the_host_says_what_it_can_do() {
    let api = Api::start().await;
    let host = api.get("/api/host").await.json();
    assert_eq!(host["realisers"][0]["available"], false, "{host}");
    let reason = host["realisers"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("/api/runtimes"), "{reason}");
    api.platform.engine.add_runtime("wine:latest", 0x11);
    let host = api.get("/api/host").await.json();
    assert_eq!(host["realisers"][0]["available"], true, "{host}");
    assert_eq!(host["runtimes"][0]["names"], json!(["wine:latest"]));
    api.make(json!({"name": "app"})).await;
    let used = api.delete("/api/runtimes/wine:latest").await;
    assert!(used.error(409, "CONFLICT").contains("app"));
}
