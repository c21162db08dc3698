//! Layers as root unpacks them, and as overlayfs shows them. These need root and overlayfs.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use ctnr_images::Privilege;
use proptest::prelude::*;
use rustix::mount::{MountFlags, UnmountFlags};
use support::{Fixture, Item, docker_archive, tar};

/// A store that unpacks as root does.
fn fixture() -> Fixture {
    let fixture = Fixture::new();
    let privilege = fixture.store.privilege();
    assert_eq!(
        privilege,
        Privilege::Root,
        "these tests need root: run them with sudo"
    );
    fixture
}

fn xattr(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 256];
    let size = rustix::fs::lgetxattr(path, name, &mut value[..]).ok()?;
    value.truncate(size);
    Some(value)
}

/// The capability `cap_net_raw+ep`, as `setcap` writes it.
const CAPABILITY: [u8; 20] = [1, 0, 0, 2, 0, 32, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

#[test]
fn owners_devices_and_capabilities_are_kept() {
    let fixture = fixture();
    let image = fixture
        .import_layer(&[
            Item::directory("home").owner(1000, 1001).mode(0o2750),
            Item::file("home/tool", b"x")
                .owner(7, 8)
                .mode(0o6755)
                .record("SCHILY.xattr.security.capability", &CAPABILITY)
                .record("SCHILY.xattr.trusted.overlay.opaque", b"y"),
            Item::symlink("link", "home").owner(9, 9),
            Item::file("far", b"")
                .record("uid", b"200000")
                .record("gid", b"300000"),
            Item::device("null", tar::EntryType::Char, (1, 3)).mode(0o666),
            Item::device("disk", tar::EntryType::Block, (8, 1)).owner(0, 6),
            Item::file("d/.wh..wh..opq", b""),
            Item::device("zero", tar::EntryType::Char, (0, 0)),
        ])
        .unwrap();
    let meta = |name: &str| fs::symlink_metadata(image.layers[0].join(name)).unwrap();
    let owner = |name: &str| (meta(name).uid(), meta(name).gid());
    assert_eq!(
        (owner("home"), meta("home").mode() & 0o7777),
        ((1000, 1001), 0o2750)
    );
    assert_eq!(
        (owner("home/tool"), meta("home/tool").mode() & 0o7777),
        ((7, 8), 0o6755)
    );
    assert_eq!((owner("link"), owner("far")), ((9, 9), (200_000, 300_000)));
    assert!(meta("null").file_type().is_char_device());
    assert_eq!(
        (meta("null").rdev(), meta("null").mode() & 0o777),
        (0x103, 0o666)
    );
    assert!(meta("disk").file_type().is_block_device());
    assert_eq!((meta("disk").rdev(), owner("disk")), (0x801, (0, 6)));
    let tree = &image.layers[0];
    assert_eq!(
        xattr(&tree.join("home/tool"), "security.capability").unwrap(),
        CAPABILITY
    );
    assert_eq!(
        xattr(&tree.join("home/tool"), "trusted.overlay.opaque"),
        None
    );
    assert_eq!(
        xattr(&tree.join("d"), "trusted.overlay.opaque").unwrap(),
        b"y"
    );
    assert!(!tree.join("zero").exists());
    assert_eq!(image.skipped_devices, 1);
}

/// A change that a layer makes.
#[derive(Debug, Clone)]
enum Change {
    File(String, u8),
    Directory(String),
    Whiteout(String),
    Opaque(String),
}

/// Short paths of few names, so that layers meet each other.
fn path() -> impl Strategy<Value = String> {
    proptest::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..4)
        .prop_map(|parts| parts.join("/"))
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (path(), any::<u8>()).prop_map(|(path, byte)| Change::File(path, byte)),
        3 => path().prop_map(Change::Directory),
        2 => path().prop_map(Change::Whiteout),
        1 => path().prop_map(Change::Opaque),
    ]
}

/// A tree: directories and files with their content.
type Model = BTreeMap<String, Option<u8>>;

fn parent(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(parent, _)| parent)
}

fn below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a path can be a directory's member: none above it is a file of this layer.
fn fits(own: &Model, path: &str) -> bool {
    let mut above = parent(path);
    while let Some(directory) = above {
        if own.get(directory).is_some_and(Option::is_some) {
            return false;
        }
        above = parent(directory);
    }
    true
}

