//! `ctnr rm`.

use ctnr_model::ContainerQuery;
use serde_json::json;

use crate::commands::confirm::ConfirmArgs;
use crate::commands::several::each;
use crate::complete;
use crate::context::Context;
use crate::error::{About, Result};

/// Remove containers with all that is in them
///
/// Programs, data and snapshots. Running ones are ended first.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr rm office
  ctnr rm --yes office desk")]
pub(crate) struct Args {
    /// Do not mind those that do not exist
    #[arg(long, short = 'f')]
    force: bool,
    #[command(flatten)]
    confirm: ConfirmArgs,
    /// Their names, ids, or unique starts of ids
    #[arg(value_name = "CONTAINER", required = true, value_parser = ContainerQuery::parse, add = complete::containers())]
    containers: Vec<ContainerQuery>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let names: Vec<&str> = args.containers.iter().map(ContainerQuery::as_str).collect();
    let question = format!("Remove {} with all data in them?", names.join(", "));
    args.confirm.confirm(&question)?;
    each(
        &args.containers,
        async |container| {
            let removed = context.client.delete_container(container).await;
            match removed.about(container.as_str()) {
                Err(error) if args.force && error.is_not_found() => Ok(false),
                removed => removed.map(|()| true),
            }
        },
        |container, removed| match (removed, context.output.json) {
            (false, _) => Ok(()),
            (true, true) => context
                .output
                .record(&json!({ "container": container.as_str(), "status": "removed" })),
            (true, false) => context.output.line(container.as_str()),
        },
    )
    .await
}
