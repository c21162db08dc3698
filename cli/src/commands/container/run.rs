//! `ctnr run`.

use ctnr_api::{ContainerTerminalQuery, RunRequest};

use super::OneContainer;
use super::program::{self, ProgramArgs, Way};
use crate::context::Context;
use crate::error::{About, Result};

/// Run a container's program
///
/// The entry point that is named, or the default one of its manifest. A container that does not run
/// is started first. The program's output comes as it is written, and its exit code is passed on.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr run seven-zip
  ctnr run seven-zip --entry 7za -- l 'C:\\data\\archive.7z'
  ctnr run -it console
  ctnr run -d office")]
pub(crate) struct Args {
    /// The entry point, where it is not the default one
    #[arg(long, value_name = "NAME")]
    entry: Option<String>,
    #[command(flatten)]
    program: ProgramArgs,
    #[command(flatten)]
    which: OneContainer,
    /// Arguments behind the entry point's own
    #[arg(
        value_name = "ARGUMENT",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    arguments: Vec<String>,
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
            entry: args.entry,
            args: args.arguments,
            ..ContainerTerminalQuery::default()
        };
        return args.program.join(container, query, context).await;
    };
    let parts = args.program.parts()?;
    let request = RunRequest {
        entry: args.entry,
        args: args.arguments,
        env: parts.env,
        workdir: parts.workdir,
        stdin: parts.stdin,
        timeout: parts.timeout,
        detach: parts.detach,
        display: parts.display,
        ..RunRequest::default()
    };
    match way {
        Way::Detached => {
            let started = context
                .client
                .run_in_container_detached(container, &request)
                .await;
            program::detached(&started.about(container.as_str())?, context)
        }
        Way::Collected => {
            let result = context.client.run_in_container(container, &request).await;
            program::collected(&result.about(container.as_str())?, context)
        }
    }
}
