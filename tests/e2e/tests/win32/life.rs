//! The life of a container, with a real program.

use serde_json::json;

use crate::world::World;

#[test]
fn a_program_runs_and_its_data_is_kept_put_back_and_dropped() {
    let world = World::start();
    world.seven_zip("zip");
    let listing = world.ask("zip", "run", &json!({ "args": ["i"] }));
    let listing = listing.expect(200).json();
    assert_eq!(listing["exit_code"], 0, "{listing}");
    let said = listing["output"].as_str().unwrap();
    assert!(said.contains("7-Zip (a) 21.07 (x64)"), "{said}");
    let narrow = world.exec("zip", &[r"C:\Tools\7za32.exe", "i"]);
    let said = narrow["output"].as_str().unwrap();
    assert!(said.contains("7-Zip (a) 21.07 (x86)"), "{said}");

    // Its data: packed, kept, unpacked from what was kept.
    world.cmd("zip", r"echo precious> C:\data.txt");
    let packed = world.exec(
        "zip",
        &[r"C:\Tools\7za.exe", "a", r"C:\a.7z", r"C:\data.txt"],
    );
    assert_eq!(packed["exit_code"], 0, "{packed}");
    world
        .ask("zip", "snapshots", &json!({ "name": "one" }))
        .expect(201);
    assert_eq!(world.look("zip")["state"], "stopped");
    world.cmd("zip", r"del C:\a.7z C:\data.txt");
    assert!(!world.cmd("zip", r"dir /b C:\").contains("a.7z"));
    world
        .ask("zip", "rollback", &json!({ "snapshot": "one" }))
        .expect(200);
    let unpacked = world.exec("zip", &[r"C:\Tools\7za.exe", "e", "-so", r"C:\a.7z"]);
    assert_eq!(unpacked["stdout"], "precious\r\n", "{unpacked}");

    // A second one of it, side by side, with separate data.
    world
        .ask("zip", "clone", &json!({ "name": "twin" }))
        .expect(201);
    world.cmd("twin", r"echo other> C:\data.txt");
    assert_eq!(world.cmd("zip", r"type C:\data.txt"), "precious\n");
    assert_eq!(world.cmd("twin", r"type C:\data.txt"), "other\n");

    // What is dropped is the data alone.
    world.ask("zip", "reset", &json!({})).expect(200);
    assert!(!world.cmd("zip", r"dir /b C:\").contains("data.txt"));
    let listing = world.ask("zip", "run", &json!({ "args": ["i"] }));
    assert_eq!(listing.expect(200).json()["exit_code"], 0);
    world.end();
}

#[test]
fn the_registry_is_written_at_a_stop_and_streams_codes_and_input_are_the_programs() {
    let world = World::start();
    world.create(&json!({ "name": "app", "env": ["GREETING=hi"] }));
    world.cmd("app", r"reg add HKCU\Software\Own /v Name /d kept /f");
    world.ask("app", "stop", &json!({})).expect(200);
    let query = world.cmd("app", r"reg query HKCU\Software\Own /v Name");
    assert!(query.contains("kept"), "{query}");
    assert_eq!(world.cmd("app", "echo %GREETING%"), "hi\n");
    let ended = world.exec("app", &["cmd", "/c", "echo out& echo err>&2& exit 7"]);
    assert_eq!(
        (&ended["stdout"], &ended["stderr"], &ended["exit_code"]),
        (&json!("out\r\n"), &json!("err\r\n"), &json!(7))
    );
    // Nothing of the host is on a drive.
    let drives = world.exec("app", &["cmd", "/c", r"dir Z:\"]);
    assert_ne!(drives["exit_code"], 0, "{drives}");
    // The sandbox that it runs in is not changed behind its back.
    let sandbox = world.look("app")["sandbox"].as_str().unwrap().to_owned();
    let refused = world.api().delete(&format!("/v1/sandboxes/{sandbox}"));
    let message = refused.expect_error(409, "CONFLICT");
    assert!(message.contains("container app"), "{message}");
    world.end();
}
