//! Archives that are cut short, damaged or lie. Each gets a clear error, and nothing is kept.

mod support;

use ctnr_images::{ImageError, ImportOptions, Limits, StoreOptions};
use ctnr_model::{ByteSize, ImageReference};
use support::{
    Fixture, Item, OciArchive, docker_archive, docker_archive_of, gzip, hex, sha256, tar, zstd,
};

const TAR: &str = "application/vnd.oci.image.layer.v1.tar";

fn layer() -> Vec<u8> {
    tar(&[Item::file("file", &[7; 3000])])
}

fn oci() -> OciArchive {
    OciArchive::new("demo:1", &[layer()], TAR, <[u8]>::to_vec)
}

/// The error of an import that must fail and keep nothing.
#[track_caller]
fn refused(archive: &[u8]) -> ImageError {
    let fixture = Fixture::rootless();
    let error = fixture.import(archive).expect_err("the archive is bad");
    fixture.assert_empty();
    fixture.assert_outside_untouched();
    error
}

#[test]
fn archives_that_are_cut_short_are_refused() {
    let plain = docker_archive("demo:1", &[layer()]);
    for (archive, steps) in [(plain.clone(), 9), (gzip(&plain), 5), (zstd(&plain), 5)] {
        for step in 0..steps {
            let cut = archive.len() * step / steps;
            // The last files of a tar may be followed by nothing but zeros.
            if archive[cut..].iter().all(|byte| *byte == 0) {
                continue;
            }
            let error = refused(&archive[..cut]);
            assert!(
                matches!(error, ImageError::Corrupt { .. }),
                "{cut}: {error}"
            );
        }
    }
}

#[test]
fn damaged_archives_are_refused() {
    let plain = oci().write(|_| {});
    let step = plain.len() / 40;
    for at in (0..plain.len()).step_by(step) {
        let mut damaged = plain.clone();
        damaged[at] ^= 0x55;
        let fixture = Fixture::rootless();
        match fixture.import(&damaged) {
            Err(error) => {
                assert!(
                    matches!(
                        error,
                        ImageError::Corrupt { .. }
                            | ImageError::DigestMismatch { .. }
                            | ImageError::Unsupported { .. }
                    ),
                    "{at}: {error}"
                );
                fixture.assert_empty();
            }
            // Padding between files means nothing.
            Ok(images) => assert_eq!(images[0].size, 3000, "{at}"),
        }
    }
}

