//! Archives that become layers, and layers over layers.

use ctnr_model::{FileOwner, LayerId};
use tar::{Builder, EntryType};

use super::Bench;
use super::bench::{error, random, unique};
use super::files::entry;
use super::files_hostile::assert_not_on_host;
use super::sandbox::path;
use crate::{EngineError, LayerArchive, Result};

/// The owner of everything that is imported.
const OWNER: FileOwner = FileOwner {
    uid: 1000,
    gid: 2000,
};

/// A tar of files, each with its type, name, link and content.
fn archive(entries: &[(EntryType, &str, &str, &str)]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (kind, name, link, content) in entries {
        let mut header = entry(*kind, name, link, content.len());
        header.set_mode(0o6755);
        header.set_cksum();
        archive
            .append(&header, content.as_bytes())
            .expect("an entry in a tar");
    }
    archive.into_inner().expect("a tar in memory")
}

impl Bench {
    /// Makes a layer of a tar.
    async fn import_layer(&self, at: &str, archive: Vec<u8>) -> Result<LayerId> {
        let layer = LayerId::from_random(random());
        let archive = LayerArchive {
            content: Box::new(std::io::Cursor::new(archive)),
            at: path(at),
            owner: OWNER,
        };
        self.engine().import_layer(&layer, archive).await?;
        Ok(layer)
    }
}

/// An archive is a layer whose files belong to one owner, without special rights.
pub async fn an_archive_is_a_layer(bench: Bench) {
    if bench.refuses_layers().await {
        return;
    }
    let files = [
        (EntryType::Directory, "sub/", "", ""),
        (EntryType::Regular, "sub/f", "", "content"),
        (EntryType::Symlink, "l", "/etc/passwd", ""),
        (EntryType::Link, "h", "sub/f", ""),
        (EntryType::Char, "null", "", ""),
        (EntryType::Block, "disk", "", ""),
    ];
    let app = bench
        .import_layer("/opt/app", archive(&files))
        .await
        .expect("a layer");
    let gone = [
        (EntryType::Regular, "etc/.wh.group", "", ""),
        (EntryType::Regular, "home/user/.wh..wh..opq", "", ""),
    ];
    let gone = bench
        .import_layer("/", archive(&gone))
        .await
        .expect("a layer");
    let again = error(
        bench
            .engine()
            .import_layer(
                &app,
                LayerArchive {
                    content: Box::new(std::io::Cursor::new(archive(&files))),
                    at: path("/"),
                    owner: OWNER,
                },
            )
            .await,
    );
    assert!(matches!(again, EngineError::Conflict(_)), "{again}");
    let one = bench.create(bench.of_layers(&[app.clone(), gone])).await;
    let two = bench.create(bench.of_layers(&[app])).await;
    for sandbox in [&one, &two] {
        let seen = sandbox
            .read("cd /opt/app; ls; stat -c '%n %u:%g %a' /opt . sub sub/f l; cat sub/f h")
            .await;
        assert_eq!(
            seen,
            "h\nl\nsub\n/opt 1000:2000 755\n. 1000:2000 755\nsub 1000:2000 755\n\
             sub/f 1000:2000 755\nl 1000:2000 777\ncontentcontent"
        );
    }
    let group = "test -e /etc/group; echo $?; test -e /etc/passwd; echo $?";
    assert_eq!(one.read(group).await, "1\n0");
    assert_eq!(two.read(group).await, "0\n0");
}

/// An archive's names and links lead nowhere but into the layer, and what is refused leaves nothing.
pub async fn hostile_archives_stay_in_their_layer(bench: Bench) {
    if bench.refuses_layers().await {
        return;
    }
    let name = format!("ctnr-escape-{}", unique());
    let up = format!("{}tmp/{name}", "../".repeat(12));
    let absolute = format!("/tmp/{name}");
    for entries in [
        vec![(EntryType::Regular, &*up, "", "evil")],
        vec![(EntryType::Regular, "a/../../x", "", "evil")],
        vec![(EntryType::Link, "h", "/etc/passwd", "")],
        vec![(EntryType::Link, "h", &*up, "")],
        vec![
            (EntryType::Symlink, "l", "/tmp", ""),
            (EntryType::Regular, "l/x", "", "evil"),
        ],
    ] {
        let refused = error(bench.import_layer("/opt", archive(&entries)).await);
        assert!(matches!(refused, EngineError::BadRequest(_)), "{refused}");
    }
    for broken in [b"no tar".repeat(1000), archive(&[])[..100].to_vec()] {
        let refused = error(bench.import_layer("/opt", broken).await);
        assert!(matches!(refused, EngineError::BadRequest(_)), "{refused}");
    }
    assert_eq!(bench.engine().layers().await.expect("layers"), []);
    let inside = archive(&[(EntryType::Regular, &absolute, "", "in")]);
    let layer = bench.import_layer("/opt", inside).await.expect("a layer");
    assert_not_on_host(&name);
    let sandbox = bench.create(bench.of_layers(&[layer])).await;
    assert_eq!(sandbox.read(&format!("cat /opt{absolute}")).await, "in");
}

/// A sandbox has up to a hundred layers, of whatever kind; with more it is refused.
pub async fn a_hundred_layers_stack(bench: Bench) {
    if bench.refuses_layers().await {
        return;
    }
    let mut layers = Vec::new();
    for number in 0..95 {
        let (own, text) = (format!("only-{number}"), number.to_string());
        let files = [
            (EntryType::Regular, &*own, "", ""),
            (EntryType::Regular, "top", "", &*text),
        ];
        let layer = bench.import_layer("/opt", archive(&files)).await;
        layers.push(layer.expect("a layer"));
    }
    // Sandboxes that are there at once, so that each has other ids.
    let mut over = Vec::new();
    for number in 95..100 {
        let sandbox = bench.create(bench.of_layers(&layers)).await;
        sandbox
            .read(&format!(
                "cd /opt; echo {number} > frozen-{number}; echo {number} > top"
            ))
            .await;
        over.push(sandbox);
    }
    for sandbox in &over {
        layers.push(bench.frozen(sandbox).await);
    }
    let sandbox = bench.create(bench.of_layers(&layers)).await;
    let seen = "cd /opt; cat top; ls | wc -l; ls only-0 only-94 frozen-95; stat -c %u:%g only-0 frozen-95 top";
    assert_eq!(
        sandbox.read(seen).await,
        "99\n101\nfrozen-95\nonly-0\nonly-94\n1000:2000\n0:0\n1000:2000"
    );
    layers.push(bench.frozen(&sandbox).await);
    let refused = error(bench.try_create(bench.of_layers(&layers)).await);
    assert!(matches!(refused, EngineError::BadRequest(_)), "{refused}");
    assert!(refused.to_string().contains("at most 100"), "{refused}");
    let twice = [layers[0].clone(), layers[0].clone()];
    let refused = error(bench.try_create(bench.of_layers(&twice)).await);
    assert!(matches!(refused, EngineError::BadRequest(_)), "{refused}");
}
