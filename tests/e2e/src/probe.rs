//! Programs that try, inside of a sandbox, what must not work, and what must.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;

use crate::{Image, Item, busybox, run};

/// `busybox:latest` with `/probe`, which `programs/probe.c` is the source of.
pub fn with_probe() -> Image {
    static PROGRAM: OnceLock<Vec<u8>> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| built("probe.c", &["-static", "-O1", "-w"]));
    busybox().layer(&[Item::program("probe", program)])
}

/// `busybox:latest` with `/socket32`, a 32-bit program, which `programs/socket32.c` is the source
/// of. For x86 alone.
pub fn with_socket32() -> Image {
    static PROGRAM: OnceLock<Vec<u8>> = OnceLock::new();
    let alone = [
        "-m32",
        "-static",
        "-O1",
        "-ffreestanding",
        "-nostdlib",
        "-fno-pie",
        "-no-pie",
        "-fno-stack-protector",
    ];
    let program = PROGRAM.get_or_init(|| built("socket32.c", &alone));
    busybox().layer(&[Item::program("socket32", program)])
}

/// The program that the C compiler makes of a source.
fn built(source: &str, options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("program");
    let programs = concat!(env!("CARGO_MANIFEST_DIR"), "/programs");
    run(Command::new("cc")
        .args(options)
        .arg("-o")
        .arg(&program)
        .arg(format!("{programs}/{source}")))
    .ok();
    fs::read(&program).expect("it was built")
}
