//! Artifacts that mean harm. Each is refused with its reason, and nothing of it is left.

use std::process::Command;

use ctnr_e2e::{Item, tar};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::world::World;

const MANIFEST_TYPE: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG_TYPE: &str = "application/vnd.ctnr.container.config.v1+json";
const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";

/// An artifact that can be made wrong in any of its parts.
#[derive(Clone)]
struct Forged {
    config: Value,
    manifest: Value,
    index: Value,
    layers: Vec<Vec<u8>>,
}

fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

fn blob(bytes: &[u8]) -> Item {
    let name = format!("blobs/{}", digest(bytes).replace(':', "/"));
    Item::file(&name, bytes)
}

impl Forged {
    /// A sound one with a file.
    fn new(runtime: &str) -> Self {
        let text = "schema = 1\nname = \"app\"\nversion = \"1\"\nbitness = \"x64\"\nruntime = \"wine:10\"\n";
        Self {
            config: json!({
                "schema": 1,
                "manifest": text,
                "runtime": { "name": "wine:latest", "digest": runtime },
            }),
            manifest: json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST_TYPE,
                "artifactType": "application/vnd.ctnr.container.v1",
            }),
            index: json!({ "schemaVersion": 2 }),
            layers: vec![tar(&[Item::file("drive_c/f.txt", "f")])],
        }
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut other = self.clone();
        change(&mut other);
        other
    }

    /// With these entries in its layer.
    fn of(&self, items: &[Item]) -> Vec<u8> {
        self.with(|forged| forged.layers = vec![tar(items)]).bytes()
    }

    /// With this manifest of a container, from its second line on.
    fn asking(&self, more: &str) -> Vec<u8> {
        self.with(|forged| {
            let text = forged.config["manifest"].as_str().unwrap();
            forged.config["manifest"] = format!("{text}{more}").into();
        })
        .bytes()
    }

    fn bytes(&self) -> Vec<u8> {
        let config = self.config.to_string().into_bytes();
        let mut manifest = self.manifest.clone();
        let describe = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": digest(bytes), "size": bytes.len() });
        if manifest.get("config").is_none() {
            manifest["config"] = describe(CONFIG_TYPE, &config);
        }
        if manifest.get("layers").is_none() {
            let layers = self.layers.iter().map(|layer| describe(LAYER_TYPE, layer));
            manifest["layers"] = layers.collect();
        }
        let manifest = manifest.to_string().into_bytes();
        let mut index = self.index.clone();
        if index.get("manifests").is_none() {
            index["manifests"] = json!([describe(MANIFEST_TYPE, &manifest)]);
        }
        let mut items = vec![
            Item::file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#),
            Item::file("index.json", index.to_string()),
            blob(&manifest),
            blob(&config),
        ];
        items.extend(self.layers.iter().map(|layer| blob(layer)));
        tar(&items)
    }
}

/// Asserts that each is refused for its reason and leaves nothing.
#[track_caller]
fn refused(world: &World, cases: Vec<(&str, Vec<u8>, &str)>) {
    for (what, artifact, reason) in cases {
        let job = world.import(&artifact, &json!({}));
        assert_eq!(job["state"], "failed", "{what}: {job}");
        let error = job["error"].as_str().unwrap();
        assert!(error.contains(reason), "{what}: {error}");
        assert_eq!(world.held("layers"), Vec::<String>::new(), "{what}");
    }
    let list = world.api().get("/api/containers").expect(200).json();
    assert_eq!(list["containers"], json!([]));
}

fn forged(world: &World) -> Forged {
    let runtimes = world.api().get("/api/runtimes").expect(200).json();
    Forged::new(runtimes["runtimes"][0]["digest"].as_str().unwrap())
}

