//! `ctnr events`.

use ctnr_api::ContainerEventQuery;
use ctnr_model::ContainerQuery;

use crate::commands::events;
use crate::complete;
use crate::context::Context;
use crate::error::{About, Result};

/// Show what happens to containers and jobs, as it happens
///
/// Ends with Ctrl-C. Where the connection breaks it is made again, and nothing is missed. Each
/// line begins with the event's number, which --after takes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr events
  ctnr events --after 0 office
  ctnr events --json | jq .attributes")]
pub(crate) struct Args {
    /// Begin behind the event of this number; 0 for all that are kept
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// Only about this container
    #[arg(value_parser = ContainerQuery::parse, add = complete::containers())]
    container: Option<ContainerQuery>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let id = match &args.container {
        None => None,
        Some(container) => match container.as_id() {
            // A container that is gone has events, and is known by its id alone.
            Some(id) => Some(id.to_string()),
            None => {
                let found = context.client.inspect_container(container).await;
                Some(found.about(container.as_str())?.id.clone())
            }
        },
    };
    let query = ContainerEventQuery {
        after: args.after,
        id: id.into_iter().collect(),
    };
    events::show(context.client.container_events(query).await?, context).await
}
