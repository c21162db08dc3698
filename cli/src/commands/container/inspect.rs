//! `ctnr inspect`.

use ctnr_api::Container;

use super::Containers;
use crate::context::Context;
use crate::error::{About, Result};
use crate::output::{Fields, Output};

/// Show all that is known of containers
///
/// With --json as the API answers, an object a container.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr inspect office
  ctnr inspect office --json | jq -r .state")]
pub(crate) struct Args {
    #[command(flatten)]
    which: Containers,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    for (at, container) in args.which.containers.iter().enumerate() {
        let answer = context.client.inspect_container(container).await;
        let answer = answer.about(container.as_str())?;
        if context.output.json {
            context.output.document(answer.json())?;
            continue;
        }
        if at > 0 {
            context.output.line("")?;
        }
        show(&answer, context.output)?;
    }
    Ok(())
}

fn show(container: &Container, output: Output) -> Result<()> {
    let mut fields = Fields::default();
    fields.add("Name", container.name.as_str());
    fields.add("Id", container.id.as_str());
    fields.add("State", container.state.to_string());
    fields.add("Error", container.error.clone().unwrap_or_default());
    fields.add("Job", container.job.clone().unwrap_or_default());
    let runtime = &container.runtime;
    fields.add("Runtime", format!("{} ({})", runtime.name, runtime.digest));
    fields.add_all("Entry points", container.entry_points.iter().cloned());
    fields.add_all("Layers", container.layers.iter().map(ToString::to_string));
    fields.add("Sandbox", container.sandbox.clone().unwrap_or_default());
    fields.add("Network", container.network.as_str());
    fields.add("Engine", container.engine.to_string());
    let pair = |(key, value): (&String, &String)| format!("{key}={value}");
    fields.add_all("Folders", container.folders.iter().map(pair));
    fields.add_all("Labels", container.labels.iter().map(pair));
    fields.add("Created", container.created_at.to_string());
    fields.add("Changed", container.changed_at.to_string());
    fields.print(output)
}
