//! What not every engine can do with files.

use futures::StreamExt;

use super::Bench;
use super::bench::{assert_unsupported, error, eventually};
use super::files::{read, write};
use super::sandbox::{is_missing, path};
use crate::{Capability, EngineError, FileChangeKind};

/// Files are moved and removed, directories with all below them where that is asked for.
pub async fn files_are_moved_and_removed(bench: Bench) {
    let sandbox = bench.running().await;
    let files = sandbox.files().await;
    sandbox
        .read("cd /root; echo a > a; echo b > b; mkdir -p d/e; ln -s /etc/passwd l")
        .await;
    if !bench.has(Capability::FileManagement) {
        let moved = files
            .rename(&path("/root/a"), &path("/root/c"), false)
            .await;
        assert_unsupported(moved, Capability::FileManagement);
        let removed = files.remove(&path("/root/a"), false).await;
        assert_unsupported(removed, Capability::FileManagement);
        return;
    }
    let onto = error(
        files
            .rename(&path("/root/a"), &path("/root/b"), false)
            .await,
    );
    assert!(matches!(onto, EngineError::Conflict(_)), "{onto}");
    files
        .rename(&path("/root/a"), &path("/root/b"), true)
        .await
        .expect("it is moved");
    files
        .rename(&path("/root/d"), &path("/root/f"), false)
        .await
        .expect("it is moved");
    assert_eq!(sandbox.read("cd /root; cat b; ls").await, "a\nb\nf\nl");

    let full = error(files.remove(&path("/root/f"), false).await);
    assert!(matches!(full, EngineError::Conflict(_)), "{full}");
    files
        .remove(&path("/root/f"), true)
        .await
        .expect("it is removed");
    files
        .remove(&path("/root/l"), true)
        .await
        .expect("the link is removed");
    files
        .remove(&path("/root/b"), false)
        .await
        .expect("it is removed");
    assert_eq!(sandbox.read("ls /root; test -e /etc/passwd").await, "");
    let gone = error(files.remove(&path("/root/b"), false).await);
    assert!(is_missing(&gone), "{gone}");
    assert!(
        files.remove(&path("/"), true).await.is_err(),
        "the root stays"
    );
}

/// Changes below a watched directory are told.
pub async fn changes_are_watched(bench: Bench) {
    let sandbox = bench.running().await;
    let files = sandbox.files().await;
    sandbox.read("mkdir -p /root/w/sub").await;
    let watched = files.watch(&path("/root/w"), true).await;
    if !bench.has(Capability::FileWatch) {
        return assert_unsupported(watched, Capability::FileWatch);
    }
    let mut changes = watched.expect("it is watched");
    sandbox
        .read("echo x > /root/w/sub/f; rm /root/w/sub/f")
        .await;
    let mut seen = Vec::new();
    while !seen.contains(&FileChangeKind::Removed) {
        let change = changes.next().await.expect("a change").expect("a change");
        assert!(change.path.ends_with("sub/f"), "{change:?}");
        seen.push(change.kind);
    }
    assert_eq!(seen[0], FileChangeKind::Created);
    assert!(seen.contains(&FileChangeKind::Modified));
}

/// The files of a sandbox that does not run can be read and written.
pub async fn a_stopped_sandbox_has_files(bench: Bench) {
    let mut sandbox = bench.running().await;
    sandbox.logged("ready").await;
    sandbox.read("echo before > /root/f").await;
    sandbox.stop().await;
    let files = bench.engine().files(sandbox.id()).await;
    if !bench.has(Capability::FilesWhileStopped) {
        return match files {
            Err(EngineError::NotRunning) => {}
            files => assert_unsupported(files, Capability::FilesWhileStopped),
        };
    }
    let files = files.expect("it has files");
    let text = read(files.as_ref(), "/root/f").await;
    assert_eq!(text.expect("it is read"), "before\n");
    write(files.as_ref(), "/root/f", None, "after\n")
        .await
        .expect("it is written");
    sandbox.start().await;
    eventually("it runs", || async {
        (sandbox.read("cat /root/f").await == "after").then_some(())
    })
    .await;
}
