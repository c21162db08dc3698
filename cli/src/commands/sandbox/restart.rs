//! `ctnr sandbox restart`.

use serde_json::json;

use super::Sandboxes;
use super::stop::Grace;
use crate::commands::several::each;
use crate::context::Context;
use crate::error::{About, Result};

/// Restart sandboxes
///
/// Those that run are stopped first. Files stay, and published ports keep their numbers.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox restart web")]
pub(crate) struct Args {
    #[command(flatten)]
    grace: Grace,
    #[command(flatten)]
    which: Sandboxes,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let request = args.grace.request();
    each(
        &args.which.sandboxes,
        async |sandbox| {
            let answer = context.client.restart_sandbox(sandbox, &request).await;
            answer.about(sandbox.as_str())
        },
        |sandbox, answer| match context.output.json {
            true => context
                .output
                .record(&json!({ "sandbox": sandbox.as_str(), "status": answer.status })),
            false => context.output.line(sandbox.as_str()),
        },
    )
    .await
}
