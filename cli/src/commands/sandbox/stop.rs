//! `ctnr sandbox stop`.

use ctnr_api::StopRequest;
use serde_json::json;

use super::Sandboxes;
use crate::commands::several::each;
use crate::context::Context;
use crate::error::{About, Result};

/// Stop sandboxes
///
/// The program gets the image's stop signal, and SIGKILL when its time is over. Files, log and
/// ports stay; `ctnr sandbox restart` starts it again.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox stop web
  ctnr sandbox stop --time 0 web api")]
pub(crate) struct Args {
    #[command(flatten)]
    pub(super) grace: Grace,
    #[command(flatten)]
    which: Sandboxes,
}

/// How long a program has to end by itself.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Grace {
    /// Seconds between the stop signal and SIGKILL [default: 10]
    #[arg(long, short = 't', visible_alias = "timeout", value_name = "SECONDS")]
    time: Option<f64>,
}

impl Grace {
    pub(super) fn request(self) -> StopRequest {
        StopRequest { timeout: self.time }
    }
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let request = args.grace.request();
    each(
        &args.which.sandboxes,
        async |sandbox| {
            let answer = context.client.stop_sandbox(sandbox, &request).await;
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
