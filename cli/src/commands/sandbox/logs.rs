//! `ctnr sandbox logs`.

use super::OneSandbox;
use crate::commands::logs::LogArgs;
use crate::context::Context;
use crate::error::{About, Result};

/// Show what a sandbox's program has put out
///
/// Its standard output goes to standard output and its standard error to standard error, also
/// after it has ended.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox logs -f --tail 20 web
  ctnr sandbox logs --since 10m -t web
  ctnr sandbox logs web 2>/dev/null
  ctnr sandbox logs --json web | jq -r .data")]
pub(crate) struct Args {
    #[command(flatten)]
    log: LogArgs,
    #[command(flatten)]
    which: OneSandbox,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let sandbox = &args.which.sandbox;
    let query = args.log.query(context);
    let frames = context.client.logs(sandbox, &query).await;
    args.log
        .show(frames.about(sandbox.as_str())?, context)
        .await
}
