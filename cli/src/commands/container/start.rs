//! `ctnr start`.

use super::Containers;
use crate::commands::several::each;
use crate::context::Context;
use crate::error::{About, Result};

/// Start containers
///
/// The session is there when it returns, so that programs in it start at once. `ctnr run` and
/// `ctnr exec` start a container that does not run by themselves.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr start office")]
pub(crate) struct Args {
    #[command(flatten)]
    which: Containers,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    each(
        &args.which.containers,
        async |container| {
            let answer = context.client.start_container(container).await;
            answer.about(container.as_str())
        },
        |container, answer| match context.output.json {
            true => context.output.record(answer.json()),
            false => context.output.line(container.as_str()),
        },
    )
    .await
}
