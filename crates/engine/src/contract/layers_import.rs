//! Archives that become layers, and layers over layers.

use ctnr_model::{FileOwner, LayerId};
use futures::TryStreamExt;
use tar::{Builder, EntryType};

use super::Bench;
use super::bench::{error, random, unique};
use super::files::entry;
use super::files_hostile::assert_not_on_host;
use super::sandbox::path;
use crate::{EngineError, LayerArchive, LayerExport, Result};

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
            only: Vec::new(),
            most: None,
        };
        self.engine().import_layer(&layer, archive).await?;
        Ok(layer)
    }

    /// The tar of what a layer has in `/opt` of these names.
    async fn export_layer(&self, layer: &LayerId, only: &[&str]) -> Result<Vec<u8>> {
        let export = LayerExport {
            at: path("/opt"),
            only: only.iter().map(|name| (*name).to_owned()).collect(),
        };
        let pieces = self.engine().export_layer(layer, export).await?;
        Ok(pieces.try_collect::<Vec<_>>().await?.concat())
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
                    only: Vec::new(),
                    most: None,
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

/// A layer becomes the same tar whether a sandbox has written it or an archive was unpacked to it,
/// and a layer of that tar the same again.
pub async fn a_layer_becomes_an_archive(bench: Bench) {
    if bench.refuses_layers().await {
        return;
    }
    let files = [
        (EntryType::Regular, "gone", "", "1"),
        (EntryType::Regular, "replaced/old", "", "1"),
        (EntryType::Regular, "outside/f", "", "1"),
    ];
    let below = bench.import_layer("/opt", archive(&files)).await;
    let below = below.expect("a layer");
    let sandbox = bench
        .create(bench.of_layers(std::slice::from_ref(&below)))
        .await;
    sandbox
        .read(
            "cd /opt; rm gone; rm -r replaced; mkdir replaced; echo new > replaced/new; \
             mkdir -p kept/deep; echo f > kept/f; ln kept/f kept/linked; ln -s ../f kept/deep/link; \
             mkfifo kept/pipe; chmod 4755 kept/f; echo x > outside/f; echo x > /etc/elsewhere",
        )
        .await;
    let written = bench.frozen(&sandbox).await;
    let wanted = ["gone", "kept", "replaced"];
    let tar = bench.export_layer(&written, &wanted).await.expect("a tar");
    let mut read = tar::Archive::new(&tar[..]);
    let told: Vec<String> = read
        .entries()
        .expect("entries")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let header = entry.header();
            let numbers = (header.uid().ok(), header.gid().ok(), header.mode().ok());
            assert_eq!((numbers.0, numbers.1), (Some(0), Some(0)));
            format!(
                "{} {:o}",
                entry.path().expect("a name").display(),
                numbers.2.unwrap_or(0)
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ".wh.gone 0",
            "kept/ 755",
            "kept/deep/ 755",
            "kept/deep/link 777",
            "kept/f 755",
            "kept/linked 755",
            "replaced/ 755",
            "replaced/.wh..wh..opq 0",
            "replaced/new 644",
        ]
    );
    let again = bench
        .import_layer("/opt", tar.clone())
        .await
        .expect("a layer");
    let same = bench.export_layer(&again, &[]).await.expect("a tar");
    assert!(same == tar, "another tar");
    let over = bench.create(bench.of_layers(&[below, again])).await;
    let seen = over
        .read("cd /opt; ls; ls replaced; cat outside/f kept/linked; readlink kept/deep/link")
        .await;
    assert_eq!(seen, "kept\noutside\nreplaced\nnew\n1f\n../f");
    let missing = error(
        bench
            .export_layer(&LayerId::from_random(random()), &[])
            .await,
    );
    assert!(
        matches!(missing, EngineError::LayerNotFound(_)),
        "{missing}"
    );
}

/// An archive that has something else than its receiver takes, or more than it states, is refused.
pub async fn an_archive_has_what_is_taken(bench: Bench) {
    if bench.refuses_layers().await {
        return;
    }
    let import = async |entries: &[(EntryType, &str, &str, &str)], most| {
        let archive = LayerArchive {
            content: Box::new(std::io::Cursor::new(archive(entries))),
            at: path("/opt"),
            owner: OWNER,
            only: vec!["drive".to_owned(), "file".to_owned()],
            most,
        };
        let layer = LayerId::from_random(random());
        bench.engine().import_layer(&layer, archive).await
    };
    let good = [
        (EntryType::Directory, "drive/", "", ""),
        (EntryType::Regular, "drive/other", "", "1"),
        (EntryType::Regular, "./file", "", "1"),
        (EntryType::Regular, "drive/.wh.gone", "", ""),
    ];
    import(&good, Some(1 << 20)).await.expect("a layer");
    let refused = error(import(&good, Some(1024)).await);
    assert!(matches!(refused, EngineError::TooLarge(_)), "{refused}");
    for (kind, name, link) in [
        (EntryType::Regular, "other", ""),
        (EntryType::Regular, "other/file", ""),
        (EntryType::Regular, ".wh.file", ""),
        (EntryType::Regular, ".wh..wh..opq", ""),
        (EntryType::Symlink, "drive", "/"),
        (EntryType::Link, "file", "drive/other"),
        (EntryType::Fifo, "file", ""),
    ] {
        let entries = [good[0], good[1], (kind, name, link, "")];
        let refused = error(import(&entries, None).await);
        assert!(
            matches!(refused, EngineError::BadRequest(_)),
            "{name}: {refused}"
        );
    }
    assert_eq!(bench.engine().layers().await.expect("layers").len(), 1);
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
