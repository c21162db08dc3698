//! Layers that try to get out of their directory. Each either fails with nothing kept, or is
//! unpacked with nothing outside changed.

mod support;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use ctnr_images::{ImageError, Limits, StoreOptions};
use ctnr_model::ByteSize;
use support::{Fixture, Item, docker_archive, docker_archive_of, gzip, tar, zstd};

/// The path of the bystander from a layer's root, by `..`.
fn climbing(name: &str) -> String {
    format!("{}outside/{name}", "../".repeat(6))
}

fn assert_refused(items: &[Item]) {
    let fixture = Fixture::rootless();
    let error = fixture
        .import_layer(items)
        .expect_err("the layer is hostile");
    assert!(matches!(error, ImageError::Corrupt { .. }), "{error}");
    assert!(error.to_string().contains("layer sha256:"), "{error}");
    fixture.assert_empty();
    fixture.assert_outside_untouched();
}

#[test]
fn names_that_climb_are_refused() {
    let climb = climbing("secret");
    assert_refused(&[Item::file(&climb, b"evil")]);
    assert_refused(&[Item::file(&format!("/{climb}"), b"evil")]);
    assert_refused(&[Item::file("x", b"evil").record("path", climb.as_bytes())]);
    assert_refused(&[Item::directory(&climbing("new"))]);
    assert_refused(&[Item::symlink(&climbing("new"), "/etc")]);
    assert_refused(&[Item::hard_link("x", &climb)]);
    assert_refused(&[Item::hard_link("x", "y").record("linkpath", climb.as_bytes())]);
    assert_refused(&[Item::file(&climbing(".wh.secret"), b"")]);
    assert_refused(&[Item::file("..", b"evil")]);
}

#[test]
fn whiteouts_of_parents_are_refused() {
    for name in [".wh.", ".wh..", ".wh...", "a/.wh...", ".wh.a/b"] {
        assert_refused(&[Item::file(name, b"")]);
    }
}

#[test]
fn names_with_a_nul_are_refused() {
    assert_refused(&[Item::file("x", b"").record("path", b"a\0b")]);
    assert_refused(&[Item::symlink("x", "y").record("linkpath", b"a\0b")]);
}

#[test]
fn links_do_not_lead_out() {
    let fixture = Fixture::rootless();
    let outside = fixture.scratch.path().join("outside");
    let absolute = outside.to_str().unwrap();
    let climb = climbing("");
    for to in [absolute, &climb, "/", "/proc/self/root", "/proc/self/cwd"] {
        let result = fixture.import_layer(&[
            Item::symlink("out", to),
            Item::file("out/secret", b"evil"),
            Item::file("out/.wh.secret", b""),
            Item::file("out/.wh..wh..opq", b""),
        ]);
        // Links into a directory that the layer does not have lead nowhere; the root is there.
        assert_eq!(result.is_ok(), to == "/", "{to}: {result:?}");
        fixture.assert_outside_untouched();
    }
    let tree = fixture.store.find("test:1").unwrap().layers[0].clone();
    assert_eq!(fs::read(tree.join("secret")).unwrap(), b"evil");
}

#[test]
fn links_are_followed_below_the_root_only() {
    let fixture = Fixture::rootless();
    let image = fixture
        .import_layer(&[
            Item::directory("usr/lib"),
            Item::symlink("lib", "/usr/lib"),
            Item::symlink("up", "../../../../usr"),
            Item::file("lib/a", b"a"),
            Item::file("up/b", b"b"),
            Item::hard_link("lib/c", "/lib/a"),
        ])
        .unwrap();
    let tree = &image.layers[0];
    assert_eq!(fs::read(tree.join("usr/lib/a")).unwrap(), b"a");
    assert_eq!(fs::read(tree.join("usr/b")).unwrap(), b"b");
    assert_eq!(fs::metadata(tree.join("usr/lib/c")).unwrap().nlink(), 2);
    assert!(fs::symlink_metadata(tree.join("lib")).unwrap().is_symlink());
}

#[test]
fn a_file_over_a_link_replaces_the_link() {
    let fixture = Fixture::rootless();
    let secret = fixture.scratch.path().join("outside/secret");
    let secret = secret.to_str().unwrap();
    let image = fixture
        .import_layer(&[
            Item::symlink("a", "/etc/passwd").record("linkpath", secret.as_bytes()),
            Item::file("a", b"mine").mode(0o777).mtime(1),
            Item::symlink("b", "/x").record("linkpath", secret.as_bytes()),
            Item::hard_link("c", "b"),
        ])
        .unwrap();
    let tree = &image.layers[0];
    assert_eq!(fs::read(tree.join("a")).unwrap(), b"mine");
    assert!(fs::symlink_metadata(tree.join("c")).unwrap().is_symlink());
    fixture.assert_outside_untouched();
}

