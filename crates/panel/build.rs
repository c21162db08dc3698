//! Packs what is in `site/` into a table of files.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=site");
    let variable = |name: &str| env::var_os(name).map(PathBuf::from).ok_or(name.to_owned());
    let site = variable("CARGO_MANIFEST_DIR")
        .map_err(io::Error::other)?
        .join("site");
    let out = variable("OUT_DIR").map_err(io::Error::other)?;
    let mut paths = Vec::new();
    collect(&site, "", &mut paths)?;
    paths.sort();
    let mut table =
        String::from("/// All files, sorted by their paths.\npub const FILES: &[File] = &[\n");
    for (number, path) in paths.iter().enumerate() {
        let content = fs::read(site.join(path))?;
        let packed = out.join(format!("{number}.gz"));
        let mut encoder = GzEncoder::new(fs::File::create(&packed)?, Compression::best());
        encoder.write_all(&content)?;
        encoder.finish()?;
        let hashes = if path.ends_with(".html") {
            script_hashes(&String::from_utf8_lossy(&content))
        } else {
            String::new()
        };
        let etag = format!("\"{}\"", &STANDARD.encode(Sha256::digest(&content))[..22]);
        let is_immutable = path.starts_with("_next/static/");
        writeln!(
            table,
            "    File {{ path: {path:?}, content_type: {:?}, etag: {etag:?}, is_immutable: {is_immutable}, script_hashes: {hashes:?}, gzip: include_bytes!({packed:?}) }},",
            content_type(path)
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("];\n");
    fs::write(out.join("files.rs"), table)
}

/// The paths of all files below a folder. What begins with a dot is not the panel's.
fn collect(folder: &Path, prefix: &str, paths: &mut Vec<String>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), paths)?;
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

/// The hashes of the scripts that stand in a page itself, as a content security policy lists them.
fn script_hashes(page: &str) -> String {
    let mut hashes: Vec<String> = Vec::new();
    let mut rest = page;
    while let Some((_, from_tag)) = rest.split_once("<script") {
        let Some((attributes, content)) = from_tag.split_once('>') else {
            break;
        };
        let Some((script, after)) = content.split_once("</script>") else {
            break;
        };
        rest = after;
        if attributes.contains("src=") {
            continue;
        }
        let hash = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)));
        if !hashes.contains(&hash) {
            hashes.push(hash);
        }
    }
    hashes.join(" ")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        "ico" => "image/x-icon",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
