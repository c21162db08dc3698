//! What cargo knows about this workspace.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::console::Step;
use crate::process::Run;

/// The folder of the checkout.
pub(crate) fn root() -> &'static Path {
    // xtask is run by cargo from the checkout that it was built from.
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// cargo, started in the checkout.
pub(crate) fn cargo() -> Run {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Run::new(program).dir(root())
}

/// The workspace's packages.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

/// One package of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) features: std::collections::BTreeMap<String, Vec<String>>,
    pub(crate) targets: Vec<Target>,
}

/// Something that a package depends on, in the workspace or outside.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dev`, `build` or none.
    pub(crate) kind: Option<String>,
}

/// A library, a binary or a test of a package.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) kind: Vec<String>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn read() -> Result<Self> {
        let text = cargo()
            .args(["metadata", "--format-version", "1", "--no-deps"])
            .capture()?;
        serde_json::from_str(&text).context("cannot read what `cargo metadata` prints")
    }

    /// The features that switch on the tests against real engines and servers, as
    /// `package/system-tests`.
    pub(crate) fn system_tests(&self) -> Vec<String> {
        self.packages
            .iter()
            .filter(|package| package.features.contains_key("system-tests"))
            .map(|package| format!("{}/system-tests", package.name))
            .collect()
    }

    /// A command of cargo over the whole workspace with every system test. One set of features for
    /// all commands means that nothing is built twice.
    pub(crate) fn cargo(&self, words: &[&str]) -> Run {
        cargo()
            .args(words)
            .args(["--workspace", "--locked"])
            .args(["--features", &self.system_tests().join(",")])
    }

    /// Builds the binaries (`--bins`) or the tests (`--tests`).
    pub(crate) fn build(&self, targets: &str) -> Result<()> {
        let step = Step::start(format!("Building the workspace ({targets})"));
        self.cargo(&["build", targets]).within(&step)?;
        step.done();
        Ok(())
    }

    /// Whether any package has a library, which is where doc tests are.
    pub(crate) fn has_doc_tests(&self) -> bool {
        self.packages
            .iter()
            .flat_map(|package| &package.targets)
            .any(|target| target.kind.iter().any(|kind| kind == "lib"))
    }
}
