//! What a layer may hold, and how it looks when it is unpacked (OCI image specification, "Image
//! Layer Filesystem Changeset"). As an ordinary user, owners and devices are left out.

mod support;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::Path;

use support::{Fixture, Item};

/// Whether overlayfs hides a lower file here.
fn is_whiteout(path: &Path) -> bool {
    fs::symlink_metadata(path)
        .is_ok_and(|meta| meta.file_type().is_char_device() && meta.rdev() == 0)
}

/// Whether overlayfs hides a lower directory's content here, by the marks of an ordinary user.
fn is_opaque(path: &Path) -> bool {
    xattr(path, "user.overlay.opaque").is_some_and(|value| value == b"y")
}

fn xattr(path: &Path, name: &str) -> Option<Vec<u8>> {
    let mut value = vec![0; 256];
    let size = rustix::fs::lgetxattr(path, name, &mut value[..]).ok()?;
    value.truncate(size);
    Some(value)
}

/// Unpacks a layer and gives its tree.
fn unpack(fixture: &Fixture, items: &[Item]) -> std::path::PathBuf {
    fixture
        .import_layer(items)
        .expect("the layer is good")
        .layers[0]
        .clone()
}

#[test]
fn whiteouts_hide_what_is_below() {
    let fixture = Fixture::rootless();
    let tree = unpack(
        &fixture,
        &[
            Item::directory("etc"),
            Item::file("etc/.wh.gone", b""),
            Item::directory("opaque"),
            Item::file("opaque/.wh..wh..opq", b""),
            Item::file("opaque/own", b"x"),
            Item::file("new/deep/.wh..wh..opq", b""),
            Item::file(".wh..wh.plnk/1.2", b"x"),
        ],
    );
    assert!(is_whiteout(&tree.join("etc/gone")));
    assert!(is_opaque(&tree.join("opaque")) && tree.join("opaque/own").exists());
    assert!(!tree.join("opaque/.wh..wh..opq").exists());
    assert!(is_opaque(&tree.join("new/deep")) && !is_opaque(&tree.join("new")));
    assert!(!tree.join(".wh..wh.plnk").exists());
}

#[test]
fn whiteouts_never_hide_what_their_own_layer_has() {
    let file_first = [Item::file("f", b"x"), Item::file(".wh.f", b"")];
    let whiteout_first = [Item::file(".wh.f", b""), Item::file("f", b"x")];
    for items in [file_first, whiteout_first] {
        let fixture = Fixture::rootless();
        assert_eq!(fs::read(unpack(&fixture, &items).join("f")).unwrap(), b"x");
    }
    let directory_first = vec![
        Item::directory("d"),
        Item::file("d/own", b"x"),
        Item::file(".wh.d", b""),
    ];
    let whiteout_first = vec![
        Item::file(".wh.d", b""),
        Item::directory("d"),
        Item::file("d/own", b"x"),
    ];
    let undescribed = vec![Item::file(".wh.d", b""), Item::file("d/own", b"x")];
    for items in [directory_first, whiteout_first, undescribed] {
        let fixture = Fixture::rootless();
        let tree = unpack(&fixture, &items);
        assert!(is_opaque(&tree.join("d")) && tree.join("d/own").exists());
    }
}

#[test]
fn an_opaque_root_hides_all_lower_layers() {
    let fixture = Fixture::rootless();
    let lower = support::tar(&[Item::file("lower", b"x")]);
    let upper = support::tar(&[Item::file(".wh..wh..opq", b""), Item::file("upper", b"x")]);
    let image = fixture
        .import(&support::docker_archive("a:1", &[lower, upper]))
        .unwrap()
        .remove(0);
    assert_eq!(image.layers.len(), 1);
    assert!(image.layers[0].join("upper").exists());
}

