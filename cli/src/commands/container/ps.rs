//! `ctnr ps`.

use super::OneContainer;
use crate::commands::detached::ListArgs;
use crate::context::Context;
use crate::error::{About, Result};

/// List the programs of a container that were started with -d
///
/// Those since it was last started, the ended ones too.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr ps office")]
pub(crate) struct Args {
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    which: OneContainer,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let container = &args.which.container;
    let listed = context.client.list_container_programs(container).await;
    args.list.show(&listed.about(container.as_str())?, context)
}
