//! The backend killed while something is under way with a container.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::world::World;

/// Sends a request, and kills the backend in the middle of it.
fn killed_during(world: &mut World, verb: &str, body: serde_json::Value, after: Duration) {
    let api = world.api().clone();
    let path = format!("/api/containers/app/{verb}");
    let request = thread::spawn(move || {
        api.with("content-type", "application/json").try_send(
            "POST",
            &path,
            body.to_string().into_bytes(),
        )
    });
    // The moments differ from run to run; the end has to be right whichever it was.
    thread::sleep(after);
    world.backend.kill();
    // It may have been answered just before.
    drop(request.join().unwrap());
    world.backend.resume();
}

#[test]
fn what_was_acknowledged_holds_and_nothing_is_left() {
    let mut world = World::start();
    world.create(&json!({ "name": "app" }));
    world.cmd("app", r"echo kept> C:\kept.txt");

    // While it ran: its programs go on, and so does the session.
    world.backend.kill();
    world.backend.resume();
    assert_eq!(world.cmd("app", r"type C:\kept.txt"), "kept\n");

    for (verb, body) in [
        ("stop", json!({})),
        ("start", json!({})),
        ("snapshots", json!({ "name": "one" })),
        ("exec", json!({ "cmd": ["cmd", "/c", "echo x"] })),
        ("clone", json!({ "name": "twin" })),
    ] {
        for after in [5, 60] {
            killed_during(&mut world, verb, body.clone(), Duration::from_millis(after));
            assert_eq!(
                world.cmd("app", r"type C:\kept.txt"),
                "kept\n",
                "after {verb}"
            );
        }
    }

    // What goes back, goes back as a whole or not at all.
    world
        .ask("app", "snapshots", &json!({ "name": "held" }))
        .expect(201);
    for (verb, body) in [
        ("rollback", json!({ "snapshot": "held" })),
        ("reset", json!({})),
    ] {
        world
            .ask("app", "rollback", &json!({ "snapshot": "held" }))
            .expect(200);
        world.cmd("app", r"echo later> C:\later.txt");
        killed_during(&mut world, verb, body, Duration::from_millis(10));
        let names = world.cmd("app", r"dir /b C:\*.txt");
        let whole = ["kept.txt\nlater.txt\n", "kept.txt\n", "File not found\n"];
        let gone = names.trim().is_empty() || names.contains("not found");
        assert!(
            whole.contains(&names.as_str()) || (gone && verb == "reset"),
            "after {verb}: {names}"
        );
    }

    // One that is being made is there as a whole, or not there.
    let api = world.api().clone();
    let create = thread::spawn(move || {
        let body = json!({ "name": "young" }).to_string().into_bytes();
        api.with("content-type", "application/json")
            .try_send("POST", "/api/containers", body)
    });
    thread::sleep(Duration::from_millis(3));
    world.backend.kill();
    drop(create.join().unwrap());
    world.backend.resume();
    if world.api().get("/api/containers/young").status == 200 {
        world.wait_for("young", "stopped");
        assert_eq!(world.cmd("young", "echo whole"), "whole\n");
    }

    // A deletion that was begun is finished, or was not begun.
    let api = world.api().clone();
    let delete = thread::spawn(move || api.try_send("DELETE", "/api/containers/app", Vec::new()));
    thread::sleep(Duration::from_millis(5));
    world.backend.kill();
    drop(delete.join().unwrap());
    world.backend.resume();
    world.end();
}
