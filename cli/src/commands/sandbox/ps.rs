//! `ctnr sandbox ps`.

use super::OneSandbox;
use crate::commands::detached::ListArgs;
use crate::context::Context;
use crate::error::{About, Result};

/// List the commands of a sandbox that were started with -d
///
/// Those since it was last started, the ended ones too.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox ps web")]
pub(crate) struct Args {
    #[command(flatten)]
    list: ListArgs,
    #[command(flatten)]
    which: OneSandbox,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let sandbox = &args.which.sandbox;
    let listed = context.client.list_execs(sandbox).await;
    args.list.show(&listed.about(sandbox.as_str())?, context)
}