/// Applies a layer to the tree below it, by the words of the specification: removals first, and
/// then what the layer has. Gives the layer's entries, without those that no tool would write.
fn apply(model: &mut Model, changes: &[Change]) -> Vec<Item> {
    let mut own = Model::new();
    let mut items = Vec::new();
    let mut hidden = Vec::new();
    for change in changes {
        match change {
            Change::File(path, byte) if fits(&own, path) && !own.contains_key(path) => {
                own.insert(path.clone(), Some(*byte));
                items.push(Item::file(path, &[*byte]));
            }
            Change::Directory(path) if fits(&own, path) && !own.contains_key(path) => {
                own.insert(path.clone(), None);
                items.push(Item::directory(path));
            }
            Change::Whiteout(path) if fits(&own, path) => {
                hidden.push((path.clone(), true));
                let (directory, name) = path.rsplit_once('/').unwrap_or((".", path));
                items.push(Item::file(&format!("{directory}/.wh.{name}"), b""));
            }
            Change::Opaque(path)
                if fits(&own, path) && !own.get(path).is_some_and(Option::is_some) =>
            {
                own.insert(path.clone(), None);
                hidden.push((path.clone(), false));
                items.push(Item::file(&format!("{path}/.wh..wh..opq"), b""));
            }
            _ => continue,
        }
        let path = match change {
            Change::File(path, _)
            | Change::Directory(path)
            | Change::Whiteout(path)
            | Change::Opaque(path) => path,
        };
        // Entries make the directories above them.
        let mut above = parent(path);
        while let Some(directory) = above {
            own.entry(directory.to_owned()).or_insert(None);
            above = parent(directory);
        }
    }
    for (path, itself) in hidden {
        model.retain(|known, _| !below(known, &path) && (!itself || *known != path));
    }
    for (path, content) in own {
        // A file replaces a directory, and a directory a file.
        if content.is_some() || model.get(&path).is_some_and(Option::is_some) {
            model.retain(|known, _| !below(known, &path));
        }
        model.insert(path, content);
    }
    items
}

/// What is below a directory.
fn read(root: &Path, at: &str, model: &mut Model) {
    for entry in fs::read_dir(root.join(at)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let path = if at.is_empty() {
            name
        } else {
            format!("{at}/{name}")
        };
        // Overlayfs lists a whiteout in a directory that no other layer has, though nothing can be
        // found there.
        match fs::metadata(root.join(&path)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => panic!("{path}: {error}"),
            Ok(meta) if meta.is_dir() => {
                read(root, &path, model);
                model.insert(path, None);
            }
            Ok(_) => {
                let byte = fs::read(root.join(&path)).unwrap()[0];
                model.insert(path, Some(byte));
            }
        }
    }
}

/// What overlayfs shows of layers.
fn merged(scratch: &Path, layers: &[std::path::PathBuf]) -> Model {
    let at = scratch.join("outside");
    // The topmost is named first; overlayfs wants two layers at least.
    let mut lower: Vec<String> = layers
        .iter()
        .rev()
        .map(|layer| layer.display().to_string())
        .collect();
    let empty = tempfile::tempdir().unwrap();
    lower.push(empty.path().display().to_string());
    let options = std::ffi::CString::new(format!("lowerdir={}", lower.join(":"))).unwrap();
    rustix::mount::mount(
        "overlay",
        &at,
        "overlay",
        MountFlags::RDONLY,
        options.as_c_str(),
    )
    .expect("overlayfs can be mounted: run this as root, outside a container");
    let _mounted = Mounted(&at);
    let mut model = Model::new();
    read(&at, "", &mut model);
    model
}

/// A mount that goes away with the test, also with one that fails.
struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        rustix::mount::unmount(self.0, UnmountFlags::DETACH).expect("this test mounted it");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn overlayfs_shows_what_the_specification_says(
        changes in proptest::collection::vec(proptest::collection::vec(change(), 0..8), 1..5)
    ) {
        let fixture = fixture();
        let mut model = Model::new();
        let layers: Vec<Vec<u8>> =
            changes.iter().map(|changes| tar(&apply(&mut model, changes))).collect();
        let image = fixture.import(&docker_archive("a:1", &layers)).unwrap().remove(0);
        let shown = merged(fixture.scratch.path(), &image.layers);
        prop_assert_eq!(shown, model);
    }
}
