//! `/api/keys`, and what a key is good for.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use backend::http::{ApiKey, Options};
use serde_json::{Value, json};

use super::api::{Answer, Api, request, with};
use super::support::eventually;

pub(crate) const FAR: &str = "192.0.2.7:50000";

pub(crate) fn root() -> Options {
    Options {
        api_key: Some(ApiKey::new("s3cret").unwrap()),
        ..Options::default()
    }
}

/// Makes a key with the root key; gives its text.
pub(crate) async fn make(api: &Api, name: &str, scopes: &[&str]) -> String {
    let made = create(api, "s3cret", &json!({"name": name, "scopes": scopes})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["secret"].as_str().unwrap().to_owned()
}

async fn create(api: &Api, key: &str, body: &Value) -> Answer {
    send(api, key, Method::POST, "/api/keys", &body.to_string()).await
}

pub(crate) async fn send(api: &Api, key: &str, method: Method, path: &str, body: &str) -> Answer {
    let request = with(request(method, path, body), "x-api-key", key);
    api.send_from(FAR, request).await
}

async fn get(api: &Api, key: &str, path: &str) -> Answer {
    send(api, key, Method::GET, path, "").await
}

#[tokio::test]
async fn a_key_is_made_listed_shown_and_revoked() {
    let api = Api::with(root()).await;
    let body = json!({
        "name": "ci", "scopes": ["sandboxes:write", "images:read"], "rate": 50, "burst": 100,
        "expires_at": "2100-01-01T00:00:00Z",
    });
    let made = create(&api, "s3cret", &body).await;
    assert_eq!(made.status, 201);
    let mut made_json = made.json();
    let secret = made_json["secret"].as_str().unwrap().to_owned();
    let id = made_json["id"].as_str().unwrap().to_owned();
    assert_eq!(made.headers["location"], format!("/api/keys/{id}").as_str());
    assert!(secret.starts_with(&format!("ctnr_{id}_")) && secret.len() == 86);
    for (name, value) in body.as_object().unwrap() {
        match name.as_str() {
            "scopes" => assert_eq!(made_json[name], json!(["images:read", "sandboxes:write"])),
            name => assert_eq!(&made_json[name], value),
        }
    }
    assert_eq!(made_json["created_by"], "root");
    let taken = create(&api, "s3cret", &body).await;
    assert!(taken.error(409, "CONFLICT").contains("ci"));

    assert_eq!(get(&api, &secret, "/v1/sandboxes").await.status, 200);
    made_json.as_object_mut().unwrap().remove("secret");
    for query in [id.as_str(), "ci", &id[..6]] {
        let shown = get(&api, "s3cret", &format!("/api/keys/{query}")).await;
        let mut shown = shown.json();
        let used = shown.as_object_mut().unwrap().remove("last_used_at");
        assert!(used.is_some_and(|used| used.is_string()), "{query}");
        assert_eq!(shown, made_json, "{query}");
    }
    let listed = get(&api, "s3cret", "/api/keys").await;
    assert_eq!(listed.json()["keys"].as_array().unwrap().len(), 1);
    for text in [listed.text(), taken.text()] {
        assert!(!text.contains(&secret[22..]));
    }

    let path = "/api/keys/ci";
    let revoked = send(&api, "s3cret", Method::DELETE, path, "").await;
    assert_eq!(revoked.status, 204);
    let refused = get(&api, &secret, "/v1/sandboxes").await;
    refused.error(401, "UNAUTHORIZED");
    let gone = send(&api, "s3cret", Method::DELETE, path, "").await;
    gone.error(404, "NOT_FOUND");
}

#[tokio::test]
async fn the_database_holds_no_key() {
    let api = Api::with(root()).await;
    let secret = make(&api, "ci", &["admin"]).await;
    let rows = api.platform.database.open().await.keys().await.unwrap();
    assert_eq!(rows.len(), 1);
    let digits = secret.rsplit('_').next().unwrap();
    let mut connection = api.platform.database.connect().await;
    let row = sqlx::query("SELECT id || name || hash || scopes || created_by FROM api_keys")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let row: String = sqlx::Row::get(&row, 0);
    assert!(
        row.contains(&rows[0].hash.to_text()) && !row.contains(digits),
        "{row}"
    );
}

#[tokio::test]
async fn only_admin_makes_keys_and_none_that_may_do_more_or_last_longer() {
    let api = Api::with(root()).await;
    let every: Vec<String> = ctnr_model::Scope::all()
        .map(|scope| scope.to_string())
        .filter(|scope| scope != "admin")
        .collect();
    let every: Vec<&str> = every.iter().map(String::as_str).collect();
    let worker = make(&api, "worker", &every).await;
    let wanted = json!({"name": "more", "scopes": ["sandboxes:read"]});
    for (method, path) in [
        (Method::POST, "/api/keys"),
        (Method::GET, "/api/keys"),
        (Method::GET, "/api/keys/worker"),
        (Method::DELETE, "/api/keys/worker"),
    ] {
        let refused = send(&api, &worker, method, path, &wanted.to_string()).await;
        assert!(refused.error(403, "FORBIDDEN").contains("admin"));
    }

    let end = "2100-01-01T00:00:00Z";
    let body = json!({"name": "boss", "scopes": ["admin"], "expires_at": end});
    let boss = create(&api, "s3cret", &body).await.json();
    let boss = boss["secret"].as_str().unwrap();
    for (expires_at, status) in [
        (Value::Null, 403),
        (json!("2100-01-01T00:00:01Z"), 403),
        (json!(end), 201),
    ] {
        let body = json!({"name": "child", "scopes": ["admin"], "expires_at": expires_at});
        let answer = create(&api, boss, &body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
    let child = get(&api, boss, "/api/keys/child").await.json();
    assert!(
        child["created_by"]
            .as_str()
            .unwrap()
            .starts_with("key boss (")
    );
    // A key may revoke itself.
    let revoked = send(&api, boss, Method::DELETE, "/api/keys/boss", "").await;
    assert!(
        [204, 401].contains(&revoked.status.as_u16()),
        "{}",
        revoked.text()
    );
    get(&api, boss, "/v1/info").await.error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn keys_that_cannot_be_are_not_made() {
    let api = Api::with(root()).await;
    for (body, part) in [
        (json!({"name": "ci", "scopes": []}), "scopes"),
        (
            json!({"name": "ci", "scopes": ["sandboxes:all"]}),
            "sandboxes:read",
        ),
        (json!({"name": "c\u{0}i", "scopes": ["admin"]}), "name"),
        (
            json!({"name": "ci", "scopes": ["admin"], "rate": 0}),
            "rate",
        ),
        (
            json!({"name": "ci", "scopes": ["admin"], "secret": "mine"}),
            "secret",
        ),
        (
            json!({"name": "ci", "scopes": ["admin"], "expires_at": "2001-01-01T00:00:00Z"}),
            "expires_at",
        ),
    ] {
        let message = create(&api, "s3cret", &body)
            .await
            .error(400, "BAD_REQUEST");
        assert!(message.contains(part), "{message}");
    }
    let odd = get(&api, "s3cret", "/api/keys/..%2fetc").await;
    odd.error(400, "BAD_REQUEST");
}

#[tokio::test]
async fn what_is_no_key_is_refused_from_anywhere() {
    for options in [root(), Options::default()] {
        let api = Api::with(options.clone()).await;
        let local = |body: &Value| request(Method::POST, "/api/keys", &body.to_string());
        let mut secrets = Vec::new();
        for name in ["one", "two"] {
            let asked = local(&json!({"name": name, "scopes": ["sandboxes:read"]}));
            let asked = match &options.api_key {
                Some(_) => with(asked, "x-api-key", "s3cret"),
                None => asked,
            };
            let made = api.send(asked).await.json();
            secrets.push(made["secret"].as_str().unwrap().to_owned());
        }
        let [one, two] = [&secrets[0], &secrets[1]];
        let mixed = format!("{}{}", &one[..22], &two[22..]);
        let unknown = format!("ctnr_{}{}", "0".repeat(16), &one[21..]);
        let huge = "a".repeat(1 << 20);
        let long = format!("{one}{}", "0".repeat(1 << 20));
        let upper = one.to_uppercase();
        let wrong: [&str; 11] = [
            "",
            "ctnr_",
            &one[..85],
            &one[..21],
            &mixed,
            &unknown,
            &huge,
            &long,
            &upper,
            "s3cre",
            "root",
        ];
        for peer in [FAR, "127.0.0.1:1"] {
            // A peer who guesses is slowed down, which is not what this is about.
            tokio::time::sleep(Duration::from_millis(1_100)).await;
            for (at, key) in wrong.iter().enumerate() {
                let sent = with(request(Method::GET, "/v1/sandboxes", ""), "x-api-key", key);
                let answer = api.send_from(peer, sent).await;
                assert!(
                    [401, 429].contains(&answer.status.as_u16()),
                    "{peer} {at}: {}",
                    answer.text()
                );
                assert!(key.is_empty() || key.len() > 50 || !answer.text().contains(key));
            }
            // The right key, in the wrong place.
            for path in [
                format!("/v1/sandboxes?api_key={one}"),
                format!("/v1/sandboxes?x-api-key={one}&key={one}"),
            ] {
                let answer = api.send_from(FAR, request(Method::GET, &path, "")).await;
                assert_eq!(answer.status, 401, "{}", answer.text());
            }
        }
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let mut twice = with(request(Method::GET, "/v1/sandboxes", ""), "x-api-key", one);
        twice
            .headers_mut()
            .append("x-api-key", two.parse().unwrap());
        api.send(twice).await.error(401, "UNAUTHORIZED");
        for offered in ["ctnr.key.!!", "ctnr.key.AAAA"] {
            let sent = request(Method::GET, "/v1/sandboxes", "");
            let sent = with(sent, "sec-websocket-protocol", offered);
            api.send(sent).await.error(401, "UNAUTHORIZED");
        }
        for key in &secrets {
            assert_eq!(get(&api, key, "/v1/sandboxes").await.status, 200);
        }
    }
}

#[tokio::test]
async fn headers_of_the_platform_make_nobody_somebody() {
    let api = Api::with(root()).await;
    let reader = make(&api, "reader", &["sandboxes:read"]).await;
    let id = &reader[5..21];
    for claim in ["root", "local", id] {
        let claiming = || {
            let sent = request(Method::GET, "/api/keys", "");
            with(sent, "x-ctnr-principal", claim)
        };
        api.send(claiming()).await.error(401, "UNAUTHORIZED");
        let by_reader = with(claiming(), "x-api-key", &reader);
        api.send(by_reader).await.error(403, "FORBIDDEN");
        let guessed = with(claiming(), "x-ctnr-internal", "guess");
        assert!(!api.send(guessed).await.status.is_success());
    }
}

#[tokio::test]
async fn a_key_expires() {
    let api = Api::with(root()).await;
    let end = jiff::Timestamp::now() + Duration::from_secs(2);
    let body = json!({"name": "brief", "scopes": ["admin"], "expires_at": end.to_string()});
    let made = create(&api, "s3cret", &body).await.json();
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(get(&api, secret, "/v1/info").await.status, 200);
    eventually("the key expires", || async {
        get(&api, secret, "/v1/info").await.status == 401
    })
    .await;
    let message = get(&api, secret, "/v1/info")
        .await
        .error(401, "UNAUTHORIZED");
    assert!(message.contains("brief expired"), "{message}");
    // Only to who has it.
    let wrong = format!(
        "{}{}",
        &secret[..85],
        if secret.ends_with('0') { 1 } else { 0 }
    );
    let message = get(&api, &wrong, "/v1/info")
        .await
        .error(401, "UNAUTHORIZED");
    assert!(!message.contains("brief"), "{message}");
    let shown = get(&api, "s3cret", "/api/keys/brief").await.json();
    assert_eq!(shown["state"], "expired");
}

#[tokio::test]
async fn without_a_root_key_this_host_needs_none_and_others_theirs() {
    let api = Api::start().await;
    let asked = json!({"name": "far", "scopes": ["sandboxes:read"]}).to_string();
    let made = api.post("/api/keys", &asked).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(made.json()["created_by"], "local");
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    // A key in the database takes nothing from this host.
    assert_eq!(api.get("/api/keys").await.status, 200);
    let named = |host: &str| with(request(Method::GET, "/v1/sandboxes", ""), "host", host);
    let by_name = || with(named("ctnr.example.com"), "x-api-key", &secret);
    for peer in [FAR, "127.0.0.1:1"] {
        assert_eq!(api.send_from(peer, by_name()).await.status, 200);
    }
    let keyless = api.send_from(FAR, named("ctnr.example.com")).await;
    keyless.error(401, "UNAUTHORIZED");
    // A page that makes its name lead here has no key.
    api.send(named("ctnr.example.com"))
        .await
        .error(403, "FORBIDDEN");
    // Who is to send a key has to be able to ask for it.
    for path in ["/", "/docs", "/openapi.json"] {
        let open = with(request(Method::GET, path, ""), "host", "ctnr.example.com");
        assert_eq!(api.send_from(FAR, open).await.status, 200, "{path}");
    }
    // With a key, pages of this host may call, as with a root key.
    let page = |sent: Request<Body>| with(sent, "origin", "http://localhost:3000");
    let proven = with(named("localhost"), "x-api-key", &secret);
    assert_eq!(api.send(page(proven)).await.status, 200);
    api.send(page(named("localhost")))
        .await
        .error(403, "FORBIDDEN");
}

#[tokio::test]
async fn a_key_has_a_rate_of_its_own() {
    let options = Options {
        rate_limit: 5,
        ..root()
    };
    let api = Api::with(options).await;
    let body = json!({"name": "slow", "scopes": ["admin"], "rate": 1, "burst": 3});
    let slow = create(&api, "s3cret", &body).await.json();
    let slow = slow["secret"].as_str().unwrap();
    let fast = json!({"name": "fast", "scopes": ["admin"], "rate": 10_000});
    let fast = create(&api, "s3cret", &fast).await.json();
    let fast = fast["secret"].as_str().unwrap();
    let mut served = 0;
    let limited = loop {
        let answer = get(&api, slow, "/v1/info").await;
        if answer.status == 429 {
            break answer;
        }
        served += 1;
        assert!(served < 10, "nothing limits the key");
    };
    assert!(served >= 3, "{served}");
    assert!(limited.error(429, "RATE_LIMITED").contains("slow"));
    let seconds: u64 = limited.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=2).contains(&seconds));
    // The address has used up nothing, and what another key may is its own.
    for _ in 0..100 {
        assert_eq!(get(&api, fast, "/v1/info").await.status, 200);
    }
    let metrics = get(&api, fast, "/metrics").await;
    let limited = "ctnr_key_rate_limited_total{key=\"slow\"} 1";
    assert!(metrics.text().contains(limited), "{}", metrics.text());
    assert!(
        metrics
            .text()
            .contains("ctnr_key_requests_total{key=\"fast\"} 10")
    );
    assert!(!metrics.text().contains(&fast[22..]) && !metrics.text().contains("s3cret"));
}
