//! What it refuses to start with, and what it says then.

use std::process::Output;

use super::backend::{Backend, command};

fn fails(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_taken_port_is_named_with_what_to_do() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let first = Backend::start(one.path());
    for name in ["CONTAINERS_HTTP_ADDR", "CONTAINERS_GRPC_ADDR"] {
        let output = command(two.path())
            .env(name, first.address.to_string())
            .output();
        let error = fails(&output.unwrap());
        assert!(error.contains(&first.address.to_string()), "{error}");
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn settings_that_are_not_valid_are_named() {
    let data = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("CONTAINERS_HTTP_ADDR", "nowhere"),
        ("CONTAINERS_GRPC_ADDR", "nowhere"),
        ("CONTAINERS_ENGINE", "podman"),
        ("CONTAINERS_API_KEY", "a b"),
        ("CONTAINERS_LOG", "=="),
        ("CONTAINERS_ALLOWED_ORIGINS", "nonsense"),
        ("DATABASE_URL", "mysql://localhost/x"),
    ] {
        let error = fails(&command(data.path()).env(name, value).output().unwrap());
        assert!(error.starts_with("backend: "), "{error}");
        assert!(
            error.lines().count() == 1 || name == "DATABASE_URL",
            "{error}"
        );
    }
}

#[test]
fn a_database_that_is_named_and_missing_is_not_replaced() {
    let data = tempfile::tempdir().unwrap();
    let output = command(data.path())
        .env(
            "DATABASE_URL",
            format!("sqlite://{}/no/such.db", data.path().display()),
        )
        .output();
    let error = fails(&output.unwrap());
    assert!(error.contains("database"), "{error}");
    assert!(!data.path().join("ctnr.db").exists());
}
