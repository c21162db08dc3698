//! `ctnr sandbox attach`.

use super::OneSandbox;
use crate::commands::detached::JoinArgs;
use crate::context::Context;
use crate::error::{About, Result};

/// Join a command that was started with -d
///
/// What it has put out so far comes first, as far as it is kept, then what it puts out, and its exit
/// code is passed on. Ctrl-C goes to the command; three of them end ctnr, and the command goes on.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox attach web 4f2a
  ctnr sandbox attach -i web 4f2a")]
pub(crate) struct Args {
    #[command(flatten)]
    which: OneSandbox,
    #[command(flatten)]
    join: JoinArgs,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<u8> {
    let sandbox = &args.which.sandbox;
    let listed = context.client.list_execs(sandbox).await;
    let listed = listed.about(sandbox.as_str())?;
    let attach = async |id, query| {
        let opened = context.client.attach(sandbox, &id, &query).await;
        opened.about(sandbox.as_str())
    };
    args.join.join(&listed.execs, attach).await
}
