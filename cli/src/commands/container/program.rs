//! Programs in containers: what `run` and `exec` share.

use std::time::Duration;

use ctnr_api::{ContainerTerminalQuery, Env};
use ctnr_client::Answer;
use ctnr_model::{ContainerQuery, EnvVar};
use serde::Serialize;

use crate::commands::time::duration;
use crate::context::Context;
use crate::environment::EnvironmentArgs;
use crate::error::{About, CliError, Result};
use crate::output;
use crate::session::{self, Stdin, Wiring};

/// How a program is joined to this one.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ProgramArgs {
    /// Hand standard input to the program
    #[arg(long, short = 'i')]
    interactive: bool,
    /// Give the program a terminal
    #[arg(long, short = 't', conflicts_with_all = ["json", "detach"])]
    tty: bool,
    /// Leave the program running, and print its id
    #[arg(long, short = 'd', conflicts_with = "interactive")]
    detach: bool,
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Instead of the program's working directory, as Windows writes it
    #[arg(long, short = 'w', value_name = "DIR")]
    workdir: Option<String>,
    /// Kill the program after this long (10, 1.5s, 2m, 1h); the exit code is then 124
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "detach")]
    timeout: Option<Duration>,
    /// Show its windows on the container's display, as entry points of the kind gui do by themselves
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    display: Option<bool>,
}

/// A way to be answered other than over a socket.
pub(super) enum Way {
    /// All of the output as one answer.
    Collected,
    /// The id alone.
    Detached,
}

impl ProgramArgs {
    /// Whether signals go to the program.
    pub(super) fn takes_signals(&self) -> bool {
        !self.detach
    }

    /// The way of the answer; `None` for a socket.
    pub(super) fn way(&self, context: &Context) -> Option<Way> {
        match (self.detach, context.output.json) {
            (true, _) => Some(Way::Detached),
            (false, true) => Some(Way::Collected),
            (false, false) => None,
        }
    }

    /// The parts that requests of both kinds have.
    pub(super) fn parts(&self) -> Result<Parts> {
        let collected = !self.detach;
        let stdin = (self.interactive && collected)
            .then(|| std::io::read_to_string(std::io::stdin()))
            .transpose()
            .map_err(|error| CliError::local("reading", "standard input", error))?;
        Ok(Parts {
            env: Env(self.environment.read()?),
            workdir: self.workdir.clone(),
            stdin,
            timeout: self.timeout.map(|timeout| timeout.as_secs_f64()),
            detach: self.detach,
            display: self.display,
        })
    }

    /// Runs the program over a socket, joined to this one's streams.
    pub(super) async fn join(
        &self,
        container: &ContainerQuery,
        query: ContainerTerminalQuery,
        context: &Context,
    ) -> Result<u8> {
        if self.tty && self.interactive && !session::is_terminal_input() {
            return Err(CliError::Usage(
                "-it needs a terminal, and standard input is none; leave -t out to send it a pipe or file".to_owned(),
            ));
        }
        let size = self.tty.then(session::terminal_size).flatten();
        let env: Vec<EnvVar> = self.environment.read()?;
        let query = ContainerTerminalQuery {
            env,
            workdir: self.workdir.clone(),
            tty: self.tty,
            columns: size.map(|(columns, _)| columns),
            rows: size.map(|(_, rows)| rows),
            display: self.display,
            ..query
        };
        let opened = context.client.container_socket(container, query).await;
        let (input, output) = opened.about(container.as_str())?;
        let wiring = Wiring {
            stdin: Stdin::of_new(self.interactive),
            tty: self.tty,
            timeout: self.timeout,
        };
        session::run(input, output, wiring).await
    }
}

/// What a request says of a program besides which one it is.
pub(super) struct Parts {
    pub(super) env: Env,
    pub(super) workdir: Option<String>,
    pub(super) stdin: Option<String>,
    pub(super) timeout: Option<f64>,
    pub(super) detach: bool,
    pub(super) display: Option<bool>,
}

/// Shows the id of a detached program.
pub(super) fn detached(started: &Answer<ctnr_api::ExecStarted>, context: &Context) -> Result<u8> {
    if context.output.json {
        context.output.document(started.json())?;
    } else {
        context.output.line(&started.id)?;
    }
    Ok(0)
}

/// Shows all that a program put out, and gives its exit code.
pub(super) fn collected(result: &Answer<ctnr_api::ExecResult>, context: &Context) -> Result<u8> {
    document(result.json(), context)?;
    if result.truncated {
        output::note(
            "the output was longer than an answer holds; leave --json out to have all of it",
        );
    }
    Ok(u8::try_from(result.exit_code & 0xff).unwrap_or(u8::MAX))
}

fn document(value: &impl Serialize, context: &Context) -> Result<()> {
    context.output.document(value)
}
