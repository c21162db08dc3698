//! Requests that are wrong.

use std::fmt::Write as _;

use serde_json::json;

use crate::world::World;

const HEAD: &str =
    "schema = 1\nname = \"bad\"\nversion = \"1\"\nbitness = \"x64\"\nruntime = \"wine:latest\"\n";

/// A manifest with so many rules for paths.
fn with_rules(count: u32) -> String {
    let mut text = HEAD.to_owned();
    for number in 0..count {
        let _ = writeln!(
            text,
            "[[isolation.path]]\npath = 'C:\\{number}'\nmode = \"full\""
        );
    }
    text
}

#[test]
fn what_is_wrong_is_named_and_nothing_is_left_of_it() {
    let world = World::start();
    let cycle = format!(
        "{HEAD}[[layer]]\nname = \"a\"\nneeds = [\"b\"]\n[[layer]]\nname = \"b\"\nneeds = [\"a\"]\n"
    );
    let many = with_rules(5_000);
    for (body, status, code, part) in [
        (json!({"manifest": cycle}), 400, "BAD_REQUEST", "manifest: "),
        (
            json!({"manifest": format!("{HEAD}colour = 1\n")}),
            400,
            "BAD_REQUEST",
            "colour",
        ),
        (
            json!({"manifest": "schema = "}),
            400,
            "BAD_REQUEST",
            "line 1",
        ),
        (json!({"manifest": many}), 400, "BAD_REQUEST", "4096"),
        (json!({"runtime": "wine:0"}), 404, "NOT_FOUND", "wine:0"),
        (json!({"runtime": "Bad Name"}), 404, "NOT_FOUND", "Bad Name"),
        (json!({"names": "x"}), 400, "BAD_REQUEST", "names"),
        (
            json!({"layers": ["ab".repeat(32)]}),
            404,
            "NOT_FOUND",
            "abab",
        ),
        (
            json!({"folders": {"Documents": "/etc"}}),
            403,
            "FORBIDDEN",
            "CONTAINERS_HOST_FOLDERS",
        ),
        (
            json!({"env": ["WINEPREFIX=/tmp"]}),
            400,
            "BAD_REQUEST",
            "belong to the runtime",
        ),
    ] {
        let message = world
            .api()
            .post_json("/api/containers", &body)
            .expect_error(status, code);
        assert!(message.contains(part), "{message}");
    }
    // A document that is too large to be read is refused before it has all come.
    let huge = json!({"manifest": with_rules(100_000)}).to_string();
    match world
        .api()
        .try_send("POST", "/api/containers", huge.into_bytes())
    {
        Ok(answer) => drop(answer.expect_error(413, "TOO_LARGE")),
        Err(error) => assert!(error.contains("pipe") || error.contains("reset"), "{error}"),
    }
    let list = world.api().get("/api/containers").expect(200).json();
    assert_eq!(list, json!({"containers": []}));

    world.create(&json!({ "name": "app" }));
    for (verb, body, status, part) in [
        ("exec", json!({"cmd": []}), 400, "no program is named"),
        ("exec", json!({"cmd": ["/bin/sh"]}), 400, "path of Linux"),
        ("run", json!({}), 400, "no entry points"),
        ("rollback", json!({"snapshot": "x"}), 404, "no snapshot x"),
        ("runtime", json!({"runtime": "wine:0"}), 404, "wine:0"),
        (
            "snapshots",
            json!({"name": "../x"}),
            400,
            "names no snapshot",
        ),
    ] {
        let answer = world.ask("app", verb, &body).expect(status).text();
        assert!(answer.contains(part), "{verb}: {answer}");
    }
    world
        .api()
        .delete("/api/containers")
        .expect_error(400, "BAD_REQUEST");
    assert_eq!(world.look("app")["state"], "stopped");
    world.end();
}
