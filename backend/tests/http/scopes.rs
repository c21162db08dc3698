//! Each operation asks for its scope, and for no more.

use std::collections::BTreeMap;

use axum::http::Method;
use ctnr_model::{Scope, Scopes};

use super::api::Api;
use super::keys::{make, root, send};

/// Those whose answer has no end.
const ENDLESS: [&str; 2] = ["/v1/events", "/api/events/containers"];

/// Walks the whole document: a key with all that does not include what an operation needs is
/// refused, and told what it lacks; one with nothing else is let in.
#[tokio::test]
async fn every_operation_asks_for_what_the_document_says() {
    let api = Api::with(root()).await;
    let document = send(&api, "s3cret", Method::GET, "/openapi.json", "").await;
    let document = document.json();
    let mut keys = BTreeMap::new();
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let needed = needed(operation);
            let names: Vec<String> = needed.iter().map(Scope::to_string).collect();
            if needed.is_empty() {
                let open = ["/healthz", "/v1/info"].contains(&path.as_str());
                assert!(open, "{method} {path} needs no scope");
                continue;
            }
            asked += 1;
            let concrete = path
                .replace("{id}", "none")
                .replace("{exec}", &"0".repeat(64));
            let others = Scope::all().filter(|other| {
                let other = Scopes::new([*other]).unwrap();
                !needed.iter().any(|needed| other.allow(*needed))
            });
            let others = key(&api, &mut keys, others.collect()).await;
            let refused = send(&api, &others, method.clone(), &concrete, "[").await;
            let message = refused.error(403, "FORBIDDEN");
            for name in &names {
                assert!(message.contains(name), "{method} {path}: {message}");
            }
            if ENDLESS.contains(&path.as_str()) {
                continue;
            }
            for scope in &needed {
                let holder = key(&api, &mut keys, vec![*scope]).await;
                let answer = send(&api, &holder, method.clone(), &concrete, "[").await;
                let status = answer.status.as_u16();
                assert!(![401, 403, 405].contains(&status), "{method} {path}");
            }
        }
    }
    assert!(asked > 90, "{asked}");
}

/// The scopes of which an operation needs one, as the document has them.
fn needed(operation: &serde_json::Value) -> Vec<Scope> {
    let requirements = operation["security"].as_array();
    requirements
        .into_iter()
        .flatten()
        .filter_map(|requirement| requirement["key"].as_array())
        .flatten()
        .map(|scope| Scope::parse(scope.as_str().unwrap()).unwrap())
        .collect()
}

/// A key with these scopes, made once.
async fn key(api: &Api, keys: &mut BTreeMap<Vec<Scope>, String>, scopes: Vec<Scope>) -> String {
    if let Some(key) = keys.get(&scopes) {
        return key.clone();
    }
    let names: Vec<String> = scopes.iter().map(Scope::to_string).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let key = make(api, &format!("key-{}", keys.len()), &names).await;
    keys.insert(scopes, key.clone());
    key
}

/// A program in a sandbox is asked by whichever name only with the scope to change.
#[tokio::test]
async fn ports_of_sandboxes_need_the_scope_to_change() {
    use super::api::{request, with};
    let api = Api::with(root()).await;
    let reader = make(&api, "reader", &["sandboxes:read", "containers:write"]).await;
    for (path, host) in [
        ("/v1/sandboxes/none/proxy/3000/", "localhost"),
        ("/v1/sandboxes/none/proxy/3000/a/b", "localhost"),
        ("/", "3000--none.localhost"),
    ] {
        for method in [Method::GET, Method::POST, Method::OPTIONS] {
            let sent = with(request(method, path, ""), "host", host);
            let refused = api.send(with(sent, "x-api-key", &reader)).await;
            assert!(refused.error(403, "FORBIDDEN").contains("sandboxes:write"));
        }
    }
    let nowhere = send(&api, &reader, Method::GET, "/nowhere", "").await;
    nowhere.error(404, "NOT_FOUND");
}
