//! Containers that are carried: out of one backend and into another.

use std::thread;
use std::time::Duration;

use ctnr_e2e::{Answer, Item, eventually_within, tar};
use serde_json::{Value, json};

use crate::capture::{NSIS, nsis};
use crate::world::World;

/// How long a job may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(120);

impl World {
    /// The bytes of a container's artifact.
    #[track_caller]
    pub(crate) fn export(&self, name: &str, with_data: bool) -> Vec<u8> {
        let path = format!("/api/containers/{name}/export?with_data={with_data}");
        let answer = self.api().get(&path).expect(200);
        let disposition = answer.header("content-disposition").unwrap_or_default();
        assert!(
            disposition.contains(&format!("{name}.ctnr")),
            "{disposition}"
        );
        answer.body
    }

    /// Asks for a container of an artifact.
    #[track_caller]
    pub(crate) fn begin_import(&self, artifact: &[u8], more: &Value) -> Answer {
        let mut body = json!({ "upload": self.upload(artifact) });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        self.api().post_json("/api/artifacts/import", &body)
    }

    /// Makes a container of an artifact, and gives its job when that is over.
    #[track_caller]
    pub(crate) fn import(&self, artifact: &[u8], more: &Value) -> Value {
        let started = self.begin_import(artifact, more).expect(202).json();
        self.job_over(started["job"].as_str().unwrap())
    }

    #[track_caller]
    fn program_runs(&self, name: &str) {
        let ran = self
            .ask(name, "run", &json!({ "args": ["i"] }))
            .expect(200)
            .json();
        assert_eq!(ran["exit_code"], 0, "{ran}");
        assert!(ran["output"].as_str().unwrap().contains("7-Zip"), "{ran}");
    }

    /// Whether the file and the key are there that the user of `app` has made.
    #[track_caller]
    fn has_data(&self, name: &str) -> (bool, bool) {
        let file = self.cmd(name, r"if exist C:\users\user\mine.txt echo there");
        let key = self.exec(name, &["reg", "query", r"HKCU\Software\Mine"]);
        (file == "there\n", key["exit_code"] == 0)
    }
}

#[test]
fn a_captured_program_runs_from_its_import_with_and_without_its_data() {
    let world = World::start();
    world.create(&json!({ "name": "app" }));
    let job = world.capture("app", "setup.exe", &nsis(NSIS), json!({}));
    assert_eq!(job["state"], "succeeded", "{job}");
    world.cmd("app", r"echo mine> C:\users\user\mine.txt");
    world.cmd("app", r"reg add HKCU\Software\Mine /v x /d 1");
    world.cmd("app", r"attrib +h C:\users\user\mine.txt");

    // Without its data it goes on meanwhile; the same container gives the same bytes.
    let program = world.export("app", false);
    assert_eq!(world.look("app")["state"], "running");
    assert!(program == world.export("app", false), "other bytes");
    let whole = world.export("app", true);
    assert_eq!(world.look("app")["state"], "stopped");
    assert!(whole == world.export("app", true), "other bytes");
    assert!(program == world.export("app", false), "other bytes");

    // On the same host no program is unpacked again; data is nobody's to be had for its digest.
    let job = world.import(&whole, &json!({ "name": "twin" }));
    assert_eq!(job["state"], "succeeded", "{job}");
    let result = &job["result"];
    assert_eq!(result["name"], "twin");
    assert_eq!(
        (&result["reused"], &result["layers"]),
        (&json!(1), &json!(2)),
        "{job}"
    );
    assert_eq!(world.has_data("twin"), (true, true));
    let taken = world.begin_import(&program, &json!({ "name": "twin" }));
    assert!(taken.expect_error(409, "CONFLICT").contains("twin"));
    // Without a name it is the manifest's, which the first one has.
    let job = world.import(&program, &json!({}));
    assert_eq!(job["state"], "failed");
    assert!(job["error"].as_str().unwrap().contains("app"), "{job}");

    let other = World::start();
    for (artifact, name, data) in [(&program, "one", false), (&whole, "two", true)] {
        let job = other.import(artifact, &json!({ "name": name }));
        assert_eq!(job["state"], "succeeded", "{job}");
        assert_eq!(job["result"]["network"], "egress", "{job}");
        other.program_runs(name);
        assert_eq!(other.has_data(name), (data, data), "{name}");
        let there = other.cmd(name, r"reg query HKLM\Software\Seven");
        assert!(there.contains("Home"), "{there}");
        let captures = other.captures(name);
        assert_eq!(captures.len(), 1, "{name}");
        assert_eq!(captures[0]["products"][0]["name"], "Seven Zip");
        assert_eq!(captures[0]["arguments"], json!([]));
        // What was written since does not belong to the program.
        assert!(*artifact == other.export(name, data) || data, "other bytes");
    }
    let hidden = other.cmd("two", r"attrib C:\users\user\mine.txt");
    assert!(hidden.contains('H'), "{hidden}");
    // A reset keeps the program and drops the data.
    other.ask("two", "reset", &json!({})).expect(200);
    assert_eq!(other.has_data("two"), (false, false));
    other.program_runs("two");
    other.ask("two", "reset", &json!({})).expect(200);
    let job = other.import(&whole, &json!({ "name": "three" }));
    assert_eq!(job["state"], "succeeded", "{job}");
    assert!(whole == other.export("three", true), "other bytes");
    assert!(program == other.export("three", false), "other bytes");
    other.end();
    world.end();
}

