//! What a command writes and what is checked in: none of it may be stale.
//!
//! That is a list of whole files, and each part of a Markdown file between
//! `<!-- begin: cargo run -p PACKAGE -- ARGUMENTS -->` and `<!-- end -->`.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::console;
use crate::panel;
use crate::process::Run;
use crate::workspace::{self, Workspace};

/// Prints the API's document.
const OPENAPI: &str = "cargo run -p backend -- openapi";

/// Whole files, and the command that prints each.
const FILES: &[(&str, &str)] = &[
    ("openapi.json", OPENAPI),
    (
        "docs/schema/container.json",
        "cargo run -p backend -- schema container",
    ),
    (
        "docs/schema/mount-plan.json",
        "cargo run -p backend -- schema mount-plan",
    ),
];

/// What the panel knows of the API; it is made from `openapi.json`.
const PANEL_TYPES: &str = "frontend/src/api/schema.d.ts";

const BEGIN: &str = "<!-- begin: cargo run -p ";
const BEGIN_END: &str = " -->\n";
const END: &str = "<!-- end -->";

/// What the commands print, each run once.
struct Printed {
    /// The folder of the built binaries.
    binaries: PathBuf,
    outputs: BTreeMap<String, String>,
}

impl Printed {
    /// Builds the binaries.
    fn new(workspace: &Workspace) -> Result<Self> {
        workspace.build("--bins")?;
        Ok(Self {
            binaries: workspace.target_directory.join("debug"),
            outputs: BTreeMap::new(),
        })
    }

    /// What a line `cargo run -p PACKAGE -- ARGUMENTS` prints; the binary has the package's name.
    fn by(&mut self, command: &str) -> Result<&str> {
        if !self.outputs.contains_key(command) {
            let words: Vec<&str> = command.split_whitespace().collect();
            let ["cargo", "run", "-p", package, "--", arguments @ ..] = &words[..] else {
                bail!("{command:?} is not of the form `cargo run -p PACKAGE -- ARGUMENTS`");
            };
            let output = Run::new(self.binaries.join(package))
                .args(arguments)
                .capture()
                .with_context(|| format!("cannot generate by `{command}`"))?;
            self.outputs.insert(command.to_owned(), output);
        }
        Ok(&self.outputs[command])
    }
}

pub(super) fn check(workspace: &Workspace) -> Result<()> {
    let mut stale: Vec<String> = stale(workspace)?.into_keys().collect();
    if let Err(error) = protocol(workspace, &["--check"]) {
        stale.push(error.to_string());
    }
    if !stale.is_empty() {
        bail!(
            "stale: {}; run `cargo xtask generate` and commit what it writes",
            stale.join(", ")
        );
    }
    Ok(())
}

/// Writes what is stale anew.
pub(crate) fn write() -> Result<()> {
    // First, since the programs that print the rest are built with it.
    let workspace = Workspace::read()?;
    for line in protocol(&workspace, &[])?.lines() {
        console::note(line);
    }
    for (name, content) in stale(&workspace)? {
        let path = workspace::root().join(&name);
        fs::write(&path, content).with_context(|| format!("cannot write {path:?}"))?;
        console::note(format!("wrote {name}"));
    }
    Ok(())
}

/// Has the code of the gRPC service made from `proto/`, and answers what was said.
fn protocol(workspace: &Workspace, arguments: &[&str]) -> Result<String> {
    let build = ["build", "--quiet", "--example", "generate"];
    workspace.cargo(&build).capture_all()?;
    Run::new(workspace.target_directory.join("debug/examples/generate"))
        .args(arguments)
        .capture()
}

/// The files that are not as they should be, with what they should be.
fn stale(workspace: &Workspace) -> Result<BTreeMap<String, String>> {
    let mut printed = Printed::new(workspace)?;
    let mut stale = BTreeMap::new();
    let read = |name: &str| fs::read_to_string(workspace::root().join(name)).unwrap_or_default();
    for (name, command) in FILES {
        let content = printed.by(command)?;
        if read(name) != content {
            stale.insert((*name).to_owned(), content.to_owned());
        }
    }
    // Where Node is missing the file is taken as it stands: it is derived from what was just checked.
    if let Some(types) = panel::types(printed.by(OPENAPI)?)?
        && read(PANEL_TYPES) != types
    {
        stale.insert(PANEL_TYPES.to_owned(), types);
    }
    let pages = Run::new("git")
        .args(["ls-files", "-z", "*.md"])
        .dir(workspace::root())
        .capture()?;
    for name in pages.split('\0').filter(|name| !name.is_empty()) {
        let page = read(name);
        let content = with_parts(&page, |command| printed.by(command).map(str::to_owned))
            .with_context(|| format!("cannot generate the parts of {name}"))?;
        if content != page {
            stale.insert(name.to_owned(), content);
        }
    }
    Ok(stale)
}

/// The page with each generated part as its command prints it.
fn with_parts(page: &str, mut print: impl FnMut(&str) -> Result<String>) -> Result<String> {
    let mut content = String::new();
    let mut rest = page;
    while let Some((before, part)) = rest.split_once(BEGIN) {
        let place = part
            .split_once(BEGIN_END)
            .and_then(|(command, part)| Some((command, part.split_once(END)?.1)));
        let Some((arguments, after)) = place else {
            bail!("a part begins with {BEGIN:?} and has no {END:?}");
        };
        let command = format!("cargo run -p {arguments}");
        let printed = print(&command)?;
        content += &format!("{before}{BEGIN}{arguments}{BEGIN_END}{printed}{END}");
        rest = after;
    }
    Ok(content + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_replaced_and_the_rest_stays() {
        let page = "# A\n<!-- begin: cargo run -p backend -- env -->\nold\n<!-- end -->\nB\n";
        let content = with_parts(page, |command| {
            assert_eq!(command, "cargo run -p backend -- env");
            Ok("new\n".to_owned())
        });
        assert_eq!(
            content.expect("it has an end"),
            "# A\n<!-- begin: cargo run -p backend -- env -->\nnew\n<!-- end -->\nB\n"
        );
    }

    #[test]
    fn a_part_without_an_end_is_named() {
        let page = "<!-- begin: cargo run -p backend -- env -->\nold\n";
        assert!(with_parts(page, |_| Ok(String::new())).is_err());
        assert_eq!(
            with_parts("plain", |_| bail!("not called")).expect("no parts"),
            "plain"
        );
    }
}
