//! What Vitest and Playwright report of a run, as JSON.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::tally::Tally;

/// The tests of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    passed: u64,
    /// By their names.
    failed: Vec<String>,
    /// Neither passed nor failed: left out, or never come to.
    skipped: u64,
}

impl Report {
    /// Reads what Vitest's reporter `json` writes.
    ///
    /// # Errors
    /// Where it is not such a report.
    pub(super) fn of_vitest(text: &str) -> Result<Self> {
        let run: Vitest = serde_json::from_str(text).context("Vitest's report is another one")?;
        let mut report = Self::default();
        for file in run.test_results {
            if file.assertion_results.is_empty() {
                report.failed.push(file.name);
                continue;
            }
            for test in file.assertion_results {
                report.add(&test.status, test.full_name);
            }
        }
        Ok(report)
    }

    /// Reads what Playwright's reporter `json` writes.
    ///
    /// # Errors
    /// Where it is not such a report.
    pub(super) fn of_playwright(text: &str) -> Result<Self> {
        let run: Playwright =
            serde_json::from_str(text).context("Playwright's report is another one")?;
        let mut report = Self::default();
        let mut pending = run.suites;
        while let Some(suite) = pending.pop() {
            for spec in suite.specs {
                for test in spec.tests {
                    report.add(&test.status, format!("{}: {}", spec.file, spec.title));
                }
            }
            pending.extend(suite.suites);
        }
        report
            .failed
            .extend(run.errors.into_iter().map(|error| error.message));
        Ok(report)
    }

    fn add(&mut self, status: &str, name: String) {
        match status {
            "passed" | "expected" => self.passed += 1,
            "failed" | "unexpected" | "flaky" => self.failed.push(name),
            _ => self.skipped += 1,
        }
    }

    /// What counts of it, where `ended_well` is what the runner itself said.
    pub(super) fn tally(self, what: &str, ended_well: bool) -> Tally {
        let mut tally = Tally::default();
        tally.pass_many(self.passed);
        if !ended_well && self.failed.is_empty() {
            tally.fail(format!("{what}: the run failed"));
        }
        if self.passed == 0 && self.failed.is_empty() {
            tally.fail(format!("{what}: no test ran"));
        }
        for name in self.failed {
            tally.fail(format!("{what}: {name}"));
        }
        if self.skipped > 0 {
            // A skipped test looks like a passed one, so it counts as what it is.
            tally.fail(format!("{what}: {} were skipped", self.skipped));
        }
        tally
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vitest {
    test_results: Vec<VitestFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VitestFile {
    name: String,
    /// None where the file itself could not be run.
    assertion_results: Vec<VitestTest>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VitestTest {
    full_name: String,
    status: String,
}

#[derive(Deserialize)]
struct Playwright {
    suites: Vec<Suite>,
    /// What failed outside of a test.
    #[serde(default)]
    errors: Vec<Message>,
}

#[derive(Deserialize)]
struct Suite {
    #[serde(default)]
    specs: Vec<Spec>,
    #[serde(default)]
    suites: Vec<Suite>,
}

#[derive(Deserialize)]
struct Spec {
    title: String,
    file: String,
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    status: String,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    message: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn vitest_is_understood() {
        let text = json!({
            "numTotalTests": 3,
            "testResults": [
                { "name": "/x/a.test.ts", "assertionResults": [
                    { "fullName": "one", "status": "passed", "title": "one" },
                    { "fullName": "two", "status": "failed", "title": "two" },
                    { "fullName": "three", "status": "todo", "title": "three" },
                ] },
                { "name": "/x/broken.test.ts", "status": "failed", "assertionResults": [] },
            ],
        });
        let report = Report::of_vitest(&text.to_string()).expect("a report");
        let expected = Report {
            passed: 1,
            failed: vec!["two".to_owned(), "/x/broken.test.ts".to_owned()],
            skipped: 1,
        };
        assert_eq!(report, expected);
        assert!(Report::of_vitest("{}").is_err());
    }

    #[test]
    fn playwright_is_understood() {
        let spec = |title: &str, status: &str| json!({ "title": title, "file": "a.spec.ts", "tests": [{ "status": status }] });
        let text = json!({
            "suites": [{ "title": "a.spec.ts", "specs": [spec("one", "expected")], "suites": [
                { "title": "light", "specs": [spec("two", "unexpected"), spec("three", "skipped")] },
            ] }],
            "errors": [{ "message": "a hook threw" }],
            "stats": { "expected": 1 },
        });
        let report = Report::of_playwright(&text.to_string()).expect("a report");
        let expected = Report {
            passed: 1,
            failed: vec!["a.spec.ts: two".to_owned(), "a hook threw".to_owned()],
            skipped: 1,
        };
        assert_eq!(report, expected);
        assert!(Report::of_playwright("").is_err());
    }

    #[test]
    fn nothing_passes_by_saying_nothing() {
        let tally = |passed, skipped, ended_well| {
            let report = Report {
                passed,
                failed: Vec::new(),
                skipped,
            };
            report.tally("pages", ended_well)
        };
        assert!(!tally(1, 0, true).has_failures());
        assert!(tally(0, 0, true).has_failures());
        assert!(tally(1, 0, false).has_failures());
        assert!(tally(1, 1, true).has_failures());
    }
}
