//! `ctnr info`.

use ctnr_api::EngineInfo;

use crate::context::Context;
use crate::error::Result;
use crate::output::Fields;

/// Show the backend's version and engines
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_: Args, context: &Context) -> Result<()> {
    let info = context.client.info().await?;
    if context.output.json {
        return context.output.document(info.json());
    }
    let mut fields = Fields::default();
    fields.add("Backend", format!("{} {}", info.name, info.version));
    fields.add("Address", context.client.address().to_string());
    fields.add("API", info.api.as_str());
    fields.add_all("Engines", info.engines.iter().map(engine));
    for engine in info.engines.iter().filter(|engine| engine.default) {
        fields.add("Capabilities", engine.capabilities.join(", "));
    }
    fields.print(context.output)
}

/// An engine in a line: its name, and what keeps it from being used.
pub(crate) fn engine(engine: &EngineInfo) -> String {
    let default = if engine.default { " (default)" } else { "" };
    match (engine.available, &engine.reason) {
        (true, _) => format!("{}{default}: ready", engine.name),
        (false, Some(reason)) => format!("{}{default}: {reason}", engine.name),
        (false, None) => format!("{}{default}: not available", engine.name),
    }
}
