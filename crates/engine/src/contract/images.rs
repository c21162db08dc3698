//! Images: in, out, names, and what is in use.

use bytes::Bytes;
use ctnr_model::{Architecture, Digest, ImageReference};
use futures::TryStreamExt;

use super::bench::{error, import, unique};
use super::{Bench, TestImage};
use crate::{EngineError, EngineImages, InUse};

async fn remove(images: &dyn EngineImages, name: &str) {
    let removed = images.remove(name, &InUse::new()).await;
    removed.unwrap_or_else(|error| panic!("{name} is removed: {error}"));
}

fn assert_not_found<T>(result: crate::Result<T>) {
    let error = error(result);
    assert!(
        matches!(error, EngineError::ImageNotFound { .. }),
        "{error}"
    );
}

/// An imported image is listed and can be inspected, by name, id and the start of its id.
pub async fn an_imported_image_is_there(bench: Bench) {
    let image = TestImage::unique();
    let names = import(bench.engine(), image.archive())
        .await
        .expect("it is imported");
    assert_eq!(names, [image.reference()]);
    let images = bench.engine().images();
    let details = images.inspect(&image.tag).await.expect("it is there");
    assert_eq!(details.summary.references, [image.reference()]);
    assert_eq!(details.summary.labels.get("unique"), image.label.as_ref());
    assert_eq!(details.config.cmd, ["sh"]);
    assert_eq!(details.config.env, ["PATH=/bin", "FROM_IMAGE=yes"]);
    assert_eq!(details.platform.architecture, Architecture::HOST);
    assert_eq!(details.diff_ids.len(), 1);
    assert!(details.summary.size > 100_000);
    let id = details.summary.id.clone();
    for name in [&id.to_string(), id.hex(), id.short()] {
        let again = images.inspect(name).await.expect("it is there");
        assert_eq!(again.summary.id, id);
    }
    let listed = images.list().await.expect("a list");
    let found = listed
        .iter()
        .find(|summary| summary.id == id)
        .expect("it is listed");
    assert_eq!(found.references, [image.reference()]);
    remove(images, &image.tag).await;
    assert_not_found(images.inspect(&image.tag).await);
    assert_not_found(images.inspect(&id.to_string()).await);
}

/// An image can have several names; it goes with the last.
pub async fn a_name_is_given_and_taken(bench: Bench) {
    let image = TestImage::unique();
    bench.import(&image).await;
    let images = bench.engine().images();
    let id = images
        .inspect(&image.tag)
        .await
        .expect("it is there")
        .summary
        .id;
    let other = format!("ctnr-contract/{}:two", unique());
    let reference = ImageReference::parse(&other).expect("a reference");
    images
        .tag(&image.tag, &reference)
        .await
        .expect("it is tagged");
    assert_eq!(
        images
            .inspect(&other)
            .await
            .expect("it is there")
            .summary
            .id,
        id
    );
    remove(images, &image.tag).await;
    assert_not_found(images.inspect(&image.tag).await);
    let left = images.inspect(&other).await.expect("it is there");
    assert_eq!(left.summary.references, [reference]);
    assert_not_found(images.remove(&image.tag, &InUse::new()).await);
    assert_not_found(images.tag(&image.tag, &image.reference()).await);

    images
        .tag(&other, &image.reference())
        .await
        .expect("it is tagged");
    remove(images, &id.to_string()).await;
    assert_not_found(images.inspect(&other).await);
    assert_not_found(images.inspect(&image.tag).await);
}

/// An exported image is imported as the same.
pub async fn an_exported_image_is_the_same(bench: Bench) {
    let image = TestImage::unique();
    bench.import(&image).await;
    let images = bench.engine().images();
    let before = images.inspect(&image.tag).await.expect("it is there");
    let exported: Vec<Bytes> = images
        .export(std::slice::from_ref(&image.tag))
        .await
        .expect("an archive")
        .try_collect()
        .await
        .expect("an archive");
    remove(images, &image.tag).await;
    let names = import(bench.engine(), exported.concat())
        .await
        .expect("it is imported");
    assert_eq!(names, [image.reference()]);
    let after = images.inspect(&image.tag).await.expect("it is there");
    assert_eq!(after.summary.id, before.summary.id);
    assert_eq!(after.diff_ids, before.diff_ids);
    assert_eq!(after.config, before.config);
    let mut spec = bench.spec();
    spec.image = image.reference();
    let sandbox = bench.create(spec).await;
    assert_eq!(sandbox.read("echo it runs").await, "it runs");
    bench
        .engine()
        .delete(sandbox.id())
        .await
        .expect("it is deleted");
    remove(images, &image.tag).await;
    assert_not_found(images.export(std::slice::from_ref(&image.tag)).await);
}