#[test]
fn modes_times_and_links_are_kept() {
    let fixture = Fixture::rootless();
    let tree = unpack(
        &fixture,
        &[
            Item::directory("./").mode(0o711).mtime(5),
            Item::directory("closed").mode(0o500).mtime(77),
            Item::file("closed/tool", b"x").mode(0o4755).mtime(99),
            Item::hard_link("again", "closed/tool"),
            Item::symlink("link", "/closed/../../tool"),
            Item::file("long", b"x").record("path", format!("{}/f", "n".repeat(200)).as_bytes()),
            Item::device("pipe", tar::EntryType::Fifo, (0, 0)).mode(0o600),
        ],
    );
    let meta = |name: &str| fs::symlink_metadata(tree.join(name)).unwrap();
    assert_eq!((meta(".").mode() & 0o7777, meta(".").mtime()), (0o711, 5));
    assert_eq!(
        (meta("closed").mode() & 0o7777, meta("closed").mtime()),
        (0o500, 77)
    );
    assert_eq!(
        (meta("again").mode() & 0o7777, meta("again").mtime()),
        (0o4755, 99)
    );
    assert_eq!(
        (meta("again").nlink(), meta("again").ino()),
        (2, meta("closed/tool").ino())
    );
    assert_eq!(
        fs::read_link(tree.join("link")).unwrap(),
        Path::new("/closed/../../tool")
    );
    assert!(tree.join("n".repeat(200)).join("f").is_file());
    assert!(meta("pipe").file_type().is_fifo());
    // Such directories can be removed again.
    fixture
        .store
        .prune(true, &std::collections::BTreeSet::new())
        .unwrap();
    fixture.assert_empty();
}

#[test]
fn attributes_are_kept_unless_they_steer_the_host() {
    let fixture = Fixture::rootless();
    let tree = unpack(
        &fixture,
        &[
            Item::file("f", b"x")
                .record("SCHILY.xattr.user.note", b"a\nb\0c")
                .record("SCHILY.xattr.user.overlay.metacopy", b"")
                .record("SCHILY.xattr.security.selinux", b"x")
                .record("SCHILY.xattr.trusted.overlay.redirect", b"/etc"),
            Item::directory("d").record("SCHILY.xattr.user.overlay.opaque", b"y"),
        ],
    );
    assert_eq!(xattr(&tree.join("f"), "user.note").unwrap(), b"a\nb\0c");
    for name in [
        "user.overlay.metacopy",
        "security.selinux",
        "trusted.overlay.redirect",
    ] {
        assert_eq!(xattr(&tree.join("f"), name), None, "{name}");
    }
    assert!(!is_opaque(&tree.join("d")));
}

#[test]
fn holes_stay_holes() {
    let fixture = Fixture::rootless();
    let tree = unpack(
        &fixture,
        &[Item::file("sparse", b"endx")
            .record("GNU.sparse.map", b"0,3,10485760,1")
            .record("GNU.sparse.size", b"20971520")],
    );
    let path = tree.join("sparse");
    let meta = fs::metadata(&path).unwrap();
    assert_eq!(meta.len(), 20 << 20);
    assert!(meta.blocks() * 512 < 1 << 20, "{} blocks", meta.blocks());
    let bytes = fs::read(&path).unwrap();
    assert_eq!((&bytes[..4], bytes[10 << 20]), (&b"end\0"[..], b'x'));
}

#[test]
fn later_entries_replace_earlier_ones() {
    let fixture = Fixture::rootless();
    let tree = unpack(
        &fixture,
        &[
            Item::directory("a"),
            Item::file("a/inner", b"x"),
            Item::file("a", b"file over directory"),
            Item::symlink("b", "a"),
            Item::directory("b"),
            Item::file("b/inner", b"directory over link"),
            Item::file("c", b"1"),
            Item::file("c", b"2").mode(0o600),
            Item::directory("d").mode(0o500),
            Item::directory("d").mode(0o755),
        ],
    );
    assert_eq!(fs::read(tree.join("a")).unwrap(), b"file over directory");
    assert_eq!(
        fs::read(tree.join("b/inner")).unwrap(),
        b"directory over link"
    );
    assert_eq!(fs::read(tree.join("c")).unwrap(), b"2");
    assert_eq!(
        fs::metadata(tree.join("d")).unwrap().permissions().mode() & 0o777,
        0o755
    );
}

#[test]
fn devices_are_left_out_and_counted() {
    let fixture = Fixture::rootless();
    let image = fixture
        .import_layer(&[
            Item::device("dev/sda", tar::EntryType::Block, (8, 0)),
            Item::device("dev/null", tar::EntryType::Char, (1, 3)),
        ])
        .unwrap();
    assert_eq!(image.skipped_devices, 2);
    assert!(!image.layers[0].join("dev/null").exists());
}

#[test]
fn a_device_that_hides_files_is_left_out() {
    let fixture = Fixture::rootless();
    let tree = unpack(&fixture, &[Item::device("x", tar::EntryType::Char, (0, 0))]);
    assert!(!is_whiteout(&tree.join("x")));
}
