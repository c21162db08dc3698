//! `ctnr plan`.

use ctnr_api::{PlanQuery, PlanTarget};
use ctnr_model::Invalid;

use super::OneContainer;
use crate::context::Context;
use crate::error::{About, Result};

/// Print what a container means on a host, as JSON, without running anything
///
/// Its layers, which paths and keys lead where, the environment and the programs, all resolved.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr plan office
  ctnr plan office --target windows | jq .entries")]
pub(crate) struct Args {
    /// What it is made for: linux or windows
    #[arg(long, default_value = "linux", value_parser = target)]
    target: PlanTarget,
    #[command(flatten)]
    which: OneContainer,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let container = &args.which.container;
    let query = PlanQuery {
        target: args.target,
    };
    let plan = context.client.plan_container(container, &query).await;
    context
        .output
        .document(plan.about(container.as_str())?.json())
}

fn target(text: &str) -> std::result::Result<PlanTarget, Invalid> {
    match text {
        "linux" => Ok(PlanTarget::Linux),
        "windows" => Ok(PlanTarget::Windows),
        _ => Err(Invalid::new("target", text, "expected linux or windows")),
    }
}