/// An image that a sandbox was made from, or that the control plane says is in use, stays.
pub async fn an_image_in_use_stays(bench: Bench) {
    let image = TestImage::unique();
    bench.import(&image).await;
    let images = bench.engine().images();
    let id = images
        .inspect(&image.tag)
        .await
        .expect("it is there")
        .summary
        .id;
    let mut spec = bench.spec();
    spec.image = image.reference();
    let sandbox = bench.create(spec).await;
    let in_use = InUse::from([id.clone()]);
    for name in [image.tag.clone(), id.to_string()] {
        let error = error(images.remove(&name, &in_use).await);
        assert!(matches!(error, EngineError::Conflict(_)), "{error}");
    }
    bench
        .engine()
        .delete(sandbox.id())
        .await
        .expect("it is deleted");
    let error = error(images.remove(&image.tag, &in_use).await);
    assert!(matches!(error, EngineError::Conflict(_)), "{error}");
    remove(images, &image.tag).await;
}

/// Pruning removes an image that lost its name and that nothing uses, and no other.
pub async fn prune_removes_what_nothing_uses(bench: Bench) {
    let lost = TestImage::unique();
    let images = bench.engine().images();
    bench.import(&lost).await;
    let lost_id = images
        .inspect(&lost.tag)
        .await
        .expect("it is there")
        .summary
        .id;
    let named = TestImage {
        tag: lost.tag.clone(),
        ..TestImage::unique()
    };
    bench.import(&named).await;
    let named_id = images
        .inspect(&named.tag)
        .await
        .expect("it is there")
        .summary
        .id;
    assert_ne!(lost_id, named_id);
    let nameless = images
        .inspect(&lost_id.to_string())
        .await
        .expect("it is there");
    assert!(nameless.summary.references.is_empty());

    // A daemon may be shared with others, whose images are none of this test's business.
    let others: InUse = images
        .list()
        .await
        .expect("a list")
        .into_iter()
        .map(|summary| summary.id)
        .filter(|id| *id != lost_id)
        .collect();
    let mut all: InUse = others.clone();
    all.insert(lost_id.clone());
    let kept = images.prune(false, &all).await.expect("it is pruned");
    assert!(!kept.removed.contains(&lost_id), "it was said to be in use");
    let pruned = images.prune(false, &others).await.expect("it is pruned");
    assert!(contains(&pruned.removed, &lost_id), "{pruned:?}");
    assert_not_found(images.inspect(&lost_id.to_string()).await);
    images
        .inspect(&named.tag)
        .await
        .expect("what has a name stays");
    remove(images, &named.tag).await;
}

fn contains(ids: &[Digest], id: &Digest) -> bool {
    ids.iter().any(|known| known == id)
}

/// An OCI image layout is taken, and is the same image as in Docker's form.
pub async fn oci_archives_are_taken(bench: Bench) {
    let image = TestImage::unique();
    let names = import(bench.engine(), image.oci_archive())
        .await
        .expect("it is imported");
    assert_eq!(names, [image.reference()]);
    let images = bench.engine().images();
    let id = images
        .inspect(&image.tag)
        .await
        .expect("it is there")
        .summary
        .id;
    remove(images, &image.tag).await;
    bench.import(&image).await;
    assert_eq!(
        images
            .inspect(&image.tag)
            .await
            .expect("it is there")
            .summary
            .id,
        id
    );
    let mut spec = bench.spec();
    spec.image = image.reference();
    let sandbox = bench.create(spec).await;
    assert_eq!(sandbox.read("echo it runs").await, "it runs");
    bench
        .engine()
        .delete(sandbox.id())
        .await
        .expect("it is deleted");
    remove(images, &image.tag).await;
}

/// Compressed archives are taken as they are.
pub async fn compressed_archives_are_taken(bench: Bench) {
    let sandbox = bench.running().await;
    let image = TestImage::unique();
    let files = sandbox.files().await;
    // The sandbox's own gzip does the work.
    let archive = Box::new(std::io::Cursor::new(image.archive()));
    let at = super::sandbox::path("/tmp/image.tar");
    files
        .write(&at, None, archive)
        .await
        .expect("it is written");
    sandbox.read("gzip /tmp/image.tar").await;
    let at = super::sandbox::path("/tmp/image.tar.gz");
    let packed: Vec<Bytes> = files
        .read(&at)
        .await
        .expect("it is read")
        .try_collect()
        .await
        .expect("it is read");
    let names = import(bench.engine(), packed.concat())
        .await
        .expect("it is imported");
    assert_eq!(names, [image.reference()]);
    remove(bench.engine().images(), &image.tag).await;
}
