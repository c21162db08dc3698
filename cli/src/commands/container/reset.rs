//! `ctnr reset`.

use super::Containers;
use crate::commands::confirm::ConfirmArgs;
use crate::commands::several::each;
use crate::context::Context;
use crate::error::{About, Result};

/// Drop the data of containers
///
/// What users and programs wrote since the program was installed is gone; the program and the
/// snapshots stay. A container that runs is stopped first.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr reset office
  ctnr reset --yes office desk")]
pub(crate) struct Args {
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    which: Containers,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    args.confirm
        .confirm("Drop all data in them? Their programs stay.")?;
    each(
        &args.which.containers,
        async |container| {
            let answer = context.client.reset_container(container).await;
            answer.about(container.as_str())
        },
        |container, answer| match context.output.json {
            true => context.output.record(answer.json()),
            false => context.output.line(container.as_str()),
        },
    )
    .await
}
