//! `ctnr sandbox events`.

use ctnr_api::EventQuery;
use ctnr_model::{EventAction, EventSubject, Invalid, SandboxQuery};

use crate::commands::events;
use crate::complete;
use crate::context::Context;
use crate::error::{About, Result};

/// Show what happens to sandboxes, as it happens
///
/// Ends with Ctrl-C. Where the connection breaks it is made again, and nothing is missed. Each
/// line begins with the event's number, which --after takes.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr sandbox events
  ctnr sandbox events --after 0 web
  ctnr sandbox events --action die --json | jq .attributes")]
pub(crate) struct Args {
    /// Begin behind the event of this number; 0 for all that are kept
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// Only this: create, start, die, stop, restart, delete; of several one must match
    #[arg(long, value_parser = action)]
    action: Vec<EventAction>,
    /// Only about this sandbox
    #[arg(value_parser = SandboxQuery::parse, add = complete::sandboxes())]
    sandbox: Option<SandboxQuery>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let id = match &args.sandbox {
        None => None,
        Some(sandbox) => match sandbox.as_id() {
            // A sandbox that is gone has events, and is known by its id alone.
            Some(id) => Some(id.to_string()),
            None => Some(
                context
                    .client
                    .inspect_sandbox(sandbox)
                    .await
                    .about(sandbox.as_str())?
                    .id
                    .clone(),
            ),
        },
    };
    let query = EventQuery {
        after: args.after,
        subject: vec![EventSubject::Sandbox],
        action: args.action,
        id,
    };
    events::show(context.client.events(query).await?, context).await
}

const ACTIONS: [(&str, EventAction); 6] = [
    ("create", EventAction::Create),
    ("start", EventAction::Start),
    ("die", EventAction::Die),
    ("stop", EventAction::Stop),
    ("restart", EventAction::Restart),
    ("delete", EventAction::Delete),
];

fn action(text: &str) -> std::result::Result<EventAction, Invalid> {
    ACTIONS
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, action)| *action)
        .ok_or_else(|| {
            Invalid::new(
                "action",
                text,
                "expected create, start, die, stop, restart or delete",
            )
        })
}
