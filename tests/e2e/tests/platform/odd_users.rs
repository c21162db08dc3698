//! Users by strange names and numbers: each is refused, or is one of the sandbox's own with no right
//! but its own (CVE-2022-29162 is about rights that come along).

use ctnr_e2e::{Backend, Image, Item};
use serde_json::json;

const ODD: &[&str] = &[
    "-1",
    "4294967295",
    "4294967296",
    "65536",
    "18446744073709551616",
    "0:4294967295",
    "0:-1",
    "root:root:root",
    ":",
    ":0",
    "0:",
    " ",
    " root",
    "root\n",
    "+0",
    "0x0",
    "1e3",
    "../../etc/passwd",
    "/proc/self/status",
    "%00",
    "*",
    "minus",
    "huge",
    "beyond",
    "empty",
    "nocolon",
    "second",
];

const PASSWD: &str = "root:x:0:0:root:/root:/bin/sh\nminus:x:-1:-1::/:/bin/sh\nhuge:x:99999999999999999999:0::/:/bin/sh\n\
beyond:x:70000:70000::/:/bin/sh\nempty:x:::::\nnocolon\n:x:0:0::/:/bin/sh\nsecond:x:0:0::/../../..:/bin/sh\n";

#[test]
fn users_of_an_image_and_of_a_request() {
    let mut backend = Backend::native();
    let items = [Item::file("etc/passwd", PASSWD)];
    backend.import(&Image::hostile("users:1", &items));
    let sandbox = backend
        .api()
        .create(&json!({ "image": "users:1", "cmd": ["sleep", "1000"] }));
    let status = ["cat", "/proc/self/status"];
    for (number, user) in ODD.iter().enumerate() {
        let exec = sandbox.ask(&json!({ "cmd": status, "user": user }));
        assert!(exec.status < 500, "{user:?}: {}", exec.text());
        if exec.status == 200 {
            check(user, exec.json()["stdout"].as_str().unwrap());
        }
        let name = format!("user-{number}:1");
        let image = Image::hostile(&name, &items).config("User", json!(user));
        let imported = backend.api().import(ctnr_e2e::Engine::Native, &image);
        assert!(imported.status < 500, "{user:?}: {}", imported.text());
        let create =
            json!({ "image": name, "cmd": ["sh", "-c", "cat /proc/self/status; sleep 1000"] });
        let created = backend.api().post_json("/v1/sandboxes", &create);
        assert!(created.status < 500, "{user:?}: {}", created.text());
        if created.status == 201 {
            let path = format!("/v1/sandboxes/{}", created.json()["id"].as_str().unwrap());
            let log = ctnr_e2e::eventually("its status", || {
                match backend.api().get(&format!("{path}/logs")).text() {
                    log if log.contains("nonvoluntary") => Ok(log),
                    log => Err(log),
                }
            });
            check(user, &log);
            backend.api().delete(&path).expect(204);
        }
    }
}

/// No set has more than root has, and none but root has any.
#[track_caller]
fn check(user: &str, status: &str) {
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("{user:?}: no {name} in {status}"))
            .trim()
    };
    let bits = |name| u64::from_str_radix(field(name), 16).unwrap();
    let ids: Vec<u32> = field("Uid:")
        .split_whitespace()
        .map(|id| id.parse().unwrap())
        .collect();
    assert!(
        ids.iter().all(|id| *id == ids[0] && *id < 65_536),
        "{user:?}: {ids:?}"
    );
    assert_eq!((bits("CapInh:"), bits("CapAmb:")), (0, 0), "{user:?}");
    assert_eq!(field("NoNewPrivs:"), "1", "{user:?}");
    if ids[0] != 0 {
        assert_eq!((bits("CapEff:"), bits("CapPrm:")), (0, 0), "{user:?}");
    }
}
