//! Folders of the host, and what else a container sees of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::{Path, PathBuf};

use ctnr_e2e::{Backend, Bystander};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::world::{World, given, seven_zip};

/// The owner of the host's folders: what a container writes to a merged one is theirs.
const OWNER: u32 = 4321;

/// Folders of a user of the host, and a backend that may give them to containers.
struct Host {
    folder: TempDir,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = Self { folder };
        for name in ["Documents", "Pictures", "Shared"] {
            let path = host.path(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("mine.txt"), "the host's\r\n").unwrap();
            chown(path.join("mine.txt"), Some(OWNER), Some(OWNER)).unwrap();
            chown(&path, Some(OWNER), Some(OWNER)).unwrap();
        }
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn world(&self) -> World {
        let folder = self.folder.path().to_str().unwrap();
        World::with(Backend::builder().set("CONTAINERS_HOST_FOLDERS", folder))
    }

    /// What is in a folder: its files by their paths, with owner, mode and a hash of the content.
    fn tree(&self, name: &str) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        list(&self.path(name), &mut found);
        found
    }
}

fn list(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is = fs::symlink_metadata(&path).unwrap();
        let content = if is.is_dir() {
            list(&path, found);
            "a folder".to_owned()
        } else if is.is_symlink() {
            fs::read_link(&path).unwrap().display().to_string()
        } else {
            format!("{:x?}", Sha256::digest(fs::read(&path).unwrap()))
        };
        let told = format!("{} {:o} {content}", is.uid(), is.mode());
        found.insert(path, told);
    }
}

#[test]
fn folders_of_the_host_are_written_to_as_declared_and_no_other_way() {
    let host = Host::new();
    let bystander = Bystander::new();
    // Symlinks of the host lead nowhere else from inside.
    symlink(bystander.path(), host.path("Documents").join("out")).unwrap();
    symlink(bystander.path(), host.path("Pictures").join("out")).unwrap();
    let (pictures, shared) = (host.tree("Pictures"), host.tree("Shared"));
    let world = host.world();
    let manifest = format!(
        r#"
schema = 1
name = "app"
version = "1"
bitness = "x64"
runtime = "wine:latest"
[[host]]
source = "%Documents%"
path = "%Documents%"
access = "merged"
[[host]]
source = "%Pictures%"
path = "%Pictures%"
access = "write-copy"
[[host]]
source = "{}"
path = 'C:\Shared'
access = "read-only"
"#,
        host.path("Shared").display()
    );
    let folders = json!({
        "Documents": host.path("Documents"),
        "Pictures": host.path("Pictures"),
    });
    world.create(&json!({ "manifest": manifest, "folders": folders }));

    // Read.
    let user = r"C:\users\user";
    for folder in [
        r"C:\users\user\Documents",
        r"C:\users\user\Pictures",
        r"C:\Shared",
    ] {
        let text = world.cmd("app", &format!(r"type {folder}\mine.txt"));
        assert_eq!(text, "the host's\n", "{folder}");
    }
    // Merged: what is written is on the host, and its owner's.
    world.cmd(
        "app",
        &format!(r"echo from inside> {user}\Documents\new.txt"),
    );
    world.cmd("app", &format!(r"del {user}\Documents\mine.txt"));
    let new = host.path("Documents").join("new.txt");
    assert_eq!(fs::read_to_string(&new).unwrap(), "from inside\r\n");
    assert_eq!(fs::metadata(&new).unwrap().uid(), OWNER);
    assert!(!host.path("Documents").join("mine.txt").exists());
    // Copied on write: the container has its own, and the host keeps what it had.
    world.cmd("app", &format!(r"echo changed> {user}\Pictures\mine.txt"));
    world.cmd("app", &format!(r"echo more> {user}\Pictures\new.txt"));
    let text = world.cmd("app", &format!(r"type {user}\Pictures\mine.txt"));
    assert_eq!(text, "changed\n");
    assert_eq!(host.tree("Pictures"), pictures);
    // Read only.
    for line in [
        r"echo x> C:\Shared\mine.txt",
        r"del C:\Shared\mine.txt",
        r"mkdir C:\Shared\d",
    ] {
        world.cmd("app", line);
        assert_eq!(host.tree("Shared"), shared, "{line}");
    }
    // Whatever leads out of a folder leads nowhere on the host.
    for folder in ["Documents", "Pictures"] {
        let text = world.cmd("app", &format!(r"type {user}\{folder}\out\secret"));
        assert!(!text.contains("untouched"), "{text}");
        world.cmd("app", &format!(r"echo x> {user}\{folder}\out\secret"));
        world.cmd("app", &format!(r"rmdir /s /q {user}\{folder}\out"));
    }
    bystander.assert_untouched("by way of a folder of the host");

    // Its own data is dropped, and the host's folders are as they are.
    world.ask("app", "reset", &json!({})).expect(200);
    let text = world.cmd("app", &format!(r"type {user}\Pictures\mine.txt"));
    assert_eq!(text, "the host's\n");
    let text = world.cmd("app", &format!(r"type {user}\Documents\new.txt"));
    assert_eq!(text, "from inside\n");
    world.end();
    assert_eq!(fs::read_to_string(&new).unwrap(), "from inside\r\n");
    assert_eq!(
        (host.tree("Pictures"), host.tree("Shared")),
        (pictures, shared)
    );
}

