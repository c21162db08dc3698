//! The program that tries, inside of a sandbox, what must not work.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use crate::{Image, Item, busybox, run};

/// `busybox:latest` with `/probe`, which `programs/probe.c` is the source of.
pub fn with_probe() -> Image {
    busybox().layer(&[Item::program("probe", program())])
}

fn program() -> &'static [u8] {
    static PROGRAM: OnceLock<Vec<u8>> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let built = folder.path().join("probe");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/programs/probe.c");
        run(Command::new("cc")
            .args(["-static", "-O1", "-w", "-o"])
            .arg(&built)
            .arg(source))
        .ok();
        fs::read(&built).expect("it was built")
    })
}
