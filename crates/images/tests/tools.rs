//! Tars as GNU tar writes them, in each of its forms.

mod support;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use support::{Fixture, docker_archive};

/// Runs a program that every Debian has, and fails with its name where it has not.
fn run(program: &str, arguments: &[&str], directory: &Path) {
    let status = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .status()
        .unwrap_or_else(|error| {
            panic!("{program} can't be run ({error}): sudo apt-get install {program}")
        });
    assert!(status.success(), "{program} {arguments:?}: {status}");
}

#[test]
fn gnu_tars_are_unpacked_in_each_form() {
    for format in [
        &["--format=gnu", "--sparse"][..],
        &["--format=posix", "--sparse", "--sparse-version=0.0"],
        &["--format=posix", "--sparse", "--sparse-version=0.1"],
        &["--format=posix", "--sparse", "--sparse-version=1.0"],
        &["--format=ustar"],
        &["--format=v7"],
        &["--format=oldgnu", "--sparse"],
    ] {
        let fixture = Fixture::rootless();
        let scratch = fixture.scratch.path().join("outside");
        let from = scratch.join("from");
        let long = if format[0].contains("v7") { 60 } else { 140 };
        let directory = from
            .join("d".repeat(long / 2))
            .join("e".repeat(long / 2 - 5));
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("file"), "text").unwrap();
        fs::hard_link(directory.join("file"), from.join("again")).unwrap();
        std::os::unix::fs::symlink("again", from.join("link")).unwrap();
        let sparse = fs::File::create(from.join("sparse")).unwrap();
        for piece in 0..100u64 {
            let at = piece * 100_000;
            std::os::unix::fs::FileExt::write_all_at(&sparse, b"piece", at).unwrap();
        }
        sparse.set_len(20_000_000).unwrap();
        let layer = scratch.join("layer.tar");
        let mut arguments = vec!["-c", "-f", layer.to_str().unwrap()];
        arguments.extend(format);
        arguments.push(".");
        run("tar", &arguments, &from);
        let archive = docker_archive("a:1", &[fs::read(&layer).unwrap()]);
        let image = fixture.import(&archive).unwrap().remove(0);
        let tree = &image.layers[0];
        assert_eq!(
            fs::read_to_string(tree.join("link")).unwrap(),
            "text",
            "{format:?}"
        );
        assert_eq!(
            fs::metadata(tree.join("again")).unwrap().nlink(),
            2,
            "{format:?}"
        );
        let same = fs::read(tree.join("sparse")).unwrap() == fs::read(from.join("sparse")).unwrap();
        assert!(same, "{format:?}");
        if format.contains(&"--sparse") {
            let meta = fs::metadata(tree.join("sparse")).unwrap();
            assert!(
                meta.blocks() * 512 < 2_000_000,
                "{format:?}: {} blocks",
                meta.blocks()
            );
        }
    }
}
