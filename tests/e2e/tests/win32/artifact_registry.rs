//! Containers by way of a registry, and of tools that nobody here wrote.

use std::process::Command;

use ctnr_e2e::Item;
use serde_json::json;

use crate::world::World;

/// A registry that a test may fill.
fn registry() -> String {
    let registry = std::env::var("CTNR_TEST_REGISTRY");
    registry.expect("CTNR_TEST_REGISTRY is not set; run `cargo xtask test`")
}

/// A name in the registry that no other test has.
fn place(name: &str) -> String {
    format!("{}/ctnr-artifact-{}/{name}", registry(), std::process::id())
}

#[track_caller]
fn skopeo(args: &[&str]) {
    let ran = Command::new("skopeo").args(args).output();
    let ran = ran.unwrap_or_else(|error| panic!("skopeo: {error}; `cargo xtask test` installs it"));
    assert!(ran.status.success(), "skopeo {args:?}: {ran:?}");
}

impl World {
    /// A container `app` with a program of two layers.
    fn with_program(&self) {
        let layer = |name: &str, at: &str| {
            let archive = ctnr_e2e::tar(&[Item::file("f.txt", name)]);
            let path = format!("/api/layers?at=C:%5C{at}");
            let layer = self.api().send("POST", &path, archive).expect(201).json();
            layer["id"].clone()
        };
        let layers = [layer("one", "One"), layer("two", "Two")];
        self.create(&json!({ "name": "app", "layers": layers }));
    }

    #[track_caller]
    fn push(&self, body: &serde_json::Value) -> serde_json::Value {
        let started = self.ask("app", "push", body).expect(202).json();
        self.job_over(started["job"].as_str().unwrap())
    }

    #[track_caller]
    fn pull(&self, body: &serde_json::Value) -> serde_json::Value {
        let started = self.api().post_json("/api/artifacts/pull", body);
        let started = started.expect(202).json();
        self.job_over(started["job"].as_str().unwrap())
    }
}

#[test]
fn a_container_goes_to_a_registry_and_comes_from_it() {
    let world = World::start();
    world.with_program();
    world.cmd("app", r"echo mine> C:\mine.txt");
    let place = place("app");
    let first = world.push(&json!({ "reference": format!("{place}:1") }));
    assert_eq!(first["state"], "succeeded", "{first}");
    assert_eq!(first["result"]["reused"], 0, "{first}");
    // What is there is not sent again.
    let again = world.push(&json!({ "reference": format!("{place}:2") }));
    assert_eq!(again["result"]["reused"], 2, "{again}");
    assert_eq!(again["result"]["artifact"], first["result"]["artifact"]);
    let whole = json!({ "reference": format!("{place}:data"), "with_data": true });
    let whole = world.push(&whole);
    assert_eq!(whole["result"]["layers"], 3, "{whole}");
    assert_eq!(whole["result"]["reused"], 2, "{whole}");

    let other = World::start();
    let digest = first["result"]["artifact"].as_str().unwrap();
    let by_digest = json!({ "reference": format!("{place}@{digest}"), "name": "one" });
    let job = other.pull(&by_digest);
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(
        other.cmd("one", r"type C:\One\f.txt & type C:\Two\f.txt"),
        "onetwo"
    );
    let job = other.pull(&json!({ "reference": format!("{place}:data"), "name": "two" }));
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(job["result"]["reused"], 2, "{job}");
    assert_eq!(other.cmd("two", r"type C:\mine.txt"), "mine\n");
    assert!(
        world.export("app", false) == other.export("one", false),
        "other bytes"
    );

    let missing = other.pull(&json!({ "reference": format!("{place}:none"), "name": "three" }));
    assert_eq!(missing["state"], "failed", "{missing}");
    let closed = json!({ "reference": "127.0.0.1:1/app:1" });
    let started = world.ask("app", "push", &closed).expect(202).json();
    let job = started["job"].as_str().unwrap();
    world.api().delete(&format!("/api/jobs/{job}"));
    let to_digest = json!({ "reference": format!("{place}@{digest}") });
    world
        .ask("app", "push", &to_digest)
        .expect_error(400, "BAD_REQUEST");
    other.end();
    world.end();
}

#[test]
fn skopeo_copies_an_artifact_both_ways() {
    let world = World::start();
    world.with_program();
    let artifact = world.export("app", false);
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("app.ctnr"), &artifact).unwrap();
    let place = place("copied");
    let (from, to) = (
        format!("oci-archive:{}", path("app.ctnr")),
        format!("docker://{place}:1"),
    );
    skopeo(&["copy", "--dest-tls-verify=false", &from, &to]);
    let job = world.pull(&json!({ "reference": format!("{place}:1"), "name": "pulled" }));
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(world.cmd("pulled", r"type C:\Two\f.txt"), "two");

    let pushed = world.push(&json!({ "reference": format!("{place}:2") }));
    assert_eq!(pushed["state"], "succeeded", "{pushed}");
    let (from, to) = (
        format!("docker://{place}:2"),
        format!("oci-archive:{}", path("back.ctnr")),
    );
    skopeo(&["copy", "--src-tls-verify=false", &from, &to]);
    let back = std::fs::read(path("back.ctnr")).unwrap();
    let job = world.import(&back, &json!({ "name": "back" }));
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(job["result"]["reused"], 2, "{job}");
    assert!(world.export("back", false) == artifact, "other bytes");
    world.end();
}
