//! `ctnr attach`.

use super::OneContainer;
use crate::commands::detached::JoinArgs;
use crate::context::Context;
use crate::error::{About, Result};

/// Join a program that was started with -d
///
/// What it has put out so far comes first, as far as it is kept, then what it puts out, and its exit
/// code is passed on. Ctrl-C goes to the program; three of them end ctnr, and the program goes on.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr attach office 4f2a
  ctnr attach -i office 4f2a")]
pub(crate) struct Args {
    #[command(flatten)]
    which: OneContainer,
    #[command(flatten)]
    join: JoinArgs,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<u8> {
    let container = &args.which.container;
    let listed = context.client.list_container_programs(container).await;
    let listed = listed.about(container.as_str())?;
    let attach = async |id, query| {
        let opened = context
            .client
            .attach_in_container(container, &id, &query)
            .await;
        opened.about(container.as_str())
    };
    args.join.join(&listed.execs, attach).await
}
