//! `ctnr image import`.

use std::path::PathBuf;

use ctnr_api::{ImageFrame, ImportQuery};

use super::{EngineArgs, fetched};
use crate::context::Context;
use crate::error::{CliError, Result};
use crate::transfer;

/// Import images from an archive
///
/// One that `docker save`, `ctnr image export` or an OCI tool wrote, plain or compressed by gzip
/// or zstd.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:
  ctnr image import app.tar.zst
  docker save app:latest | ctnr image import -")]
pub(crate) struct Args {
    #[command(flatten)]
    engine: EngineArgs,
    /// Print names alone, without progress
    #[arg(long, short = 'q')]
    quiet: bool,
    /// The archive; - for standard input
    file: PathBuf,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<()> {
    let query = ImportQuery {
        engine: args.engine.engine,
    };
    let frames = if args.file.as_os_str() == "-" {
        if crate::session::is_terminal_input() {
            return Err(CliError::Usage(
                "standard input is a terminal; give a file, or a pipe as in: docker save IMAGE | ctnr image import -".to_owned(),
            ));
        }
        let archive = transfer::pieces(tokio::io::stdin());
        context.client.import_images(&query, archive).await?
    } else {
        let file = tokio::fs::File::open(&args.file)
            .await
            .map_err(|error| CliError::local("reading", args.file.display().to_string(), error))?;
        let archive = transfer::pieces(file);
        context.client.import_images(&query, archive).await?
    };
    match fetched::follow(frames, args.quiet, context).await? {
        ImageFrame::Imported(imported) if !context.output.json => {
            for image in &imported.images {
                context.output.line(image)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}
