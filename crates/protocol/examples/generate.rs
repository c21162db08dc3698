//! Makes the code of `src/generated` from `proto/containers.proto`.
//!
//! It is an example because those have the dependencies of tests: what makes the code is not built
//! with what uses it. `cargo xtask generate` runs it, and `cargo xtask check` does with `--check`,
//! which writes nothing and fails where a file is stale.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};

/// The file that describes the services.
const PROTOCOL: &str = "containers.proto";

/// Where what is made of it stands, in the workspace.
const FOLDER: &str = "crates/protocol/src/generated";

fn main() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut stale = files(&root)?;
    stale.retain(|name, content| fs::read(root.join(name)).unwrap_or_default() != *content);
    let is_check = std::env::args()
        .skip(1)
        .any(|argument| argument == "--check");
    if is_check && !stale.is_empty() {
        let names: Vec<_> = stale.into_keys().collect();
        bail!("{}", names.join(", "));
    }
    let mut out = std::io::stdout().lock();
    for (name, content) in stale {
        let path = root.join(&name);
        fs::write(&path, content).with_context(|| format!("cannot write {path:?}"))?;
        writeln!(out, "wrote {name}").context("cannot say what was written")?;
    }
    Ok(())
}

/// The files as they should be, by their place in the workspace.
fn files(root: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut compiler = protox::Compiler::new([root.join("proto")])?;
    compiler.include_imports(true).include_source_info(true);
    compiler
        .open_file(PROTOCOL)
        .map_err(|error| anyhow!("cannot read proto/{PROTOCOL}: {error:?}"))?;
    let code = tempfile::tempdir().context("cannot make a temporary folder")?;
    tonic_prost_build::configure()
        .build_transport(false)
        .btree_map(".")
        .bytes(".")
        .out_dir(code.path())
        .compile_fds(compiler.file_descriptor_set())
        .with_context(|| format!("cannot make code of proto/{PROTOCOL}"))?;
    // The comments are in the code; what reflection answers needs none.
    compiler.include_source_info(false);
    let bare = compiler.encode_file_descriptor_set();
    let mut files = BTreeMap::from([(format!("{FOLDER}/containers.v1.bin"), bare)]);
    for path in generated(code.path())? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let content = fs::read(&path).with_context(|| format!("cannot read {path:?}"))?;
        files.insert(format!("{FOLDER}/{name}"), content);
    }
    Ok(files)
}

fn generated(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {folder:?}"))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}
