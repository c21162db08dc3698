//! The panel's own tests: its logic in Node, and its pages in Chromium before a real backend.
//!
//! Both count as the tests of Rust do, by the reports that the runners write: a test that was
//! skipped, or a run that says nothing, is a failure.

mod report;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Folders, Variable, expect};
use crate::console::{self, Step};
use crate::image;
use crate::leaks::{Mark, Snapshot};
use crate::packages;
use crate::panel::Frontend;
use crate::process::Run;
use crate::signals;
use crate::tally::Tally;
use crate::workspace::Workspace;
use report::Report;

/// Runs them with nothing else, between two looks at the host.
pub(super) fn alone() -> Result<Tally> {
    let workspace = Workspace::read()?;
    workspace.build("--bins")?;
    let mark = Mark::new();
    let folders = Folders::make()?;
    let scratch = folders.scratch.path();
    let frontend = Frontend::ready()?;
    let before = Snapshot::take(&mark, scratch)?;
    let environment = [(Mark::NAME, mark.value().into())];
    let mut tally = run(&frontend, &workspace, &environment, scratch)?;
    let step = Step::start("Comparing the host with how it was before");
    let what = "the host after the tests of the panel";
    expect(&before, &mark, scratch, what, step, &mut tally);
    Ok(tally)
}

/// Runs them. `scratch` is empty again afterwards.
pub(super) fn run(
    frontend: &Frontend,
    workspace: &Workspace,
    environment: &[Variable],
    scratch: &Path,
) -> Result<Tally> {
    // The runners leave caches in `TMPDIR`, so it is one that goes.
    let folder = tempfile::Builder::new()
        .prefix("panel-")
        .tempdir_in(scratch)
        .context("cannot make a temporary folder")?;
    let npm = || {
        let run = environment
            .iter()
            .fold(frontend.npm(), |run, (name, value)| run.env(name, value));
        run.env("TMPDIR", folder.path())
    };

    let written = folder.path().join("logic.json");
    let logic = npm()
        .args(["test", "--", "--reporter=default", "--reporter=json"])
        .arg(format!("--outputFile.json={}", written.display()));
    let mut tally = counted("the panel's logic", logic, || {
        Report::of_vitest(&read(&written)?)
    })?;
    if signals::received() {
        return Ok(tally);
    }

    let written = folder.path().join("pages.json");
    let mut pages = npm()
        .args(["run", "test:e2e", "--", "--reporter=list,json"])
        .env("PLAYWRIGHT_JSON_OUTPUT_FILE", &written)
        // Mocks would pass as well.
        .env("CTNR_E2E_REAL", "1")
        .env(
            "CTNR_E2E_BACKEND",
            workspace.target_directory.join("debug/backend"),
        )
        .env("CTNR_E2E_ARCHIVE", image::archive(image::Name::Busybox)?);
    if let Some(chromium) = packages::locate("chromium") {
        pages = pages.env("CTNR_E2E_CHROMIUM", chromium);
    }
    tally.add(counted("the panel's pages", pages, || {
        Report::of_playwright(&read(&written)?)
    })?);
    Ok(tally)
}

fn read(written: &Path) -> Result<String> {
    fs::read_to_string(written).with_context(|| format!("the tests wrote no report {written:?}"))
}

/// Runs tests and counts what their report has; all that they said is repeated where one failed.
fn counted(what: &str, run: Run, report: impl FnOnce() -> Result<Report>) -> Result<Tally> {
    let step = Step::start(format!("Testing {what}"));
    let mut said = Vec::new();
    let ended_well = run.lines(|line| {
        step.progress(line.trim());
        said.push(line.to_owned());
    })?;
    let tally = match report() {
        Ok(report) => report.tally(what, ended_well),
        Err(error) => {
            let mut tally = Tally::default();
            tally.fail(format!("{what}: {error:#}"));
            tally
        }
    };
    if tally.has_failures() {
        drop(step);
        console::result(said.join("\n"));
    } else {
        step.done_with(said.last().map_or("", String::as_str));
    }
    Ok(tally)
}
