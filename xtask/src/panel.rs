//! The panel: `frontend/` made into the files that the backend holds.

mod node;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cache::{self, Key};
use crate::console::{self, Step};
use crate::packages::consent;
use crate::process::Run;
use crate::workspace;
use node::Node;

/// `cargo xtask build`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to build.
    #[arg(value_enum)]
    what: What,
    /// Ask nothing.
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum What {
    /// The panel, which the next build of the backend holds.
    Panel,
}

/// What the pages are made of. What is not in it does not change them.
const SOURCES: [&str; 2] = ["src", "public"];
const SETTINGS: [&str; 5] = [
    "package.json",
    "package-lock.json",
    "next.config.ts",
    "postcss.config.mjs",
    "tsconfig.json",
];

/// Builds what is asked for.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.yes {
        consent::give();
    }
    match args.what {
        What::Panel => make()?,
    }
    console::note("The next build of the backend has the panel in it.");
    Ok(())
}

/// Makes the panel where that can be done; else says how, and the backend goes without it.
pub(crate) fn make_if_possible() {
    if let Err(error) = make() {
        console::error(&error);
        console::note(
            "The backend goes without its panel; `cargo xtask build panel` makes it. The API is complete.",
        );
    }
}

/// Makes the panel's files, unless they are those of the sources as they are.
pub(crate) fn make() -> Result<()> {
    let folder = folder();
    let made_of = made_of(&folder)?;
    let site = site();
    let mark = site.join(".made-of");
    if fs::read_to_string(&mark).is_ok_and(|mark| mark == made_of) {
        return Ok(());
    }
    let frontend = Frontend::ready()?;
    let step = Step::start("Building the panel");
    frontend.npm().args(["run", "build"]).within(&step)?;
    clear(&site)?;
    copy(&folder.join("out"), &site)?;
    fs::write(&mark, made_of).with_context(|| format!("cannot write {mark:?}"))?;
    step.done();
    Ok(())
}

/// What the panel knows of the API whose document this is, where Node is here.
pub(crate) fn types(document: &str) -> Result<Option<String>> {
    let Some(node) = Node::present() else {
        return Ok(None);
    };
    let frontend = Frontend::with(node)?;
    let scratch = tempfile::tempdir().context("cannot make a temporary folder")?;
    let input = scratch.path().join("openapi.json");
    fs::write(&input, document).with_context(|| format!("cannot write {input:?}"))?;
    let types = frontend
        .npm()
        .args(["run", "--silent", "types", "--"])
        .arg(&input)
        .capture()?;
    Ok(Some(types))
}

/// The panel's sources with the packages that they want.
pub(crate) struct Frontend {
    node: Node,
    folder: PathBuf,
}

impl Frontend {
    /// Installs what is missing, Node included.
    pub(crate) fn ready() -> Result<Self> {
        Self::with(Node::find()?)
    }

    fn with(node: Node) -> Result<Self> {
        let folder = folder();
        install(&node, &folder)?;
        Ok(Self { node, folder })
    }

    /// npm, in the folder of the sources.
    pub(crate) fn npm(&self) -> Run {
        self.node.npm(&self.folder)
    }
}

/// Installs the packages of the lock file, unless they are there.
fn install(node: &Node, folder: &Path) -> Result<()> {
    let lock = folder.join("package-lock.json");
    let wanted = fs::read_to_string(&lock).with_context(|| format!("cannot read {lock:?}"))?;
    let mark = folder.join("node_modules/.of-lock");
    if fs::read_to_string(&mark).is_ok_and(|mark| mark == wanted) {
        return Ok(());
    }
    let step = Step::start("Installing the panel's packages");
    node.npm(folder).arg("ci").within(&step)?;
    fs::write(&mark, wanted).with_context(|| format!("cannot write {mark:?}"))?;
    step.done();
    Ok(())
}

fn folder() -> PathBuf {
    workspace::root().join("frontend")
}

/// Where the crate `ctnr-panel` takes them from.
fn site() -> PathBuf {
    workspace::root().join("crates/panel/site")
}

fn made_of(folder: &Path) -> Result<String> {
    let mut key = Key::new("panel", 1);
    for name in SETTINGS {
        let path = folder.join(name);
        let content = fs::read(&path).with_context(|| format!("cannot read {path:?}"))?;
        key = key.with(name, content);
    }
    for name in SOURCES {
        key = key.with_tree(&folder.join(name))?;
    }
    Ok(key.hex())
}

/// Removes what an earlier build left. What begins with a dot is not of it.
fn clear(site: &Path) -> Result<()> {
    for entry in fs::read_dir(site).with_context(|| format!("cannot list {site:?}"))? {
        let entry = entry.with_context(|| format!("cannot list {site:?}"))?;
        let path = entry.path();
        if entry.file_name().to_string_lossy() == ".gitignore" {
            continue;
        }
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.with_context(|| format!("cannot remove {path:?}"))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in cache::files_below(from)? {
        let place = to.join(file.strip_prefix(from).unwrap_or(&file));
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot make {parent:?}"))?;
        }
        fs::copy(&file, &place).with_context(|| format!("cannot copy {file:?} to {place:?}"))?;
    }
    Ok(())
}
