//! `ctnr image export`.

use std::path::PathBuf;

use ctnr_api::ExportQuery;

use super::EngineArgs;
use crate::complete;
use crate::context::Context;
use crate::error::{CliError, Result};
use crate::{output, transfer};

/// Write images to an archive
///
/// One that `ctnr image import`, `docker load` and OCI tools take.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr image export -o app.tar app:latest
  ctnr image export app:latest base:1 | zstd > images.tar.zst
  ctnr image export app:latest | docker load")]
pub(crate) struct Args {
    /// The archive; it appears when it is whole [default: standard output]
    #[arg(long, short = 'o', value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    engine: EngineArgs,
    /// Names or ids
    #[arg(value_name = "IMAGE", required = true, add = complete::images())]
    images: Vec<String>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    if args.output.is_none() && output::is_terminal() {
        return Err(CliError::Usage(
            "an archive does not go to a terminal; name a file with -o, or use a pipe".to_owned(),
        ));
    }
    let query = ExportQuery {
        name: args.images,
        engine: args.engine.engine,
    };
    let archive = context.client.export_images(&query).await?;
    match args.output {
        Some(path) => {
            let bytes = transfer::to_file(archive, &path).await?;
            if context.output.json {
                let written = serde_json::json!({ "file": path, "bytes": bytes });
                context.output.document(&written)?;
            }
            Ok(())
        }
        None => transfer::to_output(archive, context.output).await,
    }
}
