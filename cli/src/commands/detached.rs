//! Programs that were started with `-d`: listing them, and joining one again.

use std::future::Future;

use ctnr_api::{ExecInfo, ExecList, ExecState, TerminalAttachQuery};
use ctnr_client::{Answer, ExecInput, ExecOutput};
use ctnr_model::ExecId;
use jiff::Timestamp;

use crate::context::Context;
use crate::error::{CliError, Result};
use crate::output::{Table, Tone, ago};
use crate::session::{self, Stdin, Wiring};

/// How a list is shown.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ListArgs {
    /// Print ids alone
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Show whole ids
    #[arg(long)]
    no_trunc: bool,
}

impl ListArgs {
    /// Shows the list.
    pub(super) fn show(&self, answer: &Answer<ExecList>, context: &Context) -> Result<()> {
        if context.output.json {
            return context.output.document(answer.json());
        }
        let short = |id: &str| match id.get(..12) {
            Some(start) if !self.no_trunc => start.to_owned(),
            _ => id.to_owned(),
        };
        if self.quiet {
            for program in &answer.execs {
                context.output.line(&short(&program.id))?;
            }
            return Ok(());
        }
        let now = Timestamp::now();
        let mut table = Table::new(["ID", "STATE", "STARTED", "COMMAND"]);
        for program in &answer.execs {
            let (tone, state) = match (program.state, program.exit_code) {
                (ExecState::Running, _) => (Tone::Plain, "running".to_owned()),
                (ExecState::Exited, Some(code)) => (Tone::Faint, format!("exited ({code})")),
                (ExecState::Exited, None) => (Tone::Faint, "exited".to_owned()),
            };
            table.row(
                tone,
                [
                    short(&program.id),
                    state,
                    ago(program.started_at, now),
                    program.cmd.join(" "),
                ],
            );
        }
        table.print(context.output)
    }
}

/// Which program is joined, and how.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct JoinArgs {
    /// Hand standard input to the program
    #[arg(long, short = 'i')]
    interactive: bool,
    /// The program's id, as -d printed it, or the unique start of it
    #[arg(value_name = "PROGRAM")]
    program: String,
}

impl JoinArgs {
    /// Joins the program among these, by what `attach` opens, and gives its exit code.
    pub(super) async fn join<F>(
        &self,
        programs: &[ExecInfo],
        attach: impl FnOnce(ExecId, TerminalAttachQuery) -> F,
    ) -> Result<u8>
    where
        F: Future<Output = Result<(ExecInput, ExecOutput)>>,
    {
        let program = self.find(programs)?;
        if program.tty && self.interactive && !session::is_terminal_input() {
            return Err(CliError::Usage(
                "the program has a terminal, and standard input is none; leave -i out to see what it puts out".to_owned(),
            ));
        }
        let size = (program.tty && self.interactive)
            .then(session::terminal_size)
            .flatten();
        let query = TerminalAttachQuery {
            columns: size.map(|(columns, _)| columns),
            rows: size.map(|(_, rows)| rows),
        };
        let (input, output) = attach(ExecId::parse(&program.id)?, query).await?;
        let wiring = Wiring {
            stdin: Stdin::of_joined(self.interactive),
            tty: program.tty,
            timeout: None,
        };
        session::run(input, output, wiring).await
    }

    fn find<'a>(&self, programs: &'a [ExecInfo]) -> Result<&'a ExecInfo> {
        let mut meant = programs
            .iter()
            .filter(|program| program.id.starts_with(&self.program));
        match (meant.next(), meant.next()) {
            (Some(program), None) => Ok(program),
            (None, _) => Err(CliError::Usage(format!(
                "there is no program {} that was started with -d since the last start; `ps` lists those that are there",
                self.program
            ))),
            (Some(_), Some(_)) => Err(CliError::Usage(format!(
                "several programs have ids that begin with {}; give more digits",
                self.program
            ))),
        }
    }
}
