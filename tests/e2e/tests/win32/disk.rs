//! A disk that programs of Windows have filled.

use ctnr_e2e::{Backend, SmallDisk, eventually};
use serde_json::json;

use crate::world::World;

#[test]
fn a_container_that_fills_the_disk_is_told_so_and_can_be_removed() {
    // The runtime takes 440 MB as an archive, and as much unpacked.
    let disk = SmallDisk::of_megabytes(1_400);
    let data = disk.data();
    let world = World::with(
        Backend::builder()
            .set("CONTAINERS_DATA_DIR", data.to_str().unwrap())
            .set(
                "DATABASE_URL",
                &format!("sqlite://{}/ctnr.db", data.display()),
            ),
    );
    world.create(&json!({ "name": "greedy" }));
    world.create(&json!({ "name": "other" }));
    world.cmd("greedy", r"echo kept> C:\kept.txt");
    world.cmd("other", r"echo kept> C:\kept.txt");
    world.cmd(
        "greedy",
        r"for /l %i in (1,1,4000) do @echo 0123456789012345678901234567890>> C:\a",
    );
    // Each round doubles it; a few dozen fill every disk.
    let full = world.exec(
        "greedy",
        &[
            "cmd",
            "/c",
            r"for /l %i in (1,1,40) do @copy /y /b C:\a+C:\a C:\b >nul && copy /y /b C:\b C:\a >nul || exit 9",
        ],
    );
    assert_ne!(full["exit_code"], 0, "{full}");

    // Others that have what they need go on, and what they had is there.
    assert_eq!(world.cmd("other", r"type C:\kept.txt"), "kept\n");
    assert_eq!(world.cmd("greedy", r"type C:\kept.txt"), "kept\n");
    // A change that needs room is done, or says that there is none.
    let answer = world.ask("other", "snapshots", &json!({ "name": "one" }));
    assert!(
        answer.status == 201 || answer.text().contains("space") || answer.text().contains("full"),
        "{}",
        answer.text()
    );
    // What makes room is done, and everything goes on then.
    world.api().delete("/api/containers/greedy").expect(204);
    eventually("a container on a disk with room", || {
        let made = world
            .api()
            .post_json("/api/containers", &json!({ "name": "next" }));
        if made.status == 201 {
            Ok(())
        } else {
            Err(made.text())
        }
    });
    // The room comes back a moment after the answer.
    let ran = eventually("a program on a disk with room", || {
        let answer = world.ask(
            "next",
            "exec",
            &json!({ "cmd": ["cmd", "/c", "echo room"] }),
        );
        match answer.status {
            200 => Ok(answer.json()),
            503 if answer.text().contains("space") => Err(answer.text()),
            other => panic!("{other}: {}", answer.text()),
        }
    });
    assert_eq!(ran["output"], "room\r\n");
    assert_eq!(world.cmd("other", r"type C:\kept.txt"), "kept\n");
    world.end();
}