#[test]
fn what_is_no_archive_is_refused() {
    for bytes in [
        &b""[..],
        b"hello",
        &[0; 4096],
        &[0xff; 4096],
        b"{}",
        b"\x1f\x8b\x08",
        b"BZh9",
    ] {
        refused(bytes);
    }
    refused(&tar(&[]));
    refused(&tar(&[Item::file("other", b"x")]));
    for json in [
        "",
        "{",
        "[]",
        "null",
        "[1]",
        r#"[{"Config":"missing","Layers":[]}]"#,
        "{}",
    ] {
        refused(&tar(&[Item::file("manifest.json", json.as_bytes())]));
        refused(&tar(&[Item::file("index.json", json.as_bytes())]));
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    refused(&tar(&[Item::file("manifest.json", deep.as_bytes())]));
    refused(&tar(&[Item::device(
        "manifest.json",
        tar::EntryType::Char,
        (1, 5),
    )]));
    refused(&tar(&[Item::symlink("manifest.json", "/etc/passwd")]));
    refused(&tar(&[Item::symlink(
        "manifest.json",
        "../../../etc/passwd",
    )]));
    refused(&tar(&[Item::symlink("manifest.json", "manifest.json")]));
}

#[test]
fn digests_that_lie_are_found() {
    let archive = oci();
    let names = [
        hex(archive.manifest.to_string().as_bytes()),
        hex(archive.config.to_string().as_bytes()),
        hex(&archive.layers[0]),
    ];
    for name in names {
        let changed = archive.write(|blobs| {
            let blob = blobs.get_mut(&name).unwrap();
            let at = blob.len() / 2;
            blob[at] ^= 1;
        });
        let error = refused(&changed);
        assert!(
            matches!(error, ImageError::DigestMismatch { .. }),
            "{error}"
        );
        let error = refused(&archive.write(|blobs| drop(blobs.remove(&name))));
        assert!(error.to_string().contains("missing"), "{error}");
    }
}

#[test]
fn a_plain_digest_that_lies_is_found_also_for_a_known_layer() {
    let other = tar(&[Item::file("other", b"x")]);
    let mut config = support::config(&[layer()]);
    config["rootfs"]["diff_ids"][0] = sha256(&other).into();
    let archive = docker_archive_of("demo:1", &config, &[layer()]);
    let error = refused(&archive);
    assert!(
        matches!(error, ImageError::DigestMismatch { .. }),
        "{error}"
    );

    let fixture = Fixture::rootless();
    fixture
        .import(&docker_archive("other:1", &[other]))
        .unwrap();
    let error = fixture.import(&archive).unwrap_err();
    assert!(
        matches!(error, ImageError::DigestMismatch { .. }),
        "{error}"
    );
    assert_eq!(fixture.store.list().unwrap().len(), 1);
}

#[test]
fn documents_that_contradict_each_other_are_refused() {
    let mut sizes = oci();
    sizes.manifest["layers"][0]["size"] = 1.into();
    assert!(refused(&sizes.write(|_| {})).to_string().contains("bytes"));

    let mut count = oci();
    count.manifest["layers"] = serde_json::json!([]);
    assert!(refused(&count.write(|_| {})).to_string().contains("layers"));

    let mut twice = OciArchive::new("demo:1", &[layer(), layer()], TAR, <[u8]>::to_vec);
    twice.config["rootfs"]["diff_ids"][1] = sha256(b"").into();
    let config = twice.config.to_string();
    twice.manifest["config"]["digest"] = sha256(config.as_bytes()).into();
    twice.manifest["config"]["size"] = config.len().into();
    assert!(
        refused(&twice.write(|_| {}))
            .to_string()
            .contains("two contents")
    );

    let mut both = oci();
    both.manifest["manifests"] = serde_json::json!([]);
    assert!(refused(&both.write(|_| {})).to_string().contains("index"));

    let mut other = oci();
    other.manifest["mediaType"] = "application/vnd.oci.image.index.v1+json".into();
    refused(&other.write(|_| {}));
}

#[test]
fn forms_that_can_not_be_run_are_named() {
    let with = |change: fn(&mut OciArchive)| {
        let mut archive = oci();
        change(&mut archive);
        refused(&archive.write(|_| {}))
    };
    let errors = [
        with(|archive| archive.manifest["config"]["mediaType"] = "application/x-helm".into()),
        with(|archive| archive.manifest["layers"][0]["mediaType"] = "image/png".into()),
        with(|archive| {
            archive.manifest["layers"][0]["mediaType"] = format!("{TAR}+encrypted").into();
        }),
        with(|archive| archive.manifest["schemaVersion"] = 1.into()),
    ];
    for error in errors {
        assert!(matches!(error, ImageError::Unsupported { .. }), "{error}");
    }
    let mut config = support::config(&[layer()]);
    config["os"] = "windows".into();
    let error = refused(&docker_archive_of("demo:1", &config, &[layer()]));
    assert!(error.to_string().contains("windows"), "{error}");
}

#[test]
fn limits_are_kept() {
    let layers: Vec<Vec<u8>> = vec![tar(&[]); 129];
    let error = refused(&docker_archive("demo:1", &layers));
    assert!(error.to_string().contains("128 layers"), "{error}");

    let mut config = support::config(&[layer()]);
    config["config"]["Labels"] = serde_json::json!({ "a": "x".repeat(5 << 20) });
    let error = refused(&docker_archive_of("demo:1", &config, &[layer()]));
    assert!(matches!(error, ImageError::TooLarge { .. }), "{error}");

    let limits = Limits {
        reserve: ByteSize::from_mib(1 << 40),
        ..Limits::default()
    };
    let full = Fixture::with(StoreOptions {
        limits,
        ..StoreOptions::default()
    });
    let error = full
        .import(&docker_archive("demo:1", &[layer()]))
        .unwrap_err();
    assert!(matches!(error, ImageError::NoSpace { .. }), "{error}");
    full.assert_empty();
}

#[test]
fn names_of_an_archive_are_checked() {
    let error = refused(&docker_archive("../../etc:1", &[layer()]));
    assert!(error.to_string().contains("image reference"), "{error}");
    // A configuration that is not named by its digest is still no path of the host.
    let manifest = r#"[{"Config":"../../../etc/passwd","RepoTags":null,"Layers":[]}]"#;
    refused(&tar(&[Item::file("manifest.json", manifest.as_bytes())]));
}

#[test]
fn one_name_is_not_given_to_two_images() {
    let fixture = Fixture::rootless();
    let manifest = serde_json::json!([
        { "Config": "a.json", "RepoTags": ["a:1"], "Layers": ["l"] },
        { "Config": "b.json", "RepoTags": null, "Layers": ["l"] },
    ]);
    let mut other = support::config(&[layer()]);
    other["created"] = "2020-01-01T00:00:00Z".into();
    let archive = tar(&[
        Item::file("l", &layer()),
        Item::file("a.json", support::config(&[layer()]).to_string().as_bytes()),
        Item::file("b.json", other.to_string().as_bytes()),
        Item::file("manifest.json", manifest.to_string().as_bytes()),
    ]);
    let reference = Some(ImageReference::parse("mine:1").unwrap());
    let error = fixture.import_as(
        &archive,
        ImportOptions {
            reference,
            ..Default::default()
        },
    );
    assert!(matches!(error, Err(ImageError::Unsupported { .. })));
    fixture.assert_empty();
    assert_eq!(fixture.import(&archive).unwrap().len(), 2);
    assert_eq!(fixture.store.list().unwrap().len(), 2);
}
