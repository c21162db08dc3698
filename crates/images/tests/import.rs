//! Importing what real tools write, in each packing.

mod support;

use std::os::unix::fs::PermissionsExt;

use ctnr_images::{ImageError, ImageStore, ImportOptions, StoreOptions};
use ctnr_model::ImageReference;
use support::{Fixture, Item, OciArchive, docker_archive, gzip, hex, objects, sha256, tar, zstd};

fn base() -> Vec<u8> {
    tar(&[
        Item::directory("etc"),
        Item::file("etc/name", b"base"),
        Item::file("gone", b"x"),
    ])
}

fn upper() -> Vec<u8> {
    tar(&[
        Item::directory("etc"),
        Item::file("etc/name", b"upper"),
        Item::file(".wh.gone", b""),
    ])
}

#[test]
fn docker_archives_are_imported_in_each_packing() {
    let plain = docker_archive("demo:1", &[base(), upper()]);
    for archive in [plain.clone(), gzip(&plain), zstd(&plain)] {
        let fixture = Fixture::new();
        let images = fixture.import(&archive).unwrap();
        assert_eq!(images.len(), 1);
        let image = fixture
            .store
            .resolve(&ImageReference::parse("demo:1").unwrap())
            .unwrap();
        assert_eq!(image, images[0]);
        assert_eq!(image.config.cmd, ["/bin/sh"]);
        assert_eq!(image.config.env, ["A=b"]);
        assert_eq!(image.created.unwrap().to_string(), "2024-01-02T03:04:05Z");
        assert_eq!(image.layers.len(), 2);
        assert_eq!(image.size, 4 + 1 + 5);
        assert_eq!(
            std::fs::read(image.layers[0].join("etc/name")).unwrap(),
            b"base"
        );
        assert_eq!(
            std::fs::read(image.layers[1].join("etc/name")).unwrap(),
            b"upper"
        );
        let above = image.layers[0].parent().unwrap();
        assert_eq!(
            std::fs::metadata(above).unwrap().permissions().mode() & 0o777,
            0o700
        );
        fixture.assert_outside_untouched();
    }
}

#[test]
fn layouts_are_imported_in_each_packing() {
    type Pack = fn(&[u8]) -> Vec<u8>;
    let packings: [(&str, Pack); 3] = [
        ("application/vnd.oci.image.layer.v1.tar", <[u8]>::to_vec),
        ("application/vnd.oci.image.layer.v1.tar+gzip", gzip),
        ("application/vnd.docker.image.rootfs.diff.tar.zstd", zstd),
    ];
    let fixture = Fixture::new();
    for (number, (media_type, pack)) in packings.into_iter().enumerate() {
        let name = format!("example.com/demo:{number}");
        let archive = OciArchive::new(&name, &[base(), upper()], media_type, pack);
        let image = fixture.import(&archive.write(|_| {})).unwrap().remove(0);
        assert_eq!(image.reference.as_ref().unwrap().to_string(), name);
        assert_eq!(
            image.manifest.to_string(),
            sha256(archive.manifest.to_string().as_bytes())
        );
        assert_eq!(
            image.id.to_string(),
            sha256(archive.config.to_string().as_bytes())
        );
    }
    let layers: Vec<String> = objects(fixture.store.directory())
        .into_iter()
        .filter(|object| object.starts_with("layers/"))
        .collect();
    assert_eq!(
        layers.len(),
        2,
        "layers are shared by their plain digests: {layers:?}"
    );
}

#[test]
fn equal_layers_are_given_once() {
    let fixture = Fixture::new();
    let archive = docker_archive("demo:1", &[base(), upper(), base()]);
    let image = fixture.import(&archive).unwrap().remove(0);
    assert_eq!(image.layers.len(), 2);
    assert!(
        image.layers[1]
            .display()
            .to_string()
            .contains(&hex(&base()))
    );
}

#[test]
fn a_name_can_be_given_to_one_image() {
    let fixture = Fixture::new();
    let options = ImportOptions {
        reference: Some(ImageReference::parse("mine:2").unwrap()),
        ..ImportOptions::default()
    };
    let archive = docker_archive("demo:1", &[base()]);
    let image = fixture.import_as(&archive, options).unwrap().remove(0);
    assert_eq!(image.reference.as_ref().unwrap().familiar(), "mine:2");
    assert!(matches!(
        fixture.store.find("demo:1"),
        Err(ImageError::NotFound { .. })
    ));
}

#[test]
fn images_are_found_by_digits() {
    let fixture = Fixture::new();
    let image = fixture
        .import(&docker_archive("demo:1", &[base()]))
        .unwrap()
        .remove(0);
    for text in [
        "demo:1".to_owned(),
        image.id.to_string(),
        image.id.short().to_owned(),
        image.manifest.hex()[..6].to_owned(),
        format!("demo@{}", image.manifest),
    ] {
        assert_eq!(
            fixture.store.find(&text).unwrap().manifest,
            image.manifest,
            "{text}"
        );
    }
    for text in ["demo", "demo:2", "../x", "", "ab", "ffffffffffff"] {
        assert!(
            matches!(fixture.store.find(text), Err(ImageError::NotFound { .. })),
            "{text}"
        );
    }
    let details = fixture.store.inspect("demo:1").unwrap();
    assert_eq!(details.diff_ids[0].to_string(), sha256(&base()));
    assert_eq!(details.history[0].created_by, "by hand");
    assert_eq!(details.references.len(), 1);
}

#[test]
fn what_was_imported_is_there_after_opening_again() {
    let fixture = Fixture::new();
    let image = fixture
        .import(&docker_archive("demo:1", &[base()]))
        .unwrap()
        .remove(0);
    let again = ImageStore::open(fixture.store.directory(), StoreOptions::default()).unwrap();
    assert_eq!(again.list().unwrap(), [image]);
}
