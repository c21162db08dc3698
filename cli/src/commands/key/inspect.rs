//! `ctnr key inspect`.

use ctnr_model::KeyQuery;
use jiff::Timestamp;

use super::{expiry, rate, whole_seconds};
use crate::complete;
use crate::context::Context;
use crate::error::{About, Result};
use crate::output::{Fields, ago};

/// Show a key, without its secret
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr key inspect ci
  ctnr key inspect --json ci | jq -r .last_used_at")]
pub(crate) struct Args {
    /// Its name, its id, or the unique start of its id
    #[arg(value_name = "KEY", value_parser = KeyQuery::parse, add = complete::keys())]
    key: KeyQuery,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<()> {
    let answer = context.client.inspect_key(&args.key).await;
    let key = answer.about(args.key.as_str())?;
    if context.output.json {
        return context.output.document(key.json());
    }
    let mut fields = Fields::default();
    fields.add("Id", key.id.as_str());
    fields.add("Name", key.name.as_str());
    fields.add("State", key.state.as_str());
    fields.add_all("Scopes", key.scopes.iter().map(|scope| scope.to_string()));
    fields.add("Rate", rate(&key));
    fields.add("Expires", expiry(&key));
    fields.add("Created", whole_seconds(key.created_at).to_string());
    fields.add("Created by", key.created_by.as_str());
    let used = key.last_used_at.map(|then| ago(then, Timestamp::now()));
    fields.add("Last used", used.unwrap_or_else(|| "never".to_owned()));
    fields.print(context.output)
}
