//! Keys to the API.

mod create;
mod expiry;
mod inspect;
mod ls;
mod revoke;

use ctnr_api::Key;
use jiff::Timestamp;

use crate::context::Context;
use crate::error::Result;

/// What is done to keys.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Verb {
    Create(create::Args),
    #[command(visible_alias = "list")]
    Ls(ls::Args),
    Inspect(inspect::Args),
    #[command(visible_alias = "rm")]
    Revoke(revoke::Args),
}

pub(crate) async fn run(verb: Verb, context: &Context) -> Result<()> {
    match verb {
        Verb::Create(args) => create::run(args, context).await,
        Verb::Ls(args) => ls::run(args, context).await,
        Verb::Inspect(args) => inspect::run(args, context).await,
        Verb::Revoke(args) => revoke::run(args, context).await,
    }
}

/// When a key's time is over, for people.
fn expiry(key: &Key) -> String {
    key.expires_at
        .map_or_else(|| "never".to_owned(), |at| whole_seconds(at).to_string())
}

/// How many requests a second a key may send, and how many at once.
fn rate(key: &Key) -> String {
    match (key.rate, key.burst) {
        (Some(rate), Some(burst)) => format!("{rate}/s, {burst} at once"),
        (Some(rate), None) => format!("{rate}/s"),
        (None, Some(burst)) => format!("the server's, {burst} at once"),
        (None, None) => String::new(),
    }
}

fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
