//! `ctnr key revoke`.

use ctnr_model::KeyQuery;
use serde_json::json;

use crate::commands::several::each;
use crate::complete;
use crate::context::Context;
use crate::error::{About, Result};

/// Revoke keys
///
/// They are refused from here on, by other backends within a second or two. Streams and terminals
/// that they have opened are cut.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr key revoke ci
  ctnr key rm guest 0123456789abcdef")]
pub(crate) struct Args {
    /// Do not mind those that do not exist
    #[arg(long, short = 'f')]
    force: bool,
    /// Their names, ids, or unique starts of ids
    #[arg(value_name = "KEY", required = true, value_parser = KeyQuery::parse, add = complete::keys())]
    keys: Vec<KeyQuery>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<()> {
    each(
        &args.keys,
        async |key| {
            let revoked = context.client.revoke_key(key).await;
            match revoked.about(key.as_str()) {
                Err(error) if args.force && error.is_not_found() => Ok(false),
                revoked => revoked.map(|()| true),
            }
        },
        |key, revoked| match (revoked, context.output.json) {
            (false, _) => Ok(()),
            (true, true) => context
                .output
                .record(&json!({ "key": key.as_str(), "status": "revoked" })),
            (true, false) => context.output.line(key.as_str()),
        },
    )
    .await
}