#[test]
fn documents_that_lie_are_refused() {
    let world = World::start();
    let sound = forged(&world);
    let whole = sound.bytes();
    let layer = |change: Value| {
        sound
            .with(|forged| {
                let bytes = &forged.layers[0];
                let mut layer = json!({ "mediaType": LAYER_TYPE, "digest": digest(bytes), "size": bytes.len() });
                layer
                    .as_object_mut()
                    .unwrap()
                    .extend(change.as_object().unwrap().clone());
                forged.manifest["layers"] = json!([layer]);
            })
            .bytes()
    };
    let mut flipped = whole.clone();
    // In the content of the layer's only file, which is the last block but two.
    let at = flipped.len() - 4 * 512;
    assert_eq!(flipped[at - 512], b'f');
    flipped[at - 512] = b'g';
    let doubled = {
        let mut items = vec![
            Item::file("oci-layout", "{}"),
            Item::file("oci-layout", "{}"),
        ];
        items.push(Item::file("index.json", "{}"));
        tar(&items)
    };
    let deep = format!(r#"{{"x":{}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    let descriptor = json!({ "mediaType": MANIFEST_TYPE, "digest": digest(b""), "size": 0 });
    let cases = vec![
        ("nothing", Vec::new(), "missing"),
        ("no tar", b"no tar at all".repeat(100), "no tar"),
        ("cut in a head", whole[..700].to_vec(), "ends in the middle"),
        ("cut in a blob", whole[..whole.len() - 3000].to_vec(), "ends in the middle"),
        ("other bytes", flipped, "digest"),
        ("a file twice", doubled, "twice"),
        ("a link", tar(&[Item::symlink("index.json", "/etc/passwd")]), "no plain file"),
        ("a long name", tar(&[Item::file(&"n".repeat(257), "x")]), "257 bytes"),
        ("a way out", tar(&[Item::file("../../x", "x")]), "leads out"),
        ("a device", tar(&[Item::device("index.json", 1, 3)]), "no plain file"),
        (
            "thousands of manifests",
            sound
                .with(|forged| forged.index["manifests"] = vec![descriptor; 5_000].into())
                .bytes(),
            "5000 manifests",
        ),
        (
            "a huge index",
            tar(&[
                Item::file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#),
                Item::file("index.json", " ".repeat(2 << 20)),
            ]),
            "limit",
        ),
        (
            "a deep index",
            tar(&[
                Item::file("oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#),
                Item::file("index.json", deep),
            ]),
            "schemaVersion",
        ),
        (
            "another layout",
            tar(&[Item::file("oci-layout", r#"{"imageLayoutVersion":"2.0.0"}"#)]),
            "2.0.0",
        ),
        ("a digest that lies", layer(json!({ "digest": digest(b"other") })), "missing"),
        ("a size that lies", layer(json!({ "size": 7 })), "not 7 as stated"),
        ("an unknown layer", layer(json!({ "mediaType": "application/x-evil" })), "x-evil"),
        (
            "data that says to be the program's ground",
            sound
                .with(|forged| {
                    forged.layers.push(tar(&[Item::file("drive_c/g.txt", "g")]));
                    let kinds = ["data", "program"];
                    let layers = forged.layers.iter().zip(kinds).map(|(bytes, kind)| {
                        json!({
                            "mediaType": LAYER_TYPE, "digest": digest(bytes), "size": bytes.len(),
                            "annotations": { "dev.ctnr.layer": kind },
                        })
                    });
                    forged.manifest["layers"] = layers.collect();
                })
                .bytes(),
            "over one of the user's data",
        ),
        (
            "more than it states",
            layer(json!({ "annotations": { "dev.ctnr.layer.unpacked": "600" } })),
            "that it states",
        ),
        (
            "a later version",
            sound.with(|forged| forged.config["schema"] = 2.into()).bytes(),
            "version 2",
        ),
        (
            "an image",
            sound
                .with(|forged| {
                    forged.manifest["artifactType"] = Value::Null;
                    forged.manifest["config"] = json!({
                        "mediaType": "application/vnd.oci.image.config.v1+json",
                        "digest": digest(b""), "size": 0,
                    });
                })
                .bytes(),
            "ctnr image import",
        ),
        (
            "101 layers",
            sound
                .with(|forged| {
                    let one = json!({ "mediaType": LAYER_TYPE, "digest": digest(b""), "size": 0 });
                    forged.manifest["layers"] = vec![one; 101].into();
                })
                .bytes(),
            "100 layers",
        ),
        (
            "a capture of no layer",
            sound
                .with(|forged| {
                    forged.config["captures"] = json!([{ "layer": 9, "job": "a".repeat(64), "document": {
                        "installer": "a", "kind": "nsis", "arguments": [], "exit_code": 0, "log": "",
                        "products": [], "programs": [], "left_running": [], "registry": [],
                    }}]);
                })
                .bytes(),
            "layer 9",
        ),
    ];
    refused(&world, cases);
    // What all of these are made of is sound itself.
    let job = world.import(&whole, &json!({}));
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(world.cmd("app", r"type C:\f.txt"), "f");
    world.end();
}

#[test]
fn layers_lead_nowhere_but_into_the_container() {
    let world = World::start();
    let sound = forged(&world);
    let file = |name: &str| sound.of(&[Item::file(name, "evil")]);
    let cases = vec![
        (
            "a way up",
            file("drive_c/../../../../tmp/ctnr-evil"),
            "\"..\"",
        ),
        ("another place", file("dosdevices/z:"), "drive_c"),
        ("a file of its user", file("../etc/passwd"), "\"..\""),
        (
            "a drive that is a link",
            sound.of(&[Item::symlink("drive_c", "/")]),
            "drive_c",
        ),
        ("the registry removed", file(".wh.system.reg"), "drive_c"),
        ("everything hidden", file(".wh..wh..opq"), "drive_c"),
        (
            "a hard link out",
            sound.of(&[Item::hard_link("drive_c/h", "../../../../etc/passwd")]),
            "drive_c/h",
        ),
        (
            "a way through a link",
            sound.of(&[
                Item::symlink("drive_c/link", "/etc"),
                Item::file("drive_c/link/through.txt", "evil"),
            ]),
            "a link is on the way",
        ),
        (
            "another place by a link to the root",
            sound.of(&[
                Item::symlink("drive_c/link", "/"),
                Item::symlink("drive_c/link/dosdevices/z:", "/"),
            ]),
            "a link is on the way",
        ),
        (
            "the registry removed by a link upwards",
            sound.of(&[
                Item::symlink("drive_c/link", ".."),
                Item::file("drive_c/link/.wh.system.reg", ""),
            ]),
            "a link is on the way",
        ),
        (
            "no tar",
            sound
                .with(|forged| forged.layers = vec![b"no".repeat(700)])
                .bytes(),
            "no tar",
        ),
    ];
    refused(&world, cases);

    // What is harmless inside is taken, without any rights.
    let program = Item::program("drive_c/suid.exe", "x").mode(0o6755);
    let job = world.import(
        &sound.of(&[
            Item::file("/drive_c/absolute.txt", "in"),
            Item::symlink("drive_c/link", "/etc"),
            program,
            Item::device("drive_c/disk", 8, 0),
            Item::fifo("drive_c/pipe"),
            Item::file("drive_c/\u{202e}txt.exe", "x"),
            Item::file("drive_c/twice.txt", "1"),
            Item::file("drive_c/twice.txt", "2"),
        ]),
        &json!({}),
    );
    assert_eq!(job["state"], "succeeded", "{job}");
    let layer = world.held("layers").pop().unwrap();
    let drive = world
        .backend
        .data()
        .join("layers")
        .join(layer)
        .join("files/wine/drive_c");
    let mode = std::fs::symlink_metadata(drive.join("suid.exe")).unwrap();
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&mode.permissions()) & 0o7777,
        0o755
    );
    assert!(!drive.join("disk").exists());
    assert!(!std::path::Path::new("/etc/through.txt").exists());
    assert!(!std::path::Path::new("/tmp/ctnr-evil").exists());
    let seen = world.cmd("app", r"type C:\absolute.txt & type C:\twice.txt");
    assert_eq!(seen, "in2");
    world.end();
}

#[test]
fn a_huge_file_of_holes_takes_no_disk_and_does_not_go_out_again() {
    let world = World::start();
    let sound = forged(&world);
    let folder = tempfile::tempdir().unwrap();
    let script =
        "mkdir drive_c && truncate -s 10T drive_c/huge && tar --sparse -cf layer.tar drive_c";
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder.path())
        .status();
    assert!(made.unwrap().success());
    let layer = std::fs::read(folder.path().join("layer.tar")).unwrap();
    let artifact = sound.with(|forged| forged.layers = vec![layer]).bytes();
    let job = world.import(&artifact, &json!({}));
    match job["state"].as_str() {
        // A file system that has no such files says so.
        Some("failed") => assert_eq!(world.held("layers"), Vec::<String>::new()),
        _ => {
            assert_eq!(job["state"], "succeeded", "{job}");
            let refused = world.api().get("/api/containers/app/export");
            let message = refused.expect_error(413, "TOO_LARGE");
            assert!(message.contains("remove large files"), "{message}");
        }
    }
    world.end();
}

#[test]
fn nobody_is_let_into_the_host_unasked() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret.txt"), "secret").unwrap();
    let shared = folder.path().to_str().unwrap();
    let set = ctnr_e2e::Backend::builder().set("CONTAINERS_HOST_FOLDERS", shared);
    let world = World::with(set);
    let sound = forged(&world);
    let asking = sound.asking(&format!(
        "[[host]]\npath = 'C:\\shared'\nsource = '{shared}'\naccess = \"read-only\"\n"
    ));
    refused(
        &world,
        vec![
            (
                "a folder of the host",
                asking.clone(),
                "--allow-host-folders",
            ),
            (
                "everything",
                sound.asking("[isolation]\ndefault = \"merged\"\n"),
                "everything that no rule names",
            ),
            (
                "layers of this host",
                sound.asking("[[layer]]\nname = \"other\"\n"),
                "layers of a host",
            ),
            ("no name", sound.asking("name = 7\n"), "manifest"),
        ],
    );
    let elsewhere =
        sound.asking("[[host]]\npath = 'C:\\etc'\nsource = '/etc'\naccess = \"merged\"\n");
    let allowed = json!({ "name": "out", "host_folders": "allow" });
    let job = world.import(&elsewhere, &allowed);
    assert_eq!(job["state"], "failed", "{job}");
    assert!(
        job["error"]
            .as_str()
            .unwrap()
            .contains("CONTAINERS_HOST_FOLDERS"),
        "{job}"
    );

    let job = world.import(&asking, &json!({ "name": "out", "host_folders": "drop" }));
    assert_eq!(job["state"], "succeeded", "{job}");
    assert!(
        job["result"]["host_folders"][0]
            .as_str()
            .unwrap()
            .contains("shared"),
        "{job}"
    );
    assert_eq!(
        world.cmd("out", r"if exist C:\shared\secret.txt echo there"),
        ""
    );
    let job = world.import(&asking, &json!({ "name": "in", "host_folders": "allow" }));
    assert_eq!(job["state"], "succeeded", "{job}");
    assert_eq!(world.cmd("in", r"type C:\shared\secret.txt"), "secret");
    world.end();
}

#[test]
fn a_registry_that_is_garbage_breaks_its_container_alone() {
    let world = World::start();
    world.create(&json!({ "name": "sound" }));
    let sound = forged(&world);
    let garbage = [0xff, 0x00, b'[', b'\n'].repeat(10_000);
    let items = ["system.reg", "user.reg"].map(|name| Item::file(name, &garbage));
    let job = world.import(&sound.of(&items), &json!({}));
    assert_eq!(job["state"], "succeeded", "{job}");
    let body = json!({ "cmd": ["cmd", "/c", "echo x"] });
    // Whether Wine puts up with it is its own business; the platform goes on.
    let answer = world.ask("app", "exec", &body);
    assert!(
        [200, 409, 500, 503, 504].contains(&answer.status),
        "{}",
        answer.text()
    );
    assert_eq!(world.cmd("sound", "echo fine"), "fine\n");
    world.end();
}
