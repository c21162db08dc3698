//! Archives that become layers of one owner.

mod support;

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::PathBuf;

use ctnr_images::{ImageError, Limits, OwnedUnpack, StoreOptions};
use ctnr_model::{ByteSize, ContainerPath, FileOwner};
use support::{Fixture, Item, gzip, tar};

/// Unpacks into a new layer in the store's directory.
fn unpack(fixture: &Fixture, at: &str, archive: &[u8]) -> Result<PathBuf, ImageError> {
    unpack_only(fixture, at, archive, &[])
}

/// Unpacks what may have only these names directly below `at`.
fn unpack_only(
    fixture: &Fixture,
    at: &str,
    archive: &[u8],
    only: &[&str],
) -> Result<PathBuf, ImageError> {
    let scratch =
        tempfile::tempdir_in(fixture.store.directory()).expect("a test that can be set up");
    let (layer, trash) = (scratch.path().join("layer"), scratch.path().join("trash"));
    fs::create_dir(&layer).expect("a test that can be set up");
    fs::create_dir(&trash).expect("a test that can be set up");
    let options = OwnedUnpack {
        layer: layer.clone(),
        trash,
        at: ContainerPath::parse(at).expect("a test that can be set up"),
        owner: FileOwner {
            uid: 1000,
            gid: 1001,
        },
        only: only.iter().map(|name| (*name).to_owned()).collect(),
        most: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a test that can be set up");
    let result = runtime.block_on(fixture.store.unpack_owned(archive, options));
    let _kept = scratch.keep();
    result.map(|()| layer)
}

#[test]
fn files_lie_below_the_directory_and_belong_to_the_owner() {
    let fixture = Fixture::new();
    let archive = tar(&[
        Item::file("implied/f", b"f").owner(0, 0),
        Item::file("suid", b"").mode(0o6755).owner(7, 7),
        Item::file("capable", b"").record("SCHILY.xattr.security.capability", b"\x01\0\0\x02"),
        Item::symlink("link", "/etc/passwd"),
        Item::hard_link("hard", "suid"),
        Item::device("null", tar::EntryType::Char, (1, 3)),
        Item::device("disk", tar::EntryType::Block, (8, 0)),
        Item::device("pipe", tar::EntryType::Fifo, (0, 0)),
        Item::file(".wh.gone", b""),
    ]);
    let layer = unpack(&fixture, "/opt/app", &gzip(&archive)).unwrap();
    let at = layer.join("opt/app");
    assert_eq!(fs::read(at.join("implied/f")).unwrap(), b"f");
    let mode = at.join("suid").metadata().unwrap().mode();
    assert_eq!(mode & 0o7777, 0o755);
    assert!(!at.join("null").exists() && !at.join("disk").exists());
    let kind = |name| fs::symlink_metadata(at.join(name)).unwrap().file_type();
    assert!(kind("pipe").is_fifo());
    assert!(kind("gone").is_char_device());
    assert_eq!(
        fs::read_link(at.join("link")).unwrap(),
        PathBuf::from("/etc/passwd")
    );
    let mut value = [0; 32];
    let capability = rustix::fs::lgetxattr(at.join("capable"), "security.capability", &mut value);
    assert!(capability.is_err());
    if rustix::process::geteuid().is_root() {
        for name in [
            "",
            "implied",
            "implied/f",
            "suid",
            "link",
            "pipe",
            "../../opt",
        ] {
            let found = fs::symlink_metadata(at.join(name)).unwrap();
            assert_eq!((found.uid(), found.gid()), (1000, 1001), "{name}");
        }
    }
}

#[test]
fn nothing_lands_outside_of_the_directory() {
    let fixture = Fixture::new();
    let outside = fixture.scratch.path().join("outside");
    let climb = format!("{}outside/secret", "../".repeat(9));
    for item in [
        Item::file(&climb, b"evil"),
        Item::hard_link("x", &climb),
        Item::hard_link("x", outside.join("secret").to_str().unwrap()),
        Item::file("x", b"").record("path", climb.as_bytes()),
    ] {
        let error = unpack(&fixture, "/opt", &tar(&[item])).unwrap_err();
        assert!(matches!(error, ImageError::Corrupt { .. }), "{error}");
        fixture.assert_outside_untouched();
    }
    // A link to the root leads to the directory that the archive is unpacked to, not above it.
    let archive = tar(&[
        Item::symlink("out", "/"),
        Item::file("out/x", b"in"),
        Item::file("/y", b"in"),
    ]);
    let layer = unpack(&fixture, "/opt", &archive).unwrap();
    assert!(layer.join("opt/x").is_file() && layer.join("opt/y").is_file());
    assert_eq!(fs::read_dir(&layer).unwrap().count(), 1);
    let archive = tar(&[
        Item::symlink("out", outside.to_str().unwrap()),
        Item::file("out/secret", b"evil"),
    ]);
    assert!(unpack(&fixture, "/opt", &archive).is_err());
    fixture.assert_outside_untouched();
}

#[test]
fn no_link_leads_past_the_names_that_may_be_there() {
    let fixture = Fixture::new();
    for to in ["/", "..", "../..", ".", "real"] {
        for item in [
            Item::symlink("drive_c/link/dosdevices", "/"),
            Item::symlink("drive_c/link/drive_c", "/"),
            Item::file("drive_c/link/new/file", b"evil"),
            Item::file("drive_c/link/.wh.system.reg", b""),
            Item::file("drive_c/link/.wh..wh..opq", b""),
            Item::hard_link("drive_c/hard", "drive_c/link/file"),
        ] {
            let archive = tar(&[
                Item::file("drive_c/real/file", b""),
                Item::file("drive_c/file", b""),
                Item::symlink("drive_c/link", to),
                item,
            ]);
            let only = ["drive_c", "system.reg"];
            let error = unpack_only(&fixture, "/prefix", &archive, &only).unwrap_err();
            assert!(matches!(error, ImageError::Corrupt { .. }), "{error}");
            assert!(
                error.to_string().contains("a link is on the way"),
                "{error}"
            );
        }
    }
    // A link that nothing is below is content like any other, and may become a directory.
    let archive = tar(&[
        Item::symlink("drive_c/link", "/"),
        Item::symlink("drive_c/folder", ".."),
        Item::directory("drive_c/folder"),
        Item::file("drive_c/folder/file", b""),
    ]);
    let layer = unpack_only(&fixture, "/prefix", &archive, &["drive_c"]).unwrap();
    let drive = layer.join("prefix/drive_c");
    assert!(drive.join("folder/file").is_file());
    assert_eq!(
        fs::read_link(drive.join("link")).unwrap(),
        PathBuf::from("/")
    );
}

#[test]
fn a_root_that_hides_hides_below_the_directory_only() {
    let fixture = Fixture::rootless();
    let archive = tar(&[Item::file(".wh..wh..opq", b""), Item::file("f", b"")]);
    let layer = unpack(&fixture, "/opt", &archive).unwrap();
    let mut value = [0; 4];
    let name = "user.overlay.opaque";
    assert_eq!(
        rustix::fs::lgetxattr(layer.join("opt"), name, &mut value),
        Ok(1)
    );
    let error = unpack(&fixture, "/", &archive).unwrap_err();
    assert!(matches!(error, ImageError::Corrupt { .. }), "{error}");
}

#[test]
fn bombs_are_stopped_and_holes_are_holes() {
    let limits = Limits {
        total: ByteSize::from_mib(8),
        files: 1000,
        ..Limits::default()
    };
    let fixture = Fixture::with(StoreOptions {
        limits,
        ..StoreOptions::default()
    });
    let zeros = tar(&[Item::file("zeros", &vec![0; 64 << 20])]);
    let many: Vec<Item> = (0..2000)
        .map(|number| Item::file(&format!("f{number}"), b""))
        .collect();
    for archive in [gzip(&zeros), gzip(&tar(&many))] {
        let error = unpack(&fixture, "/", &archive).unwrap_err();
        assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");
    }
    let sparse = Item::file("x", b"0\n")
        .record("GNU.sparse.major", b"0")
        .record("GNU.sparse.minor", b"1")
        .record("GNU.sparse.name", b"large")
        .record("GNU.sparse.size", b"10995116277760")
        .record("GNU.sparse.numblocks", b"1")
        .record("GNU.sparse.map", b"0,2");
    let layer = unpack(&fixture, "/", &tar(&[sparse])).unwrap();
    let large = layer.join("large").metadata().unwrap();
    assert_eq!(large.len(), 10 << 40);
    assert!(large.blocks() < 100, "{}", large.blocks());
}

#[test]
fn a_broken_archive_is_refused() {
    let fixture = Fixture::new();
    let whole = gzip(&tar(&[Item::file("f", &[7; 100_000])]));
    for archive in [
        b"no tar at all".repeat(100),
        whole[..whole.len() / 2].to_vec(),
    ] {
        let error = unpack(&fixture, "/", &archive).unwrap_err();
        assert!(matches!(error, ImageError::Corrupt { .. }), "{error}");
    }
}
