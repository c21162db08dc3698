//! Tags, removal and clean-up.

mod support;

use std::collections::BTreeSet;

use ctnr_images::{ImageError, ImageStore, StoreOptions};
use ctnr_model::ImageReference;
use support::{Fixture, Item, docker_archive, objects, tar};

fn layer(text: &str) -> Vec<u8> {
    tar(&[Item::file("file", text.as_bytes())])
}

fn name(text: &str) -> ImageReference {
    ImageReference::parse(text).expect("a valid name")
}

#[test]
fn the_last_name_takes_the_image_with_it() {
    let fixture = Fixture::new();
    let image = fixture
        .import(&docker_archive("a:1", &[layer("x")]))
        .unwrap()
        .remove(0);
    fixture.store.tag("a:1", &name("b:1")).unwrap();
    let nothing = BTreeSet::new();
    let first = fixture.store.remove("a:1", &nothing).unwrap();
    assert_eq!(
        (first.untagged, first.deleted.len()),
        (vec![name("a:1")], 0)
    );
    assert_eq!(first.freed.bytes(), 0);
    let second = fixture.store.remove("b:1", &nothing).unwrap();
    assert_eq!(second.deleted, std::slice::from_ref(&image.manifest));
    assert!(second.freed.bytes() > 0);
    fixture.assert_empty();
    assert!(matches!(
        fixture.store.remove("b:1", &nothing),
        Err(ImageError::NotFound { .. })
    ));
}

#[test]
fn an_id_takes_all_names_unless_in_use() {
    let fixture = Fixture::new();
    let image = fixture
        .import(&docker_archive("a:1", &[layer("x")]))
        .unwrap()
        .remove(0);
    fixture.store.tag("a:1", &name("b:1")).unwrap();
    let in_use = BTreeSet::from([image.manifest.clone()]);
    let id = image.id.short();
    assert!(matches!(
        fixture.store.remove(id, &in_use),
        Err(ImageError::InUse { .. })
    ));
    assert_eq!(fixture.store.list().unwrap().len(), 2);
    // A name of several may go; the image stays.
    fixture.store.remove("a:1", &in_use).unwrap();
    assert!(matches!(
        fixture.store.remove("b:1", &in_use),
        Err(ImageError::InUse { .. })
    ));
    assert!(image.layers[0].join("file").exists());
    assert_eq!(
        fixture
            .store
            .remove(id, &BTreeSet::new())
            .unwrap()
            .deleted
            .len(),
        1
    );
    fixture.assert_empty();
}

#[test]
fn shared_layers_stay() {
    let fixture = Fixture::new();
    fixture
        .import(&docker_archive("a:1", &[layer("base"), layer("a")]))
        .unwrap();
    let b = fixture
        .import(&docker_archive("b:1", &[layer("base"), layer("b")]))
        .unwrap()
        .remove(0);
    fixture.store.remove("a:1", &BTreeSet::new()).unwrap();
    assert!(b.layers.iter().all(|layer| layer.join("file").exists()));
    let left = objects(fixture.store.directory());
    assert_eq!(
        left.len(),
        4 + 2,
        "manifest, configuration, two blobs, two layers: {left:?}"
    );
}

#[test]
fn an_image_that_lost_its_name_stays_until_pruned() {
    let fixture = Fixture::new();
    let old = fixture
        .import(&docker_archive("a:1", &[layer("old")]))
        .unwrap()
        .remove(0);
    let new = fixture
        .import(&docker_archive("a:1", &[layer("new")]))
        .unwrap()
        .remove(0);
    assert!(old.layers[0].join("file").exists());
    let list = fixture.store.list().unwrap();
    assert_eq!(
        list.iter()
            .filter(|image| image.reference.is_none())
            .count(),
        1
    );
    let in_use = BTreeSet::from([old.manifest.clone()]);
    assert!(
        fixture
            .store
            .prune(false, &in_use)
            .unwrap()
            .deleted
            .is_empty()
    );
    assert!(old.layers[0].join("file").exists());
    let pruned = fixture.store.prune(false, &BTreeSet::new()).unwrap();
    assert_eq!(pruned.deleted, std::slice::from_ref(&old.manifest));
    assert!(pruned.freed.bytes() > 0 && !old.layers[0].exists());
    let all = fixture
        .store
        .prune(true, &BTreeSet::from([new.manifest.clone()]))
        .unwrap();
    assert!(all.deleted.is_empty());
    assert_eq!(
        fixture
            .store
            .prune(true, &BTreeSet::new())
            .unwrap()
            .untagged,
        [name("a:1")]
    );
    fixture.assert_empty();
}

#[test]
fn a_tag_needs_an_image() {
    let fixture = Fixture::new();
    let missing = fixture.store.tag("a:1", &name("b:1"));
    assert!(matches!(missing, Err(ImageError::NotFound { .. })));
}

#[test]
fn a_damaged_image_can_be_removed() {
    let fixture = Fixture::new();
    let bad = fixture
        .import(&docker_archive("bad:1", &[layer("bad")]))
        .unwrap()
        .remove(0);
    fixture
        .import(&docker_archive("good:1", &[layer("good")]))
        .unwrap();
    let path = fixture
        .store
        .directory()
        .join("blobs/sha256")
        .join(bad.id.hex());
    std::fs::write(path, "changed").unwrap();
    let again = ImageStore::open(fixture.store.directory(), StoreOptions::default()).unwrap();
    let error = again.resolve(&name("bad:1")).unwrap_err();
    assert!(
        matches!(error, ImageError::DigestMismatch { .. }),
        "{error}"
    );
    assert_eq!(again.list().unwrap().len(), 1);
    again.remove("bad:1", &BTreeSet::new()).unwrap();
    again.resolve(&name("good:1")).unwrap();
    assert_eq!(objects(again.directory()).len(), 4);
}
