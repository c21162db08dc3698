//! `ctnr host`.

use super::runtime;
use crate::commands::info::engine;
use crate::context::Context;
use crate::error::Result;
use crate::output::Fields;

/// Show what the backend's host can do for containers
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr host
  ctnr host --json | jq .runtimes")]
pub(crate) struct Args {}

pub(crate) async fn run(_: Args, context: &Context) -> Result<()> {
    let host = context.client.inspect_host().await?;
    if context.output.json {
        return context.output.document(host.json());
    }
    let mut fields = Fields::default();
    fields.add("Id", host.id.as_str());
    fields.add("System", format!("{} {}", host.system, host.architecture));
    fields.add_all(
        "Realisers",
        host.realisers
            .iter()
            .map(|realiser| match &realiser.reason {
                Some(reason) if !realiser.available => format!("{}: {reason}", realiser.name),
                _ => realiser.name.clone(),
            }),
    );
    fields.add_all(
        "Runtimes",
        host.runtimes.iter().map(|runtime| {
            let name = runtime.names.first().unwrap_or(&runtime.digest);
            if runtime.default {
                format!("{name} (default)")
            } else {
                name.clone()
            }
        }),
    );
    fields.add_all("Engines", host.engines.iter().map(engine));
    fields.add_all("Host folders", host.host_folders.iter().cloned());
    fields.print(context.output)?;
    if host.runtimes.is_empty() {
        runtime::note_none();
    }
    Ok(())
}
