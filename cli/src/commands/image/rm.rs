//! `ctnr image rm`.

use ctnr_api::ImageNameQuery;
use serde_json::json;

use super::EngineArgs;
use crate::commands::several::each;
use crate::complete;
use crate::context::Context;
use crate::error::{About, Result};

/// Remove images
///
/// By name, the name, and the image with its last one; by id, all its names. One that a sandbox
/// uses is not removed.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr image rm app:old
  ctnr image ls -q | xargs -r ctnr image rm")]
pub(crate) struct Args {
    /// Do not mind those that do not exist
    #[arg(long, short = 'f')]
    force: bool,
    #[command(flatten)]
    engine: EngineArgs,
    /// Names, ids, or unique starts of ids
    #[arg(value_name = "IMAGE", required = true, add = complete::images())]
    images: Vec<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    each(
        &args.images,
        async |name| {
            let query = ImageNameQuery {
                name: name.clone(),
                engine: args.engine.engine,
            };
            let removed = context.client.remove_image(&query).await;
            match removed.about(name) {
                Err(error) if args.force && error.is_not_found() => Ok(false),
                removed => removed.map(|()| true),
            }
        },
        |name, removed| match (removed, context.output.json) {
            (false, _) => Ok(()),
            (true, true) => context
                .output
                .record(&json!({ "image": name, "status": "removed" })),
            (true, false) => context.output.line(name),
        },
    )
    .await
}
