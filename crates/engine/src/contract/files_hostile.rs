//! What a hostile sandbox or archive does to get at the host's files.

use std::path::Path;

use bytes::Bytes;
use futures::TryStreamExt;
use tar::{Builder, EntryType};

use super::Bench;
use super::bench::unique;
use super::files::{entry, extract, read, write};
use super::image::PASSWD;
use super::sandbox::path;
use crate::FileKind;

/// Asserts that the host has no file of a name that only a behaviour knows.
pub(super) fn assert_not_on_host(name: &str) {
    for directory in ["/", "/etc", "/tmp", "/root", "/var/tmp"] {
        let at = Path::new(directory).join(name);
        assert!(
            at.symlink_metadata().is_err(),
            "{} is on the host",
            at.display()
        );
    }
}

/// A link that leads out of the sandbox by its text leads to the sandbox's own file.
pub async fn links_stay_inside(bench: Bench) {
    let sandbox = bench.running().await;
    sandbox
        .read(
            "mkdir /root/w; cd /root/w
             ln -s /etc/passwd absolute
             ln -s ../../../../../../../../etc/passwd up
             ln -s / root; ln -s root/root/w/absolute chain",
        )
        .await;
    let files = sandbox.files().await;
    for link in ["absolute", "up", "chain", "root/etc/passwd"] {
        let text = read(files.as_ref(), &format!("/root/w/{link}")).await;
        assert_eq!(text.expect("it is read"), PASSWD, "{link}");
    }
    let text = read(files.as_ref(), "/../../../../etc/passwd").await;
    assert_eq!(text.expect("it is read"), PASSWD);
    let root = files.list(&path("/root/w/root")).await.expect("a list");
    assert!(
        root.iter()
            .any(|info| info.name == "home" && info.kind == FileKind::Directory)
    );
    let marker = std::env::temp_dir().join(format!("ctnr-contract-{}", unique()));
    std::fs::write(&marker, "the host's").expect("a marker is written");
    let at = marker.to_str().expect("a path of text");
    sandbox.read(&format!("ln -s {at} /root/w/marker")).await;
    let read = read(files.as_ref(), "/root/w/marker").await;
    std::fs::remove_file(&marker).expect("the marker is removed");
    assert!(read.is_err(), "the host's file was read: {read:?}");
}

/// Writing through a link writes in the sandbox.
pub async fn writes_through_links_stay_inside(bench: Bench) {
    let sandbox = bench.running().await;
    let files = sandbox.files().await;
    let name = format!("ctnr-escape-{}", unique());
    sandbox
        .read(&format!(
            "mkdir /root/w; cd /root/w; ln -s /etc/{name} file; ln -s ../../../../etc/{name}-up up
             ln -s /tmp directory"
        ))
        .await;
    for (link, lands) in [
        ("file", format!("/etc/{name}")),
        ("up", format!("/etc/{name}-up")),
        (&format!("directory/{name}"), format!("/tmp/{name}")),
        (&format!("directory/new/{name}"), format!("/tmp/new/{name}")),
    ] {
        let written = write(files.as_ref(), &format!("/root/w/{link}"), None, "here").await;
        written.expect("it is written");
        assert_eq!(
            sandbox.read(&format!("cat {lands}")).await,
            "here",
            "{link}"
        );
    }
    files
        .mkdir(&path(&format!("/root/w/directory/{name}-d")), false, None)
        .await
        .expect("it is made");
    assert_eq!(
        sandbox.read(&format!("ls -d /tmp/{name}-d")).await,
        format!("/tmp/{name}-d")
    );
    for name in [name.clone(), format!("{name}-up"), format!("{name}-d")] {
        assert_not_on_host(&name);
    }
    assert!(!Path::new("/tmp/new").join(&name).exists());
}

