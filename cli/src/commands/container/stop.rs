//! `ctnr stop`.

use ctnr_api::StopRequest;

use super::Containers;
use crate::commands::several::each;
use crate::context::Context;
use crate::error::{About, Result};

/// Stop containers
///
/// Programs are told to end, what they changed in the registry is written, and after the time given
/// what is left is killed. Files and registry stay.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr stop office
  ctnr stop --time 60 office desk")]
pub(crate) struct Args {
    /// Seconds that programs have to end by themselves [default: 10]
    #[arg(long, short = 't', visible_alias = "timeout", value_name = "SECONDS")]
    time: Option<f64>,
    #[command(flatten)]
    which: Containers,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let request = StopRequest { timeout: args.time };
    each(
        &args.which.containers,
        async |container| {
            let answer = context.client.stop_container(container, &request).await;
            answer.about(container.as_str())
        },
        |container, answer| match context.output.json {
            true => context.output.record(answer.json()),
            false => context.output.line(container.as_str()),
        },
    )
    .await
}
