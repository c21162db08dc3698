//! Exporting, and importing again what was exported.

mod support;

use ctnr_images::{ExportLayers, ImageError, no_progress};
use ctnr_model::ImageReference;
use support::{Fixture, Item, OciArchive, docker_archive, gzip, hex, tar, zstd};

fn layer() -> Vec<u8> {
    tar(&[Item::file("file", b"text")])
}

fn export(fixture: &Fixture, names: &[&str], layers: ExportLayers) -> Result<Vec<u8>, ImageError> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let mut out = Vec::new();
    runtime
        .block_on(fixture.store.export(&names, layers, &mut out))
        .map(|()| out)
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let from = Fixture::new();
    let archive = OciArchive::new(
        "example.com/a:1",
        &[layer()],
        "application/vnd.oci.image.layer.v1.tar+gzip",
        gzip,
    );
    from.import(&archive.write(|_| {})).unwrap();
    from.import(&docker_archive("b:2", &[layer(), tar(&[])]))
        .unwrap();
    from.store
        .tag("b:2", &ImageReference::parse("c:3").unwrap())
        .unwrap();
    let names = ["example.com/a:1", "b:2", "c:3"];
    let bytes = export(&from, &names, ExportLayers::default()).unwrap();
    let mut turned = names;
    turned.reverse();
    assert!(
        export(&from, &turned, ExportLayers::default()).unwrap() == bytes,
        "not deterministic"
    );
    let to = Fixture::new();
    to.import(&bytes).unwrap();
    for name in names {
        let (old, new) = (from.store.find(name).unwrap(), to.store.find(name).unwrap());
        assert_eq!((&old.manifest, &old.id), (&new.manifest, &new.id));
    }
}

#[test]
fn docker_gets_no_zstd() {
    let from = Fixture::new();
    let archive = OciArchive::new(
        "a:1",
        &[layer()],
        "application/vnd.oci.image.layer.v1.tar+zstd",
        zstd,
    );
    let image = from.import(&archive.write(|_| {})).unwrap().remove(0);
    let portable = export(&from, &["a:1"], ExportLayers::Portable).unwrap();
    let stored = export(&from, &["a:1"], ExportLayers::AsStored).unwrap();
    let packed =
        |bytes: &[u8], magic: &[u8]| bytes.windows(magic.len()).any(|found| found == magic);
    assert!(!packed(&portable, &[0x28, 0xb5, 0x2f, 0xfd]));
    assert!(packed(&stored, &[0x28, 0xb5, 0x2f, 0xfd]));
    let to = Fixture::new();
    let again = to.import(&portable).unwrap().remove(0);
    assert_eq!(again.id, image.id);
    assert_ne!(again.manifest, image.manifest);
    assert!(
        again.layers[0]
            .display()
            .to_string()
            .contains(&hex(&layer()))
    );
    assert_eq!(
        Fixture::new().import(&stored).unwrap().remove(0).manifest,
        image.manifest
    );
}

#[test]
fn an_id_comes_without_a_name() {
    let from = Fixture::new();
    let image = from
        .import(&docker_archive("a:1", &[layer()]))
        .unwrap()
        .remove(0);
    let bytes = export(&from, &[image.id.short()], ExportLayers::default()).unwrap();
    let again = Fixture::new().import(&bytes).unwrap().remove(0);
    assert_eq!(
        (&again.reference, &again.manifest),
        (&None, &image.manifest)
    );
    let missing = export(&from, &["none:1"], ExportLayers::default());
    assert!(matches!(missing, Err(ImageError::NotFound { .. })));
}

#[test]
fn a_reader_that_goes_away_ends_the_export() {
    let from = Fixture::new();
    let large = tar(&[Item::file("large", &vec![7; 8 << 20])]);
    from.import(&docker_archive("a:1", &[large])).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let error = runtime.block_on(async {
        let (here, there) = tokio::io::duplex(1024);
        drop(there);
        from.store
            .export(&["a:1".to_owned()], ExportLayers::default(), here)
            .await
    });
    assert!(matches!(error, Err(ImageError::Io { .. })));
    runtime
        .block_on(
            from.store
                .import(&b""[..], Default::default(), no_progress()),
        )
        .unwrap_err();
    assert!(
        support::objects(from.store.directory())
            .iter()
            .all(|object| !object.starts_with("tmp"))
    );
}
