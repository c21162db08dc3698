//! The count of what passed and failed in a run.

use anyhow::{Result, bail};

use crate::console;

/// How much passed, and what failed.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: u64,
    failed: Vec<String>,
}

impl Tally {
    /// One more passed.
    pub(crate) fn pass(&mut self) {
        self.pass_many(1);
    }

    /// `count` more passed.
    pub(crate) fn pass_many(&mut self, count: u64) {
        self.passed += count;
    }

    /// One more failed, by its name.
    pub(crate) fn fail(&mut self, name: impl Into<String>) {
        self.failed.push(name.into());
    }

    /// Whether something failed.
    pub(crate) fn has_failures(&self) -> bool {
        !self.failed.is_empty()
    }

    /// Adds what another part of the run counted.
    pub(crate) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed.extend(other.failed);
    }

    /// Lists what failed and prints the run's last line, which names the tier.
    ///
    /// # Errors
    /// When something failed.
    pub(crate) fn conclude(self, tier: &str) -> Result<()> {
        if !self.failed.is_empty() {
            console::note("Failed:");
            for name in &self.failed {
                console::note(format!("  {name}"));
            }
        }
        console::result(self.last_line(tier));
        if self.failed.is_empty() {
            Ok(())
        } else {
            bail!(Failures)
        }
    }

    fn last_line(&self, tier: &str) -> String {
        format!(
            "{tier}: {} passed, {} failed",
            self.passed,
            self.failed.len()
        )
    }
}

/// The run has failures, and has said so in its last line.
#[derive(Debug, thiserror::Error)]
#[error("some of it failed")]
pub(crate) struct Failures;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let mut tally = Tally::default();
        tally.pass_many(41);
        let mut other = Tally::default();
        other.pass();
        other.fail("leaks");
        tally.add(other);
        assert_eq!(
            tally.last_line("plain tier"),
            "plain tier: 42 passed, 1 failed"
        );
        assert!(tally.conclude("plain tier").is_err());
    }
}
