//! `ctnr image`.

mod export;
mod fetched;
mod import;
mod inspect;
mod ls;
mod prune;
mod pull;
mod rm;
mod tag;

use ctnr_model::EngineKind;

use crate::context::Context;
use crate::error::Result;

/// What is done to images.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Verb {
    Pull(pull::Args),
    #[command(visible_alias = "load")]
    Import(import::Args),
    #[command(visible_alias = "save")]
    Export(export::Args),
    #[command(visible_alias = "list")]
    Ls(ls::Args),
    Inspect(inspect::Args),
    Tag(tag::Args),
    #[command(visible_alias = "remove")]
    Rm(rm::Args),
    Prune(prune::Args),
}

/// The engine whose images are meant.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct EngineArgs {
    /// The engine whose images are meant [default: the backend's]
    #[arg(long, value_name = "native|docker")]
    pub(crate) engine: Option<EngineKind>,
}

pub(crate) async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Pull(args) => pull::run(args, context).await,
        Verb::Import(args) => import::run(args, context).await,
        Verb::Export(args) => export::run(args, context).await,
        Verb::Ls(args) => ls::run(args, context).await,
        Verb::Inspect(args) => inspect::run(args, context).await,
        Verb::Tag(args) => tag::run(args, context).await,
        Verb::Rm(args) => rm::run(args, context).await,
        Verb::Prune(args) => prune::run(args, context).await,
    }
}