#[test]
fn programs_that_are_overwritten_are_the_containers_own_and_nothing_of_the_host_is_seen() {
    let host = Host::new();
    let bystander = Bystander::new();
    fs::write(host.path("Shared").join("7za.exe"), seven_zip("x64")).unwrap();
    let before = host.tree("");
    let world = host.world();
    world.seven_zip("one");
    world
        .ask("one", "clone", &json!({ "name": "two" }))
        .expect(201);

    // A program of a layer, and one of the runtime, which all containers share.
    for program in [r"C:\Tools\7za.exe", r"C:\windows\notepad.exe"] {
        let line = format!(r"copy /y C:\windows\system32\hostname.exe {program}");
        let copied = world.exec("one", &["cmd", "/c", &line]);
        assert_eq!(copied["exit_code"], 0, "{copied}");
    }
    let own = world.exec("one", &[r"C:\Tools\7za.exe"]);
    assert_eq!(own["stdout"], "CONTAINER\r\n", "{own}");
    let kept = world.exec("two", &[r"C:\Tools\7za.exe", "i"]);
    assert!(kept["output"].as_str().unwrap().contains("21.07"), "{kept}");
    let size = r"for %i in (C:\windows\notepad.exe) do @echo %~zi";
    let whole = world.cmd("two", size);
    assert_ne!(world.cmd("one", size), whole);
    world.ask("one", "reset", &json!({})).expect(200);
    assert_eq!(world.cmd("one", size), whole);

    // There are no other drives, and Linux paths are the container's own.
    for drive in 'A'..='Z' {
        let listed = world.exec("two", &["cmd", "/c", &format!(r"dir {drive}:\")]);
        assert_eq!(listed["exit_code"] == 0, drive == 'C', "{drive}: {listed}");
    }
    for path in [bystander.path(), host.folder.path().to_str().unwrap()] {
        for root in [
            r"\\?\unix",
            r"\\.\unix",
            r"Z:",
            r"C:\..\..\..",
            r"\\localhost\c$",
        ] {
            let line = format!(r"dir {root}{}", path.replace('/', r"\"));
            let listed = world.exec("two", &["cmd", "/c", &line]);
            assert_ne!(listed["exit_code"], 0, "{line}: {listed}");
        }
    }
    let variables = world.cmd("two", "set");
    let of_host = given("CTNR_TEST_WINE");
    assert!(
        !variables.contains(of_host.to_str().unwrap()),
        "{variables}"
    );
    assert_eq!(world.cmd("two", "hostname"), "CONTAINER\n");
    bystander.assert_untouched("from a container");

    // The network is as a sandbox has it: a way out, or none.
    let routes = r"type \\?\unix\proc\net\route";
    assert!(world.cmd("two", routes).lines().count() > 1);
    world.create(&json!({ "name": "alone", "network": "none" }));
    assert_eq!(world.cmd("alone", routes).lines().count(), 1);
    world.end();
    assert_eq!(host.tree(""), before);
}
