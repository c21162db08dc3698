//! Win32 containers: the verbs of the top level.

mod attach;
mod clone;
mod create;
mod events;
mod exec;
mod export;
mod host;
mod import;
mod inspect;
mod install;
mod jobs;
mod list;
mod logs;
mod manifest;
mod plan;
mod program;
mod ps;
mod pull;
mod push;
mod reset;
mod rm;
mod rollback;
mod run;
mod runtime;
mod snapshot;
mod start;
mod stop;
mod upload;

use ctnr_model::ContainerQuery;

use crate::complete;
use crate::context::Context;
use crate::error::Result;

/// What is done to containers.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    #[command(visible_alias = "ls")]
    List(list::Args),
    Create(Box<create::Args>),
    Inspect(inspect::Args),
    Install(install::Args),
    Run(run::Args),
    Exec(exec::Args),
    Ps(ps::Args),
    Attach(attach::Args),
    Start(start::Args),
    Stop(stop::Args),
    Logs(logs::Args),
    Snapshot(snapshot::Args),
    Rollback(rollback::Args),
    Reset(reset::Args),
    Clone(clone::Args),
    Export(export::Args),
    Import(import::Args),
    Push(push::Args),
    Pull(pull::Args),
    Manifest(manifest::Args),
    Plan(plan::Args),
    #[command(visible_alias = "remove")]
    Rm(rm::Args),
    Jobs(jobs::Args),
    Events(events::Args),
    /// Build, list and remove runtimes, and move containers between them
    #[command(subcommand)]
    Runtime(runtime::Verb),
    Host(host::Args),
}

impl Verb {
    /// Whether signals go to a program in a container.
    pub(crate) fn takes_signals(&self) -> bool {
        match self {
            Self::Run(args) => args.takes_signals(),
            Self::Exec(args) => args.takes_signals(),
            Self::Attach(_) => true,
            _ => false,
        }
    }
}

/// A container on the command line.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct OneContainer {
    /// Its name, its id, or the unique start of its id
    #[arg(value_name = "CONTAINER", value_parser = ContainerQuery::parse, add = complete::containers())]
    pub(crate) container: ContainerQuery,
}

/// At least one container on the command line.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Containers {
    /// Their names, ids, or unique starts of ids
    #[arg(value_name = "CONTAINER", required = true, value_parser = ContainerQuery::parse, add = complete::containers())]
    pub(crate) containers: Vec<ContainerQuery>,
}

/// Does what is asked, and gives the exit code.
pub(crate) async fn run(verb: Verb, context: &Context) -> Result<u8> {
    match verb {
        Verb::Run(args) => return run::run(args, context).await,
        Verb::Exec(args) => return exec::run(args, context).await,
        Verb::Attach(args) => return attach::run(args, context).await,
        Verb::Ps(args) => ps::run(args, context).await,
        Verb::List(args) => list::run(args, context).await,
        Verb::Create(args) => create::run(*args, context).await,
        Verb::Install(args) => install::run(args, context).await,
        Verb::Inspect(args) => inspect::run(args, context).await,
        Verb::Start(args) => start::run(args, context).await,
        Verb::Stop(args) => stop::run(args, context).await,
        Verb::Logs(args) => logs::run(args, context).await,
        Verb::Snapshot(args) => snapshot::run(args, context).await,
        Verb::Rollback(args) => rollback::run(args, context).await,
        Verb::Reset(args) => reset::run(args, context).await,
        Verb::Clone(args) => clone::run(args, context).await,
        Verb::Export(args) => export::run(args, context).await,
        Verb::Import(args) => import::run(args, context).await,
        Verb::Push(args) => push::run(args, context).await,
        Verb::Pull(args) => pull::run(args, context).await,
        Verb::Manifest(args) => manifest::run(args, context).await,
        Verb::Plan(args) => plan::run(args, context).await,
        Verb::Rm(args) => rm::run(args, context).await,
        Verb::Jobs(args) => jobs::run(args, context).await,
        Verb::Events(args) => events::run(args, context).await,
        Verb::Runtime(verb) => runtime::run(verb, context).await,
        Verb::Host(args) => host::run(args, context).await,
    }?;
    Ok(0)
}
