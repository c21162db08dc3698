//! Layers on this host's disk, as root. `cargo xtask test` turns the feature on.
#![cfg(feature = "system-tests")]

mod support;

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ctnr_engine::contract::{Bench, Setup, TestImage, check};
use ctnr_engine::{EngineError, SandboxEngine};
use ctnr_engine_native::{NativeConfig, NativeEngine};
use ctnr_model::{ImageReference, LayerId, SandboxId, SandboxSpec};
use rustix::fs::{XattrFlags, lgetxattr, lsetxattr};

async fn open(data_dir: &Path) -> Arc<NativeEngine> {
    let config = NativeConfig {
        data_dir: data_dir.to_owned(),
        subnet: None,
    };
    Arc::new(NativeEngine::open(config).await.expect("a native engine"))
}

/// Runs a test with an engine whose data it can look at.
async fn with_data<F: Future<Output = ()>>(test: impl FnOnce(Bench, PathBuf) -> F) {
    let directory = tempfile::tempdir().expect("a directory for the engine's data");
    let data = directory.path().to_owned();
    let setup = Setup {
        engine: open(&data).await,
        keep: Box::new(directory),
    };
    check(setup, |bench| test(bench, data)).await;
}

fn new_layer() -> LayerId {
    let mut bytes = [0; 32];
    fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .expect("random bytes");
    LayerId::from_random(bytes)
}

const GRACE: Duration = Duration::from_secs(10);

/// The root of a sandbox that runs, seen from the host.
async fn root_of(bench: &Bench, id: &SandboxId) -> PathBuf {
    let status = bench.engine().status(id).await.expect("a state");
    PathBuf::from(format!("/proc/{}/root", status.pid.expect("it runs")))
}

/// A version 3 capability (`capabilities(7)`, "File capabilities") of the namespace whose root is
/// the host's user `root`.
fn capability(root: u32) -> Vec<u8> {
    let words = [0x0300_0001, 1 << 10, 0, 0, 0, root];
    words
        .iter()
        .flat_map(|word: &u32| word.to_le_bytes())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_freeze_moves_and_copies_nothing() {
    with_data(|bench, data| async move {
        let sandbox = bench.running().await;
        sandbox.read("echo x > /root/f; chmod 711 /").await;
        bench
            .engine()
            .stop(sandbox.id(), GRACE)
            .await
            .expect("it is stopped");
        let own = data.join("sandboxes").join(sandbox.id().as_str());
        let upper = own.join("upper");
        let (root, file) = (upper.metadata().unwrap(), upper.join("root/f"));
        let inode = file.metadata().unwrap().ino();
        lsetxattr(&file, "user.note", b"kept", XattrFlags::empty()).unwrap();
        let set = capability(root.uid());
        lsetxattr(&file, "security.capability", &set, XattrFlags::empty()).unwrap();

        let layer = new_layer();
        bench
            .engine()
            .freeze(sandbox.id(), &layer)
            .await
            .expect("it is frozen");
        assert!(!own.exists());
        let files = data.join("layers").join(layer.as_str()).join("files");
        assert_eq!(files.metadata().unwrap().ino(), root.ino());
        let file = files.join("root/f").metadata().unwrap();
        assert_eq!((file.ino(), file.uid()), (inode, root.uid()));

        // Attributes with ids in them are the next sandbox's, too.
        let next = bench
            .create(SandboxSpec {
                layers: vec![layer],
                ..bench.spec()
            })
            .await;
        let seen = root_of(&bench, next.id()).await;
        let first = seen.metadata().unwrap();
        assert_ne!(first.uid(), root.uid());
        assert_eq!(first.mode() & 0o7777, 0o711);
        let file = seen.join("root/f");
        assert_eq!(file.symlink_metadata().unwrap().uid(), first.uid());
        let mut value = [0; 64];
        let length = lgetxattr(&file, "user.note", &mut value).unwrap();
        assert_eq!(&value[..length], b"kept");
        let length = lgetxattr(&file, "security.capability", &mut value).unwrap();
        assert_eq!(&value[..length], capability(first.uid()));
        assert_eq!(
            fs::symlink_metadata(files.join("root/f")).unwrap().ino(),
            inode
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn layers_and_who_uses_them_outlive_the_engine() {
    let directory = tempfile::tempdir().unwrap();
    let layer = new_layer();
    let spec = {
        let setup = Setup {
            engine: open(directory.path()).await,
            keep: Box::new(()),
        };
        let engine = Arc::clone(&setup.engine);
        let spec = std::sync::Mutex::new(None);
        check(setup, |bench| {
            let (layer, kept) = (layer.clone(), &spec);
            async move {
                let sandbox = bench.running().await;
                sandbox.read("echo kept > /root/f").await;
                bench
                    .engine()
                    .stop(sandbox.id(), GRACE)
                    .await
                    .expect("it is stopped");
                bench
                    .engine()
                    .freeze(sandbox.id(), &layer)
                    .await
                    .expect("it is frozen");
                *kept.lock().unwrap() = Some(SandboxSpec {
                    layers: vec![layer],
                    ..bench.spec()
                });
            }
        })
        .await;
        let spec = spec.into_inner().unwrap().unwrap();
        engine.create(&spec).await.expect("it is made");
        spec
    };
    let engine = open(directory.path()).await;
    assert_eq!(engine.layers().await.unwrap(), std::slice::from_ref(&layer));
    let used = engine.remove_layer(&layer).await;
    assert!(matches!(used, Err(EngineError::Conflict(_))), "{used:?}");
    engine.stop(&spec.id, GRACE).await.expect("it is stopped");
    engine
        .start(&spec, &[])
        .await
        .expect("it is started over its layers");
    engine.delete(&spec.id).await.expect("it is deleted");
    engine.remove_layer(&layer).await.expect("nobody uses it");
    assert!(
        !directory
            .path()
            .join("layers")
            .join(layer.as_str())
            .exists()
    );
    engine.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_named_by_its_digest_when_its_name_has_moved() {
    with_data(|bench, _| async move {
        let (image, other) = (TestImage::unique(), TestImage::unique());
        let name = bench.import(&image).await;
        bench.import(&other).await;
        let images = bench.engine().images();
        let details = images.inspect(&image.tag).await.expect("it is there");
        images
            .tag(&other.tag, &name)
            .await
            .expect("the name is given away");
        let digest = details.manifest.expect("a digest");
        let place = format!("{}/{}@{digest}", name.registry(), name.repository());
        let spec = SandboxSpec {
            image: ImageReference::parse(&place).expect("a reference"),
            ..bench.spec()
        };
        let sandbox = bench.create(spec.clone()).await;
        let made = bench.engine().inspect(&spec).await.expect("it is there");
        assert_eq!(made.image_id, Some(details.summary.id));
        drop(sandbox);
    })
    .await;
}
