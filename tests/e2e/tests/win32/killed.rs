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

    // A deletion that was begun is finished, or was not begun.
    let api = world.api().clone();
    let delete = thread::spawn(move || api.try_send("DELETE", "/api/containers/app", Vec::new()));
    thread::sleep(Duration::from_millis(5));
    world.backend.kill();
    drop(delete.join().unwrap());
    world.backend.resume();
    world.end();
}
