//! Programs that crash, hang, leave others behind; a server that is killed.

use serde_json::json;

use crate::world::World;

#[test]
fn a_program_that_fails_hangs_or_leaves_others_harms_nobody() {
    let world = World::start();
    world.create(&json!({ "name": "app" }));

    // A program that is none.
    world.cmd("app", r"echo junk> C:\junk.exe");
    let crash = world.exec("app", &[r"C:\junk.exe"]);
    assert_ne!(crash["exit_code"], 0, "{crash}");

    // One that reads where nothing is.
    let crash = world.exec("app", &["rundll32", "kernel32.dll,RaiseException"]);
    assert_ne!(crash["exit_code"], 0, "{crash}");

    // One that never ends, and is killed after its time.
    let hang = json!({ "cmd": ["cmd", "/c", "for /l %i in (0,0,1) do @rem"], "timeout": 2 });
    let hang = world.ask("app", "exec", &hang).expect(200).json();
    assert_eq!(hang["timed_out"], true, "{hang}");

    // One that leaves another behind: its caller is answered, and the next one is served.
    let left = world.exec(
        "app",
        &[
            "cmd",
            "/c",
            "start /b ping -n 600 127.0.0.1 >nul& echo done",
        ],
    );
    assert!(left["output"].as_str().unwrap().contains("done"), "{left}");
    assert_eq!(world.cmd("app", "echo still here"), "still here\n");

    // A stop ends all of them, and nothing runs on.
    world.ask("app", "stop", &json!({})).expect(200);
    assert_eq!(world.backend.supervisors(), []);

    // The server of Wine is killed: the end is found, and the next start is a whole one.
    assert_eq!(world.cmd("app", "echo up"), "up\n");
    let sandbox = world.look("app")["sandbox"].as_str().unwrap().to_owned();
    world
        .api()
        .post_json(
            &format!("/v1/sandboxes/{sandbox}/exec"),
            &json!({ "cmd": ["sh", "-c", "kill -9 $(pidof wineserver64)"] }),
        )
        .expect(200);
    let row = world.wait_for("app", "stopped");
    let error = row["error"].as_str().unwrap_or_default();
    assert!(error.contains("ended by itself"), "{row}");
    assert_eq!(world.cmd("app", "echo up again"), "up again\n");
    world.end();
}

#[test]
fn programs_that_are_started_at_once_share_one_session() {
    let world = World::start();
    world.create(&json!({ "name": "app" }));
    let said = std::thread::scope(|scope| {
        let ask = |number: u32| {
            let world = &world;
            scope.spawn(move || world.cmd("app", &format!("echo {number}")))
        };
        let asked: Vec<_> = (0..6).map(ask).collect();
        asked
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    let expected: Vec<String> = (0..6).map(|number| format!("{number}\n")).collect();
    assert_eq!(said, expected);
    assert_eq!(world.backend.supervisors().len(), 1);
    world.end();
}
