//! The walk through a Win32 container: a program of Windows that packs its own document and deletes
//! it, in a folder that stays as it is on the host.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::create;
use crate::console::{self, Step};
use crate::http::Api;
use crate::image;

const MANIFEST: &str = r#"
schema = 1
name = "seven-zip"
version = "21.07"
bitness = "x64"
runtime = "wine:latest"

[[entry]]
name = "7za"
program = '%ProgramFiles%\7-Zip\7za.exe'
"#;

/// Where the folder is in the container, as a query has it.
const PLACE: &str = "C:%5CProgram%20Files%5C7-Zip";

/// Walks through a container, and removes it also where a step fails.
pub(super) fn walk(api: &Api) -> Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("ctnr-win32-")
        .tempdir()
        .context("cannot make a folder for the program")?;
    let host = folder.path();
    fs::copy(image::programs()?.join("x64/7za.exe"), host.join("7za.exe"))
        .context("cannot copy 7za.exe")?;
    fs::write(host.join("hello.txt"), "Hello from Linux\n").context("cannot write hello.txt")?;
    let before = tree(host)?;

    let step = Step::start("Uploading a folder with 7-Zip for Windows and a document");
    let path = format!("/api/layers?at={PLACE}");
    let layer = api.upload(201, &path, "application/x-tar", &archive(host)?)?;
    step.done_with(format!("a layer of {} bytes", layer["size"]));

    let body = json!({"manifest": MANIFEST, "layers": [layer["id"]]});
    let advice = "`cargo xtask image wine` makes the runtime";
    let (name, _) = create::under_free_name(
        api,
        "/api/containers",
        "container",
        "seven-zip",
        body,
        advice,
    )?;
    let one = format!("/api/containers/{name}");
    let walked = steps(api, &one);
    let step = Step::start("Deleting it");
    // The error of a step is the one to show.
    let deleted = api.expect(204, "DELETE", &one, None);
    walked?;
    deleted?;
    step.done_with("204 No Content");

    let step = Step::start("Comparing the folder on the host with what it was");
    let after = tree(host)?;
    if after != before {
        bail!("the container changed the host: {before:?} became {after:?}");
    }
    step.done_with(format!("{} files, the same hashes", after.len()));
    Ok(())
}

fn steps(api: &Api, one: &str) -> Result<()> {
    let step = Step::start("Running 7za.exe in it: pack hello.txt, then delete it (-sdel)");
    let said = program(api, one, &["a", "-sdel", "greeting.7z", "hello.txt"])?;
    let Some(word) = said.lines().find(|line| line.contains("Everything is Ok")) else {
        bail!("7za.exe did not pack: {said}");
    };
    step.done_with(word);

    let step = Step::start("Unpacking to standard output");
    let said = program(api, one, &["x", "-so", "greeting.7z"])?;
    if said != "Hello from Linux\n" {
        bail!("7za.exe unpacked {said:?}");
    }
    step.done_with(format!("{said:?}"));

    let step = Step::start("Listing the folder in the container");
    let list = json!({"cmd": ["cmd", "/c", "dir", "/b", r"C:\Program Files\7-Zip"]});
    let answer = api.expect(200, "POST", &format!("{one}/exec"), Some(&list))?;
    let names = text(&answer)?;
    let names: Vec<&str> = names.split_whitespace().collect();
    if names.contains(&"hello.txt") || !names.contains(&"greeting.7z") {
        bail!("the folder in the container holds {names:?}");
    }
    step.done_with(names.join(", "));
    console::note("hello.txt is gone and greeting.7z is there: in the container alone.");
    Ok(())
}

/// Runs the entry point, and gives what it put out.
fn program(api: &Api, one: &str, args: &[&str]) -> Result<String> {
    let run = json!({ "args": args });
    let answer = api.expect(200, "POST", &format!("{one}/run"), Some(&run))?;
    text(&answer)
}

fn text(answer: &Value) -> Result<String> {
    match (answer["exit_code"].as_i64(), answer["stdout"].as_str()) {
        (Some(0), Some(text)) => Ok(text.to_owned()),
        _ => bail!("the program failed: {answer}"),
    }
}

/// The files of a folder without folders in it, each with its hash.
fn tree(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut tree = BTreeMap::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot list {folder:?}"))? {
        let entry = entry.with_context(|| format!("cannot list {folder:?}"))?;
        let content = fs::read(entry.path()).with_context(|| format!("cannot read {entry:?}"))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let hash = Sha256::digest(&content);
        tree.insert(
            name,
            hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        );
    }
    Ok(tree)
}

fn archive(folder: &Path) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(Vec::new());
    archive
        .append_dir_all("", folder)
        .and_then(|()| archive.into_inner())
        .with_context(|| format!("cannot pack {folder:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_differs_by_what_its_files_hold() {
        let folder = tempfile::tempdir().expect("a folder");
        let before = tree(folder.path()).expect("an empty tree");
        fs::write(folder.path().join("a"), "1").expect("a file");
        let with_one = tree(folder.path()).expect("a tree");
        fs::write(folder.path().join("a"), "2").expect("a file");
        let changed = tree(folder.path()).expect("a tree");
        assert!(before.is_empty() && with_one != changed);
    }
}
