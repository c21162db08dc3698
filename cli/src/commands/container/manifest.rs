//! `ctnr manifest`.

use super::OneContainer;
use crate::context::Context;
use crate::error::{About, Result};

/// Print a container's container.toml
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr manifest office > container.toml")]
pub(crate) struct Args {
    #[command(flatten)]
    which: OneContainer,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let container = &args.which.container;
    let text = context.client.container_manifest(container).await;
    context.output.text(&text.about(container.as_str())?)
}
