//! A UDP server for the images, which busybox has not.

use std::process::Command;

use super::bench::unique;
use super::image::{ImageFile, TestImage};

/// Answers every datagram with itself.
const SOURCE: &str = r#"
fn main() -> std::io::Result<()> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:7007")?;
    println!("ready");
    let mut buffer = [0; 2048];
    loop {
        let (length, peer) = socket.recv_from(&mut buffer)?;
        socket.send_to(&buffer[..length], peer)?;
    }
}
"#;

/// The port that the server listens on.
pub(super) const PORT: &str = "7007/udp";

/// An image with `/bin/echo-udp`, compiled on the spot by the Rust that runs the tests.
pub(super) fn image() -> TestImage {
    let directory = std::env::temp_dir().join(format!("ctnr-contract-{}", unique()));
    std::fs::create_dir(&directory).expect("a temporary directory");
    let source = directory.join("echo.rs");
    let program = directory.join("echo");
    std::fs::write(&source, SOURCE).expect("the source is written");
    let compiler = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let compiled = Command::new(compiler)
        .args([
            "--edition=2024",
            "-Ctarget-feature=+crt-static",
            "-Copt-level=s",
        ])
        .args(["-Cstrip=symbols", "-o"])
        .args([&program, &source])
        .output()
        .expect("rustc runs");
    let content = std::fs::read(&program);
    std::fs::remove_dir_all(&directory).expect("the temporary directory is removed");
    assert!(
        compiled.status.success(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    let mut image = TestImage::unique();
    image.files.push(ImageFile {
        path: "bin/echo-udp".to_owned(),
        mode: 0o755,
        content: content.expect("the program is read"),
    });
    image
}
