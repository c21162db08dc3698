//! `/api/hosts`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::api::Api;

const ID: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

fn report(name: &str) -> Value {
    json!({
        "name": name, "version": "0.1.0", "system": "linux", "architecture": "x86_64",
        "realisers": [{"name": "hooks", "available": false, "reason": "for Windows hosts"}],
        "engines": [{"name": "native", "default": true, "available": true, "capabilities": []}]
    })
}

#[tokio::test]
async fn an_agent_enrols_is_shown_and_leaves() {
    let api = Api::start().await;
    let path = format!("/api/hosts/{ID}/agent");
    let left = api.delete(&path).await;
    left.error(404, "NOT_FOUND");
    for _ in 0..2 {
        let enrolled = api.put(&path, &report("box").to_string()).await;
        assert_eq!(
            (enrolled.status, enrolled.json()["lease"].as_u64()),
            (StatusCode::OK, Some(30))
        );
    }
    let list = api.get("/api/hosts").await.json();
    let hosts = list["hosts"].as_array().unwrap();
    let own = hosts.iter().find(|host| host["id"] == ID).unwrap();
    assert_eq!(
        (&own["state"], &own["agent"]["state"]),
        (&json!("ready"), &json!("ready"))
    );
    for query in [ID, "0a1b", "box"] {
        let host = api.get(&format!("/api/hosts/{query}")).await.json();
        assert_eq!(host["id"], ID, "{query}");
        assert_eq!(host["agent"]["realisers"], report("box")["realisers"]);
        assert_eq!(host.get("backend"), None);
    }
    // A name that two have means neither.
    let other = format!("/api/hosts/{}/agent", ID.replace("0a", "0b"));
    api.put(&other, &report("box").to_string()).await;
    api.get("/api/hosts/box").await.error(409, "CONFLICT");
    api.get("/api/hosts/0").await.error(409, "CONFLICT");
    assert_eq!(api.delete(&path).await.status, StatusCode::NO_CONTENT);
    let host = api.get(&format!("/api/hosts/{ID}")).await.json();
    assert_eq!(
        (&host["state"], &host["agent"]["state"]),
        (&json!("gone"), &json!("gone"))
    );
    // It comes back as if it had never gone.
    api.put(&path, &report("box").to_string()).await;
    let host = api.get(&format!("/api/hosts/{ID}")).await.json();
    assert_eq!(host["state"], "ready");
    api.get("/api/hosts/nobody").await.error(404, "NOT_FOUND");
}

#[tokio::test]
async fn reports_that_cannot_be_are_refused() {
    let api = Api::start().await;
    let path = format!("/api/hosts/{ID}/agent");
    let mut unknown = report("box");
    unknown["colour"] = json!("red");
    let mut large = report("box");
    large["realisers"][0]["reason"] = json!("x".repeat(70_000));
    for (path, body, status, code, part) in [
        (
            "/api/hosts/BOX/agent",
            report("box"),
            400,
            "BAD_REQUEST",
            "32 hexadecimal",
        ),
        (path.as_str(), report(""), 400, "BAD_REQUEST", "name"),
        (path.as_str(), report("a\nb"), 400, "BAD_REQUEST", "name"),
        (path.as_str(), unknown, 400, "BAD_REQUEST", "colour"),
        (path.as_str(), large, 413, "TOO_LARGE", "64 KiB"),
    ] {
        let answer = api.put(path, &body.to_string()).await;
        let message = answer.error(status, code);
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(
        api.get(&format!("/api/hosts/{ID}")).await.status,
        StatusCode::NOT_FOUND
    );
}
