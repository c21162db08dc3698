//! `ctnr push`.

use ctnr_api::PushContainer;
use ctnr_model::ImageReference;

use super::{OneContainer, jobs};
use crate::context::Context;
use crate::error::{About, Result};

/// Send a container to a registry
///
/// The backend sends it, with what ~/.docker/config.json of its own user holds for the registry. What
/// the registry has already is not sent again. Prints the digest of the artifact.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr push editor registry.example.com/apps/editor:1
  ctnr push editor localhost:5000/editor-of-ana --with-data")]
pub(crate) struct Args {
    #[command(flatten)]
    which: OneContainer,
    /// A registry, a name there and a tag
    reference: ImageReference,
    /// With what its user has made of it: files and registry. The container is stopped for that
    #[arg(long)]
    with_data: bool,
    /// Print the job's id, and do not wait for it
    #[arg(long, short = 'd')]
    detach: bool,
    /// Without progress
    #[arg(long, short = 'q')]
    quiet: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let container = &args.which.container;
    let request = PushContainer {
        reference: args.reference,
        with_data: args.with_data,
    };
    let started = context.client.push_container(container, &request).await;
    let started = started.about(container.as_str())?;
    if args.detach {
        return match context.output.json {
            true => context.output.document(started.json()),
            false => context.output.line(&started.job),
        };
    }
    let quiet = args.quiet || context.output.json;
    let ended = jobs::follow(&started.job, quiet, context).await;
    let ended = ended.about(container.as_str())?;
    if context.output.json {
        return context.output.document(ended.json());
    }
    let result = ended.result.clone().unwrap_or_default();
    context
        .output
        .line(result["artifact"].as_str().unwrap_or_default())
}
