//! Files: what they are and what can be done with them.

use bytes::Bytes;
use futures::TryStreamExt;
use tar::{EntryType, Header};

use super::Bench;
use super::bench::error;
use super::sandbox::{is_missing, path};
use crate::{EngineError, FileKind, Result, SandboxFiles};

/// Writes a text.
pub(super) async fn write(
    files: &dyn SandboxFiles,
    to: &str,
    mode: Option<u32>,
    text: &str,
) -> Result<u64> {
    let content = Box::new(std::io::Cursor::new(text.as_bytes().to_vec()));
    files.write(&path(to), mode, content).await
}

/// Reads a file as text.
pub(super) async fn read(files: &dyn SandboxFiles, from: &str) -> Result<String> {
    let chunks: Vec<Bytes> = files.read(&path(from)).await?.try_collect().await?;
    Ok(String::from_utf8_lossy(&chunks.concat()).into_owned())
}

/// Unpacks an archive.
pub(super) async fn extract(files: &dyn SandboxFiles, to: &str, archive: Vec<u8>) -> Result<()> {
    let archive = Box::new(std::io::Cursor::new(archive));
    files.extract(&path(to), archive).await
}

/// A tar entry's header whose name is taken as it is.
pub(super) fn entry(entry_type: EntryType, name: &str, link: &str, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(entry_type);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1_000_000_000);
    header.set_size(size as u64);
    let old = header.as_old_mut();
    old.name[..name.len()].copy_from_slice(name.as_bytes());
    old.linkname[..link.len()].copy_from_slice(link.as_bytes());
    header.set_cksum();
    header
}

/// A written file is read back, by the sandbox's programs too, and the directories above it are
/// made.
pub async fn a_written_file_is_read_back(bench: Bench) {
    let sandbox = bench.running().await;
    let files = sandbox.files().await;
    let name = "/root/new/dirs/a file & ñ?.txt";
    let written = write(files.as_ref(), name, Some(0o640), "content\n").await;
    assert_eq!(written.expect("it is written"), 8);
    assert_eq!(
        read(files.as_ref(), name).await.expect("it is read"),
        "content\n"
    );
    assert_eq!(sandbox.read(&format!("cat '{name}'")).await, "content");
    assert_eq!(
        sandbox.read(&format!("stat -c '%a %u %g' '{name}'")).await,
        "640 0 0"
    );

    let empty = write(files.as_ref(), "/tmp/empty", None, "").await;
    assert_eq!(empty.expect("it is written"), 0);
    assert_eq!(
        read(files.as_ref(), "/tmp/empty")
            .await
            .expect("it is read"),
        ""
    );

    let big = "0123456789abcdef".repeat(1 << 17);
    write(files.as_ref(), "/tmp/big", None, &big)
        .await
        .expect("it is written");
    assert_eq!(
        read(files.as_ref(), "/tmp/big").await.expect("it is read"),
        big
    );
    assert_eq!(
        sandbox.read("wc -c < /tmp/big").await,
        big.len().to_string()
    );
}

/// An existing file keeps its mode and owner when it is written.
pub async fn an_overwritten_file_keeps_mode_and_owner(bench: Bench) {
    let sandbox = bench.running().await;
    let files = sandbox.files().await;
    sandbox
        .read("echo old > /tmp/f; chown 1000:2000 /tmp/f; chmod 604 /tmp/f")
        .await;
    write(files.as_ref(), "/tmp/f", Some(0o777), "new")
        .await
        .expect("it is written");
    assert_eq!(
        sandbox.read("stat -c '%a %u %g' /tmp/f; cat /tmp/f").await,
        "604 1000 2000\nnew"
    );
}

/// Attributes are told of what a path itself is.
pub async fn stat_tells_what_a_path_is(bench: Bench) {
    let sandbox = bench.running().await;
    sandbox
        .read(
            "cd /tmp; mkdir d; echo 12345 > f; chown 1000:2000 f; chmod 4751 f
             touch -d '2001-09-09 01:46:40' f; ln -s no/where l; mkfifo p",
        )
        .await;
    let files = sandbox.files().await;
    let stat = async |at: &str| files.stat(&path(at)).await.expect("it is there");

    let file = stat("/tmp/f").await;
    assert_eq!(
        (file.name.as_str(), file.kind, file.size),
        ("f", FileKind::File, 6)
    );
    assert_eq!((file.mode, file.uid, file.gid), (0o4751, 1000, 2000));
    assert_eq!(file.modified.as_second(), 1_000_000_000);
    assert_eq!(file.target, None);
    assert_eq!(stat("/tmp/d").await.kind, FileKind::Directory);
    let link = stat("/tmp/l").await;
    assert_eq!(link.kind, FileKind::Symlink);
    assert_eq!(link.target.as_deref(), Some("no/where"));
    assert_eq!(stat("/tmp/p").await.kind, FileKind::Other);
    let root = stat("/").await;
    assert_eq!((root.name.as_str(), root.kind), ("/", FileKind::Directory));
}