#[test]
fn a_container_without_a_manifest_or_a_program_is_carried() {
    let world = World::start();
    world.create(&json!({ "name": "empty", "labels": { "a": "b" }, "env": ["SECRET=1"] }));
    let artifact = world.export("empty", true);
    let text = String::from_utf8_lossy(&artifact);
    assert!(
        !text.contains("SECRET"),
        "variables of this host went along"
    );
    let job = world.import(&artifact, &json!({ "name": "again" }));
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(job["result"]["layers"], 0, "{job}");
    assert_eq!(world.cmd("again", "echo it runs"), "it runs\n");
    world.end();
}

#[test]
fn the_runtime_has_to_be_there() {
    let world = World::start();
    world.create(&json!({ "name": "app" }));
    let artifact = world.export("app", false);
    let other = ctnr_e2e::Backend::builder().start();
    let upload = other.api().post("/api/uploads").expect(201).json();
    let id = upload["id"].as_str().unwrap();
    let path = format!("/api/uploads/{id}?offset=0");
    other.api().send("PUT", &path, artifact).expect(200);
    let body = json!({ "upload": id });
    let started = other
        .api()
        .post_json("/api/artifacts/import", &body)
        .expect(202)
        .json();
    let job = started["job"].as_str().unwrap();
    let job = eventually_within(PATIENCE, "the import", || {
        let job = other
            .api()
            .get(&format!("/api/jobs/{job}"))
            .expect(200)
            .json();
        match job["state"].as_str() {
            Some("queued" | "running") => Err(job.to_string()),
            _ => Ok(job),
        }
    });
    assert_eq!(job["state"], "failed");
    let error = job["error"].as_str().unwrap();
    assert!(error.contains("ctnr runtime build"), "{error}");
    let list = other.api().get("/api/containers").expect(200).json();
    assert_eq!(list["containers"], json!([]));
    world.end();
}

/// How many files of 12 MiB a large artifact has: a call to end is heard within half a second.
const LARGE: usize = 48;

/// An artifact with so much that unpacking it takes a while.
fn large(world: &World) -> Vec<u8> {
    let mut state = 1u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let content: Vec<u8> = (0..12 << 20 >> 3).flat_map(|_| noise()).collect();
    let items: Vec<Item> = (0..LARGE)
        .map(|number| Item::file(&format!("{number}.bin"), &content))
        .collect();
    let layer = world
        .api()
        .send("POST", "/api/layers?at=C:%5CLarge", tar(&items))
        .expect(201)
        .json();
    world.create(&json!({ "name": "large", "layers": [layer["id"]] }));
    world.export("large", false)
}

#[test]
fn an_import_that_is_called_off_or_killed_leaves_nothing_half() {
    let source = World::start();
    let artifact = large(&source);
    let mut world = World::start();
    let unpacking = |world: &World, job: &str| {
        eventually_within(PATIENCE, "the unpacking", || {
            let job = world
                .api()
                .get(&format!("/api/jobs/{job}"))
                .expect(200)
                .json();
            match job["progress"]["message"].as_str() {
                Some(message) if message.starts_with("unpacking") => Ok(()),
                _ => Err(job.to_string()),
            }
        });
    };
    let started = world.begin_import(&artifact, &json!({})).expect(202).json();
    let job = started["job"].as_str().unwrap().to_owned();
    unpacking(&world, &job);
    world.api().delete(&format!("/api/jobs/{job}")).expect(202);
    assert_eq!(world.job_over(&job)["state"], "cancelled");
    eventually_within(PATIENCE, "nothing is left", || match world.held("layers") {
        left if left.is_empty() => Ok(()),
        left => Err(format!("{left:?}")),
    });
    let list = world.api().get("/api/containers").expect(200).json();
    assert_eq!(list["containers"], json!([]));

    for after in [0, 300] {
        let name = format!("app-{after}");
        let started = world
            .begin_import(&artifact, &json!({ "name": name }))
            .expect(202)
            .json();
        let job = started["job"].as_str().unwrap().to_owned();
        unpacking(&world, &job);
        thread::sleep(Duration::from_millis(after));
        world.backend.kill();
        world.backend.resume();
        let job = world.job_over(&job);
        assert_eq!(job["state"], "succeeded", "{job}");
        assert_eq!(world.held("layers").len(), 1);
        let seen = world.cmd(&name, r"dir /b C:\Large");
        assert_eq!(seen.lines().count(), LARGE, "{seen}");
        world
            .api()
            .delete(&format!("/api/containers/{name}"))
            .expect(204);
    }
    world.end();
    source.end();
}
