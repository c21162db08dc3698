//! `ctnr version`.

use serde_json::json;

use crate::context::Context;
use crate::error::Result;
use crate::output::Fields;

const CLIENT: &str = env!("CARGO_PKG_VERSION");

/// Show the versions of ctnr and of the backend
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_: Args, context: &Context) -> Result<()> {
    let info = context.client.info().await;
    if context.output.json {
        let backend = info.as_ref().ok().map(|info| &info.version);
        let api = info.as_ref().ok().map(|info| &info.api);
        let versions = json!({ "client": CLIENT, "backend": backend, "api": api });
        context.output.document(&versions)?;
    } else {
        let mut fields = Fields::default();
        fields.add("Client", CLIENT);
        if let Ok(info) = &info {
            fields.add("Backend", info.version.as_str());
            fields.add("API", info.api.as_str());
        }
        fields.print(context.output)?;
    }
    info?;
    Ok(())
}
