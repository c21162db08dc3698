//! `ctnr logs`.

use super::OneContainer;
use crate::commands::logs::LogArgs;
use crate::context::Context;
use crate::error::{About, Result};

/// Show what a container's session has put out
///
/// That is what its start and its end say, and why it failed. A program shows its output where
/// `ctnr run` or `ctnr exec` started it.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr logs office
  ctnr logs -f --tail 20 office")]
pub(crate) struct Args {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    which: OneContainer,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let container = &args.which.container;
    let query = args.log.query(context);
    let frames = context.client.container_logs(container, &query).await;
    args.log
        .show(frames.about(container.as_str())?, context)
        .await
}
