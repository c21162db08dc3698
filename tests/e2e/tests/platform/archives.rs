//! Archives and layers that are broken or hostile: refused with a clear error, or harmless, and
//! nothing is left of those that are refused.

use ctnr_e2e::{Backend, Engine, Image, Item, busybox};
use serde_json::json;

/// The files of an image store, but its own fixed ones.
fn objects(backend: &Backend) -> Vec<String> {
    let images = backend.data().join("images");
    let found = ctnr_e2e::run(std::process::Command::new("find").arg(&images).args([
        "-mindepth",
        "3",
        "-maxdepth",
        "3",
        "-printf",
        "%P\\n",
    ]));
    let mut lines: Vec<String> = found.ok().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[track_caller]
fn refused(backend: &Backend, what: &str, archive: Vec<u8>) {
    let before = objects(backend);
    let answer = backend.api().import_bytes(Engine::Native, archive);
    assert!(
        answer.status == 400 || answer.status == 422,
        "{what}: {} {}",
        answer.status,
        answer.text()
    );
    let status = answer.status;
    let code = if status == 400 {
        "BAD_REQUEST"
    } else {
        "UNSUPPORTED"
    };
    answer.expect_error(status, code);
    assert_eq!(objects(backend), before, "{what} left something");
}

#[test]
fn broken_archives() {
    let backend = Backend::native();
    let good = busybox().named("broken:1").archive();
    refused(&backend, "nothing", Vec::new());
    refused(&backend, "noise", b"this is no archive".repeat(1000));
    refused(&backend, "zeros", vec![0; 10_240]);
    for at in [100, 600, good.len() / 2, good.len() - 4000] {
        refused(&backend, &format!("cut at {at}"), good[..at].to_vec());
    }
    // A byte changed within the layer, so that its digest lies.
    let mut changed = good.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 0x40;
    refused(&backend, "a changed layer", changed);
    refused(
        &backend,
        "gzip that is none",
        [&[0x1f, 0x8b, 8, 0][..], &good[..5000]].concat(),
    );
    refused(
        &backend,
        "zstd that is none",
        [&[0x28, 0xb5, 0x2f, 0xfd][..], &good[..5000]].concat(),
    );
    let all = backend.api().get("/v1/images").expect(200).json();
    assert_eq!(all["images"].as_array().unwrap().len(), 1, "{all}");
}

/// A layer can't write outside of its own folder, whatever its names say.
#[test]
fn layers_that_reach_out() {
    let mut backend = Backend::native();
    let outside = tempfile::tempdir().unwrap();
    let secret = outside.path().join("secret");
    std::fs::write(&secret, "untouched").unwrap();
    let out = outside.path().to_str().unwrap();
    let up = format!("{}{}", "../".repeat(20), &out[1..]);
    let attacks: &[(&str, Vec<Item>)] = &[
        (
            "a name with ..",
            vec![Item::file(&format!("{up}/new"), "x")],
        ),
        (
            "an absolute name",
            vec![Item::file(&format!("{out}/new"), "x")],
        ),
        (
            "a file through an absolute link",
            vec![
                Item::symlink("link", out),
                Item::file("link/new", "x"),
                Item::file("link/secret", "x"),
            ],
        ),
        (
            "a file through a relative link",
            vec![
                Item::symlink("link", &up),
                Item::file("link/new", "x"),
                Item::file("link/secret", "x"),
            ],
        ),
        (
            "a hard link out",
            vec![
                Item::hard_link("hard", &format!("{up}/secret")),
                Item::file("hard", "x"),
            ],
        ),
        (
            "a hard link through a link",
            vec![
                Item::symlink("link", out),
                Item::hard_link("hard", "link/secret"),
                Item::file("hard", "x"),
            ],
        ),
        (
            "a whiteout through a link",
            vec![Item::symlink("link", out), Item::whiteout("link/secret")],
        ),
        (
            "a whiteout with ..",
            vec![Item::whiteout(&format!("{up}/secret"))],
        ),
        ("a whiteout of the parent", vec![Item::file(".wh...", "")]),
        (
            "a whiteout of itself",
            vec![Item::file(".wh..", ""), Item::file(".wh.", "")],
        ),
        (
            "a directory in the place of a link",
            vec![
                Item::symlink("d", out),
                Item::directory("d"),
                Item::file("d/new", "x"),
            ],
        ),
        (
            "an opaque mark through a link",
            vec![Item::symlink("d", out), Item::file("d/.wh..wh..opq", "")],
        ),
    ];
    for (number, (what, items)) in attacks.iter().enumerate() {
        let name = format!("attack:{number}");
        // Both in one layer, and spread over two.
        for image in [
            Image::hostile(&name, items),
            Image::hostile(&name, &items[..1]).layer(&items[1..]),
        ] {
            let answer = backend.api().import(Engine::Native, &image);
            assert!(answer.status < 500, "{what}: {}", answer.text());
            if answer.status == 200 {
                // What was taken has to be harmless to run, too.
                let sandbox = backend
                    .api()
                    .create(&json!({ "image": name, "cmd": ["sleep", "1000"] }));
                let _ =
                    sandbox.sh("rm -rf /link/* /d/* /hard; echo x > /link/new; echo x > /d/new");
                sandbox.delete();
            }
            let entries: Vec<_> = std::fs::read_dir(outside.path()).unwrap().collect();
            assert_eq!(entries.len(), 1, "{what}: {entries:?}");
            assert_eq!(
                std::fs::read_to_string(&secret).unwrap(),
                "untouched",
                "{what}"
            );
        }
    }
    backend.import(&busybox().named("still:works"));
}

/// What a layer may hold is there, and harmless: devices open nothing, and the set-user-ID bit
/// gives nothing.
#[test]
fn devices_and_bits_of_a_layer() {
    let mut backend = Backend::native();
    backend.import(&Image::hostile(
        "devices:1",
        &[
            Item::device("mem", 1, 1),
            Item::device("disk", 8, 0).mode(0o666),
            Item::fifo("pipe"),
            Item::program("suid", "#!/bin/sh\nid -u\n").mode(0o4755),
        ],
    ));
    let sandbox = backend
        .api()
        .create(&json!({ "image": "devices:1", "cmd": ["sleep", "1000"] }));
    for device in ["/mem", "/disk"] {
        let read = sandbox.sh(&format!("head -c 1 {device}"));
        assert_ne!(read.code, 0, "{device}: {read:?}");
        assert!(read.stdout.is_empty(), "{device}");
    }
    let made = sandbox.sh("mknod /tmp/null c 1 3 && echo x > /tmp/null");
    assert_ne!(made.code, 0, "{made:?}");
    let suid =
        sandbox.exec_as(&json!({ "cmd": ["/bin/busybox", "sh", "-c", "/suid"], "user": "user" }));
    assert_eq!(suid.stdout, "1000\n");
}

#[test]
fn a_name_that_is_taken_goes_to_the_later_image() {
    let mut backend = Backend::native();
    backend.import(
        &busybox()
            .named("same:1")
            .layer(&[Item::file("which", "first")]),
    );
    let first = backend
        .api()
        .create(&json!({ "image": "same:1", "cmd": ["sleep", "1000"] }));
    backend.import(
        &busybox()
            .named("same:1")
            .layer(&[Item::file("which", "second")]),
    );
    let second = backend
        .api()
        .create(&json!({ "image": "same:1", "cmd": ["sleep", "1000"] }));
    assert_eq!(first.exec(&["cat", "/which"]).ok(), "first");
    assert_eq!(second.exec(&["cat", "/which"]).ok(), "second");
    first.restart();
    assert_eq!(first.exec(&["cat", "/which"]).ok(), "first");
    let in_use = backend.api().delete("/v1/images?name=same:1");
    in_use.expect_error(409, "CONFLICT");
    let nothing = backend.api().delete("/v1/images?name=never:seen");
    nothing.expect_error(404, "NOT_FOUND");
}
