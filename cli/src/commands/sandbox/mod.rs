//! `ctnr sandbox`.

mod attach;
mod cp;
mod create;
mod events;
mod exec;
mod inspect;
mod logs;
mod ls;
mod ports;
mod ps;
mod restart;
mod rm;
mod stats;
mod stop;

use ctnr_model::SandboxQuery;

use crate::complete;
use crate::context::Context;
use crate::error::Result;

pub(crate) use ls::fetch;

/// What is done to sandboxes.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    Create(Box<create::Args>),
    #[command(visible_alias = "list")]
    Ls(ls::Args),
    Inspect(inspect::Args),
    Exec(exec::Args),
    Ps(ps::Args),
    Attach(attach::Args),
    Logs(logs::Args),
    Stats(stats::Args),
    Cp(cp::Args),
    Stop(stop::Args),
    Restart(restart::Args),
    #[command(visible_alias = "remove")]
    Rm(rm::Args),
    Events(events::Args),
}

/// A sandbox on the command line.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct OneSandbox {
    /// Its name, its id, or the unique start of its id
    #[arg(value_name = "SANDBOX", value_parser = SandboxQuery::parse, add = complete::sandboxes())]
    pub(crate) sandbox: SandboxQuery,
}

/// At least one sandbox on the command line.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Sandboxes {
    /// Their names, ids, or unique starts of ids
    #[arg(value_name = "SANDBOX", required = true, value_parser = SandboxQuery::parse, add = complete::sandboxes())]
    pub(crate) sandboxes: Vec<SandboxQuery>,
}

impl Verb {
    /// Whether signals go to a command in a sandbox.
    pub(crate) fn takes_signals(&self) -> bool {
        match self {
            Self::Exec(args) => args.takes_signals(),
            Self::Attach(_) => true,
            _ => false,
        }
    }
}

/// Does what is asked, and gives the exit code.
pub(crate) async fn run(verb: Verb, context: &Context) -> Result<u8> {
    match verb {
        Verb::Exec(args) => return exec::run(args, context).await,
        Verb::Attach(args) => return attach::run(args, context).await,
        Verb::Ps(args) => ps::run(args, context).await,
        Verb::Create(args) => create::run(*args, context).await,
        Verb::Ls(args) => ls::run(args, context).await,
        Verb::Inspect(args) => inspect::run(args, context).await,
        Verb::Logs(args) => logs::run(args, context).await,
        Verb::Stats(args) => stats::run(args, context).await,
        Verb::Cp(args) => cp::run(args, context).await,
        Verb::Stop(args) => stop::run(args, context).await,
        Verb::Restart(args) => restart::run(args, context).await,
        Verb::Rm(args) => rm::run(args, context).await,
        Verb::Events(args) => events::run(args, context).await,
    }?;
    Ok(0)
}