#[test]
fn hard_links_need_a_file_of_the_same_layer() {
    let fixture = Fixture::rootless();
    let secret = fixture.scratch.path().join("outside/secret");
    let secret = secret.to_str().unwrap().to_owned();
    assert_refused(&[Item::hard_link("x", "y").record("linkpath", secret.as_bytes())]);
    assert_refused(&[Item::directory("d"), Item::hard_link("x", "d")]);
    assert_refused(&[Item::hard_link("x", "/")]);
    assert_refused(&[Item::file(".wh.w", b""), Item::hard_link("x", "w")]);
    let itself = fixture.import_layer(&[Item::file("f", b"x"), Item::hard_link("f", "./f")]);
    assert!(itself.unwrap().layers[0].join("f").exists());
}

#[test]
fn directories_are_never_made_over_files() {
    assert_refused(&[Item::file("f", b"x"), Item::file("f/g", b"x")]);
    assert_refused(&[Item::symlink("f", "f"), Item::file("f/g", b"x")]);
    assert_refused(&[Item::file("./", b"the root as a file").kind(tar::EntryType::Symlink)]);
}

#[test]
fn a_directory_replaced_by_a_link_passes_nothing_on() {
    let fixture = Fixture::rootless();
    let outside = fixture.scratch.path().join("outside");
    let before = fs::metadata(&outside).unwrap();
    fixture
        .import_layer(&[
            Item::directory("d").mode(0o777).mtime(1),
            Item::symlink("d", "x").record("linkpath", outside.to_str().unwrap().as_bytes()),
        ])
        .unwrap();
    let after = fs::metadata(&outside).unwrap();
    assert_eq!(
        (before.mode(), before.mtime()),
        (after.mode(), after.mtime())
    );
    fixture.assert_outside_untouched();
}

#[test]
fn unknown_entries_are_refused() {
    assert_refused(&[Item::file("x", b"").kind(tar::EntryType::new(b'Q'))]);
}

#[test]
fn deep_trees_can_be_removed_again() {
    let fixture = Fixture::rootless();
    let deep = "d/".repeat(1500);
    let mut items = vec![Item::file("x", b"").record("path", format!("{deep}f").as_bytes())];
    items.push(Item::symlink("s", "x").record("linkpath", deep.as_bytes()));
    items.push(Item::file("y", b"").record("path", format!("s/{deep}f").as_bytes()));
    fixture.import_layer(&items).unwrap();
    fixture
        .store
        .prune(true, &std::collections::BTreeSet::new())
        .unwrap();
    fixture.assert_empty();
}

fn small_store() -> Fixture {
    let limits = Limits {
        total: ByteSize::from_mib(8),
        files: 1000,
        ..Limits::default()
    };
    Fixture::with(StoreOptions {
        limits,
        ..StoreOptions::default()
    })
}

#[test]
fn bombs_are_stopped() {
    let zeros = vec![0; 64 << 20];
    let file = tar(&[Item::file("zeros", &zeros)]);
    // Zeros behind the archive's end, and a hole that is none.
    let trailing = [tar(&[]), zeros].concat();
    let many = tar(&(0..2000)
        .map(|n| Item::file(&format!("f{n}"), b""))
        .collect::<Vec<_>>());
    for layer in [file, trailing, many] {
        for pack in [gzip, zstd] {
            let fixture = small_store();
            let config = support::config(std::slice::from_ref(&layer));
            let archive = docker_archive_of("bomb:1", &config, &[pack(&layer)]);
            assert!(archive.len() < 1 << 20);
            let error = fixture.import(&archive).unwrap_err();
            assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");
            fixture.assert_empty();
        }
    }
    let fixture = small_store();
    let archive = docker_archive("bomb:1", &[tar(&[Item::file("zeros", &vec![0; 64 << 20])])]);
    let error = fixture.import(&gzip(&archive)).unwrap_err();
    assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");
    fixture.assert_empty();
}

#[test]
fn an_import_that_is_dropped_leaves_nothing() {
    let fixture = Fixture::rootless();
    let archive = docker_archive("a:1", &[tar(&[Item::file("f", &vec![1; 4 << 20])])]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        // Half of the archive comes, and then nothing more.
        let (mut sender, receiver) = tokio::io::duplex(64 * 1024);
        let store = fixture.store.clone();
        let import = store.import(receiver, Default::default(), ctnr_images::no_progress());
        let feed = async {
            let half = &archive[..archive.len() / 2];
            tokio::io::AsyncWriteExt::write_all(&mut sender, half)
                .await
                .unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        tokio::select! {
            result = import => panic!("it can't end: {result:?}"),
            () = feed => {}
        }
    });
    // Waits for the blocking side.
    drop(runtime);
    fixture.assert_empty();
    fixture.assert_outside_untouched();
}
