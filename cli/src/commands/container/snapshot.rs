//! `ctnr snapshot`.

use ctnr_api::CreateSnapshot;
use jiff::Timestamp;
use serde_json::json;

use super::OneContainer;
use crate::context::Context;
use crate::error::{About, Result};
use crate::output::{Table, Tone, ago};

/// Keep what a container holds, under a name
///
/// Takes no copy, however much it is. A container that runs is stopped first. Prints the
/// snapshot's name.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr snapshot office before-update
  ctnr snapshot office --list
  ctnr snapshot office --remove before-update")]
pub(crate) struct Args {
    /// List the container's snapshots
    #[arg(long, conflicts_with_all = ["remove", "name"])]
    list: bool,
    /// Forget a snapshot
    #[arg(long, value_name = "NAME", conflicts_with = "name")]
    remove: Option<String>,
    #[command(flatten)]
    which: OneContainer,
    /// The snapshot's name; made of the time where it is left out
    name: Option<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let container = &args.which.container;
    if args.list {
        return list(&args.which, context).await;
    }
    if let Some(name) = &args.remove {
        let removed = context.client.delete_snapshot(container, name).await;
        removed.about(name)?;
        return match context.output.json {
            true => context
                .output
                .document(&json!({ "snapshot": name, "status": "removed" })),
            false => context.output.line(name),
        };
    }
    let request = CreateSnapshot { name: args.name };
    let answer = context.client.create_snapshot(container, &request).await;
    let answer = answer.about(container.as_str())?;
    match context.output.json {
        true => context.output.document(answer.json()),
        false => context.output.line(&answer.name),
    }
}

async fn list(which: &OneContainer, context: &Context) -> Result<()> {
    let answer = context.client.list_snapshots(&which.container).await;
    let answer = answer.about(which.container.as_str())?;
    if context.output.json {
        return context.output.document(answer.json());
    }
    let now = Timestamp::now();
    let mut table = Table::new(["NAME", "LAYERS", "CREATED"]);
    for snapshot in &answer.snapshots {
        table.row(
            Tone::Plain,
            [
                snapshot.name.clone(),
                snapshot.layers.to_string(),
                ago(snapshot.created_at, now),
            ],
        );
    }
    table.print(context.output)
}
