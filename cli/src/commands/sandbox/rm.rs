//! `ctnr sandbox rm`.

use ctnr_api::ListQuery;
use ctnr_model::SandboxQuery;
use serde_json::json;

use super::fetch;
use crate::commands::confirm::ConfirmArgs;
use crate::commands::several::each;
use crate::complete;
use crate::context::Context;
use crate::error::{About, Result};

/// The label of a sandbox that is a Win32 container's, which goes with that alone.
const OF_CONTAINER: &str = "dev.ctnr.container";

/// Remove sandboxes with all that is in them
///
/// Running ones are ended first.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox rm web api
  ctnr sandbox rm --all")]
pub(crate) struct Args {
    /// All of them, after a question; those of Win32 containers go with `ctnr rm`
    #[arg(long, short = 'a', conflicts_with = "sandboxes")]
    all: bool,
    /// Do not mind those that do not exist
    #[arg(long, short = 'f')]
    force: bool,
    #[command(flatten)]
    confirm: ConfirmArgs,
    /// Their names, ids, or unique starts of ids
    #[arg(value_name = "SANDBOX", required_unless_present = "all", value_parser = SandboxQuery::parse, add = complete::sandboxes())]
    sandboxes: Vec<SandboxQuery>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let sandboxes = if args.all {
        let all = all(context).await?;
        if all.is_empty() {
            return Ok(());
        }
        let plural = if all.len() == 1 { "" } else { "es" };
        let question = format!(
            "Remove {} sandbox{plural} with all that is in them?",
            all.len()
        );
        args.confirm.confirm(&question)?;
        all
    } else {
        args.sandboxes
    };
    // With --all, one that ended meanwhile is as good as removed.
    let may_miss = args.force || args.all;
    each(
        &sandboxes,
        async |sandbox| {
            let removed = context.client.delete_sandbox(sandbox).await;
            match removed.about(sandbox.as_str()) {
                Err(error) if may_miss && error.is_not_found() => Ok(false),
                removed => removed.map(|()| true),
            }
        },
        |sandbox, removed| match (removed, context.output.json) {
            (false, _) => Ok(()),
            (true, true) => context
                .output
                .record(&json!({ "sandbox": sandbox.as_str(), "status": "removed" })),
            (true, false) => context.output.line(sandbox.as_str()),
        },
    )
    .await
}

async fn all(context: &Context) -> Result<Vec<SandboxQuery>> {
    let query = ListQuery {
        all: true,
        ..ListQuery::default()
    };
    let (sandboxes, _) = fetch(query, None, context).await?;
    sandboxes
        .iter()
        .filter(|sandbox| !sandbox.labels.contains_key(OF_CONTAINER))
        .map(|sandbox| {
            // Names are what people know; an id stands in where there is none.
            let name = sandbox.names.first().unwrap_or(&sandbox.id);
            Ok(SandboxQuery::parse(name)?)
        })
        .collect()
}