/// A directory is listed by name, what is below its directories is not, and a link to it is
/// followed.
pub async fn a_directory_is_listed(bench: Bench) {
    let sandbox = bench.running().await;
    sandbox
        .read("cd /root; mkdir -p d/b/c; echo x > d/z; ln -s z d/l; ln d/z d/h; ln -s d link; mkdir e")
        .await;
    let files = sandbox.files().await;
    for directory in ["/root/d", "/root/link"] {
        let listed = files.list(&path(directory)).await.expect("a list");
        let names: Vec<_> = listed
            .iter()
            .map(|info| (info.name.as_str(), info.kind, info.size))
            .collect();
        assert_eq!(names.len(), 4, "{names:?}");
        assert_eq!((names[0].0, names[0].1), ("b", FileKind::Directory));
        assert_eq!(names[1], ("h", FileKind::File, 2));
        assert_eq!((names[2].0, names[2].1), ("l", FileKind::Symlink));
        assert_eq!(names[3], ("z", FileKind::File, 2));
        assert_eq!(listed[2].target.as_deref(), Some("z"));
    }
    assert!(
        files
            .list(&path("/root/e"))
            .await
            .expect("a list")
            .is_empty()
    );
    let root = files.list(&path("/")).await.expect("a list");
    assert!(
        root.iter()
            .any(|info| info.name == "etc" && info.kind == FileKind::Directory)
    );
    let error = error(files.list(&path("/etc/passwd")).await);
    assert!(matches!(error, EngineError::BadRequest(_)), "{error}");
}

/// Directories are made, with those above where that is asked for.
pub async fn directories_are_made(bench: Bench) {
    let sandbox = bench.running().await;
    let files = sandbox.files().await;
    files
        .mkdir(&path("/root/a"), false, Some(0o711))
        .await
        .expect("it is made");
    assert_eq!(
        sandbox.read("stat -c '%a %u %F' /root/a").await,
        "711 0 directory"
    );
    let again = error(files.mkdir(&path("/root/a"), false, None).await);
    assert!(matches!(again, EngineError::Conflict(_)), "{again}");
    files
        .mkdir(&path("/root/a"), true, None)
        .await
        .expect("it is there already");
    assert_eq!(sandbox.read("stat -c %a /root/a").await, "711");

    let deep = error(files.mkdir(&path("/root/b/c"), false, None).await);
    assert!(is_missing(&deep), "{deep}");
    files
        .mkdir(&path("/root/b/c/d"), true, None)
        .await
        .expect("all are made");
    assert_eq!(sandbox.read("cd /root/b/c/d && pwd").await, "/root/b/c/d");
    let file = error(files.mkdir(&path("/etc/passwd"), true, None).await);
    assert!(matches!(file, EngineError::Conflict(_)), "{file}");
}

/// What an archive holds is unpacked as it was, links included.
pub async fn an_archive_is_extracted(bench: Bench) {
    let sandbox = bench.running().await;
    sandbox
        .read(
            "mkdir -p /root/tree/sub; cd /root/tree; echo one > a; echo two > sub/b; chmod 750 sub/b
             ln -s ../a sub/l; ln a hard; chown 1000:2000 a; mkdir /root/out",
        )
        .await;
    let files = sandbox.files().await;
    let archive: Vec<Bytes> = files
        .archive(&path("/root/tree"))
        .await
        .expect("an archive")
        .try_collect()
        .await
        .expect("an archive");
    let archive = archive.concat();
    let mut names: Vec<String> = tar::Archive::new(&archive[..])
        .entries()
        .expect("entries")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            name.trim_end_matches('/').to_owned()
        })
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "tree",
            "tree/a",
            "tree/hard",
            "tree/sub",
            "tree/sub/b",
            "tree/sub/l"
        ]
    );

    extract(files.as_ref(), "/root/out", archive)
        .await
        .expect("it is unpacked");
    let seen = sandbox
        .read(
            "cd /root/out/tree; cat a sub/b; readlink sub/l; stat -c '%a %u %g' a sub/b
             [ a -ef hard ] && echo linked",
        )
        .await;
    assert_eq!(seen, "one\ntwo\n../a\n644 1000 2000\n750 0 0\nlinked");

    let missing = error(extract(files.as_ref(), "/root/none", Vec::new()).await);
    assert!(is_missing(&missing), "{missing}");
    let single: Vec<Bytes> = files
        .archive(&path("/etc/passwd"))
        .await
        .expect("an archive")
        .try_collect()
        .await
        .expect("an archive");
    let single = single.concat();
    let mut single = tar::Archive::new(&single[..]);
    let entry = single
        .entries()
        .expect("entries")
        .next()
        .expect("one")
        .expect("one");
    assert_eq!(&*entry.path_bytes(), b"passwd");
}

/// What is not there is not found, by its name.
pub async fn what_is_not_there_is_not_found(bench: Bench) {
    let sandbox = bench.running().await;
    let files = sandbox.files().await;
    for missing in ["/no/such/file", "/tmp/none", "/etc/passwd/below"] {
        let at = path(missing);
        for error in [
            error(files.stat(&at).await),
            error(files.list(&at).await),
            error(files.read(&at).await),
            error(files.archive(&at).await),
        ] {
            assert!(is_missing(&error), "{missing}: {error}");
            assert!(error.to_string().contains(missing), "{error}");
        }
    }
    let directory = error(files.read(&path("/etc")).await);
    assert!(
        matches!(directory, EngineError::BadRequest(_)),
        "{directory}"
    );
    let onto = error(write(files.as_ref(), "/etc", None, "x").await);
    assert!(matches!(onto, EngineError::BadRequest(_)), "{onto}");
    let below = error(write(files.as_ref(), "/etc/passwd/x", None, "x").await);
    assert!(
        matches!(
            below,
            EngineError::BadRequest(_) | EngineError::FileNotFound { .. }
        ),
        "{below}"
    );
}
