//! Several processes at one store, and processes that are killed at any moment. The other
//! processes are this test's own program, which runs `child` by itself.

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ctnr_images::{ImageError, ImageStore, Privilege, StoreOptions, no_progress};
use support::{Fixture, Item, docker_archive, gzip, objects, tar};

const STORE: &str = "CTNR_TEST_STORE";
const ARCHIVE: &str = "CTNR_TEST_ARCHIVE";
const TIMES: &str = "CTNR_TEST_TIMES";

/// A layer of many files, so that unpacking takes a while.
fn layer(seed: usize) -> Vec<u8> {
    let text = |file: usize| format!("{seed}-{file}").repeat(200);
    let file = |n: usize| Item::file(&format!("d{}/f{n}", n % 7), text(n).as_bytes());
    tar(&(0..300).map(file).collect::<Vec<_>>())
}

fn options() -> StoreOptions {
    StoreOptions {
        privilege: Some(Privilege::Rootless),
        ..StoreOptions::default()
    }
}

/// Starts another process that imports an archive some times.
fn start(store: &Path, archive: &Path, times: usize) -> Child {
    Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["--exact", "child", "--quiet"])
        .env(STORE, store)
        .env(ARCHIVE, archive)
        .env(TIMES, times.to_string())
        .stdout(Stdio::null())
        .spawn()
        .expect("this program can be started")
}

/// What the other tests run as another process. Run by itself it has nothing to do.
#[test]
fn child() {
    if std::env::var_os(STORE).is_none() {
        return;
    }
    let variable = |name| std::env::var(name).expect("it is run by the other tests");
    let store = ImageStore::open(Path::new(&variable(STORE)), options()).unwrap();
    let archive = std::fs::read(variable(ARCHIVE)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for _ in 0..variable(TIMES).parse().unwrap() {
        let import = store.import(archive.as_slice(), Default::default(), no_progress());
        runtime.block_on(import).unwrap();
    }
}

/// Asserts that an image is there as a whole.
fn assert_whole(image: &ctnr_images::StoredImage) {
    let files: usize = image
        .layers
        .iter()
        .flat_map(|layer| std::fs::read_dir(layer).expect("the layer is there"))
        .map(|directory| {
            std::fs::read_dir(directory.expect("an entry").path())
                .expect("a directory")
                .count()
        })
        .sum();
    assert_eq!(files, 300 * image.layers.len());
}

#[test]
fn a_killed_import_leaves_all_or_nothing() {
    let fixture = Fixture::rootless();
    let archive = fixture.scratch.path().join("outside/secret");
    std::fs::write(
        &archive,
        gzip(&docker_archive("a:1", &[layer(1), layer(2)])),
    )
    .unwrap();
    let directory = fixture.store.directory();
    let (mut nothing, mut all) = (0, 0);
    for round in 0..40u64 {
        let mut child = start(directory, &archive, 1);
        std::thread::sleep(Duration::from_millis(round * 5));
        child.kill().unwrap();
        child.wait().unwrap();
        let store = ImageStore::open(directory, options()).unwrap();
        match store.list().unwrap().as_slice() {
            [] => {
                nothing += 1;
                assert_eq!(objects(directory), Vec::<String>::new(), "round {round}");
            }
            [image] => {
                all += 1;
                assert_whole(image);
                store.remove("a:1", &BTreeSet::new()).unwrap();
            }
            more => panic!("{more:?}"),
        }
        assert!(objects(directory).is_empty(), "round {round}");
    }
    assert!(
        nothing > 0,
        "no import was killed in time ({all} were whole)"
    );
    assert!(start(directory, &archive, 1).wait().unwrap().success());
    assert_whole(
        &ImageStore::open(directory, options())
            .unwrap()
            .find("a:1")
            .unwrap(),
    );
}

#[test]
fn processes_share_a_store() {
    let fixture = Fixture::rootless();
    let directory = fixture.store.directory();
    let archives: Vec<_> = (0..3)
        .map(|n| {
            let path = fixture.scratch.path().join(format!("outside/{n}"));
            let archive = docker_archive(&format!("image-{n}:1"), &[layer(0), layer(n + 1)]);
            std::fs::write(&path, archive).unwrap();
            path
        })
        .collect();
    let mut children: Vec<Child> = archives
        .iter()
        .map(|archive| start(directory, archive, 6))
        .collect();
    // Meanwhile this process looks at everything and takes things away.
    let mut turn = 0;
    while children
        .iter_mut()
        .any(|child| child.try_wait().unwrap().is_none())
    {
        turn += 1;
        fixture.store.list().unwrap();
        let name = format!("image-{}:1", turn % 3);
        for result in [
            fixture.store.find(&name).map(drop),
            fixture.store.inspect(&name).map(drop),
            fixture.store.remove(&name, &BTreeSet::new()).map(drop),
            fixture.store.prune(false, &BTreeSet::new()).map(drop),
        ] {
            assert!(
                matches!(result, Ok(()) | Err(ImageError::NotFound { .. })),
                "{result:?}"
            );
        }
        std::thread::sleep(Duration::from_millis(15));
    }
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    for archive in &archives {
        assert!(start(directory, archive, 1).wait().unwrap().success());
    }
    let images = fixture.store.list().unwrap();
    assert_eq!(images.len(), 3);
    images.iter().for_each(|image| assert_whole(image));
    fixture.store.prune(true, &BTreeSet::new()).unwrap();
    assert_eq!(objects(directory), Vec::<String>::new());
}
