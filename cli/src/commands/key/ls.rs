//! `ctnr key ls`.

use ctnr_api::KeyState;
use jiff::Timestamp;

use super::{expiry, rate};
use crate::context::Context;
use crate::error::Result;
use crate::output::{Table, Tone, ago};

/// List the keys, without their secrets
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr key ls
  ctnr key ls --json | jq -r '.keys[] | select(.state == \"expired\").name' | xargs -r ctnr key revoke")]
pub(crate) struct Args {
    /// Print ids alone
    #[arg(long, short = 'q')]
    quiet: bool,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<()> {
    let answer = context.client.list_keys().await?;
    if context.output.json {
        return context.output.document(answer.json());
    }
    if args.quiet {
        for key in &answer.keys {
            context.output.line(key.id.as_str())?;
        }
        return Ok(());
    }
    let now = Timestamp::now();
    let mut table = Table::new([
        "ID",
        "NAME",
        "STATE",
        "SCOPES",
        "RATE",
        "EXPIRES",
        "LAST USED",
        "CREATED",
    ]);
    for key in &answer.keys {
        let tone = match key.state {
            KeyState::Active => Tone::Plain,
            KeyState::Expired => Tone::Faint,
        };
        table.row(
            tone,
            [
                key.id.to_string(),
                key.name.to_string(),
                key.state.as_str().to_owned(),
                key.scopes.to_string(),
                rate(key),
                expiry(key),
                key.last_used_at
                    .map(|then| ago(then, now))
                    .unwrap_or_default(),
                ago(key.created_at, now),
            ],
        );
    }
    table.print(context.output)
}
