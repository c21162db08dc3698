//! Running the tests by cargo, and counting what it says.

use anyhow::{Result, bail};

use super::Variable;
use crate::console;
use crate::process::Run;
use crate::tally::Tally;
use crate::workspace::{self, Workspace};

/// Runs all tests and the examples in the documentation.
pub(super) fn run(workspace: &Workspace, environment: &[Variable]) -> Result<Tally> {
    let mut tally = Tally::default();
    tally.add(counted("tests", tests(workspace), environment)?);
    if workspace.has_doc_tests() && !crate::signals::received() {
        let examples = workspace.cargo(&["test", "--doc", "--no-fail-fast"]);
        tally.add(counted(
            "examples in the documentation",
            examples,
            environment,
        )?);
    }
    Ok(tally)
}

/// Runs the tests whose names contain `name`.
pub(super) fn only(name: &str, workspace: &Workspace, environment: &[Variable]) -> Result<Tally> {
    chosen(tests(workspace).args([name]), environment)
}

/// Runs tests of which some were chosen.
pub(super) fn chosen(run: Run, environment: &[Variable]) -> Result<Tally> {
    let mut report = Report::default();
    let ended_well = report.follow("tests", run, environment)?;
    // All that was not asked for is skipped, too.
    report.ignored = 0;
    report.tally("tests", ended_well)
}

fn tests(workspace: &Workspace) -> Run {
    let nextest = workspace::cargo()
        .args(["nextest", "--version"])
        .capture_all()
        .is_ok();
    if nextest {
        workspace.cargo(&["nextest", "run", "--no-fail-fast"])
    } else {
        workspace.cargo(&["test", "--tests", "--no-fail-fast"])
    }
}

fn counted(what: &str, run: Run, environment: &[Variable]) -> Result<Tally> {
    let mut report = Report::default();
    let ended_well = report.follow(what, run, environment)?;
    report.tally(what, ended_well)
}

/// What nextest and libtest say, read line by line.
#[derive(Debug, Default)]
struct Report {
    passed: u64,
    ignored: u64,
    failed: Vec<String>,
}

impl Report {
    /// Runs the tests and reads what is said of them. Gives whether cargo succeeded.
    fn follow(&mut self, what: &str, mut run: Run, environment: &[Variable]) -> Result<bool> {
        console::note(format!("Running the {what}"));
        for (name, value) in environment {
            run = run.env(name, value);
        }
        run.lines(|line| {
            console::result(line);
            self.read(line);
        })
    }

    /// What counts of it.
    fn tally(self, what: &str, ended_well: bool) -> Result<Tally> {
        if ended_well && self.failed.is_empty() && self.passed == 0 && what == "tests" {
            bail!("no test ran: cargo's output has no summary that is understood here");
        }
        let mut tally = Tally::default();
        tally.pass_many(self.passed);
        if !ended_well && self.failed.is_empty() {
            tally.fail(format!("{what}: cargo failed"));
        }
        for name in self.failed {
            tally.fail(name);
        }
        if self.ignored > 0 {
            // A skipped test looks like a passed one, so it counts as what it is.
            tally.fail(format!("{what}: {} are marked as ignored", self.ignored));
        }
        Ok(tally)
    }

    fn read(&mut self, line: &str) {
        let line = line.trim();
        if let Some(summary) = line.strip_prefix("Summary [") {
            // nextest: "Summary [   0.5s] 30 tests run: 29 passed (1 slow), 1 failed, 2 skipped".
            self.passed += number_before(summary, "passed");
            self.ignored += number_before(summary, "skipped");
        } else if let Some(summary) = line.strip_prefix("test result: ") {
            // libtest: "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; …".
            self.passed += number_before(summary, "passed");
            self.ignored += number_before(summary, "ignored");
        } else if let Some(name) = failed_name(line)
            && !self.failed.iter().any(|known| known == name)
        {
            self.failed.push(name.to_owned());
        }
    }
}

/// The number in front of a word, 0 where there is none.
fn number_before(text: &str, word: &str) -> u64 {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')'))
        .filter(|word| !word.is_empty())
        .collect();
    words
        .windows(2)
        .find(|pair| pair[1] == word)
        .and_then(|pair| pair[0].parse().ok())
        .unwrap_or(0)
}

/// The name of the test that the line calls failed.
fn failed_name(line: &str) -> Option<&str> {
    if let Some(name) = line.strip_prefix("test ") {
        return name.strip_suffix(" ... FAILED");
    }
    // nextest: "FAIL [   0.012s] (3/30) package::binary test::name".
    let (status, rest) = line.split_once(" [")?;
    let ended_badly = matches!(status, "FAIL" | "TIMEOUT" | "LEAK-FAIL" | "XFAIL")
        || status.starts_with("SIG")
        || status.starts_with("ABORT");
    if !ended_badly {
        return None;
    }
    let (_, name) = rest.split_once(']')?;
    let name = name.trim();
    match name.split_once(") ") {
        Some((count, name)) if count.starts_with('(') => Some(name.trim()),
        _ => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(text: &str) -> Report {
        let mut report = Report::default();
        for line in text.lines() {
            report.read(line);
        }
        report
    }

    #[test]
    fn nextest_is_understood() {
        let report = report(
            "        PASS [   0.004s] (1/4) ctnr-model id::tests::short\n\
             \x20       FAIL [   0.004s] (2/4) ctnr-model::api id::tests::long\n\
             \x20    SIGSEGV [   0.004s] (3/4) ctnr-model id::tests::odd\n\
             \x20    Summary [   0.010s] 4 tests run: 2 passed (1 slow), 2 failed, 3 skipped\n\
             \x20       FAIL [   0.004s] (2/4) ctnr-model::api id::tests::long\n",
        );
        assert_eq!(report.passed, 2);
        assert_eq!(report.ignored, 3);
        assert_eq!(
            report.failed,
            [
                "ctnr-model::api id::tests::long",
                "ctnr-model id::tests::odd"
            ]
        );
    }

    #[test]
    fn libtest_is_understood() {
        let report = report(
            "test id::short ... ok\ntest id::long ... FAILED\n\
             test result: FAILED. 1 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out\n\
             test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n",
        );
        assert_eq!(report.passed, 4);
        assert_eq!(report.ignored, 2);
        assert_eq!(report.failed, ["id::long"]);
    }
}
