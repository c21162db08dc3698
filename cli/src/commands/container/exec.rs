//! `ctnr exec`.

use ctnr_api::{ContainerExecRequest, ContainerTerminalQuery};

use super::OneContainer;
use super::program::{self, ProgramArgs, Way};
use crate::context::Context;
use crate::error::{About, Result};

/// Run any program in a container
///
/// By its Windows path, or by its name where Windows finds it by that. A container that does not
/// run is started first. Ctrl-C goes to the program; three of them end ctnr.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr exec office -- cmd /c ver
  ctnr exec -it office -- cmd
  ctnr exec seven-zip -- 'C:\\App\\7za.exe' a 'C:\\out.7z' 'C:\\users'
  ctnr exec -d --display office -- notepad
  ctnr exec --timeout 30s --json office -- cmd /c dir")]
pub(crate) struct Args {
    #[command(flatten)]
    program: ProgramArgs,
    #[command(flatten)]
    which: OneContainer,
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

impl Args {
    pub(super) fn takes_signals(&self) -> bool {
        self.program.takes_signals()
    }
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<u8> {
    let container = &args.which.container;
    let Some(way) = args.program.way(context) else {
        let query = ContainerTerminalQuery {
            cmd: args.command,
            ..ContainerTerminalQuery::default()
        };
        return args.program.join(container, query, context).await;
    };
    let parts = args.program.parts()?;
    let request = ContainerExecRequest {
        env: parts.env,
        workdir: parts.workdir,
        stdin: parts.stdin,
        timeout: parts.timeout,
        detach: parts.detach,
        display: parts.display,
        ..ContainerExecRequest::of(args.command)
    };
    match way {
        Way::Detached => {
            let started = context
                .client
                .exec_in_container_detached(container, &request)
                .await;
            program::detached(&started.about(container.as_str())?, context)
        }
        Way::Collected => {
            let result = context.client.exec_in_container(container, &request).await;
            program::collected(&result.about(container.as_str())?, context)
        }
    }
}
