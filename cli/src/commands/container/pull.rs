//! `ctnr pull`.

use ctnr_api::PullContainer;
use ctnr_model::ImageReference;

use super::import::{Wish, made};
use super::jobs;
use crate::context::Context;
use crate::error::{About, Result};

/// Make a container of what was pushed to a registry
///
/// The backend fetches it, with what ~/.docker/config.json of its own user holds for the registry.
/// Layers that the host has already are not fetched. Prints the container's name. Images are
/// fetched by `ctnr image pull`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr pull registry.example.com/apps/editor:1
  ctnr pull localhost:5000/editor --name editor-of-ben")]
pub(crate) struct Args {
    /// A registry, a name there, and a tag or digest
    reference: ImageReference,
    #[command(flatten)]
    wish: Wish,
    /// Print the job's id, and do not wait for it
    #[arg(long, short = 'd')]
    detach: bool,
    /// Without progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let shown = args.reference.familiar();
    let request = PullContainer {
        reference: args.reference,
        name: args.wish.name.clone(),
        runtime: args.wish.runtime.clone(),
        host_folders: args.wish.host_folders(),
    };
    let started = context.client.pull_container(&request).await;
    let started = started.about(&shown)?;
    if args.detach {
        return match context.output.json {
            true => context.output.document(started.json()),
            false => context.output.line(&started.job),
        };
    }
    let quiet = args.quiet || context.output.json;
    let ended = jobs::follow(&started.job, quiet, context).await;
    made(&ended.about(&shown)?, quiet, context)
}