/// Links in a circle end nothing but themselves.
pub async fn link_loops_end(bench: Bench) {
    let sandbox = bench.running().await;
    sandbox
        .read("mkdir /root/w; cd /root/w; ln -s . self; ln -s .. up; ln -s b a; ln -s a b; echo x > f")
        .await;
    let files = sandbox.files().await;
    let archive: Vec<Bytes> = files
        .archive(&path("/root/w"))
        .await
        .expect("an archive")
        .try_collect()
        .await
        .expect("the archive ends");
    let archive = archive.concat();
    let count = tar::Archive::new(&archive[..])
        .entries()
        .expect("entries")
        .count();
    assert_eq!(count, 6, "the directory and its five entries");
    assert_eq!(files.list(&path("/root/w")).await.expect("a list").len(), 5);
    assert!(read(files.as_ref(), "/root/w/a").await.is_err());
    assert!(write(files.as_ref(), "/root/w/a", None, "x").await.is_err());
    let text = read(files.as_ref(), "/root/w/self/self/self/f").await;
    assert_eq!(text.expect("it is read"), "x\n");
}

/// An archive's names and links lead nowhere but into the sandbox.
pub async fn archives_stay_inside(bench: Bench) {
    let sandbox = bench.running().await;
    sandbox.read("mkdir -p /root/w/deep").await;
    let files = sandbox.files().await;
    let name = format!("ctnr-escape-{}", unique());
    let up = format!("../../../../../../../../tmp/{name}");
    let absolute = format!("/tmp/{name}");
    let through = format!("l/{name}");
    let beside = format!("../{name}");
    for (link, file) in [
        (None, up.as_str()),
        (None, absolute.as_str()),
        (None, beside.as_str()),
        (Some("/tmp"), through.as_str()),
        (Some("../../../../../../../tmp"), through.as_str()),
    ] {
        let mut archive = Builder::new(Vec::new());
        if let Some(target) = link {
            let header = entry(EntryType::Symlink, "l", target, 0);
            archive.append(&header, &[][..]).expect("an entry");
        }
        let header = entry(EntryType::Regular, file, "", 4);
        archive.append(&header, &b"evil"[..]).expect("an entry");
        let archive = archive.into_inner().expect("a tar in memory");
        // Refused or kept inside, as the engine likes; never on the host, and by a relative name
        // never beside the directory.
        let extracted = extract(files.as_ref(), "/root/w/deep", archive).await;
        assert_not_on_host(&name);
        let beside = sandbox.sh(&format!("test -e /root/w/{name}")).await;
        assert_ne!(beside.status.code, 0, "{file}: {extracted:?}");
        sandbox
            .read(&format!("rm -rf /root/w/deep/* /tmp/{name}"))
            .await;
    }
    assert_eq!(sandbox.read("cat /etc/passwd").await, PASSWD.trim_end());
}

/// A hard link in an archive never names a file of the host.
pub async fn hard_links_of_archives_stay_inside(bench: Bench) {
    let sandbox = bench.running().await;
    sandbox.read("mkdir /root/w").await;
    let files = sandbox.files().await;
    let marker = std::env::temp_dir().join(format!("ctnr-contract-{}", unique()));
    std::fs::write(&marker, "the host's").expect("a marker is written");
    let at = marker.to_str().expect("a path of text").to_owned();
    for target in [at.clone(), format!("../../../../../../../..{at}")] {
        let mut archive = Builder::new(Vec::new());
        let header = entry(EntryType::Link, "h", &target, 0);
        archive.append(&header, &[][..]).expect("an entry");
        let header = entry(EntryType::Regular, "h", "", 4);
        archive.append(&header, &b"evil"[..]).expect("an entry");
        let archive = archive.into_inner().expect("a tar in memory");
        let extracted = extract(files.as_ref(), "/root/w", archive).await;
        let seen = sandbox.sh("cat /root/w/h").await;
        assert!(
            !seen.stdout.contains("the host's"),
            "{target}: {extracted:?}"
        );
        let kept = std::fs::read_to_string(&marker).expect("the marker is read");
        assert_eq!(kept, "the host's", "{target}: {extracted:?}");
        sandbox.read("rm -rf /root/w/h").await;
    }
    std::fs::remove_file(&marker).expect("the marker is removed");
}
