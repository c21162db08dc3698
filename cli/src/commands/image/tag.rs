//! `ctnr image tag`.

use ctnr_api::TagRequest;
use ctnr_model::ImageReference;
use serde_json::json;

use super::EngineArgs;
use crate::complete;
use crate::context::Context;
use crate::error::Result;

/// Give an image a further name
///
/// The name is taken from another image that has it.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr image tag busybox:latest registry.example.com/busybox:mine")]
pub(crate) struct Args {
    #[command(flatten)]
    engine: EngineArgs,
    /// A name or id that it has
    #[arg(add = complete::images())]
    image: String,
    /// The name that it gets
    name: ImageReference,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let request = TagRequest {
        image: args.image,
        tag: args.name,
        engine: args.engine.engine,
    };
    context.client.tag_image(&request).await?;
    if context.output.json {
        let tagged = json!({ "image": request.image, "tag": request.tag.familiar() });
        return context.output.document(&tagged);
    }
    context.output.line(&request.tag.familiar())
}
