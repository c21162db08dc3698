//! `ctnr clone`.

use ctnr_api::CloneContainer;
use ctnr_model::ContainerName;

use super::OneContainer;
use crate::context::Context;
use crate::error::{About, Result};

/// Make a container of what another one holds
///
/// Both share what they have in common on disk, and neither sees what the other writes from then
/// on. Prints the new one's id.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr clone office office-of-ana")]
pub(crate) struct Args {
    #[command(flatten)]
    which: OneContainer,
    /// The new one's name; one is made up where it is left out
    name: Option<ContainerName>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let container = &args.which.container;
    let request = CloneContainer {
        name: args.name,
        ..CloneContainer::default()
    };
    let answer = context
        .client
        .clone_container(container, &request, None)
        .await;
    let answer = answer.about(container.as_str())?;
    match context.output.json {
        true => context.output.document(answer.json()),
        false => context.output.line(&answer.id),
    }
}
