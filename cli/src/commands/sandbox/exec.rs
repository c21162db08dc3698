//! `ctnr sandbox exec`.

use std::time::Duration;

use ctnr_api::{Env, ExecRequest, TerminalQuery};
use ctnr_model::{ContainerPath, SandboxQuery, UserSpec};

use crate::commands::time::duration;
use crate::complete;
use crate::context::Context;
use crate::environment::EnvironmentArgs;
use crate::error::{About, CliError, Result};
use crate::output;
use crate::session::{self, Stdin, Wiring};

/// Run a command in a running sandbox
///
/// Its output comes as it is written, and its exit code is passed on: 126 for one that can't be
/// run, 127 for one that does not exist, 128 and the number of the signal that ended it. Ctrl-C
/// goes to the command; three of them end ctnr.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox exec web ls /app/src
  ctnr sandbox exec -it web sh
  tar c src | ctnr sandbox exec -i web tar x -C /app
  ctnr sandbox exec --timeout 30s -w /app -e CI=1 web bun test
  ctnr sandbox exec --json web cat package.json")]
pub(crate) struct Args {
    /// Hand standard input to the command
    #[arg(long, short = 'i')]
    interactive: bool,
    /// Give the command a terminal
    #[arg(long, short = 't', conflicts_with_all = ["json", "detach"])]
    tty: bool,
    /// Leave the command running, and print its id
    #[arg(long, short = 'd', conflicts_with = "interactive")]
    detach: bool,
    #[command(flatten)]
    environment: EnvironmentArgs,
    /// Instead of the sandbox's working directory
    #[arg(long, short = 'w', value_name = "DIR")]
    workdir: Option<ContainerPath>,
    /// Instead of the sandbox's user
    #[arg(long, short = 'u', value_name = "USER[:GROUP]")]
    user: Option<UserSpec>,
    /// Kill the command after this long (10, 1.5s, 2m, 1h); the exit code is then 124
    #[arg(long, value_name = "TIME", value_parser = duration, conflicts_with = "detach")]
    timeout: Option<Duration>,
    /// The sandbox: its name, its id, or the unique start of its id
    #[arg(value_parser = SandboxQuery::parse, add = complete::sandboxes())]
    sandbox: SandboxQuery,
    /// The command and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

impl Args {
    /// Whether signals go to the command.
    pub(crate) fn takes_signals(&self) -> bool {
        !self.detach
    }
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<u8> {
    if args.detach {
        return detached(args, context).await;
    }
    if context.output.json {
        return collected(args, context).await;
    }
    if args.tty && args.interactive && !session::is_terminal_input() {
        return Err(CliError::Usage(
            "-it needs a terminal, and standard input is none; leave -t out to send it a pipe or file".to_owned(),
        ));
    }
    let size = args.tty.then(session::terminal_size).flatten();
    let query = TerminalQuery {
        cmd: args.command,
        env: args.environment.read()?,
        workdir: args.workdir,
        user: args.user,
        tty: args.tty,
        columns: size.map(|(columns, _)| columns),
        rows: size.map(|(_, rows)| rows),
        detach: false,
    };
    let (input, output) = context
        .client
        .exec_socket(&args.sandbox, query)
        .await
        .about(args.sandbox.as_str())?;
    let wiring = Wiring {
        stdin: Stdin::of_new(args.interactive),
        tty: args.tty,
        timeout: args.timeout,
    };
    session::run(input, output, wiring).await
}

async fn detached(args: Args, context: &Context) -> Result<u8> {
    let request = ExecRequest {
        detach: true,
        ..request(&args)?
    };
    let started = context
        .client
        .exec_detached(&args.sandbox, &request)
        .await
        .about(args.sandbox.as_str())?;
    if context.output.json {
        context.output.document(started.json())?;
    } else {
        context.output.line(&started.id)?;
    }
    Ok(0)
}

/// All of the output as one answer.
async fn collected(args: Args, context: &Context) -> Result<u8> {
    let mut request = request(&args)?;
    request.timeout = args.timeout.map(|timeout| timeout.as_secs_f64());
    if args.interactive {
        let stdin = std::io::read_to_string(std::io::stdin());
        request.stdin =
            Some(stdin.map_err(|error| CliError::local("reading", "standard input", error))?);
    }
    let result = context
        .client
        .exec(&args.sandbox, &request)
        .await
        .about(args.sandbox.as_str())?;
    context.output.document(result.json())?;
    if result.truncated {
        output::note(
            "the output was longer than an answer holds; leave --json out to have all of it",
        );
    }
    Ok(u8::try_from(result.exit_code & 0xff).unwrap_or(u8::MAX))
}

fn request(args: &Args) -> Result<ExecRequest> {
    Ok(ExecRequest {
        cmd: args.command.clone(),
        env: Env(args.environment.read()?),
        workdir: args.workdir.clone(),
        user: args.user.clone(),
        ..ExecRequest::default()
    })
}
