//! `ctnr image inspect`.

use ctnr_api::{ImageDetails, ImageNameQuery};
use ctnr_model::ByteSize;

use super::EngineArgs;
use crate::complete;
use crate::context::Context;
use crate::error::{About, Result};
use crate::output::{Fields, Output};

/// Show all that is known of images
///
/// With --json in the shape of `docker image inspect`, an object an image.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr image inspect busybox
  ctnr image inspect busybox --json | jq .Config.Env")]
pub(crate) struct Args {
    #[command(flatten)]
    engine: EngineArgs,
    /// Names, ids, or unique starts of ids
    #[arg(value_name = "IMAGE", required = true, add = complete::images())]
    images: Vec<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    for (at, name) in args.images.iter().enumerate() {
        let query = ImageNameQuery {
            name: name.clone(),
            engine: args.engine.engine,
        };
        let details = context.client.inspect_image(&query).await.about(name)?;
        if context.output.json {
            context.output.document(details.json())?;
            continue;
        }
        if at > 0 {
            context.output.line("")?;
        }
        show(&details, context.output)?;
    }
    Ok(())
}

fn show(image: &ImageDetails, output: Output) -> Result<()> {
    let config = &image.config;
    let mut fields = Fields::default();
    fields.add_all("Names", image.repo_tags.iter().cloned());
    fields.add("Id", image.id.as_str());
    fields.add(
        "Manifest",
        image.manifest_digest.as_deref().unwrap_or_default(),
    );
    fields.add("Platform", format!("{}/{}", image.os, image.architecture));
    fields.add("Size", ByteSize::from_bytes(image.size).to_string());
    fields.add("Created", image.created.as_str());
    fields.add("Entrypoint", config.entrypoint.join(" "));
    fields.add("Command", config.cmd.join(" "));
    fields.add("Workdir", config.working_dir.as_str());
    fields.add("User", config.user.as_str());
    fields.add_all("Environment", config.env.iter().cloned());
    fields.add_all("Ports", config.exposed_ports.keys().cloned());
    fields.add_all(
        "Labels",
        config
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}")),
    );
    fields.add_all("Layers", image.root_fs.layers.iter().cloned());
    fields.print(output)
}
