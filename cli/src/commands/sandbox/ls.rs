//! `ctnr sandbox ls`.

use ctnr_api::{ListQuery, SandboxSummary};
use ctnr_model::{Invalid, SandboxName, SandboxState};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::ports;
use crate::context::Context;
use crate::error::Result;
use crate::output::{Table, Tone, ago};

/// The most sandboxes that one answer holds.
const PAGE: u32 = 1000;

/// List sandboxes
///
/// Those that run; with --all the others too.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox ls --all
  ctnr sandbox ls --label team=web --state exited
  ctnr sandbox ls -aq | xargs -r ctnr sandbox rm
  ctnr sandbox ls --json | jq -r '.sandboxes[].Names[0]'")]
pub(crate) struct Args {
    /// Those that do not run too
    #[arg(long, short = 'a')]
    all: bool,
    /// Print ids alone
    #[arg(long, short = 'q')]
    quiet: bool,
    /// Only with this label; several must all match
    #[arg(long, short = 'l', value_name = "KEY[=VALUE]")]
    label: Vec<String>,
    /// Only in this state: created, running, paused, exited; of several one must match
    #[arg(long, short = 's')]
    state: Vec<SandboxState>,
    /// Only the one with this name
    #[arg(long)]
    name: Option<SandboxName>,
    /// As the options above, in Docker's words: label=…, status=…, name=…
    #[arg(long, short = 'f', value_name = "KEY=VALUE")]
    filter: Vec<String>,
    /// At most so many, the newest
    #[arg(long, short = 'n', value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Show whole ids
    #[arg(long)]
    no_trunc: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let (sandboxes, json) = fetch(query(&args)?, args.limit, context).await?;
    if context.output.json {
        return context.output.document(&json!({ "sandboxes": json }));
    }
    if args.quiet {
        for sandbox in &sandboxes {
            context.output.line(short(&sandbox.id, args.no_trunc))?;
        }
        return Ok(());
    }
    let now = Timestamp::now();
    let mut table = Table::new([
        "ID", "NAME", "IMAGE", "STATUS", "PORTS", "ENGINE", "CREATED",
    ]);
    for sandbox in &sandboxes {
        let tone = if sandbox.state.is_alive() {
            Tone::Plain
        } else {
            Tone::Faint
        };
        let name = sandbox
            .names
            .first()
            .map(|name| name.trim_start_matches('/'));
        let created = Timestamp::from_second(sandbox.created).ok();
        table.row(
            tone,
            [
                short(&sandbox.id, args.no_trunc).to_owned(),
                name.unwrap_or_default().to_owned(),
                sandbox.image.clone(),
                sandbox.status.clone(),
                ports::summary(&sandbox.ports),
                sandbox.engine.to_string(),
                created.map(|then| ago(then, now)).unwrap_or_default(),
            ],
        );
    }
    table.print(context.output)
}

/// All pages, typed and as they came.
pub(crate) async fn fetch(
    mut query: ListQuery,
    limit: Option<u32>,
    context: &Context,
) -> Result<(Vec<SandboxSummary>, Vec<Value>)> {
    let mut sandboxes = Vec::new();
    let mut json = Vec::new();
    loop {
        let missing = limit.map_or(PAGE, |limit| {
            limit.saturating_sub(u32::try_from(sandboxes.len()).unwrap_or(u32::MAX))
        });
        if missing == 0 {
            break;
        }
        query.limit = Some(missing.min(PAGE));
        let page = context.client.list_sandboxes(&query).await?;
        if let Some(Value::Array(raw)) = page.json().get("sandboxes") {
            json.extend(raw.iter().cloned());
        }
        let page = page.into_value();
        sandboxes.extend(page.sandboxes);
        if page.next.is_none() {
            break;
        }
        query.cursor = page.next;
    }
    Ok((sandboxes, json))
}

fn query(args: &Args) -> Result<ListQuery> {
    let mut query = ListQuery {
        all: args.all,
        label: args.label.clone(),
        state: args.state.clone(),
        name: args.name.clone(),
        ..ListQuery::default()
    };
    for filter in &args.filter {
        match filter.split_once('=') {
            Some(("label", label)) => query.label.push(label.to_owned()),
            Some(("status" | "state", state)) => query.state.push(state.parse()?),
            Some(("name", name)) => query.name = Some(name.parse()?),
            _ => {
                return Err(Invalid::new(
                    "filter",
                    filter,
                    "expected label=KEY[=VALUE], status=STATE or name=NAME",
                )
                .into());
            }
        }
    }
    Ok(query)
}

fn short(id: &str, whole: bool) -> &str {
    match id.get(..12) {
        Some(start) if !whole => start,
        _ => id,
    }
}
