//! `ctnr key create`.

use std::num::NonZeroU32;

use ctnr_api::CreateKey;
use ctnr_model::{KeyName, Scope, Scopes};
use jiff::Timestamp;

use super::expiry::Expiry;
use crate::complete;
use crate::context::Context;
use crate::error::Result;
use crate::output;

/// Make a key, and print it
///
/// It is shown this once: the backend keeps a hash of it alone. Scopes are sandboxes:read,
/// sandboxes:write, the same of containers, images, jobs and hosts, and admin. Writing includes
/// reading, admin everything.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr key create ci --scope sandboxes:write --scope images:read
  ctnr key create guest --scope sandboxes:read --expires 30d --rate 5
  CONTAINERS_API_KEY=$(ctnr key create me --scope admin) ctnr sandbox ls")]
pub(crate) struct Args {
    /// What it lets its holder do; can be given several times
    #[arg(long, short = 's', value_name = "SCOPE", required = true, value_parser = Scope::parse, add = complete::scopes())]
    scope: Vec<Scope>,
    /// How long it lasts: a number with m, h, d or w, a moment as 2030-01-01T00:00:00Z, or never
    #[arg(long, value_name = "TIME", default_value = "never", value_parser = Expiry::parse)]
    expires: Expiry,
    /// Requests a second that it may send [default: as many as the server's limit for an address]
    #[arg(long, value_name = "NUMBER")]
    rate: Option<NonZeroU32>,
    /// Requests that it may send at once [default: as many as a second]
    #[arg(long, value_name = "NUMBER")]
    burst: Option<NonZeroU32>,
    /// Its name
    name: KeyName,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<()> {
    let request = CreateKey {
        name: args.name,
        scopes: Scopes::new(args.scope)?,
        expires_at: args.expires.moment(Timestamp::now()),
        rate: args.rate,
        burst: args.burst,
    };
    let created = context.client.create_key(&request).await?;
    if context.output.json {
        return context.output.document(created.json());
    }
    context.output.line(created.secret.reveal())?;
    output::note(&format!(
        "key {} has been made ({}). Keep it: it is not shown again",
        created.key.name, created.key.scopes
    ));
    Ok(())
}
