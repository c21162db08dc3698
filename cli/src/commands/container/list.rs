//! `ctnr list`.

use ctnr_api::{Container, ContainerListQuery};
use ctnr_model::{ContainerName, ContainerState};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::context::Context;
use crate::error::Result;
use crate::output::{Table, Tone, ago};

/// The most containers that one answer holds.
const PAGE: u32 = 1000;

/// List containers
///
/// All of them, whether they run or not.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr list
  ctnr list --state running --label team=office
  ctnr list -q | xargs -r ctnr stop
  ctnr list --json | jq -r '.containers[].name'")]
pub(crate) struct Args {
    /// Print ids alone
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Only with this label; several must all match
    #[arg(long, short = 'l', value_name = "KEY[=VALUE]")]
    label: Vec<String>,
    /// Only in this state: creating, stopped, starting, running, stopping, failed, deleting; of
    /// several one must match
    #[arg(long, short = 's')]
    state: Vec<ContainerState>,
    /// Only the one with this name
    #[arg(long)]
    name: Option<ContainerName>,
    /// At most so many, the newest
    #[arg(long, short = 'n', value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Show whole ids
    #[arg(long)]
    no_trunc: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let query = ContainerListQuery {
        state: args.state,
        label: args.label,
        name: args.name,
        ..ContainerListQuery::default()
    };
    let (containers, json) = fetch(query, args.limit, context).await?;
    if context.output.json {
        return context.output.document(&json!({ "containers": json }));
    }
    let short = |id: &str| match id.get(..12) {
        Some(start) if !args.no_trunc => start.to_owned(),
        _ => id.to_owned(),
    };
    if args.quiet {
        for container in &containers {
            context.output.line(&short(&container.id))?;
        }
        return Ok(());
    }
    let now = Timestamp::now();
    let mut table = Table::new(["ID", "NAME", "STATE", "RUNTIME", "ENTRY POINTS", "CREATED"]);
    for container in &containers {
        let tone = if container.state.is_up() {
            Tone::Plain
        } else {
            Tone::Faint
        };
        table.row(
            tone,
            [
                short(&container.id),
                container.name.clone(),
                container.state.to_string(),
                container.runtime.name.clone(),
                container.entry_points.join(", "),
                ago(container.created_at, now),
            ],
        );
    }
    table.print(context.output)
}

/// All pages, typed and as they came.
async fn fetch(
    mut query: ContainerListQuery,
    limit: Option<u32>,
    context: &Context,
) -> Result<(Vec<Container>, Vec<Value>)> {
    let mut containers = Vec::new();
    let mut json = Vec::new();
    loop {
        let missing = limit.map_or(PAGE, |limit| {
            limit.saturating_sub(u32::try_from(containers.len()).unwrap_or(u32::MAX))
        });
        if missing == 0 {
            break;
        }
        query.limit = Some(missing.min(PAGE));
        let page = context.client.list_containers(&query).await?;
        if let Some(Value::Array(raw)) = page.json().get("containers") {
            json.extend(raw.iter().cloned());
        }
        let page = page.into_value();
        containers.extend(page.containers);
        if page.next.is_none() {
            break;
        }
        query.cursor = page.next;
    }
    Ok((containers, json))
}
