//! `ctnr rollback`.

use ctnr_api::RollbackRequest;

use super::OneContainer;
use crate::commands::confirm::ConfirmArgs;
use crate::context::Context;
use crate::error::{About, Result};

/// Put a container back to a snapshot
///
/// What was changed since then is gone, unless another snapshot holds it. A container that runs is
/// stopped first.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr rollback office before-update")]
pub(crate) struct Args {
    #[command(flatten)]
    confirm: ConfirmArgs,
    #[command(flatten)]
    which: OneContainer,
    /// The snapshot's name; `ctnr snapshot CONTAINER --list` shows them
    snapshot: String,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let container = &args.which.container;
    let question = format!(
        "Put {} back to {}? What was changed since then is lost.",
        container.as_str(),
        args.snapshot
    );
    args.confirm.confirm(&question)?;
    let request = RollbackRequest {
        snapshot: args.snapshot,
    };
    let answer = context.client.rollback_container(container, &request).await;
    let answer = answer.about(container.as_str())?;
    match context.output.json {
        true => context.output.document(answer.json()),
        false => context.output.line(&answer.name),
    }
}
