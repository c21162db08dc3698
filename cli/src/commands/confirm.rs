//! Questions before something is taken away.

use crate::error::Result;
use crate::output;

/// `--yes`.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct ConfirmArgs {
    /// Do not ask; without a terminal nothing is asked either
    #[arg(long, short = 'y')]
    yes: bool,
}

impl ConfirmArgs {
    /// Asks, where a person is there to be asked.
    pub(crate) fn confirm(self, question: &str) -> Result<()> {
        if self.yes || !output::can_ask() {
            return Ok(());
        }
        output::confirm(question)
    }
}
