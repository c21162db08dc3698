//! The program that makes requests up from an OpenAPI document.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::Round;
use crate::console::Step;
use crate::process::Run;
use crate::wheel;
use crate::workspace;

/// This folder of the checkout.
const FOLDER: &str = "xtask/src/test/fuzz";

/// How long an answer may take on a machine that has other things to do.
const SECONDS: &str = "60";

/// How many requests at most are made up for a route, beside those for the edges of each value.
const EXAMPLES: &str = "10";

/// The program, in the cache.
pub(super) struct Schemathesis {
    folder: PathBuf,
}

impl Schemathesis {
    /// Fetches it where it is not there.
    pub(super) fn fetch() -> Result<Self> {
        let folder = wheel::fetch_all("schemathesis", &own("requirements.txt"))?;
        Ok(Self { folder })
    }

    /// Sends the requests of a round to the server at `base`, and answers how many. They are the
    /// same in each run. `scratch` is for its own files.
    ///
    /// # Errors
    /// Where a request is answered with 5xx or not at all: with the whole report.
    pub(super) fn run(
        &self,
        base: &str,
        round: &Round,
        scratch: &Path,
        step: &Step,
    ) -> Result<String> {
        let mut report = Vec::new();
        let ended_well = Run::new("python3")
            .arg(self.folder.join("bin/schemathesis"))
            .arg("--config-file")
            .arg(own(round.settings))
            .arg("run")
            .arg(format!("{base}/openapi.json"))
            .args(["--checks", "not_a_server_error"])
            .args(["--phases", "examples,coverage,fuzzing"])
            .args(["--suppress-health-check", "all"])
            .args(["--request-timeout", SECONDS])
            .args(["--generation-deterministic", "--continue-on-failure"])
            .args(["--warnings", "off", "--no-color"])
            .args(["--max-examples", EXAMPLES])
            .args(["--include-path-regex", round.paths])
            .env("PYTHONPATH", &self.folder)
            .env("SCHEMATHESIS_HOOKS", own("serializers.py"))
            .dir(scratch)
            .lines(|line| {
                step.progress(line.trim());
                report.push(line.to_owned());
            })?;
        if !ended_well {
            bail!("{}", report.join("\n"));
        }
        let counts = report.iter().find(|line| line.contains(" generated, "));
        counts
            .map(|line| line.trim().to_owned())
            .with_context(|| format!("schemathesis counts no requests:\n{}", report.join("\n")))
    }
}

fn own(file: &str) -> PathBuf {
    workspace::root().join(FOLDER).join(file)
}
